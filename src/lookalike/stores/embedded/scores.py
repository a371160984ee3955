"""Rough scores of many rows → the rows worth a second look; their embeddings → exact scores."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.stores.base import Embedding

Ids = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Rough = npt.NDArray[np.float32]

ROUNDING = 1e-5  # more than float32 sums differ by, whatever order they are added up in
_LOWEST = float(np.finfo(np.float32).min)
_BLOCK = 256  # rows scored at a time in double precision: thousands of pictures may be equal


@dataclass(frozen=True, eq=False)
class Scored:
    """Pictures in no order: their ids (n,) and scores (n,) in single precision.

    A score of minus infinity stands for a picture that is not there any more.
    """

    ids: Ids
    scores: Rough

    @property
    def living(self) -> int:
        """How many are still there."""
        return int(np.count_nonzero(self.scores != -np.inf))

    @classmethod
    def together(cls, parts: Iterable[Scored]) -> Scored:
        """Several as one, at least one."""
        several = list(parts)
        if len(several) == 1:
            return several[0]
        ids, scores = zip(*((part.ids, part.scores) for part in several), strict=True)
        return cls(np.concatenate(ids), np.concatenate(scores))

    def best(self, k: int, without: Collection[int] = ()) -> Ids:
        """The ids of all that may be among the k best once they are scored exactly."""
        scores = self.scores
        if without:
            scores = np.where(self._banned(without), -np.inf, scores)
        living = int(np.count_nonzero(scores != -np.inf))
        least = kth(scores, min(k, living))
        return self.ids[scores >= max(least - ROUNDING, _LOWEST)]

    def but(self, without: Collection[int]) -> Scored:
        """Those that are there, less some."""
        kept = (self.scores != -np.inf) & ~self._banned(without)
        return Scored(self.ids[kept], self.scores[kept])

    def window(self, offset: int, k: int) -> tuple[Ids, int]:
        """Of pictures that are there: the ids of all that may be among the k after the ``offset``
        best once they are scored exactly, and how many are better than each of these."""
        if offset >= len(self.ids):
            return np.empty(0, np.int64), 0
        first, last = kth(self.scores, offset + 1), kth(self.scores, offset + k)
        above = self.scores > first + ROUNDING
        return self.ids[(self.scores >= last - ROUNDING) & ~above], int(above.sum())

    def _banned(self, without: Collection[int]) -> npt.NDArray[np.bool_]:
        return np.isin(self.ids, np.fromiter(without, np.int64, len(without)))


@dataclass(frozen=True, eq=False)
class Best:
    """Pictures in no order: ids (n,), scores (n,) and distances (n,), both to six decimals.

    The k best of a search are among them, and all that tie with the last of those.
    """

    ids: Ids
    scores: Doubles
    distances: Doubles

    def top(self, k: int) -> Best:
        """The k best, and all that tie with the last of them."""
        chosen = self.scores >= kth(self.scores, k)
        return Best(self.ids[chosen], self.scores[chosen], self.distances[chosen])

    def split(self) -> tuple[list[int], list[int]]:
        """The ids above the lowest score, and those at it."""
        tied = self.scores <= self.scores.min(initial=np.inf)
        return self.ids[~tied].tolist(), self.ids[tied].tolist()

    def numbers(self) -> dict[int, tuple[float, float]]:
        """Score and distance of each id."""
        pairs = zip(self.scores.tolist(), self.distances.tolist(), strict=True)
        return dict(zip(self.ids.tolist(), pairs, strict=True))


def measured(query: Embedding, blocks: Iterable[tuple[Ids, Embedding]]) -> Best:
    """Blocks of ids (n,) with their embeddings (n, dim) → their exact cosines and L2 distances.

    Each row is summed up in double precision and in the same order, so that equal embeddings get
    equal scores wherever they lie.
    """
    one = unit(query.astype(np.float64))
    found = [(np.empty(0, np.int64), np.empty((2, 0)))]
    for ids, rows in blocks:
        for start in range(0, len(ids), _BLOCK):
            block = slice(start, start + _BLOCK)
            found.append((ids[block], exactly(rows[block].astype(np.float64), one)))
    ids, numbers = (np.concatenate(part, axis=-1) for part in zip(*found, strict=True))
    return Best(ids, *np.round(numbers, 6))


def kth(scores: Rough | Doubles, k: int) -> float:
    """The k-th best score, or the last; infinite where none is wanted."""
    k = min(k, len(scores))
    return float(np.partition(scores, len(scores) - k)[len(scores) - k]) if k > 0 else np.inf


def exactly(rows: Doubles, one: Doubles) -> Doubles:
    """Cosines and L2 distances of rows (n, dim), brought to length 1, from a unit vector (dim,):
    shape (2, n)."""
    # Each row is a product of its own: that of a matrix does not promise every row the same order.
    cosines = np.clip(np.vecdot(rows, one) / _lengths(rows), -1.0, 1.0)
    # |a - b|^2 = |a|^2 + |b|^2 - 2ab; its error is far below the six decimals that are kept
    squares = 1.0 * rows.any(axis=1) + 1.0 * one.any() - 2.0 * cosines
    return np.stack([cosines, np.sqrt(np.maximum(squares, 0.0))])


def unit(vectors: Doubles) -> Doubles:
    """Vectors (..., dim) divided by their lengths; a vector of zeros stays one."""
    units: Doubles = vectors / _lengths(vectors)[..., None]
    return units


def _lengths(vectors: Doubles) -> Doubles:
    """Of shape (...); 1 for a vector of zeros, which stays what it is."""
    lengths = np.sqrt(np.vecdot(vectors, vectors))
    return np.where(lengths > 0, lengths, 1.0)
