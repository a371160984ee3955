"""`Library.save` and `Library.export`: hits, numbers, paths and records → a file."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike import Library
from lookalike.errors import ImageNotFoundError, InputError
from lookalike.library.queries import Named
from tests.small_libraries import picture, write


@pytest.fixture
def library(tmp_path: Path, tiny: Path) -> Iterator[Library]:
    write(tmp_path / "pictures", "a.png", "b.png", "sub/a.png")
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(tmp_path / "pictures")
        yield library


def table(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"), newline="")))


def test_answers_bring_their_scores(library: Library, tmp_path: Path) -> None:
    hits = library.search(picture(1))
    saved = library.save(hits, tmp_path / "hits.csv")
    assert (saved.file, saved.pictures, saved.left_out) == (tmp_path / "hits.csv", 3, ())
    rows = table(saved.file)
    assert [(row["path"], float(row["score"]), float(row["distance"])) for row in rows] == [
        (hit.path, hit.score, hit.distance) for hit in hits
    ]


def test_pictures_are_named_in_every_way(library: Library, tmp_path: Path) -> None:
    first, second, third = library.records()
    named: list[Named] = [third.id, "b.png", tmp_path / "pictures" / "a.png", third]
    library.save(named, tmp_path / "some.json", query="mine")
    told = json.loads((tmp_path / "some.json").read_text())
    assert told["query"] == "mine"
    assert [hit["id"] for hit in told["hits"]] == [third.id, second.id, first.id, third.id]


def test_an_archive_counts_what_is_in_it(library: Library, tmp_path: Path) -> None:
    (tmp_path / "pictures" / "b.png").unlink()
    saved = library.save(library.records(), tmp_path / "all.zip")
    assert saved.pictures == 2
    (left_out,) = saved.left_out
    assert left_out.record.relative == "b.png"
    with zipfile.ZipFile(saved.file) as packed:
        assert packed.namelist() == ["a.png", "a (2).png", "manifest.csv"]


def test_a_sheet_counts_what_it_names(library: Library, tmp_path: Path) -> None:
    (tmp_path / "pictures" / "b.png").unlink()
    saved = library.save(library.records(), tmp_path / "all.pdf")
    assert (saved.pictures, len(saved.left_out)) == (3, 1)
    assert saved.file.read_bytes().startswith(b"%PDF-")


def test_what_cannot_be_is_refused(library: Library, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("precious")
    with pytest.raises(InputError, match="there already"):
        library.save(library.records(), tmp_path / "there.csv")
    library.save(library.records(), tmp_path / "there.csv", force=True)
    assert len(table(tmp_path / "there.csv")) == 3
    with pytest.raises(InputError, match="end its name in"):
        library.save(library.records(), tmp_path / "list.txt")
    with pytest.raises(InputError, match="no pictures"):
        library.save([], tmp_path / "none.csv")
    unknown: Named
    for unknown in (10**6, "nowhere.png"):
        with pytest.raises(ImageNotFoundError):
            library.save([unknown], tmp_path / "none.csv")
    assert sorted(file.name for file in tmp_path.glob("*.*")) == ["there.csv"]
