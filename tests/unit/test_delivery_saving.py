"""Chunks → a file, whole or not at all, and never in the place of another by accident."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike.delivery import save, saving
from lookalike.errors import ImageError, InputError, LibraryFullError


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def breaking() -> Iterator[bytes]:
    yield b"half"
    raise ImageError("It changed.")


def test_a_new_file(tmp_path: Path) -> None:
    assert save([b"a", b"", b"b"], tmp_path / "x.csv") == tmp_path / "x.csv"
    assert (tmp_path / "x.csv").read_bytes() == b"ab"
    assert names(tmp_path) == ["x.csv"]


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("precious")
    with pytest.raises(InputError, match=r"x\.csv' is there already: .*--force"):
        save([b"new"], tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == "precious"
    save([b"new"], tmp_path / "x.csv", force=True)
    assert (tmp_path / "x.csv").read_bytes() == b"new"
    assert names(tmp_path) == ["x.csv"]


def test_somebody_who_is_quicker_wins(tmp_path: Path) -> None:
    target = tmp_path / "x.csv"

    def chunks() -> Iterator[bytes]:
        target.write_text("precious")
        yield b"new"

    with pytest.raises(InputError, match="is there already"):
        save(chunks(), target)
    assert target.read_text() == "precious"
    assert names(tmp_path) == ["x.csv"]


def test_a_disk_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Path, _target: Path) -> None:
        raise PermissionError("no links on this disk")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    save([b"new"], tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_bytes() == b"new"
    assert names(tmp_path) == ["x.csv"]


def test_what_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("precious")
    for name in ("new.csv", "old.csv"):
        with pytest.raises(ImageError, match="It changed"):
            save(breaking(), tmp_path / name, force=True)
    assert names(tmp_path) == ["old.csv"]
    assert (tmp_path / "old.csv").read_text() == "precious"


def test_a_link_that_leads_nowhere_is_somebodys(tmp_path: Path) -> None:
    try:
        (tmp_path / "x.csv").symlink_to(tmp_path / "nowhere")
    except OSError:
        pytest.skip("links need a privilege on this machine")
    with pytest.raises(InputError, match="is there already"):
        save([b"new"], tmp_path / "x.csv")


def test_places_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(InputError, match="is a folder: name a file in it"):
        save([b"x"], tmp_path, force=True)
    for place in (tmp_path / "missing" / "x.csv", tmp_path / "file" / "x.csv"):
        with pytest.raises(InputError, match="could not be written"):
            save([b"x"], place)
    assert names(tmp_path) == ["file"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    with (
        pytest.raises(LibraryFullError, match="because the disk is full"),
        saving._writing(tmp_path / "x.zip"),
        open("/dev/full", "wb", buffering=0) as file,  # noqa: PTH123 - no buffer, no other error
    ):
        os.write(file.fileno(), b"x")
