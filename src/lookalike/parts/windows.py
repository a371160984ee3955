"""Features of the regions of pictures → unit vectors of the parts that lie in a fixed pyramid.

Whatever the model, a picture is divided into 7 x 7 cells, and a part is the mean of the cells in a
square window, as in R. Tolias, R. Sicre and H. Jégou, *Particular object retrieval with integral
max-pooling of CNN activations* (ICLR 2016), of three sizes. A model sees a small thing otherwise
than the same thing large, so what is searched for is shown to it in the size of each window, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Maps = npt.NDArray[np.float32]
"""Features of the regions of pictures (n, h, w, dim), rows from the top."""
Rows = npt.NDArray[np.float32]

SIDE: Final = 7  # cells along a picture
_SIZES: Final = ((7, 1), (3, 2), (2, 1))  # cells along a window, and from one to the next


@dataclass(frozen=True, slots=True)
class Window:
    """A square of cells: the first row and column, and how many along its side."""

    top: int
    left: int
    side: int


@dataclass(frozen=True, slots=True)
class Middle:
    """Where what is searched for is shown small, in the middle of a picture: from ``left`` on, and
    as far from the top, with that ``side``, as fractions of the picture; ``cells`` is where that
    is in cells."""

    cells: Window

    @property
    def left(self) -> float:
        return self.cells.left / SIDE

    @property
    def side(self) -> float:
        return self.cells.side / SIDE


def _pyramid() -> tuple[Window, ...]:
    return tuple(
        Window(top, left, side)
        for side, step in _SIZES
        for top in range(0, SIDE - side + 1, step)
        for left in range(0, SIDE - side + 1, step)
    )


PARTS: Final = _pyramid()
"""The windows of the parts of each picture, in their order; the first is the whole picture."""

MIDDLES: Final = tuple(
    Middle(Window((SIDE - side) // 2, (SIDE - side) // 2, side)) for side, _ in _SIZES
)
"""How a query is shown, once for each size of a window; the first is the query as it is."""


def pooled(maps: Maps) -> Rows:
    """The parts (n, parts, dim) of pictures as unit vectors, from the features of regions."""
    cells = _cells(maps)
    rows = np.concatenate([_sums(cells, side, step) for side, step in _SIZES], axis=1)
    return _unit(rows)


def middle(maps: Maps, part: Middle) -> Rows:
    """The unit vectors (n, dim) of what is shown in the middle of pictures."""
    top, left, side = part.cells.top, part.cells.left, part.cells.side
    found: Rows = _cells(maps)[:, top : top + side, left : left + side].mean(axis=(1, 2))
    return _unit(found)


def _sums(cells: Maps, side: int, step: int) -> Rows:
    """The sums (n, windows, dim) of all windows of one size, in the order of `PARTS`."""
    ends = SIDE - side + 1
    firsts = [(down, across) for down in range(side) for across in range(side)]
    sums = cells[:, :ends:step, :ends:step].copy()
    for down, across in firsts[1:]:
        sums += cells[:, down : down + ends : step, across : across + ends : step]
    return sums.reshape(len(cells), -1, cells.shape[3])


def _cells(maps: Maps) -> Maps:
    """Features of 7 x 7 regions: where the model has more, their means; where less, repeated."""
    down, across = _means(maps.shape[1]), _means(maps.shape[2])
    if down is not None:
        maps = np.matmul(down, maps.reshape(*maps.shape[:2], -1)).reshape(
            len(maps), SIDE, *maps.shape[2:]
        )
    if across is not None:
        maps = np.matmul(across, maps)
    return maps


def _means(regions: int) -> npt.NDArray[np.float32] | None:
    """How much of each region (7, regions) is in each cell; None where they are the same."""
    if regions == SIDE:
        return None
    shares = np.zeros((SIDE, regions), np.float32)
    for cell in range(SIDE):
        first, end = cell * regions // SIDE, -(-(cell + 1) * regions // SIDE)
        shares[cell, first:end] = 1 / (end - first)
    return shares


def _unit(rows: Rows) -> Rows:
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.divide(rows, np.where(lengths > 0, lengths, 1), dtype=np.float32)
