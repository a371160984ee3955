"""`Library.answers` with ``fold``: what shows the same is one answer, whatever has changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookalike import Hit, Library
from lookalike.library.folding import Alike, Folding
from tests.copies import cropped, scaled, scene, write


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Three scenes, two copies of the first, and an exact copy of the second."""
    pictures = tmp_path / "pictures"
    for seed in range(3):
        write(pictures, f"{seed}", scene(seed), quality=97)
    write(pictures, "small 0", scaled(scene(0), 0.5))
    write(pictures, "crop 0", cropped(scene(0), 0.8))
    shutil.copy(pictures / "1.jpg", pictures / "same 1.jpg")
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(pictures)
        yield library


def told(hits: list[Hit]) -> dict[str, set[str]]:
    return {Path(hit.path).stem: {Path(one.path).stem for one in hit.copies} for hit in hits}


def groups(library: Library, query: str = "2", **how: Any) -> list[set[str]]:
    picture = next(one for one in library.records() if Path(one.path).stem == query)
    hits = library.answers(picture.id, fold=True, **how).hits
    found = [{name, *copies} for name, copies in told(list(hits)).items()]
    return sorted(found, key=min)


SAME_1, COPIES_0 = {"1", "same 1"}, {"0", "small 0", "crop 0"}


def test_before_a_look_only_files_with_the_same_content_are_folded(library: Library) -> None:
    found = library.answers(scene_of(library, "2"), fold=True)
    assert (found.total, found.folded, found.waiting) == (4, 1, 6)
    assert groups(library) == [{"0"}, SAME_1, {"crop 0"}, {"small 0"}]


def scene_of(library: Library, name: str) -> int:
    return next(one.id for one in library.records() if Path(one.path).stem == name)


def test_after_a_look_near_copies_are_folded_too(library: Library) -> None:
    library.duplicates()
    found = library.answers(scene_of(library, "2"), fold=True)
    assert (found.total, found.folded, found.waiting) == (2, 3, 0)
    assert groups(library) == [COPIES_0, SAME_1]
    plain = library.answers(scene_of(library, "2"))
    assert (plain.total, plain.folded, plain.waiting) == (5, None, None)
    assert all(hit.copies == () for hit in plain.hits)


def test_the_best_of_a_group_is_the_hit_and_its_copies_come_in_order(library: Library) -> None:
    library.duplicates()
    every = library.search(scene_of(library, "small 0"))
    folded = library.search(scene_of(library, "small 0"), fold=True)
    assert folded[0].record == every[0].record
    among = [hit for hit in every if Path(hit.path).stem in COPIES_0]
    assert [folded[0].record, *(one.record for one in folded[0].copies)] == [
        hit.record for hit in among
    ]
    assert [one.score for one in folded[0].copies] == [hit.score for hit in among[1:]]


def test_stretches_give_each_group_once(library: Library) -> None:
    library.duplicates()
    first, second = (groups(library, k=1, offset=at) for at in (0, 1))
    assert sorted(first + second, key=min) == [COPIES_0, SAME_1]
    assert groups(library, k=1, offset=2) == []


def test_decisions_hold_at_once(library: Library) -> None:
    library.duplicates()
    assert groups(library) == [COPIES_0, SAME_1]
    library.not_duplicates(scene_of(library, "1"), scene_of(library, "same 1"))
    library.not_duplicates(scene_of(library, "0"), scene_of(library, "crop 0"))
    assert {"1"} in groups(library)
    assert not any({"0", "crop 0"} <= group for group in groups(library))
    library.not_duplicates(scene_of(library, "1"), scene_of(library, "same 1"), undo=True)
    assert SAME_1 in groups(library)


def test_what_comes_and_goes_is_followed(library: Library, tmp_path: Path) -> None:
    library.duplicates()
    assert groups(library) == [COPIES_0, SAME_1]
    (tmp_path / "pictures" / "same 1.jpg").unlink()
    shutil.copy(tmp_path / "pictures" / "0.jpg", tmp_path / "pictures" / "same 0.jpg")
    library.index(tmp_path / "pictures")
    assert groups(library) == [{*COPIES_0, "same 0"}, {"1"}]


def test_groups_are_read_once_while_nothing_changes(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Alike] = []
    reading = Folding._read

    def counted(folding: Folding, apart: list[tuple[str, str]]) -> Alike:
        read.append(reading(folding, apart))
        return read[-1]

    monkeypatch.setattr(Folding, "_read", counted)
    groups(library)
    groups(library)
    assert len(read) == 1
    library.duplicates()
    groups(library)
    assert len(read) == 2
