"""A sketch, and where a copy lies in it → whether what lies around the copy is a border."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike.duplicates.sketch import SIDE, Grey

_SURE = 0.2  # cells by which the place of a copy may be off
_EVEN = 6.0  # grey levels by which a border varies, for JPEG is not exact
_EDGE = 12.0  # by how much a picture differs from a border, at least,
_SEEN = 0.4  # in such a part of its rim

Window = tuple[float, float, float, float]
_Mask = npt.NDArray[np.bool_]


def is_framed(grey: Grey, window: Window) -> bool:
    """Whether all around a window, or on two opposite sides of it, there is one shade, which the
    rim of what is inside is not. An even background, of which a crop shows less, is no border: it
    does not end where the crop does."""
    left, top, wide, high = (value * SIDE for value in window)
    columns, rows = _sides(left, left + wide), _sides(top, top + high)
    if any(before.any() != after.any() for before, _, after in (columns, rows)):
        return False
    outside = _outside(rows)[:, None] | _outside(columns)
    if not outside.any():
        return False
    around = grey[outside]
    rim = np.abs(_rim(grey, rows[1], columns[1]) - np.median(around)) > _EDGE
    return bool(around.std() < _EVEN and rim.mean() > _SEEN)


def _sides(start: float, end: float) -> tuple[_Mask, _Mask, _Mask]:
    """Which cells of a side lie before, within and after a stretch of it."""
    first = np.arange(SIDE)
    within = (first >= start - _SURE) & (first + 1 <= end + _SURE)
    return first + 1 <= start - _SURE, within, first >= end + _SURE


def _outside(sides: tuple[_Mask, _Mask, _Mask]) -> _Mask:
    before, _, after = sides
    return before | after


def _rim(grey: Grey, rows: _Mask, columns: _Mask) -> Grey:
    inside = grey[np.ix_(rows, columns)]
    return np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
