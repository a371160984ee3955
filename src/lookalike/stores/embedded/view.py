"""The matrix at one revision, and a query → the rows that may be among the best."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from lookalike.stores.base import Embedding
from lookalike.stores.embedded import rows
from lookalike.stores.embedded.cells import Cells
from lookalike.stores.embedded.manifest import Saved
from lookalike.stores.embedded.scores import Ids, Scored
from lookalike.stores.embedded.segments import Mask, scored

_SOME = 256  # embeddings taken at a time


@dataclass(frozen=True, eq=False)
class Overlay:
    """What was committed after the cache was saved, in memory: ids (n,), rows (n, dim), and a
    mask (n,) of those that have been removed or replaced since."""

    ids: Ids
    rows: Embedding
    dead: Mask

    @classmethod
    def empty(cls, dim: int) -> Overlay:
        """Nothing."""
        return cls(np.empty(0, np.int64), np.empty((0, dim), np.float32), np.empty(0, bool))

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class View:
    """The matrix at one revision: what is saved, less the rows that are ``dead``, and what is laid
    over it. Where that would be too much for memory, everything after ``tail`` is read from the
    database at each question instead."""

    revision: int
    saved: Saved
    dead: tuple[Mask, ...]
    overlay: Overlay
    tail: int | None = None

    @property
    def cells(self) -> Cells | None:
        """The cells, where there are some."""
        return self.saved.cells

    @property
    def differs(self) -> bool:
        """Whether the database is further than what is saved."""
        return self.revision != self.saved.revision

    @property
    def wasted(self) -> int:
        """How many saved rows are dead."""
        return sum(int(mask.sum()) for mask in self.dead)

    def search(
        self,
        connection: sqlite3.Connection,
        query: Embedding,
        k: int,
        *,
        without: Collection[int] = (),
        among: Ids | None = None,
        exact: bool = False,
    ) -> Ids:
        """The ids of all that may be among the k best, in single precision.

        ``connection`` sees this revision. Every row is compared where ``exact`` is asked for, or
        only the pictures ``among`` (n,) are wanted, or there are no cells; otherwise those in
        the cells next to the query.
        """
        wanted = k + len(without)
        probes = 0 if exact or among is not None else self.probes(wanted)
        found = self.scores(connection, query, among=among, probes=probes)
        if probes and found.living < wanted:  # most of what was there may have been removed
            found = self.scores(connection, query)
        return found.best(k, without)

    def scores(
        self,
        connection: sqlite3.Connection,
        query: Embedding,
        *,
        among: Ids | None = None,
        probes: int = 0,
    ) -> Scored:
        """The scores of all pictures in single precision, of those ``among`` (n,), or of those in
        as many cells as ``probes`` says; ``connection`` sees this revision."""
        one = np.ascontiguousarray(query, np.float32)
        if among is not None:
            return Scored.together(self._among(connection, one, among))
        return Scored.together(self._all(connection, one, probes))

    def embeddings(
        self, connection: sqlite3.Connection, ids: Ids
    ) -> Iterator[tuple[Ids, Embedding]]:
        """The embeddings (n, dim) of pictures that `search` has just found, with their ids (n,),
        some hundred at a time, from wherever they lie."""
        for start in range(0, len(ids), _SOME):
            some = ids[start : start + _SOME]
            for segment, dead in zip(self.saved.segments, self.dead, strict=True):
                yield segment.embeddings(dead, some)
            if len(self.overlay.ids):
                here = np.isin(self.overlay.ids, some) & ~self.overlay.dead
                yield self.overlay.ids[here], self.overlay.rows[here]
        if self.tail is not None:
            late = np.intersect1d(ids, rows.ids_since(connection, self.tail), assume_unique=True)
            yield from rows.embeddings_of(connection, late, self.overlay.rows.shape[1])

    def living(self, connection: sqlite3.Connection) -> Ids:
        """The ids (n,) of all pictures, in no order; ``connection`` sees this revision."""
        parts = [
            segment.ids[~dead] for segment, dead in zip(self.saved.segments, self.dead, strict=True)
        ]
        parts.append(self.overlay.ids[~self.overlay.dead])
        if self.tail is not None:
            parts.append(rows.ids_since(connection, self.tail))
        return np.concatenate(parts)

    def probes(self, k: int) -> int:
        """How many cells are looked into for k hits; 0 where every row is compared."""
        return self.cells.enough(k) if self.cells else 0

    def _all(
        self, connection: sqlite3.Connection, query: Embedding, probes: int
    ) -> Iterator[Scored]:
        near = self.cells.nearest(query, probes).tolist() if self.cells and probes else None
        for segment, dead in zip(self.saved.segments, self.dead, strict=True):
            yield segment.scan(query, dead, near if segment.celled else None)
        if len(self.overlay.ids) or not self.saved.segments:
            yield scored(query, self.overlay.ids, self.overlay.rows, self.overlay.dead)
        for ids, block in self._tail(connection):
            yield scored(query, ids, block, np.zeros(len(ids), bool))

    def _among(
        self, connection: sqlite3.Connection, query: Embedding, among: Ids
    ) -> Iterator[Scored]:
        for segment, dead in zip(self.saved.segments, self.dead, strict=True):
            yield segment.among(query, dead, among)
        here = np.isin(self.overlay.ids, among) & ~self.overlay.dead
        yield scored(query, self.overlay.ids, self.overlay.rows, ~here)
        for ids, block in self._tail(connection):
            yield scored(query, ids, block, np.isin(ids, among, invert=True))

    def _tail(self, connection: sqlite3.Connection) -> Iterator[tuple[Ids, Embedding]]:
        if self.tail is None:
            return iter(())
        dim = self.overlay.rows.shape[1]
        return rows.embeddings_since(connection, self.tail, dim)
