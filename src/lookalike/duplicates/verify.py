"""Two sketches → how one picture lies in the other, or nothing: the comparison on pixels."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lookalike.duplicates import windows
from lookalike.duplicates.sketch import ORIENTATIONS, Grey, Sketch, lies_down, oriented
from lookalike.duplicates.windows import Floats

PROMISING = 0.72
"""The cosine of two coarse vectors from which on a window is looked at closely."""

PROMISING_WHOLE = 0.55
"""The same where one picture is laid over all of the other: by chance, few of these are alike, and
a caption moves the vector."""

ENOUGH = 0.6
"""How far details have to agree before a picture is called a copy."""

_LONGEST = 3.0  # how much longer a copy's shape may be than that of the larger picture
_TRIED = 3  # windows that are looked at closely
_CLOSE = 16  # cells along a window's side while its place is refined
_FINE = 32  # and where its details are compared
_BLOCKS = 8  # blocks along a side, each of which is compared by itself
_TELLING = 0.2  # the part of the blocks that must have details in both pictures
_ROUNDS = 6
_LOOKS_HOPELESS = 1  # the round after which a window may be given up,
_HOPELESS = 0.15  # where its details agree no more than this
_FLAT = 0.4  # grey levels of detail below which there is nothing to compare


@dataclass(frozen=True, slots=True)
class Placed:
    """A copy lies at ``window`` (left, top, width, height, as parts of the sides) of a larger
    picture, once it is turned as ``orientation`` says (see `oriented`). ``agreement`` is that of
    the details: 1 is the same."""

    window: tuple[float, float, float, float]
    orientation: int
    agreement: float


@dataclass(frozen=True, eq=False)
class Known:
    """A sketch (64, 64) with the ratio of the picture's width to its height."""

    grey: Grey
    ratio: float

    @classmethod
    def of(cls, sketch: Sketch, width: int, height: int) -> Known:
        """What is compared of a picture of this size."""
        return cls(sketch.astype(np.float32), width / height)


class Whole:
    """A picture in which copies of others are looked for, be they all of it or a part."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._vectors: dict[int, Floats] = {}

    def find(self, part: Known, *, thorough: bool = False) -> Placed | None:
        """Where a picture lies in this one; None where it is no copy of it.

        ``thorough`` looks closely where little speaks for it, too: for pairs of which something
        else does, since two captions or borders move a vector twice.
        """
        found = [
            self._closely(part, orientation, window)
            for orientation, window in self._promising(part, thorough)
        ]
        return max(filter(None, found), key=lambda one: one.agreement, default=None)

    def _promising(
        self, part: Known, thorough: bool
    ) -> Iterator[tuple[int, npt.NDArray[np.float64]]]:
        scores, at = [], []
        for lying in (False, True):
            ratio = _ratio(part, lying=lying) / self._known.ratio
            if not 1 / _LONGEST < ratio < _LONGEST:
                continue
            shape = windows.shape_of(ratio)
            if shape not in self._vectors:
                self._vectors[shape] = windows.vectors(self._known.grey, shape)
            some = [one for one in range(ORIENTATIONS) if lies_down(one) == lying]
            coarse = np.stack([_whole(part, one, windows.COARSE) for one in some])
            cosines = self._vectors[shape] @ windows.waves(coarse.reshape(len(some), -1)).T
            for column, one in enumerate(some):
                for row in {0, int(cosines[:, column].argmax())}:
                    least = PROMISING_WHOLE if shape == row == 0 else PROMISING
                    scores.append(float(cosines[row, column]) - least)
                    at.append((one, shape, row))
        for best in np.argsort(scores)[::-1][: 8 if thorough else _TRIED]:
            if thorough or scores[best] >= 0:
                orientation, shape, row = at[best]
                yield orientation, _place(shape, row)

    def _closely(
        self, part: Known, orientation: int, window: npt.NDArray[np.float64]
    ) -> Placed | None:
        """The place of a copy to a few thousandths; None where too few details agree there."""
        ratio = _ratio(part, lying=lies_down(orientation)) / self._known.ratio
        wanted = _unit(_whole(part, orientation, _CLOSE)[None])[0]
        middle = np.array([window[0] + window[2] / 2, window[1] + window[3] / 2])
        size = max(window[2], window[3])
        step = 0.5 / windows.COARSE
        for number in range(_ROUNDS):
            tries = _around(middle, size, step, ratio)
            cells = windows.seen(self._known.grey, tries, _CLOSE)
            best = tries[int((_unit(cells) @ wanted).argmax())]
            middle, size = best[:2] + best[2:] / 2, max(best[2:])
            step /= 2
            if number == _LOOKS_HOPELESS or number == _ROUNDS - 1:
                fine = windows.seen(self._known.grey, best[None], _FINE)[0]
                agreement = _agreement(fine, _whole(part, orientation, _FINE))
                if agreement.middle < (ENOUGH if number == _ROUNDS - 1 else _HOPELESS):
                    return None
        left, top, wide, high = (float(round(value, 4)) for value in best)
        return Placed((left, top, wide, high), orientation, agreement.mean)


def _ratio(known: Known, *, lying: bool) -> float:
    return 1 / known.ratio if lying else known.ratio


def _whole(known: Known, orientation: int, cells: int) -> Floats:
    grey = np.ascontiguousarray(oriented(known.grey, orientation))
    found: Floats = windows.seen(grey, _ALL, cells)[0]
    return found


_ALL = np.array([[0.0, 0.0, 1.0, 1.0]])


def _place(shape: int, row: int) -> npt.NDArray[np.float64]:
    place: npt.NDArray[np.float64] = np.concatenate(windows.places(shape))[row]
    return place


def _around(
    middle: npt.NDArray[np.float64], size: float, step: float, ratio: float
) -> npt.NDArray[np.float64]:
    """Windows a step to each side, a step larger and smaller, and as they are; all inside."""
    moves = _moves() * step * size
    sizes = np.minimum(size + moves[:, 2], 1.0)
    sides = sizes[:, None] * [min(1.0, ratio), min(1.0, 1 / ratio)]
    corners = np.clip(middle + moves[:, :2] - sides / 2, 0, 1 - sides)
    return np.concatenate([corners, sides], axis=1)


@functools.cache
def _moves() -> npt.NDArray[np.float64]:
    one = [-1.0, 0.0, 1.0]
    return np.stack(np.meshgrid(one, one, one), axis=-1).reshape(-1, 3)


def _unit(cells: Floats) -> Floats:
    """Cells (n, c, c) → unit vectors (n, c * c) without their mean: products are correlations."""
    flat = cells.reshape(len(cells), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return np.asarray(flat / (np.linalg.norm(flat, axis=1, keepdims=True) + 1e-6), np.float32)


class _Agreement(NamedTuple):
    """Of small blocks that have details in both pictures, from -1 to 1. The ``middle`` one decides:
    what was written over a corner spoils that corner alone, and a border that two strangers share
    makes no copies of them. The ``mean`` tells how much is drawn over it."""

    middle: float
    mean: float


def _agreement(one: Floats, other: Floats) -> _Agreement:
    """How far the details of two squares of cells agree."""
    first, second = _blocks(_details(one)), _blocks(_details(other))
    lengths = np.linalg.norm(first, axis=1), np.linalg.norm(second, axis=1)
    tell = np.minimum(*lengths) > _FLAT * first.shape[1] ** 0.5
    if tell.sum() < _TELLING * len(tell):
        return _Agreement(0.0, 0.0)
    alike = (first * second).sum(axis=1)[tell] / (lengths[0] * lengths[1])[tell]
    return _Agreement(float(np.median(alike)), round(float(alike.mean()), 4))


def _details(cells: Floats) -> Floats:
    """What a cell has that the five by five around it have not."""
    padded = np.pad(cells, 2, mode="reflect")
    side = len(cells)
    lines = sum(padded[at : at + side] for at in range(5))
    around = sum(np.asarray(lines)[:, at : at + side] for at in range(5))
    return np.asarray(cells - np.asarray(around) / 25, np.float32)


def _blocks(cells: Floats) -> Floats:
    each = len(cells) // _BLOCKS
    split = cells.reshape(_BLOCKS, each, _BLOCKS, each).transpose(0, 2, 1, 3)
    return split.reshape(_BLOCKS * _BLOCKS, each * each)
