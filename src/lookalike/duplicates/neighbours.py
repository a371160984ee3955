"""Rows of a matrix → the pairs that may be copies, found by products of blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from lookalike.duplicates import windows
from lookalike.duplicates.sketch import ORIENTATIONS, Sketch
from lookalike.duplicates.windows import Floats

_ROWS = 1024  # compared at a time,
_AMONG = 4096  # with as many others

Halves = npt.NDArray[np.float16]
Rows = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.int64]
"""Numbers of two rows, (n, 2)."""


def hashes(sketches: Callable[[int], Sketch], count: int) -> Halves:
    """The perceptual hash of each sketch in each orientation: unit vectors (n, 8, waves).

    It is the coarse vector of the whole picture, which a change of size or quality moves hardly,
    and a caption or a border somewhat.
    """
    made = np.empty((count, ORIENTATIONS, windows.WAVES), np.float16)
    for row in range(count):
        made[row] = windows.hashes(sketches(row).astype(np.float32))
    return made


def nearest(
    fresh: Rows,
    rows: Halves | Floats,
    others: Halves | Floats,
    *,
    most: int,
    least: float,
) -> Iterator[Pairs]:
    """For some rows the ``most`` others with the largest products of ``least`` or more.

    ``rows`` (n, dim) and ``others`` (n, sides, dim) are of the same n things, of which each may
    have several sides. Pairs come some hundred rows at a time, the smaller number first.
    """
    for start in range(0, len(fresh) if most else 0, _ROWS):
        some = fresh[start : start + _ROWS]
        left = np.asarray(rows[some], np.float32)
        found = _Best(len(some), most, least)
        for at in range(0, len(others), _AMONG):
            block = np.asarray(others[at : at + _AMONG], np.float32)
            scores = _best_side(left, block)
            own = np.flatnonzero((some >= at) & (some < at + len(block)))
            scores[own, some[own] - at] = -np.inf
            found.add(scores, at)
        row, column = found.pairs()
        ends = np.sort(np.column_stack([some[row], column]), axis=1)
        yield np.unique(ends, axis=0)


def _best_side(left: Floats, block: Floats) -> Floats:
    scores = left @ block[:, 0].T
    for side in range(1, block.shape[1]):
        np.maximum(scores, left @ block[:, side].T, out=scores)
    return scores


class _Best:
    """The few best of each row, while blocks of scores come by."""

    def __init__(self, rows: int, most: int, least: float) -> None:
        self._most = most
        self._floor = np.full(rows, least, np.float32)
        self._row = self._column = np.empty(0, np.int64)
        self._score = np.empty(0, np.float32)

    def add(self, scores: Floats, first: int) -> None:
        """Scores (rows, columns) of the columns from ``first`` on."""
        if first == 0 and scores.shape[1] > self._most:
            most = np.partition(scores, -self._most, axis=1)[:, -self._most]
            np.maximum(self._floor, most, out=self._floor)
        row, column = np.nonzero(scores >= self._floor[:, None])
        self._row = np.concatenate([self._row, row])
        self._column = np.concatenate([self._column, column + first])
        self._score = np.concatenate([self._score, scores[row, column]])
        self._prune()

    def pairs(self) -> tuple[Rows, Rows]:
        """The rows and columns of what was best."""
        return self._row, self._column

    def _prune(self) -> None:
        """Keep the best of each row, and ask more of what comes after."""
        order = np.lexsort((self._column, -self._score, self._row))
        row = self._row[order]
        rank = np.arange(len(row)) - np.searchsorted(row, row)
        last = order[rank == self._most - 1]
        self._floor[self._row[last]] = self._score[last]
        kept = order[rank < self._most]
        self._row, self._column = self._row[kept], self._column[kept]
        self._score = self._score[kept]
