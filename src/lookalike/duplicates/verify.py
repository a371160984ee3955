"""Two sketches → how one picture lies in the other, or nothing: the comparison on pixels."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lookalike.duplicates import windows
from lookalike.duplicates.frame import Window, is_framed
from lookalike.duplicates.sketch import ORIENTATIONS, SIDE, Grey, Sketch, lies_down, oriented
from lookalike.duplicates.windows import Doubles, Floats

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
_INNER = np.arange(_BLOCKS**2).reshape(_BLOCKS, _BLOCKS)[1:-1, 1:-1].ravel()
_TELLING = 0.2  # the part of the blocks that must have details in both pictures
_ROUNDS = 6
_AT_ONCE = 8  # places looked for together: their windows fit a processor's cache
_LOOKS_HOPELESS = 1  # the round after which a window may be given up,
_HOPELESS = 0.15  # where its details agree no more than this
_FLAT = 0.4  # grey levels of detail below which there is nothing to compare
_STRONG = 4 * _FLAT  # and from which on no recompression takes them away
_SOMETHING_ELSE = 0.5  # how little strong details agree where something is drawn over them


@dataclass(frozen=True, slots=True)
class Placed:
    """A copy lies at ``window`` (left, top, width, height, as parts of the sides) of a larger
    picture, once it is turned as ``orientation`` says (see `oriented`). ``agreement`` is that of
    the details: 1 is the same. ``spoiled`` is the part of the strong details in whose place there
    is something else; ``framed`` says that around the copy the larger picture has a border."""

    window: Window
    orientation: int
    agreement: float
    spoiled: float = 0.0
    framed: bool = False


@dataclass(frozen=True, eq=False)
class Known:
    """A sketch (64, 64) with the ratio of the picture's width to its height, and what of it is
    compared again and again."""

    grey: Grey
    ratio: float

    @classmethod
    def of(cls, sketch: Sketch, width: int, height: int) -> Known:
        """What is compared of a picture of this size."""
        return cls(sketch.astype(np.float32), width / height)

    @functools.cached_property
    def sums(self) -> Doubles:
        """See `windows.sums`."""
        return windows.sums(self.grey)

    @functools.cached_property
    def hashes(self) -> Floats:
        """The perceptual hash in each orientation, (8, waves): see `neighbours.hashes`."""
        return windows.hashes(self.grey)

    def cells(self, side: int, orientation: int) -> Floats:
        """The whole picture as cells (side, side), in an orientation; the side divides 64."""
        each = SIDE // side
        means = self.grey.reshape(side, each, side, each).mean(axis=(1, 3))
        return oriented(means, orientation)

    def lying(self, orientation: int) -> float:
        """Its ratio in an orientation."""
        return 1 / self.ratio if lies_down(orientation) else self.ratio


class _Start(NamedTuple):
    """Where a place is looked for from: which of the parts, in which orientation, from where."""

    part: int
    orientation: int
    window: Doubles


class Whole:
    """A picture in which copies of others are looked for, be they all of it or a part."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._vectors: dict[int, Floats] = {}

    def find(self, part: Known, *, thorough: bool = False) -> Placed | None:
        """Where a picture lies in this one; None where it is no copy of it."""
        return self.find_all([part], thorough=thorough)[0]

    def find_all(self, parts: Sequence[Known], *, thorough: bool = False) -> list[Placed | None]:
        """The same for several pictures.

        ``thorough`` looks closely where little speaks for it, too: for pairs of which something
        else does, since two captions or borders move a vector twice.
        """
        starts = [
            _Start(at, orientation, window)
            for at, part in enumerate(parts)
            for orientation, window in self._promising(part, thorough)
        ]
        found: list[Placed | None] = [None] * len(parts)
        for first in range(0, len(starts), _AT_ONCE):
            some = starts[first : first + _AT_ONCE]
            for number, placed in self._closely(parts, some):
                best = found[some[number].part]
                if best is None or best.agreement < placed.agreement:
                    found[some[number].part] = placed
        return found

    def _promising(self, part: Known, thorough: bool) -> Iterator[tuple[int, Doubles]]:
        scores, at = [], []
        for lying in (False, True):
            ratio = part.lying(int(lying)) / self._known.ratio
            if not 1 / _LONGEST < ratio < _LONGEST:
                continue
            shape = windows.shape_of(ratio)
            if shape not in self._vectors:
                self._vectors[shape] = windows.vectors(self._known.grey, shape)
            some = [one for one in range(ORIENTATIONS) if lies_down(one) == lying]
            cosines = self._vectors[shape] @ part.hashes[some].T
            for column, one in enumerate(some):
                for row in {0, int(cosines[:, column].argmax())}:
                    least = PROMISING_WHOLE if shape == row == 0 else PROMISING
                    scores.append(float(cosines[row, column]) - least)
                    at.append((one, shape, row))
        for best in np.argsort(scores)[::-1][: 8 if thorough else _TRIED]:
            if thorough or scores[best] >= 0:
                orientation, shape, row = at[best]
                yield orientation, windows.place(shape, row)

    def _closely(
        self, parts: Sequence[Known], starts: Sequence[_Start]
    ) -> Iterator[tuple[int, Placed]]:
        """The places of copies to a few thousandths, with the number of the start; none where too
        few details agree there."""
        wanted = _unit(np.stack([parts[at].cells(_CLOSE, one) for at, one, _ in starts]))
        fine = np.stack([parts[at].cells(_FINE, one) for at, one, _ in starts])
        ratios = np.array([parts[at].lying(one) for at, one, _ in starts]) / self._known.ratio
        places = np.stack([one.window for one in starts])
        left = np.arange(len(starts))
        for number in range(_ROUNDS):
            step = 0.5 / windows.COARSE / 2**number
            places = self._better(places, step, ratios[left], wanted[left])
            if number in (_LOOKS_HOPELESS, _ROUNDS - 1):
                found = _agreement(windows.seen(self._known.sums, places, _FINE), fine[left])
                kept = found.middle >= (ENOUGH if number == _ROUNDS - 1 else _HOPELESS)
                left, places = left[kept], places[kept]
                if not len(left):
                    return
        numbers = np.stack([found.mean, found.spoiled], axis=1)[kept].round(4).tolist()
        for at, place, (mean, spoiled) in zip(left.tolist(), places.round(4), numbers, strict=True):
            window: Window = tuple(place.tolist())
            framed = is_framed(self._known.grey, window)
            yield at, Placed(window, starts[at].orientation, mean, spoiled, framed)

    def _better(self, places: Doubles, step: float, ratios: Doubles, wanted: Floats) -> Doubles:
        """Of each window (n, 4) and those around it the one whose cells are most like those that
        are ``wanted`` (n, cells)."""
        tries = _around(places, step, ratios)
        cells = windows.seen(self._known.sums, tries.reshape(-1, 4), _CLOSE)
        alike = _unit(cells).reshape(*tries.shape[:2], -1) @ wanted[:, :, None]
        best: Doubles = tries[np.arange(len(tries)), alike[:, :, 0].argmax(axis=1)]
        return best


def _around(places: Doubles, step: float, ratios: Doubles) -> Doubles:
    """Windows (n, 4) → for each those a step to each side, a step larger and smaller, and itself,
    all inside the picture: (n, 27, 4)."""
    middles, sizes = places[:, :2] + places[:, 2:] / 2, places[:, 2:].max(axis=1)
    moves = _moves() * (step * sizes)[:, None, None]
    larger = np.minimum(sizes[:, None] + moves[:, :, 2], 1.0)
    shapes = np.stack([np.minimum(1.0, ratios), np.minimum(1.0, 1 / ratios)], axis=-1)
    sides = larger[:, :, None] * shapes[:, None, :]
    corners = np.clip(middles[:, None, :] + moves[:, :, :2] - sides / 2, 0, 1 - sides)
    return np.concatenate([corners, sides], axis=2)


@functools.cache
def _moves() -> Doubles:
    one = [-1.0, 0.0, 1.0]
    return np.stack(np.meshgrid(one, one, one), axis=-1).reshape(-1, 3)


def _unit(cells: Floats) -> Floats:
    """Cells (n, c, c) → unit vectors (n, c * c) without their mean: products are correlations."""
    flat = cells.reshape(len(cells), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    lengths = np.sqrt(np.einsum("nc,nc->n", flat, flat))[:, None]
    return np.asarray(flat / (lengths + 1e-6), np.float32)


class _Agreement(NamedTuple):
    """Of small blocks, each of shape (n,). The ``middle`` one of those with details in both
    pictures decides, from -1 to 1: what was written over a corner spoils that corner alone. So
    does the middle one of those away from the rim: a border that two strangers share makes no
    copies of them. ``mean`` is that of all, ``spoiled`` as in `Placed`."""

    middle: Floats
    mean: Floats
    spoiled: Floats


def _agreement(some: Floats, others: Floats) -> _Agreement:
    """How far the details of squares of cells (n, c, c) agree with those of others."""
    first, second = _blocks(_details(some)), _blocks(_details(others))
    size = first.shape[2] ** 0.5
    lengths = np.linalg.norm(first, axis=2) / size, np.linalg.norm(second, axis=2) / size
    tell = np.minimum(*lengths) > _FLAT
    alike = (first * second).mean(axis=2) / np.maximum(lengths[0] * lengths[1], _FLAT**2)
    strong = np.maximum(*lengths) > _STRONG
    other = strong & ((alike < _SOMETHING_ELSE) | ~tell)
    return _Agreement(
        np.minimum(_middle(alike, tell), _middle(alike[:, _INNER], tell[:, _INNER])),
        (alike * tell).sum(axis=1) / np.maximum(tell.sum(axis=1), 1),
        other.sum(axis=1) / np.maximum(strong.sum(axis=1), 1),
    )


def _middle(values: Floats, counted: npt.NDArray[np.bool_]) -> Floats:
    """The medians (n,) of those values (n, m) that are counted; 0 where they are too few."""
    numbers = counted.sum(axis=1)
    ordered = np.sort(np.where(counted, values, np.inf), axis=1)
    lower = np.take_along_axis(ordered, np.maximum(numbers - 1, 0)[:, None] // 2, axis=1)
    upper = np.take_along_axis(ordered, numbers[:, None] // 2, axis=1)
    enough = numbers >= _TELLING * counted.shape[1]
    return np.where(enough, (lower + upper)[:, 0] / 2, 0)


def _details(cells: Floats) -> Floats:
    """What a cell has that the five by five around it have not: (n, c, c)."""
    padded = np.pad(cells, ((0, 0), (2, 2), (2, 2)), mode="reflect")
    side = cells.shape[1]
    lines = sum(padded[:, at : at + side] for at in range(5))
    around = sum(np.asarray(lines)[:, :, at : at + side] for at in range(5))
    return np.asarray(cells - np.asarray(around) / 25, np.float32)


def _blocks(cells: Floats) -> Floats:
    """Cells (n, c, c) → 64 blocks of each: (n, 64, cells)."""
    each = cells.shape[1] // _BLOCKS
    split = cells.reshape(-1, _BLOCKS, each, _BLOCKS, each).transpose(0, 1, 3, 2, 4)
    return split.reshape(-1, _BLOCKS * _BLOCKS, each * each)
