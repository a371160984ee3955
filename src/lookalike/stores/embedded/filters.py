"""A `Filter` → the ids of the pictures that pass it."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lookalike.stores.base import Filter
from lookalike.stores.embedded import labels, marks

_Clause = tuple[str, tuple[object, ...]]

_MOST = (1 << 63) - 1  # SQLite's largest whole number
_ALSO_CALLED = {"JPG": "JPEG", "TIF": "TIFF", "HEIC": "HEIF"}
_AFTER = "~"  # comes after all that a date is written with


def matching(connection: sqlite3.Connection, wanted: Filter) -> npt.NDArray[np.int64]:
    """The ids (n,) of all pictures that pass, in rising order."""
    # what comes from outside is never part of the statement's text, only bound to it
    clauses = list(_clauses(connection, wanted))
    where = " AND ".join(f"({text})" for text, _ in clauses) or "1"
    values = [value for _, some in clauses for value in some]
    # One text of them all: a row each would cost Python more than SQLite takes to find them.
    found = connection.execute(
        f"SELECT group_concat(id) FROM images WHERE {where}",  # noqa: S608
        values,
    ).fetchone()[0]
    return np.sort(np.fromstring(found, np.int64, sep=",")) if found else np.empty(0, np.int64)


def _clauses(connection: sqlite3.Connection, wanted: Filter) -> Iterator[_Clause]:
    if wanted.folder is not None:
        yield _in_folder(connection, wanted.folder)
    if wanted.formats:
        names = [_ALSO_CALLED.get(name.upper(), name.upper()) for name in wanted.formats]
        yield _one_of("format", names)
    if wanted.taken_from is not None:
        yield "taken >= ?", (wanted.taken_from,)
    if wanted.taken_to is not None:
        yield "taken < ?", (wanted.taken_to + _AFTER,)
    if wanted.camera is not None:
        yield _one_of("camera", _cameras(connection, wanted.camera))
    if wanted.min_side is not None:
        yield "min(width, height) >= ?", (min(wanted.min_side, _MOST),)
    if wanted.ids is not None:
        yield _one_of("id", sorted(wanted.ids))
    yield from _clauses_of_content(connection, wanted)


def _clauses_of_content(connection: sqlite3.Connection, wanted: Filter) -> Iterator[_Clause]:
    """What people and models say of pictures."""
    if wanted.tags:
        yield marks.tagged(connection, wanted.tags)
    if wanted.favourite:
        yield marks.favourite(connection)
    if wanted.labels:
        yield labels.labelled(connection, wanted.labels)
    if wanted.text is not None:
        yield labels.saying(connection, wanted.text)


def _one_of(column: str, values: list[str] | list[int]) -> _Clause:
    """A column with one of any number of values; one by one, SQLite takes some thousand."""
    return f"{column} IN (SELECT value FROM json_each(?))", (json.dumps(values),)  # noqa: S608


def _cameras(connection: sqlite3.Connection, part: str) -> list[str]:
    """The names of cameras that a text is a part of, in any case: SQLite knows that of ASCII
    letters alone."""
    found = connection.execute("SELECT DISTINCT camera FROM images WHERE camera IS NOT NULL")
    return [name for (name,) in found.fetchall() if part.casefold() in name.casefold()]


def _in_folder(connection: sqlite3.Connection, folder: str) -> _Clause:
    """Pictures in a folder or below it, which may hold roots or be a part of one."""
    top = os.fsencode(os.path.normpath(folder))
    roots = connection.execute("SELECT id, path FROM roots").fetchall()
    whole = [number for number, root in roots if _inside(root, top)]
    if len(whole) == len(roots):
        return "1", ()
    clauses = [_one_of("root", whole)] if whole else []
    for number, root in roots:
        if number not in whole and _inside(top, root):
            below = top[len(root) :].strip(os.fsencode(os.sep)).replace(os.fsencode(os.sep), b"/")
            stretch = number, below + b"/", below + b"0"  # in bytes, 0 is what follows on /
            clauses.append(("root = ? AND relative > ? AND relative < ?", stretch))
    texts = [f"({text})" for text, _ in clauses] or ["0"]
    return " OR ".join(texts), tuple(value for _, some in clauses for value in some)


def _inside(path: bytes, top: bytes) -> bool:
    separator = os.fsencode(os.sep)
    return path == top or path.startswith(top.rstrip(separator) + separator)
