"""Scores of pictures that are liked and held out, and of others → how likely one is liked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.views.projection import Rows
from lookalike.views.relevance import direction

Numbers = npt.NDArray[np.float64]

_STEPS = 100  # of Newton's method, which takes ten
_STIFF = 1e-6  # keeps the curve from growing steep for ever where all can be told apart
_STILL = 1e-9  # a step that changes nothing any more
_SMALLEST = 1e-6  # part of a step


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely a picture with some score is liked: how likely it was *marked*, which is the
    logistic curve of ``slope`` times the score and ``offset``, divided by how likely a liked one
    was, ``marked``; and ``most`` at most."""

    slope: float
    offset: float
    marked: float
    most: float

    def of(self, scores: npt.ArrayLike) -> Numbers:
        """From 0 to ``most``, for each score."""
        curve = _logistic(self.slope * np.asarray(scores, np.float64) + self.offset)
        found: Numbers = np.minimum(curve / self.marked, 1.0) * self.most
        return found


def odds(liked: Rows, unliked: Rows, others: Rows) -> Odds:
    """What the scores of held-out pictures tell: of unit vectors (n, axes) that are liked, n at
    least 2, (m, axes) that are not, and (k, axes) of which nobody said anything, k at least 1.

    Each picture that was marked is scored by the direction that is learned from all but itself. A
    sigmoid with smoothed targets tells the liked from the rest (J. C. Platt, Probabilistic Outputs
    for Support Vector Machines, 1999). That is how likely a picture was marked, not how likely it
    is liked: among the rest are liked pictures that nobody came to. So it is divided by what liked
    pictures have (C. Elkan and K. Noto, Learning Classifiers from Only Positive and Unlabeled Data,
    2008), where each counts by just that: of several things that are liked, a direction sees some.
    """
    mine = [row @ direction(np.delete(liked, at, 0), unliked) for at, row in enumerate(liked)]
    not_mine = [row @ direction(liked, np.delete(unliked, at, 0)) for at, row in enumerate(unliked)]
    rest = np.concatenate([not_mine, others @ direction(liked, unliked)])
    slope, offset = _sigmoid(np.array(mine, np.float64), rest.astype(np.float64))
    marked = _logistic(slope * np.array(mine) + offset)
    count = len(liked)
    return Odds(slope, offset, float((marked**2).sum() / marked.sum()), count / (count + 1))


def _sigmoid(liked: Numbers, rest: Numbers) -> tuple[float, float]:
    """The slope and the offset of the likeliest curve, for Platt's targets."""
    scores = np.concatenate([liked, rest])
    middle, spread = float(scores.mean()), float(scores.std()) or 1.0
    terms = np.stack([(scores - middle) / spread, np.ones(len(scores))], axis=1)
    targets = np.full(len(scores), 1 / (len(rest) + 2))
    targets[: len(liked)] = (len(liked) + 1) / (len(liked) + 2)

    def loss(at: Numbers) -> float:
        curve = terms @ at
        return float(np.sum(np.logaddexp(0, curve) - targets * curve) + _STIFF * at @ at)

    at = np.zeros(2)
    for _ in range(_STEPS):
        curve = _logistic(terms @ at)
        slope = terms.T @ (curve - targets) + 2 * _STIFF * at
        bend = (terms * (curve * (1 - curve))[:, None]).T @ terms + 2 * _STIFF * np.eye(2)
        step, part = np.linalg.solve(bend, slope), 1.0
        while loss(at - part * step) > loss(at) and part > _SMALLEST:
            part /= 2
        at = at - part * step
        if np.abs(part * step).max() < _STILL:
            break
    return float(at[0] / spread), float(at[1] - at[0] * middle / spread)


def _logistic(values: Numbers) -> Numbers:
    found: Numbers = np.exp(-np.logaddexp(0, -values))
    return found
