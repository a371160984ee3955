"""A sketch and where to look in it → how its windows look, as vectors that can be compared.

A window is (left, top, width, height) as parts of the picture's sides. Its cells are the means of
what they cover, so that windows of any size can be compared cell by cell.

Products of matrices are many small ones here, never a large one: threads of OpenBLAS that share a
product of a tenth of a millisecond wait for each other, and where others use the cores, too, twenty
times as long as the product takes.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt

from lookalike.duplicates.sketch import ORIENTATIONS, SIDE, Grey, oriented

COARSE = 12
"""Cells of a window along each side where windows are looked for."""

_SHAPES = 0.06  # ratios that differ by a smaller factor are taken for one
_SMALLEST = 0.5  # the least part of the larger picture's side that a copy may show
_STEPS = 11  # sizes of windows: each is smaller by less than a cell
_FINEST = 6  # waves along a side that a coarse vector tells
WAVES = (_FINEST + 1) ** 2 - 3
"""How many numbers a coarse vector has."""

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def means(starts: npt.ArrayLike, lengths: npt.ArrayLike, cells: int) -> Floats:
    """What makes a window's cells from a side of the sketch: (windows, cells, 64)."""
    start = np.asarray(starts, np.float64)[:, None]
    length = np.asarray(lengths, np.float64)[:, None]
    edges = (start + length * np.arange(cells + 1) / cells) * SIDE
    reached = np.clip(edges[:, :, None] - np.arange(SIDE), 0, 1)
    return np.asarray(np.diff(reached, axis=1) / (length[:, :, None] * SIDE / cells), np.float32)


def sums(grey: Grey) -> Doubles:
    """What lies above and to the left of each corner of the cells, added up: (65, 65)."""
    found = np.zeros((SIDE + 1, SIDE + 1))
    found[1:, 1:] = grey.cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    return found


def seen(added: Doubles, windows: Doubles, cells: int) -> Floats:
    """The cells of windows (n, 4) as (n, cells, cells), from the `sums` of a sketch.

    Between the corners of the sketch's cells their sums are bilinear: a summed-area table (F. C.
    Crow, *Summed-area tables for texture mapping*, 1984) at places that need not be corners.
    """
    left, across = _corners(windows[:, 0], windows[:, 2], cells)
    top, down = _corners(windows[:, 1], windows[:, 3], cells)
    at = top[:, :, None] * (SIDE + 1) + left[:, None, :]
    flat = added.ravel()
    across, down = across[:, None, :], down[:, :, None]
    upper = flat.take(at)
    upper += (flat.take(at + 1) - upper) * across
    at += SIDE + 1
    lower = flat.take(at)
    lower += (flat.take(at + 1) - lower) * across
    lower -= upper
    lower *= down
    upper += lower
    found = np.diff(np.diff(upper, axis=1), axis=2)
    found *= ((cells / SIDE) ** 2 / (windows[:, 2] * windows[:, 3]))[:, None, None]
    return found.astype(np.float32)


def _corners(starts: Doubles, lengths: Doubles, cells: int) -> tuple[npt.NDArray[np.intp], Doubles]:
    """Where the cells of a side begin and end, (n, cells + 1): whole cells of the sketch, and the
    part of the next."""
    places = (starts[:, None] + lengths[:, None] * np.arange(cells + 1) / cells) * SIDE
    whole = np.clip(places, 0, SIDE - 1).astype(np.intp)
    return whole, places - whole


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


def place(shape: int, number: int) -> Doubles:
    """One of `places`, by its number among those of all sizes."""
    found: Doubles = _all_places(shape)[number]
    return found


@functools.lru_cache(maxsize=128)
def _all_places(shape: int) -> Doubles:
    return np.concatenate(places(shape))


def shape_of(ratio: float) -> int:
    """The number of a ratio for `places`."""
    return round(math.log(ratio) / _SHAPES)


def _spread(room: float, step: float) -> npt.NDArray[np.float64]:
    return np.linspace(0, max(room, 0.0), 1 + math.ceil(round(room / step, 6)))


def vectors(grey: Grey, shape: int) -> Floats:
    """All windows of a sketch where a copy of this shape may lie, as unit vectors (n, waves)."""
    found = []
    for across, down in _axes(shape):
        strengths = down @ grey @ across
        ny, nx = len(down), across.shape[1] // len(_lines())
        split = strengths.reshape(ny, len(_lines()), nx, len(_lines())).transpose(0, 2, 1, 3)
        found.append(split.reshape(ny * nx, -1))
    return _weighed(np.concatenate(found))


@functools.lru_cache(maxsize=128)
def _axes(shape: int) -> list[tuple[Floats, Floats]]:
    """For each size what makes the waves along a side from the sketch, at once for all windows:
    (64, lefts * 7) and (tops, 7, 64)."""
    made = []
    for some in places(shape):
        lefts, tops = np.unique(some[:, 0]), np.unique(some[:, 1])
        wide, high = some[0, 2:]
        across = _lines() @ means(lefts, np.full(len(lefts), wide), COARSE)
        down = _lines() @ means(tops, np.full(len(tops), high), COARSE)
        made.append((np.ascontiguousarray(across.reshape(-1, SIDE).T), down))
    return made


def hashes(grey: Grey) -> Floats:
    """The waves of a whole sketch in each orientation: unit vectors (8, waves)."""
    across = means([0.0], [1.0], COARSE)[0]
    cells = across @ grey @ across.T
    lying = np.stack([oriented(cells, one) for one in range(ORIENTATIONS)])
    return waves(lying.reshape(ORIENTATIONS, -1))


def waves(cells: Floats) -> Floats:
    """Cells (n, 144) → how much of each wave of middling length they hold, as unit vectors.

    What is alike in most pictures (a bright middle, a dark rim) is in the longest waves, and the
    shortest do not survive that a window is half a cell off; both are left out. The others weigh
    as much as they are rare in photographs, which have less of a wave the shorter it is.
    """
    square = cells.reshape(-1, COARSE, COARSE)
    strengths = np.asarray(_lines() @ square @ _lines().T, np.float32)
    return _weighed(strengths.reshape(len(square), -1))


def _weighed(strengths: Floats) -> Floats:
    chosen, weights = _weights()
    found: Floats = strengths[:, chosen] * weights
    found /= np.linalg.norm(found, axis=1, keepdims=True) + 1e-6
    return found


@functools.cache
def _lines() -> Floats:
    """The waves along a side of a window: (7, 12)."""
    at = (np.arange(COARSE) + 0.5) * np.pi / COARSE
    return np.asarray(np.cos(np.outer(np.arange(_FINEST + 1), at)), np.float32)


@functools.cache
def _weights() -> tuple[npt.NDArray[np.intp], Floats]:
    """Which waves of all are told, and what each weighs."""
    down, across = np.mgrid[: _FINEST + 1, : _FINEST + 1].reshape(2, -1)
    chosen = np.flatnonzero(down + across > 1)
    return chosen, np.hypot(down, across)[chosen].astype(np.float32)
