"""Files found, files known, both in order of path → what was added, changed, moved, removed."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from lookalike.folder.walk import Entry, ImageFile

Remembered = tuple[bytes, int, int, int, str | None]
"""What a library remembers of one file, as plain as it comes: the bytes of its path below the
root, its size and time, the id and the SHA-256 of the picture; 0 and None for a file that is none
or was never read whole."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a library remembers of one file; ``digest`` is None where it was never read whole,
    ``id`` the picture's number or 0."""

    root: str
    relative: str
    size: int
    mtime_ns: int
    digest: str | None = None
    id: int = 0

    @classmethod
    def of(cls, root: str, row: Remembered) -> Known:
        """What is remembered of a file below a root."""
        relative, size, mtime_ns, number, content = row
        return cls(root, os.fsdecode(relative), size, mtime_ns, content, number)

    @property
    def path(self) -> Path:
        """The place on this machine that the file had."""
        return Path(self.root, self.relative)

    def looks_like(self, file: ImageFile) -> bool:
        """Whether size and time are the same: the file need not be read again."""
        return self.size == file.size and self.mtime_ns == file.mtime_ns


@dataclass(frozen=True, slots=True)
class Diff:
    """What a scan found, held against what a library knows. Each list is in order of path.

    ``unchanged`` counts the pictures that are as they were, ``still_skipped`` the files that were
    skipped before and are as they were.
    """

    added: list[ImageFile]
    changed: list[ImageFile]
    moved: list[tuple[Known, ImageFile]]
    removed: list[Known]
    unchanged: int
    still_skipped: int = 0


def digest(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file's content, in hexadecimal. Raises OSError."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Comparison:
    """What was found below one root, held against what is known of it, a stretch at a time."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._added: list[ImageFile] = []
        self._changed: list[ImageFile] = []
        self._gone: list[Known] = []
        self._unchanged = 0
        self._still_skipped = 0

    def add(
        self,
        found: Iterable[Entry],
        known: Iterable[Remembered],
        hidden: Callable[[str], bool] = lambda _relative: False,
    ) -> None:
        """Compare one stretch; what is found and what is known of it come in order of path.

        ``hidden`` tells of paths that the walk could not see. Nothing is kept of files that are
        as they were: there may be millions.
        """
        rows = iter(known)
        row = next(rows, None)
        for entry in found:
            path, size, mtime_ns = entry
            while row is not None and row[0] < path:
                self._miss(row, hidden)
                row = next(rows, None)
            if row is None or row[0] != path:
                self._added.append(ImageFile.of(self._root, entry))
                continue
            if row[1] != size or row[2] != mtime_ns:
                self._changed.append(ImageFile.of(self._root, entry))
            elif row[4] is None:
                self._still_skipped += 1
            else:
                self._unchanged += 1
            row = next(rows, None)
        while row is not None:
            self._miss(row, hidden)
            row = next(rows, None)

    @property
    def gone(self) -> list[Known]:
        """What is known and was not found."""
        return self._gone

    def diff(
        self,
        elsewhere: Iterable[Known] = (),
        hidden: Callable[[str], bool] = lambda _relative: False,
        digest_of: Callable[[Path], str] = digest,
    ) -> Diff:
        """What differs in all stretches together; ``hidden`` is as in `add`, by now.

        ``elsewhere`` are known files of other roots that are no longer there: they can be
        recognised as moved, and are never reported as removed. They are only asked for where a
        file was added. A move is recognised by content: sizes are compared first, so that only
        candidates are read; a file under another root with the same relative path, size and time
        is taken without reading.
        """
        added, changed = sorted(self._added, key=_place), sorted(self._changed, key=_place)
        gone = sorted((one for one in self._gone if not hidden(one.relative)), key=_place)
        moved = _match_moves(added, gone, elsewhere, digest_of)
        arrived = {file.relative for _, file in moved}
        left = {(item.root, item.relative) for item, _ in moved}
        return Diff(
            added=[file for file in added if file.relative not in arrived],
            changed=changed,
            moved=moved,
            removed=[item for item in gone if (item.root, item.relative) not in left],
            unchanged=self._unchanged,
            still_skipped=self._still_skipped,
        )

    def _miss(self, row: Remembered, hidden: Callable[[str], bool]) -> None:
        item = Known.of(self._root, row)
        if not hidden(item.relative):
            self._gone.append(item)


def _place(item: ImageFile | Known) -> bytes:
    return os.fsencode(item.relative)


def _match_moves(
    new: list[ImageFile],
    gone: list[Known],
    elsewhere: Iterable[Known],
    digest_of: Callable[[Path], str],
) -> list[tuple[Known, ImageFile]]:
    if not new:
        return []
    sizes = {file.size for file in new}
    candidates: dict[int, list[Known]] = defaultdict(list)
    for item in chain(gone, elsewhere):
        if item.digest is not None and item.size in sizes:
            candidates[item.size].append(item)
    moved = []
    for file in new:
        if match := _moved_from(file, candidates.get(file.size, []), digest_of):
            candidates[file.size].remove(match)
            moved.append((match, file))
    return moved


def _moved_from(
    file: ImageFile, candidates: list[Known], digest_of: Callable[[Path], str]
) -> Known | None:
    if not candidates:
        return None
    for item in candidates:
        same_place = item.root != file.root and item.relative == file.relative
        if same_place and item.looks_like(file):
            return item
    try:
        content = digest_of(file.path)
    except OSError:
        return None  # the indexing that follows reads it again and reports why it cannot
    return next((item for item in candidates if item.digest == content), None)
