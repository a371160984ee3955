"""A library → a copy in one file, and the library again; what stands in the way is a sentence."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike import Library
from lookalike.errors import (
    InputError,
    LibraryBusyError,
    LibraryDamagedError,
    LibraryFullError,
    LibraryReplacedError,
    LibraryTooNewError,
    ModelMismatchError,
)
from lookalike.library import CopyStep, Following
from lookalike.stores.embedded import WriteLock
from tests.disks import make_read_only, open_folder, ordinary_user, small_disk
from tests.small_libraries import tiny_model, write
from tests.unit.test_migrations import POSIX, content, lay

NAMES = ("a/one.png", "a/two.png", "b/three.png", "four.png")


@pytest.fixture
def library(tmp_path: Path, tiny: Path) -> Iterator[Library]:
    """Four pictures, with marks and a decision."""
    pictures = tmp_path / "pictures"
    write(pictures, *NAMES)
    with Library.open(tmp_path / "library", model=tiny, create=True) as made:
        made.index(pictures)
        made.mark(pictures / "four.png", add=["Rose"], favourite=True)
        made.not_duplicates(pictures / "a/one.png", pictures / "a/two.png")
        yield made


@pytest.fixture
def copy(library: Library, tmp_path: Path) -> Path:
    library.backup(tmp_path / "copy.backup")
    return tmp_path / "copy.backup"


def said(folder: Path) -> list[str]:
    """What a library holds, but for the notes on copies and on who writes."""
    return [
        line
        for line in content(folder)
        if not any(name in line for name in ("'restored'", "'indexing'", "'cached'"))
    ]


# ---- a copy


def test_a_copy_brings_everything_back(library: Library, tmp_path: Path, copy: Path) -> None:
    folder = tmp_path / "new" / "library"
    restored = Library.restore(copy, folder)
    assert (restored.images, restored.away, restored.missing) == (4, (), "")
    assert said(folder) == said(library.folder)
    with Library.open(folder) as other:
        assert [one.text for one in other.check() if not one.good] == []
        ask = tmp_path / "pictures" / "four.png"
        assert [hit.path for hit in other.search(ask)] == [hit.path for hit in library.search(ask)]
        assert other.tags() == library.tags()
        assert len(other.told_apart()) == 1
        assert other.index(tmp_path / "pictures").unchanged == 4


def test_a_copy_says_what_it_is_and_how_far_it_is(library: Library, tmp_path: Path) -> None:
    steps: list[CopyStep] = []
    made = library.backup(tmp_path / "copy.backup", on_step=steps.append)
    assert (made.file, made.images) == (str(tmp_path / "copy.backup"), 4)
    assert made.bytes == (tmp_path / "copy.backup").stat().st_size
    assert (made.model, made.own_model) == ("tiny", library.model)
    assert list(dict.fromkeys(step.doing for step in steps)) == ["copying", "checking"]
    assert all(steps[-1].done == step.total for step in steps if step.doing == "checking")
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "copy.backup",
        "library",
        "pictures",
    ]


def test_a_folder_gets_copies_with_the_time_in_their_names(
    library: Library, tmp_path: Path
) -> None:
    (tmp_path / "copies").mkdir()
    made = Path(library.backup(tmp_path / "copies").file)
    assert made.parent == tmp_path / "copies"
    assert made.match("lookalike-20??-??-??-??????.backup")
    assert Library.restore(made, tmp_path / "new").images == 4


def test_a_copy_is_one_file_that_nothing_is_written_beside(copy: Path, tmp_path: Path) -> None:
    """Also on a disk that cannot be written to."""
    assert copy.read_bytes()[18:20] == b"\x01\x01"  # no log beside it
    (tmp_path / "shelf").mkdir()
    kept = Path(shutil.copy(copy, tmp_path / "shelf" / "copy"))
    kept.chmod(0o444)
    kept.parent.chmod(0o555)
    try:
        Library.restore(kept, tmp_path / "new")
    finally:
        kept.parent.chmod(0o755)
    assert [file.name for file in kept.parent.iterdir()] == ["copy"]


def test_what_is_there_already_stays_unless_told(library: Library, tmp_path: Path) -> None:
    target = tmp_path / "diary"
    target.write_text("Dear diary")
    with pytest.raises(InputError, match="is there already: give another name, or --force"):
        library.backup(target)
    assert target.read_text() == "Dear diary"
    library.backup(target, force=True)
    assert Library.restore(target, tmp_path / "new").images == 4


def test_a_copy_is_not_kept_inside_the_library(library: Library, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(library.folder)
    for place in (library.folder, library.folder / "cache" / "copy", tmp_path / "link" / "copy"):
        with pytest.raises(InputError, match="lies inside the library"):
            library.backup(place)


def test_a_place_that_is_not_there_is_told(library: Library, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name a file in a folder that is there"):
        library.backup(tmp_path / "nowhere" / "copy")


@POSIX
def test_a_place_that_cannot_be_written_to_is_told() -> None:
    with open_folder() as base, ordinary_user():
        pass  # skips where nobody else can be had
    with open_folder() as base:
        lay(base / "library", 7)
        (base / "shelf").mkdir(mode=0o555)
        for file in (base / "library", *(base / "library").iterdir()):
            file.chmod(0o777)
        sentence = r"could not be written \(Permission denied\)"
        with (
            ordinary_user(),
            Library.open(base / "library") as library,
            pytest.raises(InputError, match=sentence),
        ):
            library.backup(base / "shelf" / "copy")
    with small_disk(400) as disk, open_folder() as base:
        lay(base / "library", 7)
        make_read_only(disk)
        sentence = r"could not be written \(Read-only file system\)"
        with (
            Library.open(base / "library") as library,
            pytest.raises(InputError, match=sentence),
        ):
            library.backup(disk / "copy")


def test_a_disk_without_room_is_told_before_and_on_the_way(tmp_path: Path) -> None:
    with small_disk(100) as disk:
        lay(tmp_path / "library", 7)
        with (
            Library.open(tmp_path / "library") as library,
            pytest.raises(LibraryFullError, match=r"and there are 0 MB free in .*: make room"),
        ):
            library.backup(disk / "copy")
    with small_disk(300) as disk, Library.open(tmp_path / "library") as library:
        # in the log, which nobody has folded into the file yet
        with contextlib.closing(sqlite3.connect(library.folder / "library.sqlite")) as connection:
            connection.execute("INSERT INTO settings VALUES ('x', ?)", ("x" * 400_000,))
            connection.commit()
            with pytest.raises(LibraryFullError, match="because the disk is full: free some space"):
                library.backup(disk / "copy")
        assert list(disk.iterdir()) == []
        assert library.count() == 5


def test_a_copy_that_is_interrupted_leaves_nothing(library: Library, tmp_path: Path) -> None:
    for wanted in ("copying", "checking"):

        def interrupt(step: CopyStep, wanted: str = wanted) -> None:
            if step.doing == wanted:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            library.backup(tmp_path / "copy", on_step=interrupt)
        assert sorted(file.name for file in tmp_path.iterdir()) == ["library", "pictures"]
    assert library.count() == 4


# Does one thing after the other, each in a process of its own that is killed in the middle.
KILLED = """
import os, signal, sys
from lookalike import Library
from lookalike.stores.embedded import copying
copying._AT_ONCE = 4  # pages at a time, so that there is a middle
for job in sys.argv[1:]:
    wanted, task, source, target = job.split("|")
    child = os.fork()
    if child == 0:
        phases = []
        def end(step):
            if phases[-1:] != [step.doing]:
                phases.append(step.doing)
            moment = "placing" if phases == ["copying", "checking", "copying"] else step.doing
            if moment == wanted and 2 * step.done >= step.total:
                os.kill(os.getpid(), signal.SIGKILL)
        if task == "backup":
            Library.open(source).backup(target, on_step=end)
        else:
            Library.restore(source, target, force=True, on_step=end)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, job
"""


@POSIX
def test_processes_that_are_killed_leave_what_was_there(
    library: Library, copy: Path, tmp_path: Path
) -> None:
    write(tmp_path / "pictures", "five.png")
    library.index(tmp_path / "pictures")
    jobs = [f"checking|backup|{library.folder}|{tmp_path / 'never'}"]
    for moment in ("copying", "checking", "placing"):
        shutil.copytree(library.folder, tmp_path / moment)
        jobs.append(f"{moment}|restore|{copy}|{tmp_path / moment}")
    done = subprocess.run([sys.executable, "-c", KILLED, *jobs], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    (rest,) = (one for one in tmp_path.iterdir() if one.suffix == ".tmp")
    assert rest.name.startswith(".")  # it never looks like a copy
    assert not (tmp_path / "never").exists()
    for moment in ("copying", "checking", "placing"):
        with Library.open(tmp_path / moment) as other:
            assert other.count() == 5
            assert [one.text for one in other.check() if not one.good] == []
        assert list((tmp_path / moment).glob("restoring-*"))
        Library.restore(copy, tmp_path / moment, force=True)
        assert not list((tmp_path / moment).glob("restoring-*"))


def test_a_damaged_library_is_not_copied(tmp_path: Path) -> None:
    folder = lay(tmp_path / "library", 7)
    with Library.open(folder) as library:
        library.check()
    file = folder / "library.sqlite"
    whole = bytearray(file.read_bytes())
    page = whole.index(bytes.fromhex("8D92223FFAE7993E")) // 4096  # of other vectors
    whole[4096 * page : 4096 * page + 16] = b"\xa5" * 16
    file.write_bytes(whole)
    shutil.rmtree(folder / "cache")
    with (
        Library.open(folder) as library,
        pytest.raises(LibraryDamagedError, match=r"cannot be copied whole|damaged"),
    ):
        library.backup(tmp_path / "copy")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["library"]


# ---- and back


def test_every_bit_of_an_embedding_counts(copy: Path, library: Library, tmp_path: Path) -> None:
    whole = copy.read_bytes()
    vector = library.embeddings()[1][2].tobytes()
    at = whole.index(vector)
    for offset in (0, len(vector) - 1):
        broken = bytearray(whole)
        broken[at + offset] ^= 1
        copy.write_bytes(broken)
        with pytest.raises(LibraryDamagedError, match="is not what was written"):
            Library.restore(copy, tmp_path / "new")
        assert not (tmp_path / "new" / "library.sqlite").exists()


@pytest.mark.parametrize("kept", [0, 50, 5000, 20_000])
def test_a_copy_that_was_cut_short_is_refused(copy: Path, tmp_path: Path, kept: int) -> None:
    copy.write_bytes(copy.read_bytes()[:kept])
    with pytest.raises(LibraryDamagedError, match="restore another copy"):
        Library.restore(copy, tmp_path / "new")
    assert not list((tmp_path / "new").glob("restoring*"))


def test_what_is_no_copy_is_refused(copy: Path, library: Library, tmp_path: Path) -> None:
    other = tmp_path / "songs"
    with contextlib.closing(sqlite3.connect(other)) as connection:
        connection.executescript("CREATE TABLE songs (name)")
    (tmp_path / "text").write_text("This is a diary. " * 99)
    refused = {
        tmp_path / "nowhere": (InputError, "is not there: check the path"),
        tmp_path: (InputError, "is a folder: name the file"),
        other: (LibraryDamagedError, "is not a copy of a library"),
        tmp_path / "text": (LibraryDamagedError, "is not a copy of a library, or is damaged"),
        library.folder / "library.sqlite": (InputError, "is a library that is in use"),
    }
    library.mark(library.records()[0].path, favourite=True)  # so that there is a log
    for place, (kind, sentence) in refused.items():
        with pytest.raises(kind, match=sentence):
            Library.restore(place, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_copy_of_a_newer_version_is_refused(copy: Path, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LibraryTooNewError, match=r"format 99, this one knows \d+\): upgrade Look"):
        Library.restore(copy, tmp_path / "new")


@pytest.mark.parametrize("version", [2, 5])
def test_a_copy_of_an_earlier_version_comes_back_at_the_newest(
    tmp_path: Path, version: int
) -> None:
    """Also one that was made by copying the file, before there was a command for it."""
    old = lay(tmp_path / "old", version) / "library.sqlite"
    assert Library.restore(old, tmp_path / "new").images == 5
    with Library.open(tmp_path / "new") as library:
        assert library.count() == 5
        assert library.tags() is not None


def test_a_library_that_holds_pictures_is_replaced_only_when_told(
    copy: Path, tmp_path: Path, tiny: Path
) -> None:
    folder = tmp_path / "other"
    write(tmp_path / "more", "x.png")
    Library.open(folder, model=tiny, create=True).close()
    Library.restore(copy, folder)  # it holds nothing yet
    with Library.open(folder) as other:
        other.index(tmp_path / "more")
        with pytest.raises(InputError, match="holds 5 pictures: name another folder with --libr"):
            Library.restore(copy, folder)
        assert other.count() == 5
        assert Library.restore(copy, folder, force=True).images == 4


def test_whoever_has_the_library_open_goes_on_with_the_other(
    copy: Path, library: Library, tmp_path: Path
) -> None:
    ask = tmp_path / "pictures" / "four.png"
    write(tmp_path / "pictures", "five.png")
    library.index(tmp_path / "pictures")
    following = Following(library)
    assert len(following.now().search(ask, k=9)) == 5
    Library.restore(copy, library.folder, force=True)
    write(tmp_path / "pictures", "six.png")
    with Library.open(library.folder) as another:
        another.index(tmp_path / "pictures")  # at a later revision than any before
        wanted = [hit.record.id for hit in another.search(ask, k=9)]
    with pytest.raises(LibraryReplacedError, match="was restored from a backup: open it again"):
        library.search(ask, k=9)
    assert [hit.record.id for hit in following.now().search(ask, k=9)] == wanted
    following.close()


def test_a_library_that_cannot_be_opened_is_set_aside(copy: Path, library: Library) -> None:
    library.close()
    file = library.folder / "library.sqlite"
    file.write_bytes(b"\xa5" * 8192)
    with pytest.raises(InputError, match="add --force: what is there is set aside"):
        Library.restore(copy, library.folder)
    restored = Library.restore(copy, library.folder, force=True)
    assert Path(restored.set_aside).read_bytes() == b"\xa5" * 8192
    with Library.open(library.folder) as again:
        assert again.count() == 4


def test_nobody_restores_into_a_library_that_is_being_written(copy: Path, library: Library) -> None:
    with WriteLock(library.folder), pytest.raises(LibraryBusyError, match="is being written to"):
        Library.restore(copy, library.folder, force=True)
    assert library.count() == 4


def test_a_disk_without_room_for_the_library_is_told(copy: Path) -> None:
    with small_disk(60) as disk, pytest.raises(LibraryFullError, match="make room"):
        Library.restore(copy, disk / "library")


# ---- elsewhere


def test_pictures_that_lie_elsewhere_are_recognised_by_content(
    copy: Path, library: Library, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "another machine" / "photos"
    shutil.copytree(tmp_path / "pictures", elsewhere, copy_function=shutil.copyfile)
    shutil.rmtree(tmp_path / "pictures")
    for file in elsewhere.rglob("*.png"):
        os.utime(file, ns=(1, 1))  # not even the times are kept
    restored = Library.restore(copy, tmp_path / "new")
    assert restored.away == (str((tmp_path / "pictures").resolve()),)
    with Library.open(tmp_path / "new") as other:
        report = other.index(elsewhere)
        assert (report.moved, report.added, report.removed) == (4, 0, 0)
        assert other.marks(elsewhere / "four.png")[0].favourite
        assert all(one.good for one in other.check())


def test_a_model_of_ones_own_may_lie_elsewhere_too(library: Library, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    own = tiny_model(tmp_path / "models")
    write(tmp_path / "more", "x.png")
    with Library.open(tmp_path / "mine", model=own, create=True) as mine:
        mine.index(tmp_path / "more")
        assert mine.backup(tmp_path / "mine.backup").own_model == str(own.resolve())
    (tmp_path / "models").rename(tmp_path / "shelf")
    restored = Library.restore(tmp_path / "mine.backup", tmp_path / "new")
    assert "There is no model file" in restored.missing
    (tmp_path / "bad").mkdir()
    wrong = tiny_model(tmp_path / "bad", seed=3)
    with pytest.raises(ModelMismatchError, match="was made with the model"):
        Library.restore(tmp_path / "mine.backup", tmp_path / "new", model=wrong, force=True)
    shelf = tmp_path / "shelf" / own.name
    again = Library.restore(tmp_path / "mine.backup", tmp_path / "new", model=shelf, force=True)
    assert again.missing == ""
    with Library.open(tmp_path / "new") as other:
        assert other.search(tmp_path / "more" / "x.png")[0].score == 1.0
