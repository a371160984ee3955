"""A database → the properties of all its pictures as columns in memory, until they change."""

from __future__ import annotations

import os
import sqlite3
import threading
from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lookalike.stores.base import Naming
from lookalike.stores.embedded import labels, marks
from lookalike.stores.embedded.database import Changes, Database
from lookalike.stores.embedded.scores import Ids

_Codes = npt.NDArray[np.int32]

# One row a camera, in the order of the index: a row a picture would cost Python more than SQLite
# takes to find them all.
_PROPERTIES = (
    "SELECT camera, group_concat(id), group_concat(format), "
    "group_concat(coalesce(substr(taken, 1, 7), '')), group_concat(min(width, height)) "
    "FROM images GROUP BY camera"
)
_PLACES = (
    "SELECT images.id, root, relative FROM images JOIN roots ON roots.id = root "
    "ORDER BY roots.path, relative"
)


@dataclass(frozen=True, eq=False)
class Column:
    """A property with few values: that of picture i is ``values[codes[i]]``, empty for none."""

    values: tuple[str, ...]
    codes: _Codes

    def taken(self, order: npt.NDArray[np.intp]) -> Column:
        """The same in another order (n,)."""
        return Column(self.values, self.codes[order])

    def counts(self, chosen: npt.NDArray[np.bool_]) -> dict[str, int]:
        """How many of some pictures (n,) have each value; those that none has are left out."""
        numbers = np.bincount(self.codes[chosen], minlength=len(self.values)).tolist()
        pairs = zip(self.values, numbers, strict=True)
        return {value: number for value, number in pairs if number and value}


@dataclass(frozen=True, eq=False)
class Marked:
    """What pictures are marked with: picture ``places[i]`` (m,) bears the tag ``tags[codes[i]]``;
    ``favourites`` (f,) are the places of the favourites."""

    tags: tuple[str, ...]
    places: npt.NDArray[np.intp]
    codes: _Codes
    favourites: npt.NDArray[np.intp]

    def counts(self, chosen: npt.NDArray[np.bool_]) -> dict[str, int]:
        """How many of some pictures (n,) bear each tag; those that none bears are left out."""
        numbers = np.bincount(self.codes[chosen[self.places]], minlength=len(self.tags)).tolist()
        pairs = zip(self.tags, numbers, strict=True)
        return {tag: number for tag, number in pairs if number}


@dataclass(frozen=True, eq=False)
class Columns:
    """All pictures in order of their ids (n,): the absolute paths of their folders, the formats,
    the cameras, the months they were taken in, their shorter sides (n,) in pixels, what they are
    marked with, and what a classifier calls them (the tags of ``labels``); ``ranks`` (n,) is where
    each stands in the order of path."""

    ids: Ids
    ranks: Ids
    folders: Column
    formats: Column
    cameras: Column
    months: Column
    sides: npt.NDArray[np.int64]
    marks: Marked
    labels: Marked

    def ranks_of(self, ids: Ids) -> Ids:
        """Where some of the pictures (m,) stand in the order of path."""
        return self.ranks[np.searchsorted(self.ids, ids)]

    def naming(self) -> Naming:
        """The folders and the tags of all."""
        folders, marks = self.folders, self.marks
        return Naming(
            self.ids, folders.values, folders.codes, marks.tags, marks.places, marks.codes
        )


class Shelf:
    """Keeps the columns of one library for the next question; may be used from many threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: tuple[Changes, Columns] | None = None

    def columns(self, connection: sqlite3.Connection) -> Columns:
        """The columns as a connection, in a transaction, sees them."""
        if not marks.are_kept(connection):  # who writes there does not note when pictures move
            return _read(connection)
        with self._guard:
            present = Database.changes(connection)
            columns = self._brought(connection, present)
            self._kept = present, columns
            return columns

    def clear(self) -> None:
        """Let go of everything."""
        with self._guard:
            self._kept = None

    def _brought(self, connection: sqlite3.Connection, present: Changes) -> Columns:
        """The columns of the present. Whoever marks pictures asks for the counts after each, so
        nothing else is read again then."""
        if self._kept is None:
            return _read(connection)
        state, columns = self._kept
        if replace(present, marked=state.marked) != state:
            return _read(connection)
        if present != state:
            return replace(columns, marks=_marked(connection, columns.ids))
        return columns


def _read(connection: sqlite3.Connection) -> Columns:
    ids, cameras, formats, months, sides = _properties(connection)
    order = np.argsort(ids, kind="stable")
    ranks, folders = _folders(connection)
    return Columns(
        ids=ids[order],
        ranks=ranks,
        folders=folders,
        formats=formats.taken(order),
        cameras=cameras.taken(order),
        months=months.taken(order),
        sides=sides[order],
        marks=_marked(connection, ids[order]),
        labels=_labelled(connection, ids[order]),
    )


def _marked(connection: sqlite3.Connection, ids: Ids) -> Marked:
    """The marks of the pictures with these ids (n,), which are in rising order."""
    tags, bearers = marks.bearers(connection)
    lengths = [len(some) for some in bearers]
    return Marked(
        tags=tuple(tags),
        places=np.searchsorted(ids, np.concatenate([np.empty(0, np.int64), *bearers])),
        codes=np.repeat(np.arange(len(tags), dtype=np.int32), lengths),
        favourites=np.searchsorted(ids, marks.favourites(connection)),
    )


def _labelled(connection: sqlite3.Connection, ids: Ids) -> Marked:
    """The labels of the pictures with these ids (n,), which are in rising order."""
    names, bearers = labels.bearers(connection)
    return Marked(
        tags=tuple(names),
        places=np.searchsorted(ids, np.concatenate([np.empty(0, np.int64), *bearers])),
        codes=np.repeat(np.arange(len(names), dtype=np.int32), [len(some) for some in bearers]),
        favourites=np.empty(0, np.intp),
    )


def _properties(
    connection: sqlite3.Connection,
) -> tuple[Ids, Column, Column, Column, npt.NDArray[np.int64]]:
    """Ids, cameras, formats, months and shorter sides, in the order of the index."""
    names: list[str] = []
    numbers: list[npt.NDArray[np.int64]] = [np.empty(0, np.int64)]
    sides: list[npt.NDArray[np.int64]] = [np.empty(0, np.int64)]
    formats, months = _Coding(), _Coding()
    for camera, some, kinds, dates, pixels in connection.execute(_PROPERTIES):
        names.append(camera or "")
        numbers.append(np.fromstring(some, np.int64, sep=","))
        sides.append(np.fromstring(pixels, np.int64, sep=","))
        formats.take(kinds.split(","))
        months.take(dates.split(","))
    lengths = [len(some) for some in numbers[1:]]
    cameras = Column(tuple(names), np.repeat(np.arange(len(names), dtype=np.int32), lengths))
    return (
        np.concatenate(numbers), cameras, formats.column(), months.column(), np.concatenate(sides)
    )  # fmt: skip


def _folders(connection: sqlite3.Connection) -> tuple[Ids, Column]:
    """Where all pictures stand in the order of path, and their folders, in order of their ids."""
    found = connection.execute("SELECT id, path FROM roots").fetchall()
    roots = {number: os.fsdecode(path) for number, path in found}
    numbers: defaultdict[tuple[int, bytes], int] = defaultdict()
    numbers.default_factory = numbers.__len__
    ids, codes = array("q"), array("i")
    for image, root, relative in connection.execute(_PLACES):
        ids.append(image)
        codes.append(numbers[root, relative[: relative.rfind(b"/") + 1]])
    places = tuple(
        os.path.join(roots[root], *os.fsdecode(folder).split("/")[:-1])  # noqa: PTH118 - a str
        for root, folder in numbers
    )
    order = np.argsort(np.asarray(ids, np.int64), kind="stable")
    return order, Column(places, np.asarray(codes, np.int32)[order])


class _Coding:
    """Values as they come → a column of them."""

    def __init__(self) -> None:
        self._numbers: defaultdict[str, int] = defaultdict()
        self._numbers.default_factory = self._numbers.__len__
        self._codes = array("i")

    def take(self, values: Iterable[str]) -> None:
        self._codes.extend(map(self._numbers.__getitem__, values))

    def column(self) -> Column:
        return Column(tuple(self._numbers), np.asarray(self._codes, np.int32))
