"""Pictures as unit vectors → who is near whom, followed as pictures come and go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.neighbours.near import Numbers, Rows, nearest, top
from lookalike.neighbours.scratch import Empty, in_memory
from lookalike.stores.base import Ids, Standing, standing

MOST = 30
"""Neighbours that are known of each picture."""

_SCORES = 8 << 20  # that are in memory at a time
_COPIED = 1 << 16  # rows at a time
_Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Graph:
    """Pictures by ``ids`` (n,), in no order, with the ``versions`` (n,) of their embeddings and
    their unit vectors, ``rows`` (n, axes).

    ``near`` (n, `MOST`) are the numbers of the rows nearest to each, the best first, and
    ``cosines`` (n, `MOST`) how near these are; -1 and 0 where there are not so many.
    """

    ids: Ids
    versions: Ids
    rows: Rows
    near: Numbers
    cosines: Rows

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(
        cls,
        ids: Ids,
        versions: Ids,
        rows: Rows,
        empty: Empty = in_memory,
    ) -> Graph:
        """All from nothing; ``empty`` makes room."""
        everyone = np.arange(len(rows), dtype=np.int32)
        return cls(ids, versions, rows, *nearest(rows, everyone, MOST, empty))

    def standing(self, ids: Ids, versions: Ids) -> Standing:
        """Hold it against all ids (n,), rising, and the versions of their embeddings (n,)."""
        return standing(self.ids, self.versions, ids, versions)

    def changed(
        self,
        stays: _Rows,
        ids: Ids,
        versions: Ids,
        rows: Rows,
        *,
        empty: Empty = in_memory,
    ) -> Graph:
        """The graph with only the rows that stay, and with new ones (m, axes).

        Only what is affected is sought again: the neighbours of the new, and of those that had a
        neighbour which is gone; who is near to a new one gets it for a neighbour.
        """
        first, total = len(stays), len(stays) + len(ids)
        whole = Graph(
            np.concatenate([self.ids[stays], ids]),
            np.concatenate([self.versions[stays], versions]),
            empty((total, self.rows.shape[1]), np.float32),
            empty((total, MOST), np.int32),
            empty((total, MOST), np.float32),
        )
        short = self._copy(stays, whole)
        whole.rows[first:], whole.near[first:], whole.cosines[first:] = rows, -1, 0
        fresh = np.arange(first, total, dtype=np.int32)
        whole._introduce(fresh)
        again = np.concatenate([short, fresh])
        whole.near[again], whole.cosines[again] = nearest(whole.rows, again, MOST)
        return whole

    def _copy(self, stays: _Rows, whole: Graph) -> Numbers:
        """Write the rows that stay into another graph, with the numbers that they have there; -1
        for a neighbour that is gone. Returns the numbers of those that have lost one."""
        numbers = np.full(len(self) + 1, -1, np.int32)  # the last is for -1, which is nobody
        numbers[stays] = np.arange(len(stays), dtype=np.int32)
        short = [np.empty(0, np.int32)]
        for start in range(0, len(stays), _COPIED):
            block = slice(start, min(start + _COPIED, len(stays)))
            some = stays[block]
            near = self.near[some]
            whole.rows[block], whole.cosines[block] = self.rows[some], self.cosines[some]
            whole.near[block] = numbers[near]
            lost = ((whole.near[block] < 0) & (near >= 0)).any(axis=1)
            short.append((start + np.flatnonzero(lost)).astype(np.int32))
        return np.concatenate(short)

    def _introduce(self, fresh: Numbers) -> None:
        """Make the last rows, which are new, neighbours of those before that they are near to."""
        first = int(fresh[0]) if len(fresh) else len(self)
        step = max(1, _SCORES // max(1, len(fresh)))
        for start in range(0, first, step):
            block = slice(start, min(start + step, first))
            scores = self.rows[block] @ self.rows[first:].T
            least = np.where(self.near[block, -1] >= 0, self.cosines[block, -1], -np.inf)
            met = np.flatnonzero((scores > least[:, None]).any(axis=1))
            if not len(met):
                continue
            known = np.where(self.near[block][met] >= 0, self.cosines[block][met], -np.inf)
            together = np.concatenate([known, scores[met]], axis=1)
            names = np.concatenate(
                [self.near[block][met], np.broadcast_to(fresh, (len(met), len(fresh)))], axis=1
            )
            best, found = top(together, None, MOST)
            self.near[start + met] = np.where(
                np.isneginf(found), -1, np.take_along_axis(names, best, 1)
            )
            self.cosines[start + met] = np.where(np.isneginf(found), 0, found)
