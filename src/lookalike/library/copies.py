"""A library's store → groups of duplicates, and what a person has decided about them."""

from __future__ import annotations

import itertools
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lookalike import duplicates
from lookalike.duplicates import Group, Sources, Step
from lookalike.encoder import usable_cores
from lookalike.errors import InputError
from lookalike.indexing import places
from lookalike.indexing.room import Room
from lookalike.library.queries import Named, Queries
from lookalike.stores.base import Catalogue, Record


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The groups, those whose copies take most bytes first.

    ``waiting`` pictures have not been compared: they came after the last look, or cannot be read
    at the moment. Exact copies are told of these, too.
    """

    groups: tuple[Group, ...]
    waiting: int = 0

    @property
    def copies(self) -> int:
        """How many pictures there are beside the best ones."""
        return sum(len(group.copies) for group in self.groups)

    @property
    def spare(self) -> int:
        """Bytes that these take."""
        return sum(group.spare for group in self.groups)


class CopiesOf(ABC):
    """What a `Library` knows of duplicates."""

    _store: Catalogue
    _queries: Queries

    @abstractmethod
    def known_folder(self, folder: str | os.PathLike[str]) -> str:
        """The absolute path by which the library calls a folder."""

    def duplicates(
        self,
        *,
        exact_only: bool = False,
        folder: str | os.PathLike[str] | None = None,
        look: bool = True,
        on_step: Callable[[Step], None] = lambda _step: None,
        stop: threading.Event | None = None,
    ) -> Duplicates:
        """Pictures that show the same, in groups, with the best of each.

        Exact copies are told by content. Near ones (resized, recompressed, cropped to 60 % of
        both sides, turned, mirrored, with a caption or a border) are verified on pixels; new
        pictures are compared with all, and what was found is kept in the cache. ``exact_only``
        leaves near copies out; without ``look`` nothing is compared, and those are told that were
        found before. ``folder`` holds the answer to pictures below it. A search that ``stop``
        ends, or Ctrl-C, is continued by the next. Nothing is ever deleted.

        Raises: LibraryError.
        """
        contents = duplicates.by_content(self._store.records())
        pairs, waiting = [], 0
        if not exact_only:
            cache = self._store.folder / "cache"
            compared = (
                duplicates.search(contents, self._sources(on_step, stop))
                if look
                else duplicates.load_compared(cache)
            )
            pairs = compared.pairs
            waiting = sum(len(contents[one]) for one in contents.keys() - compared.digests)
        if folder is not None:
            contents = _below(self.known_folder(folder), contents.values())
        groups = duplicates.group(contents, pairs, self._store.apart())
        return Duplicates(tuple(groups), waiting)

    def not_duplicates(self, *pictures: Named, undo: bool = False) -> int:
        """Remember that pictures are no duplicates of each other, or with ``undo`` forget it.

        It is kept for their contents, so that it holds wherever their files go. Of files with the
        same content it says that all of them are wanted. Returns how many pairs that is.

        Raises: InputError for fewer than two pictures; ImageNotFoundError; LibraryError.
        """
        records = [self._queries.named(one) for one in pictures]
        if len({record.id for record in records}) < 2:
            raise InputError("Name two pictures or more that are not duplicates of each other.")
        digests = sorted(record.digest for record in records)
        pairs = set(itertools.combinations(digests, 2))
        self._store.set_apart(sorted(pairs), apart=not undo)
        return len(pairs)

    def told_apart(self) -> list[tuple[Record, Record]]:
        """The pictures of which somebody said that they are no duplicates; those that the library
        does not hold at present are left out."""
        contents = duplicates.by_content(self._store.records())
        return [
            (contents[first][0], contents[second][-1])
            for first, second in self._store.apart()
            if {first, second} <= contents.keys() and contents[first][0] != contents[second][-1]
        ]

    def _sources(self, tell: Callable[[Step], None], stop: threading.Event | None) -> Sources:
        room = Room()
        return Sources(
            read=lambda record: self._queries.picture(record, duplicates.NEAR, room.taken),
            embeddings=self._store.embedding_blocks,
            cache=self._store.folder / "cache",
            writable=not self._store.read_only,
            threads=usable_cores(),
            tell=tell,
            stop=stop,
        )


def _below(folder: str, contents: Iterable[Sequence[Record]]) -> dict[str, list[Record]]:
    records = itertools.chain.from_iterable(contents)
    return duplicates.by_content(one for one in records if places.inside(one.path, folder))
