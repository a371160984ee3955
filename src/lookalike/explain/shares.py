"""What a model sees in each region of a query and of a picture → each one's share of their score.

A vector v that is the average of the features f of n regions makes the cosine with a unit vector q
a sum over these: (v/|v|)·q is the sum of f·q / (n |v|). No part of the score is left over, and
none is counted twice. The same holds for the query's regions with the two pictures exchanged. The
method is that of A. Stylianou, R. Souvenir and R. Pless, *Visualizing Deep Similarity Networks*
(WACV 2019), for networks that end in an average. Of a query of several pictures, which is the
direction of a weighted sum, each adds the regions of its own with its weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lookalike.image import Part

METHOD: Final = "average of regions"
_DIGITS = 6

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a model sees of a picture: features (h, w, dim), and the part that they cover."""

    features: NDArray[np.float32]
    covers: Part

    @property
    def vector(self) -> Vector:
        """The average of the features, as a unit vector (dim,); of zeros it stays one."""
        vector: Vector = self._average / self.length
        return vector

    @property
    def length(self) -> float:
        """The length of the average; 1 where that is zero."""
        return float(np.linalg.norm(self._average)) or 1.0

    @property
    def _average(self) -> Vector:
        average: Vector = self.features.mean((0, 1), dtype=np.float64)
        return average


@dataclass(frozen=True, slots=True)
class Regions:
    """One picture's regions, all of the same size.

    ``shares`` are rows from the top, with what each region adds to the score; below 0 what it
    takes from it. ``covers`` is the part of the upright picture that the grid lies on: left, top,
    width and height as fractions. It reaches beyond the picture where the model pads pictures.
    """

    shares: tuple[tuple[float, ...], ...]
    covers: Part


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a picture has its score: the shares of its own regions add up to it, and so do those of
    the query's regions, of all its pictures together; ``method`` says how they were found."""

    score: float
    picture: Regions
    query: tuple[Regions, ...]
    method: str = METHOD


def explained(
    picture: Seen, query: Vector, examples: Sequence[Seen], parts: Sequence[float]
) -> Explanation:
    """The shares of a picture's regions, and of those of a query's pictures.

    ``query`` is a unit vector (dim,), the sum of the unit vectors of the examples, each times its
    part.
    """
    shares = _shares(picture, query)
    vector = picture.vector
    of_examples = (
        _regions(part * _shares(example, vector), example.covers)
        for example, part in zip(examples, parts, strict=True)
    )
    score = round(float(shares.sum()), _DIGITS)
    return Explanation(score, _regions(shares, picture.covers), tuple(of_examples))


def _shares(seen: Seen, toward: Vector) -> NDArray[np.float64]:
    """What each region adds to the cosine with a unit vector (h, w)."""
    high, wide, _ = seen.features.shape
    shares: NDArray[np.float64] = seen.features @ toward / (high * wide * seen.length)
    return shares


def _regions(shares: NDArray[np.float64], covers: Part) -> Regions:
    rows: list[list[float]] = shares.tolist()
    return Regions(tuple(map(tuple, rows)), covers)
