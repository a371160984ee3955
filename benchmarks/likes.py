"""People who like some kinds of picture → how true it is how likely a picture is liked.

    python -m benchmarks.likes [--flowers FOLDER] [--quick]

On each of the collections of `benchmarks.answers`, people like one, two or three of its kinds, mark
some pictures of these, a part of them also some answers that are not, and ask what they like. Of
the first thirty pictures that they have not marked it is known which they like. That is held
against what was told of each. Nothing was learned from these collections but by these people.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.answers import Collection, collections_of
from benchmarks.measuring import Figures, Settings, alone, show
from lookalike import Library
from lookalike.errors import InputError

_PEOPLE = 60  # for each collection
_KINDS = (1, 1, 2, 3)  # that somebody likes, one of these at random
_MARKS = (3, 4, 5, 8, 12, 20, 40)  # pictures that they mark as liked
_UNLIKED = (0, 0, 3, 8)  # of the first answers that they mark as not
_SHOWN = 30
_BINS = 10
_VIEW = "likes"

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Answer:
    """What one person was told of the first pictures, and which of them they like; nothing is told
    where that could not be said."""

    kinds: int
    marks: int
    told: Numbers
    true: npt.NDArray[np.bool_]


def measure(settings: Settings) -> Figures:
    """Brier scores and calibration errors, on every collection."""
    figures: Figures = {}
    for collection in collections_of(settings):
        with Library.open(collection.library) as library:
            answers = list(_people(library, collection, 8 if settings.quick else _PEOPLE))
        rows = [
            (name, len(some), *(f"{one:.3f}" for one in _calibration(some)))
            for name, some in _groups(answers).items()
            if some
        ]
        silent = sum(not len(one.told) for one in answers)
        header = ("people", "", "liked", "told", "Brier", "by the mean", "off by")
        show(f"{collection.name}: {silent} of {len(answers)} are told nothing", header, rows)
        told = [one for one in answers if len(one.told)]
        figures[f"{collection.name}_told"] = round(len(told) / len(answers), 3)
        if told:
            _, _, brier, _, error = _calibration(told)
            figures[f"{collection.name}_brier"] = round(brier, 3)
            figures[f"{collection.name}_calibration_error"] = round(error, 3)
    return figures


def _groups(answers: Sequence[_Answer]) -> dict[str, list[_Answer]]:
    told = [one for one in answers if len(one.told)]
    return {
        "all who are told": told,
        "one kind": [one for one in told if one.kinds == 1],
        "several kinds": [one for one in told if one.kinds > 1],
        "up to 5 marks": [one for one in told if one.marks <= 5],
        "8 and more": [one for one in told if one.marks > 5],
    }


def _calibration(answers: Sequence[_Answer]) -> tuple[float, float, float, float, float]:
    """The part that is liked, the mean of what was told, the Brier score of it, that of who tells
    everybody the part that is liked, and the expected calibration error in ten bins."""
    told = np.concatenate([one.told for one in answers])
    true = np.concatenate([one.true for one in answers]).astype(np.float64)
    bins = np.minimum((told * _BINS).astype(int), _BINS - 1)
    off = [abs(float((told - true)[bins == one].sum())) for one in range(_BINS)]
    liked = float(true.mean())
    brier = float(((told - true) ** 2).mean())
    return liked, float(told.mean()), brier, liked * (1 - liked), sum(off) / len(told)


def _people(library: Library, collection: Collection, count: int) -> Iterator[_Answer]:
    chance = np.random.default_rng(0)
    kind_of = {
        one.id: collection.labels[one.relative]
        for one in library.records()
        if one.relative in collection.labels
    }
    kinds = sorted(set(kind_of.values()))
    while count:
        wanted = set(chance.choice(kinds, min(int(chance.choice(_KINDS)), len(kinds)), False))
        able = [number for number, kind in kind_of.items() if kind in wanted]
        marks, against = int(chance.choice(_MARKS)), int(chance.choice(_UNLIKED))
        if len(able) < marks + 3:
            continue
        liked = chance.choice(able, marks, replace=False).tolist()
        try:
            answer = _asked(library, liked, against, {one: one in set(able) for one in kind_of})
        except InputError:
            continue  # what has so little in common is no view
        yield _Answer(len(wanted), marks, *answer)
        count -= 1


def _asked(
    library: Library, liked: list[int], against: int, likes: dict[int, bool]
) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    unliked: list[int] = []
    if against:
        library.learn(_VIEW, liked=liked)
        first = [hit.record.id for hit in library.search(None, 100, view=_VIEW)]
        unliked = [one for one in first if not likes.get(one, True)][:against]
    library.learn(_VIEW, liked=liked, unliked=unliked)
    hits = library.search(None, _SHOWN + len(liked) + len(unliked), view=_VIEW)
    marked = {*liked, *unliked}
    new = [one for one in hits if one.record.id not in marked and one.record.id in likes][:_SHOWN]
    if any(one.liked is None for one in new):
        return np.empty(0), np.empty(0, np.bool_)
    told = np.array([one.liked for one in new], np.float64)
    return told, np.array([likes[one.record.id] for one in new])


if __name__ == "__main__":
    sys.exit(alone(measure))
