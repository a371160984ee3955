"""`lookalike.indexing` where disks fail, hang, go away or change what they hold under a run."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lookalike import Library, image, isolation
from lookalike.errors import (
    FolderError,
    FolderSilentError,
    InputError,
    LibraryError,
    LibraryReadOnlyError,
)
from lookalike.folder import ImageFile, answers
from lookalike.indexing import Event, Indexed, Waiting, places, reading, steady
from lookalike.stores.embedded import EmbeddedStore
from tests.disks import NOBODY, connect, disconnect, open_folder, ordinary_user, small_disk
from tests.fuse import Drive, drive
from tests.indexer import Indexer
from tests.small_libraries import picture, write


def told(indexer: Indexer, **options: Any) -> dict[str, str]:
    """One run: the files that were skipped, with the reasons."""
    report = indexer.index(**options)
    return {os.path.relpath(one.path, indexer.top): one.reason for one in report.skipped}


# --- disks that come and go ----------------------------------------------------------------------


@pytest.fixture
def disk(indexer: Indexer) -> Iterator[Path]:
    """A folder of the pictures that a disk of its own begins in; two pictures are on it."""
    place = indexer.top / "disk"
    place.mkdir()
    with small_disk(800) as made:
        write(made, "1.png", "deep/2.png")
        connect(made, place)
        try:
            yield place
        finally:
            if os.path.ismount(place):
                disconnect(place)


def connected(disk: Path) -> bool:
    return (disk / "1.png").exists()


def test_pictures_of_a_disk_that_is_not_connected_stay(indexer: Indexer, disk: Path) -> None:
    write(indexer.top, "a.png")
    assert indexer.counts() == (3, 0, 0, 0, 0)
    before = indexer.by_name()
    disconnect(disk)
    for _ in range(2):
        assert not connected(disk)
        write(indexer.top, "b.png")
        reason = f'cannot be read: its disk is not connected (`lookalike forget "{disk}"` takes'
        skipped = told(indexer)
        assert list(skipped) == ["disk"]
        assert skipped["disk"].startswith(reason)
        assert before.items() <= indexer.by_name().items()
    (indexer.top / "a.png").unlink()
    assert indexer.counts()[3] == 1  # what is gone elsewhere goes
    with pytest.raises(FolderError, match=r"None of the 2 pictures known from .*disk are there"):
        indexer.index(disk)
    disk.rmdir()  # as systems do that make the folder for the disk
    assert list(told(indexer)) == ["disk"]
    assert places.forget(indexer.store, str(indexer.top), "disk") == 2
    assert (told(indexer), indexer.names()) == ({}, ["b.png"])


def test_a_disk_that_is_gone_for_good_can_be_forgotten(
    indexer: Indexer, disk: Path, tmp_path: Path, tiny: Path
) -> None:
    write(indexer.top, "a.png")
    with Library.open(tmp_path / "other", model=tiny, create=True) as library:
        assert library.index(indexer.top).added == 3
        with pytest.raises(InputError, match="is not a folder of this library"):
            library.forget(disk / "deep")
        disconnect(disk)
        assert len(library.index(indexer.top).skipped) == 1
        assert library.forget(disk) == 2
        assert library.index(indexer.top).skipped == ()
        assert [one.relative for one in library.records()] == ["a.png"]


def test_a_disk_that_is_connected_again_is_as_it_was(indexer: Indexer, disk: Path) -> None:
    write(indexer.top, "a.png")
    indexer.index()
    with small_disk(200) as same:
        for file in ("1.png", "deep/2.png"):
            (same / file).parent.mkdir(exist_ok=True)
            shutil.copy2(disk / file, same / file)
        disconnect(disk)
        indexer.index()
        connect(same, disk)
        assert indexer.counts() == (0, 0, 0, 0, 3)
        (disk / "1.png").unlink()
        assert indexer.counts() == (0, 0, 0, 1, 2)


def test_what_was_copied_to_where_a_disk_had_been_is_as_good(indexer: Indexer, disk: Path) -> None:
    write(indexer.top, "a.png")
    indexer.index()
    content = (disk / "1.png").read_bytes()
    disconnect(disk)
    (disk / "1.png").write_bytes(content)
    report = indexer.index()
    assert (report.removed, report.skipped) == (1, ())
    assert indexer.names() == ["a.png", "disk/1.png"]
    (disk / "1.png").unlink()
    assert indexer.counts() == (0, 0, 0, 1, 1)  # no disk is missed any more


def test_a_root_whose_disk_is_missing_is_refused_even_with_other_pictures(
    indexer: Indexer, disk: Path
) -> None:
    indexer.index(disk)
    before = indexer.by_name()
    disconnect(disk)
    write(disk, "saved while it was away.png")
    with pytest.raises(FolderError, match=r"None of the 2 pictures known from .* not connected"):
        indexer.index(disk)
    assert indexer.by_name() == before


def test_pictures_behind_a_link_that_leads_nowhere_stay(indexer: Indexer, tmp_path: Path) -> None:
    write(indexer.top, "a.png")
    write(tmp_path / "outside", "1.png", "2.png")
    (indexer.top / "link").symlink_to(tmp_path / "outside", target_is_directory=True)
    assert indexer.counts() == (3, 0, 0, 0, 0)
    (tmp_path / "outside").rename(tmp_path / "away")
    assert told(indexer) == {"link": "cannot be read: it is a link that leads nowhere"}
    assert len(indexer.names()) == 3
    (tmp_path / "away").rename(tmp_path / "outside")
    assert indexer.counts() == (0, 0, 0, 0, 3)
    (indexer.top / "link").unlink()
    assert indexer.counts() == (0, 0, 0, 2, 1)


def when_listed(monkeypatch: pytest.MonkeyPatch, folder: Path, then: Callable[[], None]) -> None:
    """Have something happen right after a folder has been listed."""
    scandir = os.scandir

    def listing(place: Any) -> Any:
        found = scandir(place)
        if place == os.fsencode(folder):
            with found:
                entries = list(found)
            then()
            return _Listed(entries)
        return found

    monkeypatch.setattr(os, "scandir", listing)


class _Listed(list[Any]):
    def __enter__(self) -> _Listed:
        return self

    def __exit__(self, *_error: object) -> None:
        pass


@pytest.mark.parametrize("inner", [False, True])
def test_a_disk_that_goes_away_while_it_is_walked_takes_nothing_along(
    indexer: Indexer, disk: Path, monkeypatch: pytest.MonkeyPatch, inner: bool
) -> None:
    """What was listed, and cannot be looked at any more, looks as if it had been removed."""
    write(indexer.top, "a.png")
    named = indexer.top if inner else disk
    indexer.index(named)
    before = indexer.by_name()
    when_listed(monkeypatch, disk, lambda: disconnect(disk))
    if inner:
        assert told(indexer)["disk"] == "cannot be read: its disk went away"
    else:
        with pytest.raises(FolderError, match=r"The disk of .*disk went away while it was looked"):
            indexer.index(disk)
    assert indexer.by_name() == before


def test_a_disk_that_goes_away_while_pictures_are_read_ends_the_run(
    indexer: Indexer, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(disk, *(f"{at:03}.png" for at in range(100)))
    read = reading.content_of

    def going(file: Any) -> Any:
        if file.relative.endswith("040.png") and os.path.ismount(disk):
            disconnect(disk)
        return read(file)

    monkeypatch.setattr(reading, "content_of", going)
    with pytest.raises(FolderError, match=r"went away while it was looked at: .* is kept"):
        indexer.index(disk)
    kept = indexer.by_name()
    assert 16 <= len(kept) < 60
    assert len(indexer.skipped()) < 32


@pytest.fixture
def moving(tmp_path: Path, tiny: Path) -> Iterator[Indexer]:
    """An indexer whose library, and not its pictures, lies on a disk that can go."""
    place = tmp_path / "library"
    place.mkdir()
    with small_disk(4000) as disk:
        connect(disk, place)
        made = Indexer(tmp_path, tiny)
        write(made.top, *(f"{at:03}.png" for at in range(100)))
        yield made
        made.store.close()
        if os.path.ismount(place):
            disconnect(place)
        connect(disk, place)
        with EmbeddedStore(place) as store:
            assert store.problems() == []
            assert store.count() >= 16
        disconnect(place)


def test_a_library_whose_disk_goes_away_keeps_what_it_had(moving: Indexer, tmp_path: Path) -> None:
    place = tmp_path / "library"

    def pull(event: Event) -> None:
        if isinstance(event, Indexed) and os.path.ismount(place):
            disconnect(place)
            moving.store._database._let_go()  # those that are open would go on for a while

    wanted = f"The library {place} is not there any more: connect its disk, and run the same"
    with pytest.raises(LibraryError, match=wanted):
        moving.index(on_event=pull)
    assert list(place.iterdir()) == []  # no new one is begun where it was


def test_a_library_that_is_closed_in_the_middle_of_a_run(users: Indexer) -> None:
    """What is open stays open; what is opened anew is refused, and said to be."""
    folder = users.store.folder

    def close(event: Event) -> None:
        if isinstance(event, Indexed):
            folder.chmod(0)

    with ordinary_user():
        try:
            with contextlib.suppress(LibraryReadOnlyError):
                users.index(on_event=close)
        finally:
            folder.chmod(0o755)
        assert len(users.names()) >= 16
        users.index()
        assert len(users.names()) == 200


def test_a_folder_that_is_closed_in_the_middle_of_a_run(users: Indexer) -> None:
    def close(event: Event) -> None:
        if isinstance(event, Indexed):
            users.top.chmod(0)

    with ordinary_user():
        try:
            report = users.index(on_event=close)
            assert {one.reason for one in report.skipped} == {"cannot be read: Permission denied"}
            assert report.added + len(report.skipped) == 200
            with pytest.raises(FolderError, match=r"cannot be read \(Permission denied\)"):
                users.index()
        finally:
            users.top.chmod(0o755)
        assert users.index().added == len(report.skipped)


@pytest.fixture
def users(tiny: Path) -> Iterator[Indexer]:
    """An indexer whose files belong to a user who is not root."""
    with open_folder() as base:
        made = Indexer(base, tiny)
        write(made.top, *(f"{at:03}.png" for at in range(200)))
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            for path in [base, *base.rglob("*")]:
                os.chown(path, NOBODY, NOBODY)
        yield made
        made.store.close()


# --- disks that fail -----------------------------------------------------------------------------


@pytest.fixture
def failing(indexer: Indexer, tmp_path: Path) -> Iterator[Drive]:
    """A drive at the top of the pictures, with seventy of them in two folders."""
    write(tmp_path / "source", *(f"{at % 2}/{at:02}.png" for at in range(70)))
    with drive(tmp_path / "source", indexer.top) as made:
        yield made


@pytest.mark.parametrize("error", [errno.EIO, errno.ESTALE, errno.ENOTCONN])
def test_what_cannot_be_listed_or_looked_at_stays(
    indexer: Indexer, failing: Drive, error: int
) -> None:
    indexer.index()
    before = indexer.by_name()
    failing.fail("1", error)
    failing.fail("0/00.png", error)
    reason = f"cannot be read: {os.strerror(error)}"
    assert told(indexer) == {"0/00.png": reason, "1": reason}
    assert indexer.by_name() == before
    failing.free()
    assert indexer.counts() == (0, 0, 0, 0, 70)


def test_a_dying_disk_gives_what_it_can(indexer: Indexer, failing: Drive) -> None:
    for at in range(0, 70, 7):
        failing.fail(f"{at % 2}/{at:02}.png")
    report = indexer.index()
    assert (report.added, len(report.skipped)) == (60, 10)
    failing.free()
    assert indexer.counts() == (10, 0, 0, 0, 60)


# --- disks that hang -----------------------------------------------------------------------------


def test_a_folder_that_is_never_listed_ends_the_run(
    indexer: Indexer, failing: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexer.index()
    before = indexer.by_name()
    monkeypatch.setattr(answers, "_EVERY", 0.2)
    failing.hang("1")
    began = time.monotonic()
    wanted = rf"The folder {indexer.top}/1 has not answered for 1 second: .* everything up to here"
    with pytest.raises(FolderSilentError, match=wanted):
        indexer.index(patience=1.0)
    assert time.monotonic() - began < 3
    waiting = [one for one in indexer.events if isinstance(one, Waiting)]
    assert waiting
    assert (waiting[0].folder, waiting[0].patience) == (str(indexer.top / "1"), 1.0)
    assert indexer.by_name() == before
    failing.free()
    assert indexer.counts() == (0, 0, 0, 0, 70)


def test_a_file_that_is_never_read_ends_the_run_and_what_was_before_is_kept(
    indexer: Indexer, failing: Drive
) -> None:
    failing.hang_reads("1/51.png")
    with pytest.raises(FolderSilentError, match=rf"The folder {indexer.top}/1 has not answered"):
        indexer.index(patience=1.0)
    assert 32 <= len(indexer.names()) <= 64
    failing.free()
    report = indexer.index()
    assert report.added + report.unchanged == 70
    assert report.unchanged >= 32


def test_a_root_that_hangs_does_not_hold_up_the_others(
    indexer: Indexer, failing: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures that are new may have been moved from a root that is not there: it is asked."""
    indexer.index()
    monkeypatch.setattr(places, "_SECONDS", 0.5)
    failing.hang()
    write(tmp_path / "other", "new.png")
    report = indexer.index(tmp_path / "other")
    assert report.added == 1
    assert len(indexer.store.roots()) == 2


# --- files that change while they are read -------------------------------------------------------


@pytest.fixture
def changing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Every file counts as large, and has been hashed when something happens to it, once."""
    monkeypatch.setattr(isolation, "AT_HAND", 0)
    read = reading.content_of

    def change(then: Callable[[], None]) -> None:
        coming = [then]

        def reads(file: ImageFile) -> tuple[bytes | Path, str]:
            found = read(file)
            if coming and file.relative == "a.png":
                coming.pop()()
            return found

        monkeypatch.setattr(reading, "content_of", reads)

    return change


@pytest.mark.parametrize("how", ["replaced", "written over", "with its old time"])
def test_a_vector_is_of_the_content_whose_digest_is_kept(
    indexer: Indexer, changing: Callable[[Callable[[], None]], None], how: str
) -> None:
    file, other = indexer.top / "a.png", picture(2)
    write(indexer.top, "b.png")
    file.write_bytes(picture(1))
    long_ago = time.time_ns() - 10**12
    os.utime(file, ns=(long_ago, long_ago))

    def change() -> None:
        if how == "replaced":
            (indexer.top / "aside").write_bytes(other)
            (indexer.top / "aside").replace(file)
        else:
            file.write_bytes(other)
        if how == "with its old time":
            os.utime(file, ns=(long_ago, long_ago))

    changing(change)
    assert told(indexer) == {"a.png": steady.CHANGED}
    assert indexer.names() == ["b.png"]
    assert indexer.counts()[0] == 1
    direct = indexer.by_name()["a.png"][1]
    again = image.read(other, max_pixels=10**6).image
    inputs = image.to_input(again, indexer.encoder.card.preprocess)
    vector = indexer.encoder.encode(inputs[None])[0]
    assert np.allclose(np.frombuffer(direct, np.float32), vector, atol=1e-5)


def test_a_file_that_is_cut_short_while_it_is_read_is_told_and_read_again(
    indexer: Indexer, changing: Callable[[Callable[[], None]], None]
) -> None:
    write(indexer.top, "a.png", "b.png")
    whole = (indexer.top / "a.png").read_bytes()
    changing(lambda: os.truncate(indexer.top / "a.png", 60))
    assert list(told(indexer)) == ["a.png"]
    (indexer.top / "a.png").write_bytes(whole)
    assert indexer.counts() == (1, 0, 0, 0, 1)


def test_a_file_that_is_only_touched_while_it_is_read_is_taken(
    indexer: Indexer, changing: Callable[[Callable[[], None]], None]
) -> None:
    write(indexer.top, "a.png")
    changing(lambda: os.utime(indexer.top / "a.png", ns=(1, 1)))
    assert indexer.counts() == (1, 0, 0, 0, 0)


# --- clocks --------------------------------------------------------------------------------------


def test_a_clock_that_is_set_back_or_wrong_changes_nothing(
    indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(indexer.top, "old.png", "new.png")
    os.utime(indexer.top / "old.png", ns=(-(10**18), -(10**18)))
    os.utime(indexer.top / "new.png", ns=(10**19 // 2, 10**19 // 2))
    assert indexer.counts() == (2, 0, 0, 0, 0)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 10**8)
    monkeypatch.setattr(time, "time_ns", lambda: int((now - 10**8) * 1e9))
    assert indexer.counts() == (0, 0, 0, 0, 2)
    write(indexer.top, "more.png")
    assert indexer.counts() == (1, 0, 0, 0, 2)
    assert len(indexer.store.search(np.ones(8, np.float32) / np.sqrt(8).astype(np.float32), 5)) == 3
