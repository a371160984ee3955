"""The scores of a picture's parts → the best of them, and a box around what was found."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike.parts.windows import MIDDLES, PARTS, SIDE

Vectors = npt.NDArray[np.float32]
Box = tuple[float, float, float, float]
"""Left, top, width and height, as fractions of what the model sees of a picture."""

_EDGES = np.array(
    [(one.left, one.top, one.left + one.side, one.top + one.side) for one in PARTS], np.float64
)
_SIDES = [one.side for one in PARTS]
_OF_SIZE = tuple(
    slice(_SIDES.index(one.cells.side), _SIDES.index(one.cells.side) + _SIDES.count(one.cells.side))
    for one in MIDDLES
)
_SPREAD = 0.06
"""How much less than the best a part scores that has a say of 1/e in where the box lies."""


def scores(shown: Vectors, rows: Vectors) -> Vectors:
    """The cosines (n, parts) of a query with the parts of pictures.

    ``shown`` (sizes, axes) are the unit vectors of the query as it is shown in each size; ``rows``
    (n, parts, axes) are those of the parts. A part is compared with the query in its own size.
    """
    return np.concatenate(
        [np.vecdot(rows[:, some], one) for some, one in zip(_OF_SIZE, shown, strict=True)], axis=1
    )


def best(shown: Vectors, rows: Vectors) -> Vectors:
    """The cosine (n,) of a query with the part of each picture that is most like it."""
    highest: Vectors = scores(shown, rows).max(axis=1)
    return highest


def box_of(found: Vectors) -> Box | None:
    """Where a thing lies, from the scores of all parts (parts,) of a picture; None where it is the
    whole picture that is most like the query.

    That is the mean of the best window and those that overlap it, each with a weight that falls
    off with its score: what was found rarely fills a window.
    """
    top = int(found.argmax())
    if top == 0:
        return None
    left, upper, right, lower = _EDGES[top]
    beside = (
        (_EDGES[:, 0] < right) & (_EDGES[:, 2] > left)
        & (_EDGES[:, 1] < lower) & (_EDGES[:, 3] > upper)
    )  # fmt: skip
    weights = np.exp((found - found[top]) / _SPREAD) * beside
    edges = (weights @ _EDGES) / weights.sum() / SIDE
    left, upper, right, lower = (float(round(edge, 6)) for edge in edges)
    return left, upper, round(right - left, 6), round(lower - upper, 6)
