"""Folders, as they are walked → those that other disks begin in, those whose disk went away."""

from __future__ import annotations

import os


def entered(place: bytes) -> os.stat_result:
    """What the system says of a folder once it is entered: a disk that is connected on demand is
    connected by that, and not by a look from outside. Raises OSError."""
    try:
        return os.stat(place + b"/.")  # noqa: PTH116 - bytes
    except PermissionError:
        return os.stat(place)  # noqa: PTH116


class Mounts:
    """The disks that a walk of a root came to.

    ``found`` holds the folders that other disks begin in, relative to the root: the root itself is
    empty. A disk is told by its number (`os.stat_result.st_dev`), which lasts as long as it is
    connected; numbers of files do not on every network drive.
    """

    def __init__(self, root: str) -> None:
        self.found: set[str] = set()
        self._root = root
        self._disks: dict[bytes, int] = {}  # of where walks begin, and of where disks do

    def begin(self, folder: bytes, disk: int) -> None:
        """A stretch of a walk begins in a folder, which may be a link, and lies on a disk."""
        self._disks[folder] = disk
        if os.path.ismount(os.path.realpath(self.path(os.fsdecode(folder)))):
            self.found.add(os.fsdecode(folder))

    def visit(self, folder: bytes, disk: int) -> None:
        """The walk has come to a folder."""
        above = folder
        while above not in self._disks:
            above = above.rpartition(b"/")[0]
        if self._disks[above] != disk:
            self._disks[folder] = disk
            self.found.add(os.fsdecode(folder))

    def gone(self) -> list[str]:
        """Where the disk is not the one any more that it was when the walk came there."""
        return [os.fsdecode(one) for one, disk in self._disks.items() if self._disk(one) != disk]

    def path(self, folder: str) -> str:
        """The whole path of a folder below the root."""
        return os.path.join(self._root, folder) if folder else self._root  # noqa: PTH118

    def _disk(self, folder: bytes) -> int | None:
        try:
            return entered(os.fsencode(self.path(os.fsdecode(folder)))).st_dev
        except OSError:
            return None
