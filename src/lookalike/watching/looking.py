"""A folder, looked at twice → in which folders below it something is another than before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from lookalike.folder import Walk
from lookalike.watching.changes import Scope


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen: for the path of each folder with files, a number that differs once a file in
    it comes, goes, or is another; and the number of its disk."""

    folders: dict[str, int] = field(default_factory=dict)
    disks: dict[str, int] = field(default_factory=dict)

    def since(self, before: Look) -> tuple[list[tuple[bool, str]], list[str]]:
        """What `Scope.changed` takes, of all that is another than before; and the folders that lie
        on another disk than before and are empty: what was there is not connected any more."""
        changed: list[tuple[bool, str]] = []
        gone_dark = []
        for folder in self.folders.keys() | before.folders.keys():
            if self.folders.get(folder) == before.folders.get(folder):
                continue
            if folder in self.folders:
                changed.append((True, folder))
            elif _disk(folder) in (None, before.disks[folder]):
                changed.append((False, folder))
            else:
                gone_dark.append(folder)
        return changed, gone_dark

    def keeping(self, before: Look, folders: list[str]) -> Look:
        """The same with what was seen of some folders before."""
        for folder in folders:
            self.folders[folder] = before.folders[folder]
            self.disks[folder] = before.disks[folder]
        return self


def look(scope: Scope, before: Look) -> Look:
    """Look at everything below a root, and open nothing.

    What cannot be read now is taken to be as it was. Raises FolderError where the root is missing.
    """
    walk = Walk(scope.root, exclude=scope.exclude, hidden=scope.hidden)
    seen: dict[bytes, int] = {}
    own = tuple(os.fsencode(_below(scope.root, one)) for one in scope.ignored)
    for _, found in walk.stretches():
        for path, size, mtime_ns in found:
            if own and path.startswith(own):
                continue
            folder = path.rpartition(b"/")[0]
            # a sum, so that the order of the files does not matter
            seen[folder] = seen.get(folder, 0) + hash((path, size, mtime_ns))
    now = Look()
    for below, number in seen.items():
        place = _place(scope.root, os.fsdecode(below))
        disk = _disk(place)
        if disk is not None:
            now.folders[place], now.disks[place] = number, disk
    return now.keeping(before, list(_unseen(scope, walk, before, now)))


def _unseen(scope: Scope, walk: Walk, before: Look, now: Look) -> Iterator[str]:
    if not walk.unreadable:
        return
    for folder in before.folders:
        if folder not in now.folders and walk.hides(_below(scope.root, folder)):
            yield folder


def _place(root: str, below: str) -> str:
    return os.path.join(root, below.replace("/", os.sep)) if below else root  # noqa: PTH118


def _below(root: str, path: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")


def _disk(folder: str) -> int | None:
    try:
        return os.stat(folder).st_dev  # noqa: PTH116 - may hold any bytes
    except OSError:
        return None
