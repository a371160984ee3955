"""Places on a plane → the clusters that an eye sees there: hills of density, valleys between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.mapping.chart import Places
from lookalike.stores.base import Ids

Density = npt.NDArray[np.float64]

MOST = 100
"""Clusters that are told at most, the largest."""

_FEWEST_CELLS, _MOST_CELLS = 16, 256  # on each side of the plane
_WIDTH = 1.2  # cells: the deviation of the bell with which points are spread
_HEIGHT = 1.3  # how many times higher than the pass to a higher hill one is that counts by itself
_EDGE = 0.2  # of the height of its hill: thinner places belong to no cluster
_LEAST = 4  # pictures
_SHARE = 0.002  # and of all


@dataclass(frozen=True, eq=False)
class Clusters:
    """``belongs`` (n,) is the number of each point's cluster, -1 for none; they are numbered from 0
    by falling size. ``middles`` (clusters,) are the points that lie most in the middle of each."""

    belongs: npt.NDArray[np.int32]
    middles: npt.NDArray[np.intp]


def clusters_of(places: Places) -> Clusters:
    """The clusters of points (n, 2).

    The density is drawn on a grid; hills are joined over passes that are hardly lower than they
    are (persistence: Chazal et al., Journal of the ACM 60, 2013).
    """
    if len(places) < _LEAST:
        return Clusters(np.full(len(places), -1, np.int32), np.empty(0, np.intp))
    cells = _cells(places)
    side = int(cells.max()) + 1
    flat = cells[:, 0] * side + cells[:, 1]
    density = _spread(np.bincount(flat, minlength=side * side).reshape(side, side).astype(float))
    hill, heights = _hills(density).ravel()[flat], density.ravel()
    belongs = _numbered(np.where(heights[flat] >= _EDGE * heights[hill], hill, -1))
    return Clusters(belongs, _middles(places, belongs))


def _cells(places: Places) -> Ids:
    """The cell (n, 2) of each point, on a grid with about one point a cell."""
    number = min(max(int(len(places) ** 0.5), _FEWEST_CELLS), _MOST_CELLS)
    low = places.min(axis=0)
    size = float((places.max(axis=0) - low).max()) or 1.0
    cells: Ids = np.minimum((places - low) / size * number, number - 1).astype(np.int64)
    return cells


def _spread(counts: Density) -> Density:
    """Counts on a grid, each spread to a bell."""
    reach = int(3 * _WIDTH)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _WIDTH) ** 2)
    bell /= bell.sum()
    for _ in range(2):
        padded = np.pad(counts, ((reach, reach), (0, 0)))
        counts = sum(
            weight * padded[at : at + len(counts)] for at, weight in enumerate(bell.tolist())
        )
        counts = counts.T
    return counts


def _hills(density: Density) -> Ids:
    """For each cell the number of the cell at the top of its hill; the hills are told apart by
    filling the plane with water, and letting it off slowly."""
    side = len(density)
    width = side + 2  # with a rim, so that every cell has eight neighbours
    heights = np.pad(density, 1).ravel()
    order = np.argsort(-heights, kind="stable")
    order = order[heights[order] > 0]
    tops = list(range(width * width))
    known = bytearray(width * width)
    height = heights.tolist()
    around = [step + row for row in (-width, 0, width) for step in (-1, 0, 1) if step or row]
    for cell in order.tolist():
        known[cell] = 1
        beside = {_top(tops, cell + step) for step in around if known[cell + step]}
        if not beside:
            continue
        highest = max(beside, key=lambda top: (height[top], -top))
        tops[cell] = highest
        for top in beside:
            if height[top] < _HEIGHT * height[cell]:
                tops[top] = highest
    found = np.array([_top(tops, cell) for cell in range(width * width)])
    inner = found.reshape(width, width)[1:-1, 1:-1]
    rows, columns = (inner // width - 1).clip(0), (inner % width - 1).clip(0, side - 1)
    hills: Ids = rows * side + columns
    return hills


def _top(tops: list[int], cell: int) -> int:
    while tops[cell] != cell:
        tops[cell] = tops[tops[cell]]
        cell = tops[cell]
    return cell


def _numbered(found: Ids) -> npt.NDArray[np.int32]:
    """Hills → numbers by falling size; those that are too small are none."""
    names, sizes = np.unique(found[found >= 0], return_counts=True)
    order = np.argsort(-sizes, kind="stable")[:MOST]
    order = order[sizes[order] >= max(_LEAST, _SHARE * len(found))]
    belongs = np.full(len(found), -1, np.int32)
    for number, hill in enumerate(names[order].tolist()):
        belongs[found == hill] = number
    return belongs


def _middles(places: Places, belongs: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
    found = []
    for number in range(int(belongs.max()) + 1):
        inside = np.flatnonzero(belongs == number)
        away = places[inside] - np.median(places[inside], axis=0)
        found.append(inside[np.einsum("np,np->n", away, away).argmin()])
    return np.array(found, np.intp)
