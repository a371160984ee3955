"""Unit vectors → centroids of like ones, and which of these is the nearest of each vector.

Spherical k-means (Dhillon and Modha, Machine Learning 42, 2001).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float32]
"""Unit vectors (n, dim)."""
Numbers = npt.NDArray[np.int32]

_ROUNDS = 6
_ROWS = 4096  # assigned at a time


def train(sample: Rows, cells: int, stopped: Callable[[], bool] = lambda: False) -> Rows:
    """Centroids (cells, dim) of unit length from a sample (n, dim), n at least as many as cells.

    The same sample gives the same centroids. ``stopped`` ends it early.
    """
    chance = np.random.default_rng(0)
    centroids = sample[np.sort(chance.choice(len(sample), cells, replace=False))]
    for _ in range(_ROUNDS):
        if stopped():
            break
        belongs = assign(sample, centroids)
        order = np.argsort(belongs, kind="stable")
        ends = np.cumsum(np.bincount(belongs, minlength=cells))
        for cell, members in enumerate(np.split(order, ends[:-1])):
            # an empty cell begins again at some row
            chosen = members if len(members) else chance.integers(len(sample), size=1)
            centroids[cell] = sample[chosen].mean(axis=0)
        lengths = np.linalg.norm(centroids, axis=1, keepdims=True)
        centroids /= np.where(lengths > 0, lengths, 1)
    return centroids


def assign(rows: Rows, centroids: Rows) -> Numbers:
    """The nearest centroid (cells, dim) of each row (n, dim): shape (n,)."""
    result = np.empty(len(rows), np.int32)
    for start in range(0, len(rows), _ROWS):
        block = slice(start, start + _ROWS)
        result[block] = np.argmax(rows[block] @ centroids.T, axis=1)
    return result
