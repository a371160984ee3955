"""`lookalike.indexing` where things are broken, closed, gone, nested, moved or killed."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookalike import folder, image, isolation
from lookalike.errors import FolderError
from lookalike.folder import ImageFile
from lookalike.indexing import Skipped, places, reading
from lookalike.stores.embedded import EmbeddedStore
from tests.disks import NOBODY, open_folder, ordinary_user
from tests.indexer import Indexer
from tests.pictures import TEXT, huge_png, truncated
from tests.small_libraries import picture, write


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read, as they are read."""
    names: list[str] = []
    read = reading.content_of

    def noting(file: ImageFile) -> tuple[bytes | Path, str]:
        names.append(file.relative)
        return read(file)

    monkeypatch.setattr(reading, "content_of", noting)
    return names


@pytest.fixture
def sick(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of files that the disk refuses to give."""
    names: set[str] = set()
    read = reading.content_of

    def failing(file: ImageFile) -> tuple[bytes | Path, str]:
        if file.relative in names:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(file)

    monkeypatch.setattr(reading, "content_of", failing)
    return names


# --- files that are no pictures ------------------------------------------------------------------


def test_broken_files_are_told_remembered_and_not_read_again(
    indexer: Indexer, reads: list[str]
) -> None:
    write(indexer.top, "good.png")
    (indexer.top / "text.jpg").write_bytes(TEXT)
    (indexer.top / "empty.png").touch()
    (indexer.top / "half.png").write_bytes(truncated(picture(1)))
    (indexer.top / "huge.png").write_bytes(huge_png())
    report = indexer.index()
    assert (report.added, len(report.skipped)) == (1, 4)
    assert sorted(reads) == ["empty.png", "good.png", "half.png", "huge.png", "text.jpg"]
    reasons = indexer.skipped()
    assert list(reasons) == ["empty.png", "half.png", "huge.png", "text.jpg"]
    assert {one.path: one.reason for one in report.skipped} == {
        str(indexer.top / name): reason for name, reason in reasons.items()
    }
    assert [event for event in indexer.events if isinstance(event, Skipped)] == [*report.skipped]
    reads.clear()
    report = indexer.index()
    assert (report.unchanged, report.skipped, reads) == (1, (), [])
    assert indexer.skipped() == reasons


def test_a_skipped_file_is_tried_again_when_it_changes(indexer: Indexer, reads: list[str]) -> None:
    write(indexer.top, "good.png")
    (indexer.top / "later.png").write_bytes(truncated(picture(1)))
    indexer.index()
    reads.clear()
    (indexer.top / "later.png").write_bytes(picture(1))
    assert indexer.counts() == (1, 0, 0, 0, 1)
    assert (reads, indexer.skipped()) == (["later.png"], {})


def test_a_skipped_file_that_is_gone_or_moved_is_forgotten(indexer: Indexer) -> None:
    write(indexer.top, "good.png")
    (indexer.top / "a.jpg").write_bytes(TEXT)
    (indexer.top / "b.jpg").write_bytes(TEXT)
    indexer.index()
    (indexer.top / "a.jpg").unlink()
    (indexer.top / "b.jpg").rename(indexer.top / "c.jpg")
    assert indexer.counts() == (0, 0, 0, 0, 1)
    assert list(indexer.skipped()) == ["c.jpg"]


def test_retry_reads_skipped_files_again_and_nothing_else(
    indexer: Indexer, reads: list[str]
) -> None:
    write(indexer.top, "good.png")
    (indexer.top / "text.jpg").write_bytes(TEXT)
    (indexer.top / "gone.jpg").write_bytes(TEXT)
    indexer.index(max_pixels=5)
    assert list(indexer.skipped()) == ["gone.jpg", "good.png", "text.jpg"]
    (indexer.top / "gone.jpg").unlink()
    reads.clear()
    assert indexer.counts(retry=True) == (1, 0, 0, 0, 0)
    assert sorted(reads) == ["good.png", "text.jpg"]
    assert list(indexer.skipped()) == ["text.jpg"]
    reads.clear()
    assert indexer.counts(retry=True) == (0, 0, 0, 0, 1)
    assert reads == ["text.jpg"]


def test_another_limit_is_worth_another_try(indexer: Indexer, reads: list[str]) -> None:
    write(indexer.top, "a.png", "b.png")
    assert len(indexer.index(max_pixels=10).skipped) == 2
    report = indexer.index(max_pixels=10)
    assert (report.skipped, report.still_skipped) == ((), 2)
    assert len(reads) == 2
    assert indexer.counts(max_pixels=10**6) == (2, 0, 0, 0, 0)
    assert indexer.skipped() == {}


def test_another_decoder_is_worth_another_try(
    indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(indexer.top, "a.png")
    (indexer.top / "raw.jpg").write_bytes(TEXT)
    indexer.index()
    assert indexer.index().skipped == ()
    monkeypatch.setattr(image, "decoders", lambda: "one that reads more")
    assert len(indexer.index().skipped) == 1
    assert indexer.index().skipped == ()


def test_thumbnails_in_a_folder_of_pictures_are_no_pictures(indexer: Indexer) -> None:
    write(indexer.top, "a.png")
    with EmbeddedStore(indexer.top / "library", create=True):
        thumbnails = indexer.top / "library" / "cache" / "thumbnails"
    write(thumbnails, "small.png")
    assert indexer.counts() == (1, 0, 0, 0, 0)
    assert indexer.names() == ["a.png"]
    (thumbnails.parent / "CACHEDIR.TAG").write_text("something else")
    assert indexer.counts() == (1, 0, 0, 0, 1)


def test_a_picture_that_breaks_leaves_the_library(indexer: Indexer) -> None:
    write(indexer.top, "a.png", "b.png")
    indexer.index()
    (indexer.top / "a.png").write_bytes(TEXT)
    report = indexer.index()
    assert (report.changed, len(report.skipped), report.unchanged) == (0, 1, 1)
    assert indexer.names() == ["b.png"]
    assert list(indexer.skipped()) == ["a.png"]
    write(indexer.top, "a.png")
    assert indexer.counts() == (1, 0, 0, 0, 1)


def test_a_disk_error_is_tried_again_at_every_run(indexer: Indexer, sick: set[str]) -> None:
    write(indexer.top, "a.png", "b.png")
    sick.add("a.png")
    for _ in range(2):
        report = indexer.index()
        (skipped,) = report.skipped
        assert skipped.path == str(indexer.top / "a.png")
        assert skipped.reason == f"cannot be read: {os.strerror(errno.EIO)}"
        assert indexer.names() == ["b.png"]
        assert list(indexer.skipped()) == ["a.png"]
    sick.clear()
    assert indexer.counts() == (1, 0, 0, 0, 1)
    assert indexer.skipped() == {}


def test_a_picture_that_cannot_be_read_for_now_stays_what_it_was(
    indexer: Indexer, sick: set[str]
) -> None:
    write(indexer.top, "a.png", "b.png")
    indexer.index()
    before = indexer.by_name()
    write(indexer.top, "a.png", seed=1)
    sick.add("a.png")
    for _ in range(2):
        report = indexer.index()
        assert (report.changed, len(report.skipped)) == (0, 1)
        assert (indexer.by_name(), indexer.skipped()) == (before, {})
    sick.clear()
    assert indexer.counts() == (0, 1, 0, 0, 1)


def test_a_file_larger_than_what_is_held_is_read_from_its_place(
    indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources: list[object] = []
    describe = isolation.describe

    def noting(source: bytes | Path, **options: Any) -> isolation.Described:
        sources.append(source)
        return describe(source, **options)

    monkeypatch.setattr(isolation, "describe", noting)
    write(indexer.top, "a.png")
    monkeypatch.setattr(isolation, "AT_HAND", 10)
    indexer.index()
    assert sources == [indexer.top / "a.png"]
    monkeypatch.setattr(isolation, "AT_HAND", 10**6)
    os.utime(indexer.top / "a.png", ns=(1, 1))
    indexer.index()
    assert len(sources) == 1  # the digest is the same either way


# --- folders that are empty, missing or closed ---------------------------------------------------


@pytest.mark.parametrize("beside", [None, "note.txt"])
def test_a_folder_without_pictures(indexer: Indexer, beside: str | None) -> None:
    if beside:
        (indexer.top / beside).write_text("no picture")
    with pytest.raises(FolderError, match=r"There are no pictures in .*pictures: give a folder"):
        indexer.index()
    assert indexer.store.roots() == []


def test_a_folder_of_broken_pictures_is_no_error_however_often(indexer: Indexer) -> None:
    (indexer.top / "text.jpg").write_bytes(TEXT)
    assert len(indexer.index().skipped) == 1
    assert indexer.counts() == (0, 0, 0, 0, 0)


def test_a_folder_that_is_missing_or_a_file(indexer: Indexer) -> None:
    write(indexer.top, "a.png")
    with pytest.raises(FolderError, match=r"There is no folder .*nowhere"):
        indexer.index(indexer.top / "nowhere")
    with pytest.raises(FolderError, match=r"a\.png is not a folder"):
        indexer.index(indexer.top / "a.png")


def test_a_root_without_any_of_its_pictures_is_refused_and_nothing_is_lost(
    indexer: Indexer,
) -> None:
    write(indexer.top, "a.png", "b/c.png")
    indexer.index()
    before = indexer.by_name()
    shutil.rmtree(indexer.top)
    with pytest.raises(FolderError, match="There is no folder"):
        indexer.index()
    indexer.top.mkdir()  # as an unmounted disk leaves it
    wanted = r'None of the 2 pictures known from .* run `lookalike forget ".*pictures"`\.$'
    with pytest.raises(FolderError, match=wanted):
        indexer.index()
    assert indexer.by_name() == before
    write(indexer.top, "new.png")
    assert indexer.counts() == (1, 0, 0, 2, 0)


def test_an_emptied_part_of_a_root_is_refused_with_a_way_that_works(indexer: Indexer) -> None:
    write(indexer.top, "a.png", "b/c.png")
    indexer.index()
    (indexer.top / "b" / "c.png").unlink()
    wanted = r'None of the 1 pictures known from .*b are .* run `lookalike index ".*pictures"`\.$'
    with pytest.raises(FolderError, match=wanted):
        indexer.index(indexer.top / "b")
    assert indexer.names() == ["a.png", "b/c.png"]
    assert indexer.counts() == (0, 0, 0, 1, 1)


@pytest.fixture
def users_indexer(tiny: Path) -> Iterator[Indexer]:
    """An indexer whose files belong to a user who is not root."""
    with open_folder() as base:
        made = Indexer(base, tiny)
        write(made.top, "open/1.png", "closed/2.png", "closed/deep/3.png", "4.png")
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            for path in [base, *base.rglob("*")]:
                os.chown(path, NOBODY, NOBODY)
        yield made
        made.store.close()


@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_a_closed_folder_protects_its_pictures(users_indexer: Indexer, mode: int) -> None:
    indexer, closed = users_indexer, users_indexer.top / "closed"
    with ordinary_user():
        indexer.index()
        before = indexer.by_name()
        (indexer.top / "open" / "1.png").unlink()
        closed.chmod(mode)
        report = indexer.index()
        assert (report.removed, report.unchanged) == (1, 1)
        assert report.skipped
        assert {one.reason for one in report.skipped} == {"cannot be read: Permission denied"}
        assert all(one.path.startswith(str(closed)) for one in report.skipped)
        after = indexer.by_name()
        assert after == {name: before[name] for name in ("2.png", "3.png", "4.png")}
        closed.chmod(0o755)
        assert indexer.counts() == (0, 0, 0, 0, 3)


def test_a_closed_file_is_tried_again(users_indexer: Indexer) -> None:
    indexer, closed = users_indexer, users_indexer.top / "4.png"
    with ordinary_user():
        closed.chmod(0)
        for _ in range(2):
            report = indexer.index()
            assert [one.reason for one in report.skipped] == ["cannot be read: Permission denied"]
        closed.chmod(0o644)
        assert indexer.counts() == (1, 0, 0, 0, 3)
        assert indexer.skipped() == {}


# --- folders in folders --------------------------------------------------------------------------


def test_a_part_first_and_then_the_whole(indexer: Indexer) -> None:
    write(indexer.top, "a.png", "b/1.png", "b/c/2.png")
    (indexer.top / "b" / "text.jpg").write_bytes(TEXT)
    assert indexer.counts(indexer.top / "b") == (2, 0, 0, 0, 0)
    before, _ = indexer.by_name(), indexer.encoder.seen
    assert indexer.counts() == (1, 0, 0, 0, 2)
    assert indexer.encoder.seen == 1
    after = indexer.by_name()
    assert after.keys() == {"a.png", "1.png", "2.png"}
    assert {name: after[name] for name in before} == before
    assert indexer.names() == ["a.png", "b/1.png", "b/c/2.png"]
    assert indexer.store.roots() == [str(indexer.top)]
    assert list(indexer.skipped()) == ["b/text.jpg"]


def test_a_part_that_is_not_connected_keeps_its_pictures(indexer: Indexer) -> None:
    write(indexer.top, "a.png", "disk/1.png", "disk/2.png")
    disk, elsewhere = indexer.top / "disk", indexer.top.parent / "elsewhere"
    indexer.index(disk)
    before = indexer.by_name()
    disk.rename(elsewhere)
    disk.mkdir()  # as an unmounted disk leaves it
    assert indexer.counts() == (1, 0, 0, 0, 0)
    assert indexer.store.roots() == [str(indexer.top), str(disk)]
    disk.rmdir()
    elsewhere.rename(disk)
    assert indexer.counts() == (0, 0, 0, 0, 3)
    assert indexer.store.roots() == [str(indexer.top)]
    after = indexer.by_name()
    assert {name: after[name] for name in before} == before
    assert indexer.encoder.seen == 3


def test_a_hidden_part_that_was_named_stays(indexer: Indexer) -> None:
    write(indexer.top, "a.png", ".dark/1.png")
    dark = indexer.top / ".dark"
    for folders in ((dark,), (), (dark,), ()):
        indexer.index(*folders)
        assert "1.png" in indexer.by_name()
    assert indexer.store.roots() == [str(indexer.top), str(dark)]
    assert indexer.counts(hidden=True) == (0, 0, 0, 0, 2)
    assert indexer.store.roots() == [str(indexer.top)]
    assert indexer.encoder.seen == 2


def test_a_hidden_part_that_the_root_holds_is_a_part_of_it(indexer: Indexer) -> None:
    write(indexer.top, "a.png", ".dark/1.png")
    indexer.index(hidden=True)
    (indexer.top / ".dark" / "2.png").write_bytes(picture(9))
    assert indexer.counts(indexer.top / ".dark") == (1, 0, 0, 0, 1)
    assert indexer.names() == [".dark/1.png", ".dark/2.png", "a.png"]
    assert indexer.counts(hidden=True) == (0, 0, 0, 0, 3)


def test_a_part_that_both_roots_hold_is_held_once(
    indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is connected while the folder around it is walked ends in both roots."""
    write(indexer.top, "a.png", "disk/1.png")
    disk, elsewhere = indexer.top / "disk", indexer.top.parent / "elsewhere"
    indexer.index(disk)
    disk.rename(elsewhere)
    walk = folder.Walk

    def connecting(*args: Any, **options: Any) -> folder.Walk:
        elsewhere.rename(disk)
        return walk(*args, **options)

    monkeypatch.setattr(folder, "Walk", connecting)
    indexer.index()
    monkeypatch.setattr(folder, "Walk", walk)
    assert indexer.counts() == (0, 0, 0, 0, 2)
    assert indexer.names() == ["a.png", "disk/1.png"]


def test_a_part_with_nothing_but_broken_files_is_merged(indexer: Indexer) -> None:
    write(indexer.top, "a.png")
    (indexer.top / "sub").mkdir()
    (indexer.top / "sub" / "bad.jpg").write_bytes(TEXT)
    indexer.index(indexer.top / "sub")
    indexer.index()
    assert indexer.store.roots() == [str(indexer.top)]
    assert list(indexer.skipped()) == ["sub/bad.jpg"]


def test_the_whole_first_and_then_a_part(indexer: Indexer) -> None:
    write(indexer.top, "a.png", "b/1.png", "b/c/2.png", "bb/3.png")
    indexer.index()
    before = indexer.by_name()
    (indexer.top / "a.png").unlink()
    (indexer.top / "bb" / "3.png").unlink()
    write(indexer.top, "b/4.png")
    (indexer.top / "b" / "1.png").unlink()
    assert indexer.counts(indexer.top / "b") == (1, 0, 0, 1, 1)
    assert indexer.names() == ["a.png", "b/4.png", "b/c/2.png", "bb/3.png"]
    assert {name: before[name] for name in ("a.png", "2.png", "3.png")}.items() <= (
        indexer.by_name().items()
    )
    assert indexer.store.roots() == [str(indexer.top)]


def test_parts_side_by_side_become_one(indexer: Indexer) -> None:
    write(indexer.top, "a/1.png", "a b/2.png", "c/d/3.png")
    indexer.index(indexer.top / "a", indexer.top / "a b", indexer.top / "c" / "d")
    assert len(indexer.store.roots()) == 3
    assert indexer.encoder.seen == 3
    assert indexer.counts() == (0, 0, 0, 0, 3)
    assert indexer.encoder.seen == 0
    assert indexer.names() == ["a b/2.png", "a/1.png", "c/d/3.png"]
    assert indexer.store.roots() == [str(indexer.top)]


def test_the_same_folder_by_a_link_is_the_same_root(indexer: Indexer, tmp_path: Path) -> None:
    write(indexer.top, "a.png")
    try:
        (tmp_path / "link").symlink_to(indexer.top, target_is_directory=True)
    except OSError as error:
        pytest.skip(f"no links can be made here: {error}")
    indexer.index()
    assert indexer.counts(tmp_path / "link") == (0, 0, 0, 0, 1)
    assert indexer.paths() == [str(indexer.top / "a.png")]


def test_pictures_behind_a_link_are_known_again_and_go_with_it(
    indexer: Indexer, tmp_path: Path
) -> None:
    write(indexer.top, "a.png", "m/b.png", "z.png")
    write(tmp_path / "outside", "1.png", "2.png")
    try:
        (indexer.top / "m" / "link").symlink_to(tmp_path / "outside", target_is_directory=True)
    except OSError as error:
        pytest.skip(f"no links can be made here: {error}")
    assert indexer.counts() == (5, 0, 0, 0, 0)
    assert indexer.counts() == (0, 0, 0, 0, 5)
    (tmp_path / "outside" / "1.png").unlink()
    assert indexer.counts() == (0, 0, 0, 1, 4)
    (indexer.top / "m" / "link").unlink()
    assert indexer.counts() == (0, 0, 0, 1, 3)
    assert indexer.names() == ["a.png", "m/b.png", "z.png"]


def test_a_moved_root_keeps_everything_and_computes_nothing(
    indexer: Indexer, tmp_path: Path, reads: list[str]
) -> None:
    write(indexer.top, "a.png", "b/c.png")
    (indexer.top / "text.jpg").write_bytes(TEXT)
    indexer.index()
    before, _ = indexer.by_name(), indexer.encoder.seen
    reads.clear()
    moved = tmp_path.resolve() / "elsewhere"
    indexer.top.rename(moved)
    assert indexer.counts(moved) == (0, 0, 2, 0, 0)
    assert (indexer.by_name(), indexer.encoder.seen) == (before, 0)
    assert reads == ["text.jpg"]
    assert indexer.store.roots() == [str(moved)]
    assert indexer.paths() == [str(moved / "a.png"), str(moved / "b" / "c.png")]
    assert list(indexer.skipped()) == ["text.jpg"]


def test_a_root_that_moved_into_another_one(indexer: Indexer, tmp_path: Path) -> None:
    write(tmp_path / "first", "a.png", "b.png")
    write(indexer.top, "c.png")
    indexer.index(tmp_path / "first", indexer.top)
    before, _ = indexer.by_name(), indexer.encoder.seen
    (tmp_path / "first").rename(indexer.top / "inner")
    for file in (indexer.top / "inner").iterdir():
        os.utime(file, ns=(1, 1))
    assert indexer.counts() == (0, 0, 2, 0, 1)
    assert (indexer.by_name(), indexer.encoder.seen) == (before, 0)
    assert indexer.store.roots() == [str(indexer.top)]


def test_a_root_that_moved_in_part_keeps_the_rest(indexer: Indexer, tmp_path: Path) -> None:
    write(tmp_path / "first", "a.png", "b.png")
    indexer.index(tmp_path / "first")
    write(indexer.top, "c.png")
    (tmp_path / "first" / "a.png").rename(indexer.top / "a.png")
    shutil.rmtree(tmp_path / "first")
    assert indexer.counts() == (1, 0, 1, 0, 0)
    assert indexer.paths() == [
        os.path.join(tmp_path.resolve(), "first", "b.png"),  # noqa: PTH118
        str(indexer.top / "a.png"),
        str(indexer.top / "c.png"),
    ]


def test_forgetting_a_root_leaves_the_others(indexer: Indexer, tmp_path: Path) -> None:
    write(tmp_path / "first", "a.png")
    (tmp_path / "first" / "text.jpg").write_bytes(TEXT)
    write(indexer.top, "c.png")
    indexer.index(tmp_path / "first", indexer.top)
    assert places.forget(indexer.store, str((tmp_path / "first").resolve())) == 1
    assert indexer.names() == ["c.png"]
    assert indexer.skipped() == {}
    assert indexer.store.roots() == [str(indexer.top)]


@pytest.mark.parametrize(
    ("path", "top", "wanted"),
    [("/a/b", "/a", "b"), ("/a", "/a", ""), ("/a/b/c", "/a", "b/c"), ("/a", "/", "a")],
)
def test_places(path: str, top: str, wanted: str) -> None:
    path, top = (os.path.abspath(one) for one in (path, top))  # noqa: PTH100
    assert places.inside(path, top)
    assert places.below_root(path, top) == wanted
    assert not places.inside(f"{top}x", top) or top == os.path.abspath("/")  # noqa: PTH100


# --- killed --------------------------------------------------------------------------------------

# Kills itself in the third transaction, after all its statements and before its end.
KILLED = """
import os, signal, sys
from lookalike import Library
from lookalike.stores.embedded import rows

library, model, pictures = sys.argv[1:]
finish, batches = rows.set_all, []

def set_all(connection, settings):
    finish(connection, settings)
    if '"done": 48' in settings.get("indexing", ""):
        os.kill(os.getpid(), signal.SIGKILL)

rows.set_all = set_all
Library.open(library, model=model, create=True).index(pictures)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_run_that_is_killed_loses_one_batch_and_the_next_run_finishes(
    indexer: Indexer, tmp_path: Path, tiny: Path
) -> None:
    names = [f"{number:02}.png" for number in range(70)]
    write(indexer.top, *names)
    library = tmp_path / "killed"
    command = [sys.executable, "-c", KILLED, str(library), str(tiny), str(indexer.top)]
    assert subprocess.run(command, check=False).returncode == -9
    with EmbeddedStore(library) as store:
        assert [one.relative for one in store.records()] == names[:32]
        assert store.problems() == []
        indexer.store.close()
        indexer.store = store
        assert indexer.counts() == (38, 0, 0, 0, 32)
        assert indexer.encoder.seen == 38
        assert indexer.names() == names
