"""A sketch and where to look in it → how its windows look, as vectors that can be compared.

A window is (left, top, width, height) as parts of the picture's sides. Its cells are the means of
what they cover, so that windows of any size can be compared cell by cell. They are made for many
windows at once by two products of matrices, since a mean over a rectangle is one along each side.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt

from lookalike.duplicates.sketch import SIDE, Grey

COARSE = 12
"""Cells of a window along each side where windows are looked for."""

_SHAPES = 0.06  # ratios that differ by a smaller factor are taken for one
_SMALLEST = 0.5  # the least part of the larger picture's side that a copy may show
_STEPS = 11  # sizes of windows: each is smaller by less than a cell
_FINEST = 6  # waves along a side that a coarse vector tells
WAVES = (_FINEST + 1) ** 2 - 3
"""How many numbers a coarse vector has."""

Floats = npt.NDArray[np.float32]


def means(starts: npt.ArrayLike, lengths: npt.ArrayLike, cells: int) -> Floats:
    """What makes a window's cells from a side of the sketch: (windows, cells, 64)."""
    start = np.asarray(starts, np.float64)[:, None]
    length = np.asarray(lengths, np.float64)[:, None]
    edges = (start + length * np.arange(cells + 1) / cells) * SIDE
    reached = np.clip(edges[:, :, None] - np.arange(SIDE), 0, 1)
    return np.asarray(np.diff(reached, axis=1) / (length[:, :, None] * SIDE / cells), np.float32)


def seen(grey: Grey, windows: npt.NDArray[np.float64], cells: int) -> Floats:
    """The cells of windows (n, 4) as (n, cells, cells)."""
    across = means(windows[:, 0], windows[:, 2], cells)
    down = means(windows[:, 1], windows[:, 3], cells)
    found: Floats = np.asarray(down @ grey @ across.transpose(0, 2, 1))
    return found


@functools.lru_cache(maxsize=128)
def places(shape: int) -> list[npt.NDArray[np.float64]]:
    """Where a copy may lie in a larger picture, a list for each size of the window: (n, 4).

    ``shape`` tells the copy's ratio of width to height over that of the larger picture, as
    `shape_of` does. Neighbouring windows are a cell apart at most, so that one of them is never
    more than half a cell off.
    """
    ratio = math.exp(shape * _SHAPES)
    found = []
    for size in np.geomspace(1.0, _SMALLEST, _STEPS):
        wide, high = size * min(1.0, ratio), size * min(1.0, 1 / ratio)
        lefts, tops = (_spread(1 - side, side / COARSE) for side in (wide, high))
        top, left = np.meshgrid(tops, lefts, indexing="ij")
        sides = np.broadcast_to([wide, high], (left.size, 2))
        found.append(np.column_stack([left.ravel(), top.ravel(), sides]))
    return found


def shape_of(ratio: float) -> int:
    """The number of a ratio for `places`."""
    return round(math.log(ratio) / _SHAPES)


def _spread(room: float, step: float) -> npt.NDArray[np.float64]:
    return np.linspace(0, max(room, 0.0), 1 + math.ceil(round(room / step, 6)))


def vectors(grey: Grey, shape: int) -> Floats:
    """All windows of a sketch where a copy of this shape may lie, as unit vectors (n, waves)."""
    found = []
    for some, (across, down) in zip(places(shape), _axes(shape), strict=True):
        cells = down @ grey @ across.T
        ny, nx = len(down) // COARSE, len(across) // COARSE
        split = cells.reshape(ny, COARSE, nx, COARSE).transpose(0, 2, 1, 3)
        found.append(split.reshape(len(some), COARSE * COARSE))
    return waves(np.concatenate(found))


@functools.lru_cache(maxsize=128)
def _axes(shape: int) -> list[tuple[Floats, Floats]]:
    made = []
    for some in places(shape):
        lefts, tops = np.unique(some[:, 0]), np.unique(some[:, 1])
        wide, high = some[0, 2:]
        across = means(lefts, np.full(len(lefts), wide), COARSE).reshape(-1, SIDE)
        down = means(tops, np.full(len(tops), high), COARSE).reshape(-1, SIDE)
        made.append((across, down))
    return made


def waves(cells: Floats) -> Floats:
    """Cells (n, 144) → how much of each wave of middling length they hold, as unit vectors.

    What is alike in most pictures (a bright middle, a dark rim) is in the longest waves, and the
    shortest do not survive that a window is half a cell off; both are left out. The others weigh
    as much as they are rare in photographs, which have less of a wave the shorter it is.
    """
    strengths = cells @ _waves()
    strengths /= np.linalg.norm(strengths, axis=1, keepdims=True) + 1e-6
    return strengths


@functools.cache
def _waves() -> Floats:
    at = (np.arange(COARSE) + 0.5) * np.pi / COARSE
    lines = np.cos(np.outer(np.arange(_FINEST + 1), at))
    made = [
        np.outer(lines[v], lines[u]).ravel() * math.hypot(u, v)
        for v in range(_FINEST + 1)
        for u in range(_FINEST + 1)
        if u + v > 1
    ]
    return np.stack(made, axis=1).astype(np.float32)
