"""Unit vectors in blocks, one after another → the best answers to some queries, of all rows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from lookalike.stores.base import Embedding, Ids

_NOBODY = -1


def best_of(
    queries: Embedding, own: Ids, blocks: Iterable[tuple[Ids, Embedding]], k: int
) -> tuple[Ids, Embedding]:
    """The ids and cosines (m, k) of the k best answers to each of some queries (m, dim), the best
    first and equal ones in order of id; -1 where there are not so many.

    ``own`` (m,) are ids that are no answers to their own query. Vectors of zeros, which stand for
    nothing, are no answers at all. Blocks are in order of id; every row is compared, and one block
    is in memory at a time.
    """
    ids = np.full((len(queries), k), _NOBODY, np.int64)
    scores = np.full((len(queries), k), -np.inf, np.float32)
    for some, rows in blocks:
        fresh = queries @ rows.T
        fresh[:, ~rows.any(axis=1)] = -np.inf
        columns = np.minimum(np.searchsorted(some, own), len(some) - 1)
        mine = np.flatnonzero(some[columns] == own)
        fresh[mine, columns[mine]] = -np.inf
        # Few of a block are among the best: only these are put beside those from before.
        first = _first(fresh, min(k, len(some)))
        every = np.concatenate([scores, np.take_along_axis(fresh, first, 1)], axis=1)
        named = np.concatenate([ids, some[first]], axis=1)
        chosen = _first(every, k)
        scores = np.take_along_axis(every, chosen, 1)
        ids = np.take_along_axis(named, chosen, 1)
    order = np.lexsort((ids, -scores), axis=1)
    scores, ids = np.take_along_axis(scores, order, 1), np.take_along_axis(ids, order, 1)
    return np.where(np.isneginf(scores), _NOBODY, ids), scores


def _first(scores: Embedding, k: int) -> npt.NDArray[np.intp]:
    """The columns (m, k) of the k best of each row, in no order."""
    return np.argpartition(-scores, k - 1, axis=1)[:, :k]


def shared(one: Ids, other: Ids) -> npt.NDArray[np.float64]:
    """Which part of the answers (m, k) to each query is the same in both, from 0 to 1 (m,)."""
    same = (one[:, :, None] == other[:, None, :]) & (one[:, :, None] != _NOBODY)
    there = np.maximum(1, (one != _NOBODY).sum(axis=1))
    part: npt.NDArray[np.float64] = same.any(axis=2).sum(axis=1) / there
    return part
