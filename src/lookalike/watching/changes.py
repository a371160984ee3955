"""Paths in which something happened → the deepest folder that holds all of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from lookalike.folder import is_cache, left_out


@dataclass(frozen=True, slots=True)
class Changed:
    """A part of a root in which something changed: its path, the root's own for all of it.
    ``arrived`` says that something came or was written, and not only left."""

    root: str
    part: str
    arrived: bool = True

    def with_(self, other: Changed) -> Changed:
        """Both together; they are of one root."""
        return Changed(self.root, _common([self.part, other.part]), self.arrived or other.arrived)


@dataclass(frozen=True)
class Scope:
    """What of a root is looked at. ``exclude`` and ``hidden`` are as for `lookalike.folder.Walk`;
    ``ignored`` is what the paths begin with that the program writes itself."""

    root: str
    exclude: Collection[str] = ()
    hidden: bool = False
    ignored: Collection[str] = field(default=())

    @property
    def whole(self) -> Changed:
        """All of it may have changed."""
        return Changed(self.root, self.root)

    def changed(self, happened: Iterable[tuple[bool, str]]) -> Changed | None:
        """Where something happened that concerns the library, from absolute paths with whether
        each arrived, or None.

        A pattern that names a path is meant from the root on, so the root is looked at then.
        """
        folders: set[str] = set()
        seen: dict[str, bool] = {}
        arrived = False
        for came, path in happened:
            folder = self._folder_of(path)
            if folder is not None and not self._passed_over(folder, seen):
                folders.add(folder)
                arrived = arrived or came
        if not folders:
            return None
        if any("/" in pattern.rstrip("/") for pattern in self.exclude):
            return Changed(self.root, self.root, arrived)
        return Changed(self.root, self._there(_common(folders)), arrived)

    def ignores(self, path: str) -> bool:
        """Whether the program itself writes there."""
        return path.startswith(tuple(self.ignored))

    def _folder_of(self, path: str) -> str | None:
        """The folder to look into for what happened to a path, if it concerns us."""
        if path == self.root:
            return self.root
        if not _inside(path, self.root) or self.ignores(path):
            return None
        relative = os.path.relpath(path, self.root).replace(os.sep, "/")
        if left_out(relative, exclude=self.exclude, hidden=self.hidden):
            return None
        # what a link leads to is looked at where the link is
        is_folder = os.path.isdir(path) and not os.path.islink(path)  # noqa: PTH112, PTH114
        return path if is_folder else os.path.dirname(path)  # noqa: PTH120

    def _passed_over(self, folder: str, seen: dict[str, bool]) -> bool:
        """Whether a folder lies in one that is marked as a cache."""
        if folder == self.root:
            return False
        if folder not in seen:
            above = os.path.dirname(folder)  # noqa: PTH120
            seen[folder] = self._passed_over(above, seen) or is_cache(folder)
        return seen[folder]

    def _there(self, folder: str) -> str:
        """A folder, or what of the way to it is still there."""
        while folder != self.root and not os.path.isdir(folder):  # noqa: PTH112
            folder = os.path.dirname(folder)  # noqa: PTH120
        return folder


def _inside(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip(os.sep) + os.sep)


def _common(folders: Collection[str]) -> str:
    return os.path.commonpath(folders)
