"""A library's store → which of its pictures show the same, kept until that changes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from lookalike import duplicates
from lookalike.duplicates import Group
from lookalike.stores.base import Catalogue


@dataclass(frozen=True, eq=False)
class Alike:
    """The number of a group for the id of each picture that has copies. ``waiting`` pictures have
    not been compared: of these, only files with the same content are in groups."""

    groups: Mapping[int, int]
    waiting: int


class Folding:
    """Knows the groups of one library; may be used from many threads."""

    def __init__(self, store: Catalogue) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._kept: tuple[object, Alike] | None = None

    def alike(self) -> Alike:
        """The groups that the last look found, and exact copies, less what somebody said is none.

        A picture that only moved makes no new revision; what shows the same does not change by it.
        """
        with self._guard:
            cache = self._store.folder / "cache"
            apart = self._store.apart()
            revision = self._store.settings().get("revision")
            # Taken before the groups are read: what is written meanwhile is then read next time.
            state = (revision, apart, duplicates.state_of_compared(cache))
            if self._kept is None or self._kept[0] != state:
                self._kept = (state, self._read(apart))
            return self._kept[1]

    def _read(self, apart: list[tuple[str, str]]) -> Alike:
        compared = duplicates.load_compared(self._store.folder / "cache")
        numbers = self._store.contents()
        copied = {digest for digest, number in numbers.items() if number > 1}
        for pair in compared.pairs:
            copied |= {pair.whole, pair.part}
        contents = duplicates.by_content(self._store.find_contents(copied))
        groups = duplicates.group(contents, compared.pairs, apart)
        waiting = sum(number for one, number in numbers.items() if one not in compared.digests)
        return Alike({image: group.best.id for group in groups for image in _ids(group)}, waiting)


def _ids(group: Group) -> list[int]:
    return [group.best.id, *(copy.record.id for copy in group.copies)]
