"""Embeddings and the classes of their pictures → a view in which these lie apart, and its worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.views.projection import Projection, Rows

Classes = npt.NDArray[np.intp]
"""The number of each picture's class (n,), from 0 on."""
Judge = Callable[[Rows, Classes], npt.NDArray[np.float64]]
"""Unit vectors (n, axes) and their classes → how well each finds those of its class, 0 to 1."""

RIDGES = (0.1, 0.3, 1.0, 3.0, 10.0)
"""What is tried: how much of the mean variance is added in every direction."""

_REST = 0.4  # weight of what the classes say nothing of, so that other things are found as well
_Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Held:
    """How the judge sees held-out pictures, in the mean: ``before`` with their embeddings as they
    are, ``after`` in views that were learned without them, with the ``ridge`` that was best.
    ``error`` is the standard error of the difference."""

    ridge: float
    before: float
    after: float
    error: float


def discriminant(rows: Rows, classes: Classes, rest: Projection, ridge: float) -> Projection:
    """A linear discriminant beside what a view without labels sees, ``rest``.

    Directions in which pictures of one class differ count less, those in which the classes differ
    are kept (Fisher, Annals of Eugenics 7, 1936, for several classes as Rao, JRSS B 10, 1948); a
    ridge on the scatter within the classes makes that possible with fewer pictures than numbers
    (Friedman, JASA 84, 1989). ``rows`` are embeddings (n, dim).
    """
    return _Scatter(rows, classes).view(rest, ridge)


class _Scatter:
    """How embeddings lie around the means of their classes, from which every ridge is quick."""

    def __init__(self, rows: Rows, classes: Classes) -> None:
        self._rows = rows
        self._means = _means(rows, classes)
        self._centre = self._means.mean(axis=0)
        spread = rows - self._means[classes]
        within = spread.T @ spread / max(1, len(rows) - len(self._means))
        self._variances, self._axes = np.linalg.eigh(within)

    def view(self, rest: Projection, ridge: float) -> Projection:
        """The discriminant with a ridge, beside the rest."""
        added = ridge * self._variances.mean() or 1.0
        even = self._axes / np.sqrt(np.maximum(self._variances, 0) + added)
        between = (self._means - self._centre) @ even
        axes = np.linalg.svd(between, full_matrices=False)[2][: len(self._means) - 1]
        centred = self._rows - self._centre
        joined = np.concatenate(
            [_even(centred, even @ axes.T), _REST * _even(centred, rest.matrix)], axis=1
        )
        return Projection(self._centre.astype(np.float32), joined.astype(np.float32))


def held_out(rows: Rows, classes: Classes, rest: Projection, judge: Judge) -> Held:
    """Learn from one half of each class and judge on the other, then the other way round.

    ``classes`` have four pictures each at least. The ridge to learn from all with is half of the
    one that was best: it makes up for too few pictures, and then there are twice as many.
    """
    half = _halves(classes)
    parts = [(half == one, half != one) for one in (0, 1)]

    scatters = [_Scatter(rows[train], classes[train]) for train, _ in parts]

    def judged(ridge: float) -> _Doubles:
        found = [
            judge(scatter.view(rest, ridge).of(rows[test]), classes[test])
            for scatter, (_, test) in zip(scatters, parts, strict=True)
        ]
        return np.concatenate(found)

    before = np.concatenate([judge(rows[test], classes[test]) for _, test in parts])
    every = [judged(ridge) for ridge in RIDGES]
    best = int(np.argmax([one.mean() for one in every]))
    after = every[best]
    error = float((after - before).std() / len(after) ** 0.5)
    return Held(RIDGES[best] / 2, float(before.mean()), float(after.mean()), error)


def _halves(classes: Classes) -> Classes:
    """0 or 1 for each picture, at random, so that each class is divided."""
    order = np.random.default_rng(0).permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    place = np.empty(len(classes), np.intp)
    place[order] = np.arange(len(classes))
    begins = np.searchsorted(classes[order], classes)
    return (place - begins) % 2


def _means(rows: Rows, classes: Classes) -> _Doubles:
    sums = np.zeros((int(classes.max()) + 1, rows.shape[1]))
    np.add.at(sums, classes, rows)
    found: _Doubles = sums / np.bincount(classes)[:, None]
    return found


def _even(rows: _Doubles, matrix: _Doubles | Rows) -> _Doubles:
    """A matrix by which the rows get the mean length 1."""
    length = float(np.linalg.norm(rows @ matrix, axis=1).mean())
    even: _Doubles = np.asarray(matrix, np.float64) / (length or 1.0)
    return even
