"""`Library.mark` and its like: pictures of a folder → marks that stay with them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike import Filter, Library
from lookalike.errors import ImageNotFoundError, InputError
from lookalike.library import MarkCounts, Marks
from lookalike.stores.base import Choice
from tests.small_libraries import write

ROSE = Marks(True, ("rose",))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "pictures"
    write(folder, "a.png", "b/1.png", "b/2.png")
    shutil.copy(folder / "a.png", folder / "copy.png")
    return folder


@pytest.fixture
def library(tmp_path: Path, pictures: Path, tiny: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(pictures)
        yield library


def passing(library: Library, where: Filter) -> list[str]:
    hits = library.search(library.records()[0].path, where=where)
    return sorted(hit.record.relative for hit in hits)


def test_a_picture_is_marked_by_path_by_number_and_by_record(
    library: Library, pictures: Path
) -> None:
    one, two = library.find(pictures / "b" / "1.png"), library.find("b/2.png")
    assert library.mark("a.png", one.id, two, favourite=True, add="rose") == [ROSE] * 3
    assert library.marks(pictures / "copy.png", one, two.id) == [ROSE] * 3
    assert library.mark(one, "copy.png", remove=["Rose"]) == [Marks(True)] * 2
    assert library.marks("a.png", "b/2.png") == [Marks(True), ROSE]
    assert library.mark(one) == [Marks(True)]
    assert library.tags() == MarkCounts(4, (Choice("rose", 1),))
    assert passing(library, Filter(tags=("rose",))) == ["b/2.png"]


def test_what_does_not_fit_changes_nothing(library: Library) -> None:
    with pytest.raises(ImageNotFoundError, match=r"no picture nowhere\.png"):
        library.mark("a.png", "nowhere.png", favourite=True)
    with pytest.raises(InputError, match="is no tag"):
        library.mark("a.png", favourite=True, add=["fine", ""])
    assert library.marks("a.png") == [Marks()]


def test_marks_outlive_moves_removal_and_indexing_anew(library: Library, pictures: Path) -> None:
    library.mark("a.png", "b/1.png", favourite=True, add=["rose"])
    (pictures / "b" / "1.png").rename(pictures / "moved.png")
    library.index(pictures)
    assert library.marks("moved.png") == [ROSE]
    library.forget(pictures)
    assert library.tags() == MarkCounts(0, (Choice("rose", 0),))
    pictures.rename(pictures.with_name("elsewhere"))
    library.index(pictures.with_name("elsewhere"))
    assert passing(library, Filter(favourite=True)) == ["a.png", "copy.png", "moved.png"]


def test_a_file_that_was_edited_keeps_its_marks(library: Library, pictures: Path) -> None:
    library.mark("a.png", favourite=True, add=["rose"])
    write(pictures, "a.png", seed=1)
    assert library.index(pictures).changed == 1
    assert library.marks("a.png", "copy.png") == [ROSE, ROSE]


def test_labels_become_tags(library: Library, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("path,label\na.png, Rose\nb/1.png,rose\nb/2.png,tree\nelsewhere.png,none\n")
    assert library.tag_by_labels(labels) == [
        Choice("Rose", 1),
        Choice("rose", 1),
        Choice("tree", 1),
    ]
    assert library.tags().tags == (Choice("Rose", 3), Choice("tree", 1))
    labels.write_text(f"path,label\na.png,new\nb/1.png,{'x' * 101}\n")
    with pytest.raises(InputError, match="A tag has 100 letters at most"):
        library.tag_by_labels(labels)
    assert library.marks("a.png") == [Marks(False, ("Rose",))]
    labels.write_text("path,label\nelsewhere.png,none\n")
    with pytest.raises(InputError, match="No label belongs to a picture"):
        library.tag_by_labels(labels)


def test_the_doctor_tells_what_is_kept(library: Library) -> None:
    assert not any("favourite" in finding.text for finding in library.check())
    library.mark("a.png", favourite=True, add=["rose", "tree"])
    told = [finding.text for finding in library.check() if finding.good]
    assert "It keeps 2 favourites and 2 tags." in told
