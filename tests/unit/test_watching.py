"""What happened, and what was seen → the part of a folder that has to be looked at."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from lookalike.errors import FolderError
from lookalike.watching import Changed, Look, Scope, Told, Watchers, look
from lookalike.watching.disks import (
    is_silent,
    kind_of,
    mounts_of_linux,
    mounts_of_mac,
    tells,
)
from tests.end_to_end.running import LINUX

PATIENCE = 30.0

# ---- what happened


@pytest.fixture
def root(tmp_path: Path) -> Path:
    top = tmp_path / "pictures"
    for name in ("a/x", "a/y", "b", ".secret", "raw", "library"):
        (top / name).mkdir(parents=True)
    return top


def part(root: Path, *happened: tuple[bool, str], **how: object) -> str | None:
    """The part to look at, relative to the root; None where there is none."""
    scope = Scope(str(root), ignored=(str(root / "library" / "lib"),), **how)  # type: ignore[arg-type]
    found = scope.changed((came, os.path.join(root, name)) for came, name in happened)  # noqa: PTH118
    return None if found is None else os.path.relpath(found.part, root)


def test_only_what_is_concerned_is_looked_at(root: Path) -> None:
    assert part(root, (True, "a/x/1.jpg")) == "a/x"
    assert part(root, (True, "a/x/1.jpg"), (True, "a/x/2.jpg")) == "a/x"
    assert part(root, (True, "a/x/1.jpg"), (False, "a/y/2.jpg")) == "a"
    assert part(root, (True, "a/x/1.jpg"), (True, "b/2.jpg")) == "."
    assert part(root, (True, "1.jpg")) == "."
    assert part(root) is None


def test_a_folder_that_came_is_looked_into_and_one_that_left_from_above(root: Path) -> None:
    assert part(root, (True, "a/x")) == "a/x"
    assert part(root, (False, "a/gone")) == "a"
    assert part(root, (False, "gone/and/more/1.jpg")) == "."
    assert part(root, (False, "b/old"), (True, "b")) == "b"
    assert part(root, (True, "../elsewhere/1.jpg")) is None


def test_what_a_walk_passes_over_is_no_change(root: Path) -> None:
    assert part(root, (True, ".secret/1.jpg")) is None
    assert part(root, (True, ".hidden.jpg"), (True, "b/2.jpg")) == "b"
    assert part(root, (True, ".secret/1.jpg"), hidden=True) == ".secret"
    assert part(root, (True, "raw/1.jpg"), exclude=("raw/",)) is None
    assert part(root, (True, "a/x/1.tmp"), exclude=("*.tmp",)) is None
    assert part(root, (True, "library/library.sqlite-wal")) is None
    (root / "b" / "CACHEDIR.TAG").write_bytes(b"Signature: 8a477f597d28d172789f06886806bc55")
    assert part(root, (True, "b/cached/1.jpg")) is None


def test_patterns_that_name_a_path_are_meant_from_the_root_on(root: Path) -> None:
    assert part(root, (True, "a/x/1.jpg"), exclude=("a/*",)) is None
    assert part(root, (True, "b/1.jpg"), exclude=("a/*",)) == "."


def test_two_changes_of_one_root_are_one(root: Path) -> None:
    top = str(root)
    both = Changed(top, str(root / "a" / "x"), False).with_(Changed(top, str(root / "a" / "y")))
    assert both == Changed(top, str(root / "a"), True)


# ---- what was seen


def seen(root: Path, before: Look | None = None) -> Look:
    return look(Scope(str(root)), before or Look())


def test_two_looks_tell_what_came_changed_and_left(root: Path) -> None:
    (root / "a" / "x" / "1.jpg").write_bytes(b"1")
    (root / "b" / "2.jpg").write_bytes(b"2")
    first = seen(root)
    assert seen(root).since(first) == ([], [])
    (root / "a" / "x" / "1.jpg").write_bytes(b"11")
    (root / "a" / "y" / "3.jpg").write_bytes(b"3")
    (root / "b" / "2.jpg").unlink()
    changed, dark = seen(root).since(first)
    places = {"a/x": True, "a/y": True, "b": False}
    assert sorted(changed, key=lambda one: one[1]) == [
        (came, str(root / name)) for name, came in places.items()
    ]
    assert dark == []


def test_a_disk_that_is_not_connected_any_more_is_not_taken_for_an_empty_folder(
    root: Path,
) -> None:
    (root / "b" / "2.jpg").write_bytes(b"2")
    first = seen(root)
    first.disks[str(root / "b")] += 1  # as if another disk had been mounted there
    (root / "b" / "2.jpg").unlink()
    assert seen(root).since(first) == ([], [str(root / "b")])


def test_a_root_that_is_not_there_is_told(root: Path) -> None:
    with pytest.raises(FolderError, match="There is no folder"):
        seen(root / "nowhere")


def test_what_the_program_writes_itself_is_no_change(root: Path) -> None:
    scope = Scope(str(root), ignored=(str(root / "library" / "lib"),))
    (root / "library" / "library.sqlite").write_bytes(b"1")
    (root / "library" / "1.jpg").write_bytes(b"1")
    first = look(scope, Look())
    (root / "library" / "library.sqlite").write_bytes(b"22")
    assert look(scope, first).since(first) == ([], [])
    (root / "library" / "1.jpg").write_bytes(b"22")
    assert look(scope, first).since(first) == ([(True, str(root / "library"))], [])


# ---- disks

MOUNTINFO = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /houses/ada rw,relatime - autofs houses rw
41 40 0:36 / /houses/ada rw,relatime - nfs4 server:/ada rw,vers=4.2
42 22 0:40 / /media/two\\040words rw - fuse.sshfs ada@server: rw
43 22 8:17 / /media/two rw - fuseblk /dev/sdb1 rw
44 22 0:99 broken
"""
MAC = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
//ada@server/pictures on /Volumes/pictures (smbfs, nodev, nosuid, mounted by ada)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
"""


def test_the_disk_of_a_folder_is_the_deepest_mount_that_holds_it() -> None:
    mounts = mounts_of_linux(MOUNTINFO.splitlines())
    kinds = {
        "/etc": "ext4",
        "/houses": "ext4",
        "/houses/ada/pictures": "nfs4",
        "/houses/adam": "ext4",
        "/media/two words": "fuse.sshfs",
        "/media/two": "fuseblk",
    }
    assert {folder: kind_of(folder, mounts) for folder in kinds} == kinds
    mac = mounts_of_mac(MAC.splitlines())
    assert kind_of("/Volumes/pictures/2024", mac) == "smbfs"
    assert kind_of("/Applications", mac) == "apfs"


def test_network_drives_and_what_programs_show_as_folders_are_silent() -> None:
    assert all(map(is_silent, ("nfs", "nfs4", "cifs", "smbfs", "9p", "fuse.sshfs", "virtiofs")))
    assert not any(map(is_silent, ("ext4", "btrfs", "xfs", "apfs", "tmpfs", "fuseblk", "")))


@LINUX
def test_a_disk_of_this_machine_tells(tmp_path: Path) -> None:
    heard, kind = tells(str(tmp_path))
    assert heard
    assert kind


# ---- threads


class Heard:
    """What the threads of `Watchers` say."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    def __call__(self, told: Told) -> None:
        self.told.append(told)

    def wait_for(self, how: str) -> Told:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for one in self.told:
                if one.how == how:
                    return one
            time.sleep(0.01)
        raise AssertionError(f"{how} was not told: {self.told}")


@pytest.mark.parametrize("poll", [None, 0.05])
def test_followers_tell_the_whole_first_and_then_the_parts(root: Path, poll: float | None) -> None:
    if poll is None:
        pytest.importorskip("watchfiles")
    heard = Heard()
    with Watchers([Scope(str(root))], poll=poll, tell=heard) as watchers:
        assert watchers.wait(PATIENCE) == [Changed(str(root), str(root))]
        assert heard.wait_for("events" if poll is None else "polling").reason == ""
        (root / "a" / "x" / "1.jpg").write_bytes(b"1")
        assert watchers.wait(PATIENCE) == [Changed(str(root), str(root / "a" / "x"))]
        assert watchers.wait(0.01) == []
    assert not [one for one in threading.enumerate() if one.name.startswith("watch ")]


def test_a_root_that_goes_and_comes_back_is_told_and_looked_at_whole(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.watching.watchers._AWAY_SECONDS", 0.02)
    heard = Heard()
    with Watchers([Scope(str(root))], poll=0.02, tell=heard) as watchers:
        assert watchers.wait(PATIENCE)
        root.rename(root.with_name("away"))
        assert heard.wait_for("away").reason == f"{root} is not there: waiting for it."
        root.with_name("away").rename(root)
        assert watchers.wait(PATIENCE) == [Changed(str(root), str(root))]


def test_what_ends_a_thread_is_raised_and_not_lost(root: Path) -> None:
    def fail(_told: Told) -> None:
        raise ValueError("nobody is listening")

    with (
        Watchers([Scope(str(root))], poll=0.05, tell=fail) as watchers,
        pytest.raises(ValueError, match="nobody is listening"),
    ):
        watchers.wait(PATIENCE)
