"""Pictures, wanted and not wanted, whole or in part → the one embedding to search with."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import InputError
from lookalike.image import WHOLE, Part
from lookalike.library.queries import THE_QUERY, AnyPicture, Queries, Query, Words
from lookalike.stores.base import Embedding

_ROUNDED = 1e-6  # how far a box may reach beyond the picture because its numbers were rounded
_LEAST = 0.0001  # of a side: less than a pixel of all but the largest pictures
_WORDS_COUNT = 2.0
"""The scores of pictures with words lie half as far apart as those with pictures; so that at the
same weight both have the same say, words count twice in a sum with others."""
_CANCELLED = 0.01  # the sum's length, as a part of the weights', below which only noise is left


@dataclass(frozen=True, slots=True)
class Example:
    """One picture of several to search with, or a part of a picture; or words beside pictures.

    ``picture`` is its path, its file's content, its id in the library, or `Words`. ``weight`` says
    how much it counts, from -1 to 1; below 0 it is a picture that the answers should be unlike.
    ``box`` is (left, top, width, height) as fractions of the upright picture; None is all of it.

    Raises InputError for a weight or a box that is none.
    """

    picture: str | os.PathLike[str] | bytes | int | Words
    weight: float = 1.0
    box: Part | None = None

    def __post_init__(self) -> None:
        if not _is_number(self.weight) or not -1 <= self.weight <= 1:
            raise InputError("A weight is a number from -1 to 1.")
        if self.box is not None and isinstance(self.picture, Words):
            raise InputError("A box is a part of a picture: words have none.")
        if self.box is not None:
            _check(self.box)


Asked = Query | Example | Sequence[Example]
"""What to search with: one picture or words, or pictures with their weights and boxes."""


def embedding(queries: Queries, asked: Asked) -> tuple[Embedding, tuple[int, ...], float]:
    """The unit vector (dim,) to search with, the ids that are no answers to it, and its `share`."""
    rows, weights, without = _gathered(asked, queries.embedding)
    return combined(rows, weights), without, share(rows, weights)


def in_sizes(
    queries: Queries, asked: Asked
) -> tuple[list[Embedding], list[float], tuple[int, ...]]:
    """The pictures and words of a question in each size of a part (sizes, dim), their weights, and
    the ids that are no answers to it. Raises as `embedding`."""
    return _gathered(asked, queries.in_sizes)


def _gathered(
    asked: Asked, vectors: Callable[[Query, Part | None, str], tuple[Embedding, tuple[int, ...]]]
) -> tuple[list[Embedding], list[float], tuple[int, ...]]:
    """What ``vectors`` gives of each picture and each text, their weights, and the ids that are no
    answers."""
    if isinstance(asked, Words):
        row, ids = vectors(asked, None, THE_QUERY)
        return [row], [1.0], ids
    examples = examples_of(asked)
    found = [vectors(one.picture, box_of(one), name) for one, name in examples]
    without = {number: None for _, ids in found for number in ids}
    weights = [_counting(one, among=len(examples)) for one, _ in examples]
    return [row for row, _ in found], weights, tuple(without)


def words_of(asked: Asked) -> list[str]:
    """The texts of the words in a question."""
    if isinstance(asked, Words):
        return [asked.text]
    pictures = [one.picture for one, _ in examples_of(asked)]
    return [one.text for one in pictures if isinstance(one, Words)]


def _counting(example: Example, among: int) -> float:
    """The weight of an example in a sum: words of a weight count as pictures of it do."""
    more = _WORDS_COUNT if among > 1 and isinstance(example.picture, Words) else 1.0
    return more * example.weight


def pictures_of(asked: Asked) -> list[tuple[Example, AnyPicture, str]]:
    """A question as examples, each with its picture and what errors call it. Raises InputError for
    words, and for a list that is no question."""
    found = []
    for one, name in examples_of(asked) if not isinstance(asked, Words) else []:
        if isinstance(one.picture, Words):
            break
        found.append((one, one.picture, name))
    else:
        if found:
            return found
    raise InputError("Words have no regions to compare: explain pictures.")


def examples_of(asked: Asked) -> list[tuple[Example, str]]:
    """A question as examples, each with what errors call it where it has no name.

    Raises InputError for a list that is no question.
    """
    if isinstance(asked, Example):
        asked = (asked,)
    if isinstance(asked, str | bytes) or not isinstance(asked, Sequence):
        return [(Example(asked), THE_QUERY)]
    examples = _checked(asked)
    if len(examples) == 1:
        return [(examples[0], THE_QUERY)]
    return [(one, f"Example {n}") for n, one in enumerate(examples, start=1)]


def combined(rows: Sequence[Embedding], weights: Sequence[float]) -> Embedding:
    """The direction of the weighted sum of unit vectors (dim,), as a unit vector.

    That is relevance feedback as J. J. Rocchio described it (*Relevance feedback in information
    retrieval*, in G. Salton, ed., The SMART Retrieval System, 1971): towards what was found
    relevant, away from what was not. A picture's score is then its own weighted sum of cosines,
    divided by the same length for all of them. Raises InputError where no direction is left.
    """
    if len(rows) == 1:
        return rows[0]  # to the last digit what the picture by itself gives
    total, length = weighted(rows, weights)
    return (total / length).astype(np.float32)


def share(rows: Sequence[Embedding], weights: Sequence[float]) -> float:
    """How much of a score there would be if one picture had been asked with, not several.

    Pictures have higher scores with the middle of several than with each of these: their mean
    cosine with each is the score times the length of the middle. That would be too little, for the
    best answer to one picture is better than the mean. The root of the length is between the two;
    see docs/quality.md for what it gives. A picture that is not wanted takes as much away again.
    """
    if len(rows) == 1 or min(weights) < 0:
        return 1.0
    return float(np.sqrt(weighted(rows, weights)[1] / sum(weights)))


def weighted(
    rows: Sequence[NDArray[Any]], weights: Sequence[float]
) -> tuple[NDArray[np.float64], float]:
    """The sum of unit vectors with their weights, and its length. Raises as `combined`."""
    total: NDArray[np.float64] = np.asarray(weights, np.float64) @ np.asarray(rows, np.float64)
    length = float(np.linalg.norm(total))
    if length <= _CANCELLED * sum(map(abs, weights)):
        raise InputError(
            "The wanted and the unwanted pictures cancel each other out: "
            "change a weight, or leave one out."
        )
    return total, length


def _checked(asked: Sequence[object]) -> list[Example]:
    examples = [one for one in asked if isinstance(one, Example)]
    if len(examples) < len(asked):
        kinds = {type(one).__name__ for one in asked} - {"Example"}
        raise InputError(f"Several pictures are given as Examples, not as {min(kinds)}.")
    if not examples:
        raise InputError("There is nothing to search with: give at least one picture.")
    if all(one.weight <= 0 for one in examples):
        raise InputError("No picture is wanted: give at least one a weight above 0.")
    return examples


def box_of(example: Example) -> Part | None:
    """The part of its picture that an example is; None for all of it."""
    return None if example.box is None or tuple(example.box) == WHOLE else example.box


def _check(box: Part) -> None:
    if not isinstance(box, tuple | list) or len(box) != 4 or not all(map(_is_number, box)):
        raise InputError(
            "A box is four numbers: left, top, width and height as fractions of the picture."
        )
    left, top, wide, high = box
    inside = all(0 <= number <= 1 for number in box)
    if not inside or max(left + wide, top + high) > 1 + _ROUNDED:
        raise InputError(
            "The box reaches beyond the picture: left, top, left + width and top + height "
            "lie between 0 and 1."
        )
    if min(wide, high) < _LEAST:
        raise InputError(f"The box is empty: its width and its height are at least {_LEAST}.")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
