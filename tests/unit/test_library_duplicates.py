"""`Library.duplicates`: a folder with copies → groups, kept and brought up to date."""

from __future__ import annotations

import json
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike import Library
from lookalike.duplicates import kept
from lookalike.errors import ImageNotFoundError, InputError
from lookalike.library import Duplicates, Step
from tests.copies import COPIES, cropped, scene, write

ORIGINALS = 3


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures and a library of them: three scenes, every kind of copy of the first, and an exact
    copy of the second. Never changed."""
    base = tmp_path_factory.mktemp("full")
    for seed in range(ORIGINALS):
        write(base / "pictures", f"original {seed}", scene(seed), quality=97)
    for name, (copying, _) in COPIES.items():
        write(base / "pictures" / "copies", name, copying(scene(0)))
    shutil.copy(base / "pictures" / "original 1.jpg", base / "pictures" / "copies" / "again.jpg")
    with Library.open(base / "library", create=True) as library:
        library.index(base / "pictures")
        library.duplicates()
    return base


@pytest.fixture
def library(full: Path, tmp_path: Path) -> Iterator[Library]:
    """A library of its own, whose pictures are another's."""
    shutil.copytree(full / "library", tmp_path / "library")
    with Library.open(tmp_path / "library") as library:
        yield library


@pytest.fixture
def few(tmp_path: Path) -> Iterator[Library]:
    """Two scenes, and a crop of the first that has not been compared yet."""
    for seed in range(2):
        write(tmp_path / "few", f"{seed}", scene(seed), quality=97)
    write(tmp_path / "few", "crop", cropped(scene(0)))
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(tmp_path / "few")
        yield library


def stem(path: str) -> str:
    return Path(path).stem


def told(found: Duplicates) -> dict[str, list[str]]:
    return {
        stem(group.best.path): sorted(stem(copy.record.path) for copy in group.copies)
        for group in found.groups
    }


def test_every_kind_of_copy_is_in_its_group_and_said_to_be_one(library: Library) -> None:
    found = library.duplicates()
    assert (found.waiting, found.copies) == (0, len(COPIES) + 1)
    groups = {stem(copy.record.path): (group, copy) for group in found.groups
              for copy in group.copies}  # fmt: skip
    group, _ = groups["border"]  # whoever puts a border around a picture adds pixels only
    assert (stem(group.best.path), group.why) == ("original 0", "untouched")
    assert groups["again"][1].how == ("exact",)
    for name, (_, how) in COPIES.items():
        assert groups[name][0] is group
        assert groups[name][1].how == how, name


def test_exact_copies_alone_need_no_look(library: Library) -> None:
    steps: list[Step] = []
    found = library.duplicates(exact_only=True, on_step=steps.append)
    assert told(found) == {"original 1": ["again"]} or told(found) == {"again": ["original 1"]}
    assert (found.waiting, steps) == (0, [])


def test_a_second_look_reads_nothing_again(library: Library) -> None:
    steps: list[Step] = []
    again = library.duplicates(on_step=steps.append)
    assert steps == []
    assert again == library.duplicates(look=False)


def test_without_a_look_nothing_is_compared(few: Library) -> None:
    before = few.duplicates(look=False)
    assert (before.groups, before.waiting) == ((), 3)
    assert told(few.duplicates()) == {"0": ["crop"]}
    assert told(few.duplicates(look=False)) == {"0": ["crop"]}


def test_progress_is_told(few: Library) -> None:
    steps: list[Step] = []
    few.duplicates(on_step=steps.append)
    assert steps[0] == Step("looking", 3, 3)
    assert steps[-1] == Step("comparing", 3, 3)


def test_what_comes_later_is_compared_with_what_was_there(few: Library, tmp_path: Path) -> None:
    few.duplicates()
    write(tmp_path / "few", "later", cropped(scene(1), 0.7))
    few.index(tmp_path / "few")
    steps: list[Step] = []
    assert told(few.duplicates(on_step=steps.append)) == {"0": ["crop"], "1": ["later"]}
    assert steps[0] == Step("looking", 1, 1)


def test_what_goes_is_told_no_more(few: Library, tmp_path: Path) -> None:
    few.duplicates()
    (tmp_path / "few" / "crop.jpg").unlink()
    few.index(tmp_path / "few")
    assert few.duplicates().groups == ()


def test_pictures_of_one_folder(library: Library, full: Path) -> None:
    found = library.duplicates(folder=full / "pictures" / "copies")
    names = {name for best, some in told(found).items() for name in (best, *some)}
    assert len(COPIES) // 2 < len(names)  # the original, to which all were compared, is not there
    assert names <= COPIES.keys()
    assert library.duplicates(folder=full / "elsewhere").groups == ()


@pytest.mark.parametrize("name", ["pairs.json", "sketches.bin"])
@pytest.mark.parametrize("content", [b"", b"[1, 2", b'{"method": 2}', b"\x93NUMPY\x01"])
def test_a_damaged_cache_is_made_anew(
    few: Library, name: str, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    few.duplicates()
    folder = kept.folder_in(few.folder / "cache")
    (folder / name).write_bytes(content)
    if name == "sketches.bin":
        (folder / "pairs.json").unlink()
    with caplog.at_level(logging.WARNING):
        assert told(few.duplicates()) == {"0": ["crop"]}
    assert "anew" in caplog.text
    assert told(few.duplicates(look=False)) == {"0": ["crop"]}


def test_sketches_that_are_cut_short_are_made_anew(few: Library) -> None:
    few.duplicates()
    folder = kept.folder_in(few.folder / "cache")
    (folder / "pairs.json").unlink()
    content = (folder / "sketches.bin").read_bytes()
    (folder / "sketches.bin").write_bytes(content[:-100])
    assert told(few.duplicates()) == {"0": ["crop"]}
    assert (folder / "sketches.bin").read_bytes() == content


def test_another_method_looks_again(few: Library) -> None:
    few.duplicates()
    file = kept.folder_in(few.folder / "cache") / "pairs.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "method": 0}))
    assert few.duplicates(look=False).waiting == 3
    assert told(few.duplicates()) == {"0": ["crop"]}


def test_a_search_that_is_stopped_goes_on_from_there(few: Library) -> None:
    stop = threading.Event()
    stop.set()
    assert few.duplicates(stop=stop).waiting == 3
    steps: list[Step] = []
    assert told(few.duplicates(on_step=steps.append)) == {"0": ["crop"]}
    assert steps[0] == Step("looking", 2, 2)  # one was looked at before


def test_ctrl_c_keeps_what_was_looked_at(few: Library) -> None:
    def interrupt(step: Step) -> None:
        if step.doing == "comparing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        few.duplicates(on_step=interrupt)
    steps: list[Step] = []
    assert told(few.duplicates(on_step=steps.append)) == {"0": ["crop"]}
    assert [step.doing for step in steps if step.doing == "looking"] == []


def test_a_picture_that_is_away_waits(few: Library, tmp_path: Path) -> None:
    (tmp_path / "few" / "crop.jpg").rename(tmp_path / "away.jpg")
    found = few.duplicates()
    assert (found.groups, found.waiting) == ((), 1)
    (tmp_path / "away.jpg").rename(tmp_path / "few" / "crop.jpg")
    found = few.duplicates()
    assert (told(found), found.waiting) == ({"0": ["crop"]}, 0)


@pytest.mark.skipif(os.name == "nt", reason="permissions of folders are POSIX's")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_library_that_cannot_be_written_to(few: Library) -> None:
    few.folder.chmod(0o500)
    try:
        with Library.open(few.folder) as library:
            assert told(library.duplicates()) == {"0": ["crop"]}
    finally:
        few.folder.chmod(0o700)
    assert not kept.folder_in(few.folder / "cache").exists()


# ---- decisions


def test_a_decision_is_honoured_and_can_be_taken_back(few: Library, tmp_path: Path) -> None:
    few.duplicates()
    first, second = tmp_path / "few" / "crop.jpg", tmp_path / "few" / "0.jpg"
    assert few.not_duplicates(first, second) == 1
    assert few.duplicates().groups == ()
    ((one, other),) = few.told_apart()
    assert {stem(one.path), stem(other.path)} == {"0", "crop"}
    assert few.not_duplicates(second, first, undo=True) == 1
    assert (told(few.duplicates()), few.told_apart()) == ({"0": ["crop"]}, [])


def test_a_decision_outlives_that_all_is_indexed_anew(few: Library, tmp_path: Path) -> None:
    ids = [record.id for record in few.records()]
    few.not_duplicates(*ids)
    few.forget(tmp_path / "few")
    assert few.told_apart() == []
    (tmp_path / "few").rename(tmp_path / "elsewhere")
    few.index(tmp_path / "elsewhere")
    assert few.duplicates().groups == ()
    assert len(few.told_apart()) == 3


def test_files_with_one_content_may_all_be_wanted(library: Library) -> None:
    same = [one for group in library.duplicates(exact_only=True).groups
            for one in (group.best, *(copy.record for copy in group.copies))]  # fmt: skip
    assert library.not_duplicates(*same) == 1
    assert library.duplicates(exact_only=True).groups == ()
    assert len(library.told_apart()) == 1


def test_a_decision_needs_two_pictures_of_the_library(few: Library) -> None:
    record = few.records()[0]
    with pytest.raises(InputError, match="two pictures or more"):
        few.not_duplicates(record, record.id)
    with pytest.raises(ImageNotFoundError, match=r"no picture nowhere\.jpg"):
        few.not_duplicates(record, "nowhere.jpg")
    with pytest.raises(ImageNotFoundError, match="number 999"):
        few.not_duplicates(record, 999)
