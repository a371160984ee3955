"""Pictures and their nearest → `Usual`: what is near in a library; a query → its `Cutoffs`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from lookalike.verdict.levels import Cutoffs

Rows = npt.NDArray[np.float32]
"""Unit vectors (n, dim)."""
Ids = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

FEWEST = 30
"""Of fewer pictures, nobody can say what is usual among them."""
SAMPLE = 1024
"""So many pictures stand for a larger library."""
PROBES = 400
"""So many of them are asked with."""
BEST = 3
"""So many answers tell how crowded it is around a query."""

# What follows was chosen by `python -m benchmarks.verdict --choose`; docs/quality.md has the rates.
_POWER = 0.6  # how much it counts whether the surroundings are crowded: 0 not at all, 1 wholly
_LOST = 0.06  # of the library's own pictures, which would themselves find nothing by its measure
_NOTHING = 0.3  # a closeness below which there is nothing in any library
_UNSURE = 0.4  # of its own pictures, whose nearest is not counted as strong
_STRONG = 0.45  # a closeness below which nothing is strong in any library

_REST = 0.2  # of closeness: so much farther than a first answer may be those that follow it

_NEAREST = 10  # others by which it is measured how crowded it is around a picture
_COPY = 0.97  # a cosine from which on two pictures are copies, in any library
_LEAST_SAME = 0.93  # below it they are not, in any library
_RARE = 0.98  # of the library's own pictures, which have no other so near
_HANDFUL = 16  # rows that are compared without a matrix product
_PIECE = 64  # rows of the sample that are compared at a time
_TINY = 0.01  # of 1 - cosine: a cosine of 1 has no logarithm


@dataclass(frozen=True, eq=False)
class Usual:
    """What is usual in a library that had ``drawn`` pictures.

    Some of these stand for all, by their ``ids`` (m,), rising, and ``rows`` (m, dim). ``weak`` and
    ``strong`` are the closenesses at which these levels begin, ``same`` is a cosine. ``crowds``
    (n,) is how crowded it is around the pictures ``known`` (n,), rising.
    """

    ids: Ids
    rows: Rows
    drawn: int
    weak: float = _NOTHING
    strong: float = _STRONG
    same: float = _COPY
    known: Ids = field(default_factory=lambda: np.empty(0, np.int64))
    crowds: Doubles = field(default_factory=lambda: np.empty(0))

    def told(self, scores: Doubles, near: Doubles) -> Usual:
        """The same with its levels, learned by asking with some of the library's own pictures.

        ``scores`` (p, k) are the best answers of p of these, themselves left out, best first;
        ``near`` (p, k) is how crowded it is around these answers.
        """
        best = _first_that_is_no_copy(scores)
        closeness = _lifted(best) - _POWER * _lifted(near.mean(axis=1))
        weak = max(_NOTHING, float(np.quantile(closeness, _LOST)))
        strong = max(weak, _STRONG, float(np.quantile(closeness, _UNSURE)))
        others = best[best < _COPY]
        rare = float(np.quantile(others, _RARE)) if len(others) else _COPY
        same = min(max(rare, _LEAST_SAME), _COPY)
        return replace(self, weak=weak, strong=strong, same=same)

    def crowding(self, ids: Ids, rows: Rows) -> Doubles:
        """How crowded it is around pictures with these ids (n,) and embeddings (n, dim): the mean
        cosine (n,) of each with the ten nearest of the sample, itself and copies left out."""
        scores = self._products(rows)
        scores[(ids[:, None] == self.ids[None, :]) | (scores >= _COPY)] = -np.inf
        count = min(_NEAREST, scores.shape[1])
        nearest = -np.partition(-scores, count - 1, axis=1)[:, :count]
        there = np.isfinite(nearest)
        total = np.where(there, nearest, 0).sum(axis=1, dtype=np.float64)
        mean: Doubles = total / np.maximum(there.sum(axis=1), 1)
        return mean

    def _products(self, rows: Rows) -> Rows:
        """The cosines (n, m) of rows with the sample."""
        if len(rows) > _HANDFUL:
            return rows @ self.rows.T
        # Not as a matrix product: for a handful of rows, its threads take longer to meet than to
        # multiply, and ten times as long on a machine that is busy. In pieces that stay in a
        # core's cache, since it is memory that takes the time.
        parts = [self.rows[at : at + _PIECE] for at in range(0, len(self.rows), _PIECE)]
        return np.concatenate([np.vecdot(part, rows[:, None]) for part in parts], axis=1)

    def crowd_of(self, ids: Ids, rows: Callable[[Ids], Rows]) -> Doubles:
        """How crowded it is around some pictures, (n,), as it is known, or as it is found out by
        their embeddings, which ``rows`` gives."""
        at = np.searchsorted(self.known, ids).clip(max=max(0, len(self.known) - 1))
        if len(self.known) and bool((self.known[at] == ids).all()):
            found: Doubles = self.crowds[at]
            return found
        return self.crowding(ids, rows(ids))

    def cutoffs(self, best: float, crowds: Doubles) -> Cutoffs:
        """Where the levels begin for a query whose ``best`` score this is, and around whose best
        answers it is so crowded (k,).

        Where there is an answer, others of the kind are somewhat farther away than the first.
        """
        if self.drawn < FEWEST or not len(crowds):
            return Cutoffs(self.same)
        roomy = float(_lifted(crowds.mean(keepdims=True))[0]) * _POWER
        strong, weak, rest = (
            1 - math.exp(-(level + roomy)) for level in (self.strong, self.weak, self.weak - _REST)
        )
        first = min(weak, self.same)
        return Cutoffs(self.same, min(strong, self.same), rest if best >= first else first)


def _lifted(cosines: Doubles) -> Doubles:
    """Cosines, stretched the more the nearer they are to 1, where collections of one kind of thing
    have all of theirs: minus the logarithm of half the squared distance."""
    lifted: Doubles = -np.log(np.maximum(1 - cosines, _TINY))
    return lifted


def _first_that_is_no_copy(scores: Doubles) -> Doubles:
    """Of scores (p, k), best first: the first of each row below a copy's, else its last; (p,)."""
    copies = (scores >= _COPY).sum(axis=1)
    at = np.minimum(copies, scores.shape[1] - 1)
    best: Doubles = scores[np.arange(len(scores)), at]
    return best
