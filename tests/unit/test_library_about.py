"""A library → one picture by any name, what its file says, and its place on the desktop."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike import Library
from lookalike.errors import ImageError, ImageNotFoundError
from tests.openers import ONLY_XDG, Opener
from tests.served import id_of, make_library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with make_library(tmp_path_factory.mktemp("own")) as library:
        yield library


def test_a_picture_is_found_by_any_name(library: Library) -> None:
    record = library.record(id_of(library, "camera.jpg"))
    for name in (record.id, record, record.path, Path(record.path), "sub/camera.jpg"):
        assert library.find(name) == record
        assert library.metadata(name).camera == "Acme Box 1"
    with pytest.raises(ImageNotFoundError, match="check the path"):
        library.find("nowhere.jpg")


def test_a_file_that_has_changed_is_not_read(library: Library) -> None:
    record = library.record(id_of(library, "plain 1.jpg"))
    os.utime(record.path, (1, 1))
    with pytest.raises(ImageError, match="has changed"):
        library.metadata(record)
    Path(record.path).unlink()
    with pytest.raises(ImageError, match="no longer there"):
        library.metadata(record)


@ONLY_XDG
def test_a_file_is_shown_also_after_it_has_changed(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener = Opener(tmp_path).move_in(monkeypatch)
    record = library.record(id_of(library, "camera.jpg"))
    os.utime(record.path, (1, 1))
    assert library.can_reveal()
    assert library.reveal("sub/camera.jpg") == record
    assert opener.asked() == [os.fsencode(Path(record.path).parent)]
