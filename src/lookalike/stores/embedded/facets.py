"""A `Filter` and the columns of a library → how many pictures each other choice would give."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from lookalike.stores.base import MOST_CHOICES, Choice, Facets, Filter
from lookalike.stores.embedded.columns import Columns
from lookalike.stores.embedded.filters import matching

_SIDES = (256, 512, 1024, 2048, 4096)  # pixels: choices of `min_side`
_Mask = npt.NDArray[np.bool_]


def facets(connection: sqlite3.Connection, columns: Columns, wanted: Filter) -> Facets:
    """What passes a filter, and what would with another choice in one of its fields.

    The connection sees the state that the columns are of.
    """
    # What a field lets through is asked where searches ask it: the two can never disagree.
    masks = {
        field: np.isin(columns.ids, matching(connection, alone), assume_unique=True)
        for field, alone in _fields(wanted)
    }

    def but(field: str) -> _Mask:
        rest = [mask for name, mask in masks.items() if name != field]
        return np.logical_and.reduce(rest) if rest else np.ones(len(columns.ids), bool)

    roots = [os.fsdecode(path) for (path,) in connection.execute("SELECT path FROM roots")]
    return Facets(
        images=int(but("").sum()),
        folders=_folders(columns.folders.counts(but("folder")), roots, wanted.folder),
        formats=_frequent(columns.formats.counts(but("formats"))),
        cameras=_cameras(columns.cameras.counts(but("camera"))),
        taken=_in_order(columns.months.counts(but("taken"))),
        sides=_sides(columns.sides[but("side")]),
        favourites=int(but("favourite")[columns.marks.favourites].sum()),
        tags=_frequent(columns.marks.counts(but(""))),
        labels=_frequent(columns.labels.counts(but(""))),
    )


def _fields(wanted: Filter) -> Iterator[tuple[str, Filter]]:
    """The fields that a filter has, each as a filter of its own."""
    parts = {
        "folder": Filter(folder=wanted.folder),
        "formats": Filter(formats=wanted.formats),
        "taken": Filter(taken_from=wanted.taken_from, taken_to=wanted.taken_to),
        "camera": Filter(camera=wanted.camera),
        "side": Filter(min_side=wanted.min_side),
        "ids": Filter(ids=wanted.ids),
        "tags": Filter(tags=wanted.tags),
        "favourite": Filter(favourite=wanted.favourite),
        "labels": Filter(labels=wanted.labels),
        "text": Filter(text=wanted.text),
    }
    return ((field, alone) for field, alone in parts.items() if alone != Filter())


def _in_order(counts: Mapping[str, int]) -> tuple[Choice, ...]:
    return tuple(Choice(*pair) for pair in sorted(counts.items()))


def _frequent(counts: Mapping[str, int]) -> tuple[Choice, ...]:
    """The most frequent, the first first."""
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Choice(*pair) for pair in ranked[:MOST_CHOICES])


def _cameras(counts: Mapping[str, int]) -> tuple[Choice, ...]:
    """A filter takes a part of a name, so one that another contains also gives that one's."""
    folded = [(name.casefold(), number) for name, number in counts.items()]
    named = (str(choice.value) for choice in _frequent(counts))
    return _frequent(
        {
            name: sum(number for other, number in folded if name.casefold() in other)
            for name in named
        }
    )


def _sides(sides: npt.NDArray[np.int64]) -> tuple[Choice, ...]:
    numbers = ((side, int((sides >= side).sum())) for side in _SIDES)
    return tuple(Choice(side, number) for side, number in numbers if number)


def _folders(counts: Mapping[str, int], roots: list[str], chosen: str | None) -> tuple[Choice, ...]:
    """The roots, the way to the chosen folder, and what lies in it; in order of path."""
    tops = {root for root in roots if not any(_above(other, root) for other in roots)}
    below: Counter[str] = Counter()
    for folder, number in counts.items():
        for place in _way_up(folder, tops):
            below[place] += number
    here = {os.path.normpath(chosen)} if chosen is not None else set(roots)
    shown = {
        place: number
        for place, number in below.items()
        if place in roots
        or os.path.dirname(place) in here  # noqa: PTH120 - a str
        or any(place == one or _above(place, one) for one in here)
    }
    return _in_order({str(one.value): one.images for one in _frequent(shown)})


def _way_up(folder: str, tops: set[str]) -> Iterator[str]:
    """A folder and those above it, up to a root that lies in no other."""
    above = os.path.dirname(folder)  # noqa: PTH120 - a str
    yield folder
    if folder not in tops and above != folder:
        yield from _way_up(above, tops)


def _above(folder: str, other: str) -> bool:
    """Whether a folder holds another, at any depth."""
    return folder != other and other.startswith(folder.rstrip(os.sep) + os.sep)
