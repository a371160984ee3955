"""Pictures that are liked and not liked → the direction in which the liked lie."""

from __future__ import annotations

import numpy as np

from lookalike.views.projection import Rows

UNLIKED = 0.5
"""The weight of the mean of what is not liked."""


def direction(liked: Rows, unliked: Rows) -> Rows:
    """The unit vector (axes,) from the mean of unit vectors that are not liked (m, axes) towards
    the mean of those that are liked (n, axes), n at least 1; zeros where they cancel each other
    out.

    Relevance feedback as Rocchio described it (The SMART Retrieval System, 1971).
    """
    towards = liked.mean(axis=0)
    if len(unliked):
        towards = towards - UNLIKED * unliked.mean(axis=0)
    length = float(np.linalg.norm(towards))
    found: Rows = (towards / length if length > 1e-6 else 0 * towards).astype(np.float32)
    return found


def told_apart(liked: Rows, unliked: Rows, others: Rows) -> float:
    """How likely a liked picture that was not learned from scores above one that is not liked: the
    area under the curve, .5 for no better than chance.

    Each liked picture is left out once and held against the unliked, each of which is left out
    as well, and against ``others`` (k, axes), of which nobody has said anything.
    """
    wins = [_wins(liked, unliked, others, one) for one in range(len(liked))]
    return float(np.mean(wins))


def _wins(liked: Rows, unliked: Rows, others: Rows, one: int) -> float:
    rest = np.delete(liked, one, axis=0)
    whole = direction(rest, unliked)
    mine = liked[one] @ whole
    scores = [np.mean(mine > others @ whole)] if len(others) else []
    for number, row in enumerate(unliked):
        without = direction(rest, np.delete(unliked, number, axis=0))
        scores.append(np.float64(liked[one] @ without > row @ without))
    return float(np.mean(scores)) if scores else 1.0
