"""New pictures and those that have places → places among the neighbours."""

from __future__ import annotations

import numpy as np

from lookalike.mapping.chart import Places
from lookalike.mapping.components import Reduced

NEIGHBOURS = 10
_BYTES = 64 << 20  # of distances that are in memory at a time


def rows_at_once(anchors: int) -> int:
    """How many new rows to place at a time among so many."""
    return max(1, _BYTES // (4 * max(anchors, 1)))


def among(rows: Reduced, anchors: Reduced, places: Places) -> Places:
    """The place (n, 2) of each row (n, axes): the mean of those (m, 2) of its nearest anchors
    (m, axes), the nearest of which counts most."""
    lengths = np.einsum("md,md->m", anchors, anchors)
    step = rows_at_once(len(anchors))
    found = [
        _among(rows[start : start + step], anchors, lengths, places)
        for start in range(0, len(rows), step)
    ]
    return np.concatenate([np.empty((0, 2), np.float32), *found])


def _among(rows: Reduced, anchors: Reduced, lengths: Reduced, places: Places) -> Places:
    away = lengths - 2 * rows @ anchors.T
    count = min(NEIGHBOURS, len(anchors))
    near = np.argpartition(away, count - 1, axis=1)[:, :count]
    beyond = np.take_along_axis(away, near, 1)
    beyond -= beyond.min(axis=1, keepdims=True)
    # A neighbour that is further than the first by as much as they are on average counts e times
    # less: a picture between two clusters goes to one of them, not to the empty middle.
    usual = beyond.mean(axis=1, keepdims=True)
    weights = np.exp(-beyond / np.where(usual > 0, usual, 1))
    weights /= weights.sum(axis=1, keepdims=True)
    placed: Places = np.einsum("nk,nkp->np", weights, places[near], dtype=np.float32)
    return placed
