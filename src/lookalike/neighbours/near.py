"""Unit vectors → the nearest others of each of them, by products of blocks, or in cells."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lookalike import kmeans
from lookalike.neighbours.scratch import Empty, in_memory

Rows = npt.NDArray[np.float32]
"""Unit vectors (n, axes)."""
Numbers = npt.NDArray[np.int32]
"""Numbers of rows."""

EXACT = 20_000
"""Up to so many rows, each is compared with every other."""

_SCORES = 8 << 20  # that are in memory at a time: 32 MB of them
_PROBES = 0.03  # of the cells, into which each is looked of more rows than `EXACT`
_SAMPLE = 32  # rows a cell, from which the centroids are made


def nearest(
    rows: Rows,
    some: Numbers,
    k: int,
    empty: Empty = in_memory,
) -> tuple[Numbers, Rows]:
    """The k nearest others of some rows (m,) and their cosines, both (m, k), the best first; -1
    and 0 where there are not so many.

    Of many rows the nearest are sought in the cells around each, and one in some hundred is
    missed. ``empty`` makes room for both.
    """
    shape = len(some), k
    found = empty(shape, np.int32), empty(shape, np.float32)
    found[0][...], found[1][...] = -1, 0
    few = len(rows) <= EXACT or len(some) <= EXACT // 10
    for at, among in _all(rows, some) if few else _in_cells(rows, some):
        near, scores = _best(rows, some[at], among, k)
        found[0][at, : near.shape[1]], found[1][at, : near.shape[1]] = near, scores
    return found


def _all(rows: Rows, some: Numbers) -> Iterator[tuple[Numbers, Numbers | None]]:
    """Places in ``some``, in blocks, with what these are compared with: None is every row."""
    step = max(1, _SCORES // max(1, len(rows)))
    for start in range(0, len(some), step):
        yield np.arange(start, min(start + step, len(some)), dtype=np.int32), None


def _in_cells(rows: Rows, some: Numbers) -> Iterator[tuple[Numbers, Numbers | None]]:
    """The same, cell by cell, with the rows of the cells around."""
    number = int(math.sqrt(len(rows)))
    sample = rows[:: max(1, len(rows) // (_SAMPLE * number))]
    centroids = kmeans.train(np.array(sample), number)
    belongs = kmeans.assign(rows, centroids)
    inside = np.split(np.argsort(belongs, kind="stable").astype(np.int32),
                      np.cumsum(np.bincount(belongs, minlength=number))[:-1])  # fmt: skip
    probes = max(2, round(_PROBES * number))
    around = np.argpartition(-(centroids @ centroids.T), probes, axis=1)[:, :probes]
    asked = np.argsort(belongs[some], kind="stable").astype(np.int32)
    ends = np.cumsum(np.bincount(belongs[some], minlength=number))
    for cell, at in enumerate(np.split(asked, ends[:-1])):
        among = np.concatenate([inside[one] for one in around[cell]])
        step = max(1, _SCORES // max(1, len(among)))
        for start in range(0, len(at), step):
            yield at[start : start + step], among


def _best(rows: Rows, some: Numbers, among: Numbers | None, k: int) -> tuple[Numbers, Rows]:
    others = rows if among is None else rows[among]
    scores = rows[some] @ others.T
    columns = some if among is None else _where(among, some)
    scores[np.arange(len(some)), columns] = -np.inf
    return top(scores, among, min(k, len(others) - 1))


def _where(among: Numbers, some: Numbers) -> npt.NDArray[np.intp]:
    """The places of some numbers in a list that holds them all."""
    order = np.argsort(among)
    places: npt.NDArray[np.intp] = order[np.searchsorted(among, some, sorter=order)]
    return places


def top(scores: Rows, numbers: Numbers | None, k: int) -> tuple[Numbers, Rows]:
    """The numbers and scores (m, k) of the k best columns of each row (m, n), the best first;
    equal ones in order of number."""
    if k <= 0:
        return np.empty((len(scores), 0), np.int32), np.empty((len(scores), 0), np.float32)
    columns = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    found = np.take_along_axis(scores, columns, 1)
    named = columns.astype(np.int32) if numbers is None else numbers[columns]
    order = np.lexsort((named, -found), axis=1)
    return np.take_along_axis(named, order, 1), np.take_along_axis(found, order, 1)
