"""The table of views ↔ `View`. A library that nobody may write to may lack it: it has none."""

from __future__ import annotations

import json
import sqlite3

import numpy as np

from lookalike.stores.base import Matrix, View, ViewNote
from lookalike.stores.embedded import schema

_NOTES = "SELECT name, identity, made, about FROM views ORDER BY name"
_VIEW = "SELECT name, identity, made, about, axes, mean, matrix, focus FROM views WHERE name = ?"


def notes(connection: sqlite3.Connection) -> list[ViewNote]:
    """What is known of each view, in order of name."""
    if not _are_kept(connection):
        return []
    return [_note(*row) for row in connection.execute(_NOTES)]


def view(connection: sqlite3.Connection, name: str) -> View | None:
    """One view, or None."""
    row = _are_kept(connection) and connection.execute(_VIEW, (name,)).fetchone()
    if not row:
        return None
    *told, axes, mean, matrix, focus = row
    return View(
        _note(*told),
        np.frombuffer(mean, np.float32),
        np.frombuffer(matrix, np.float32).reshape(-1, axes),
        None if focus is None else np.frombuffer(focus, np.float32),
    )


def keep(connection: sqlite3.Connection, one: View) -> None:
    """Keep a view, in place of one with the same name."""
    note = one.note
    connection.execute(
        "INSERT OR REPLACE INTO views VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(note.name, note.identity, note.made, json.dumps(note.about), one.matrix.shape[1]),
            *(_bytes(one.mean), _bytes(one.matrix)),
            None if one.focus is None else _bytes(one.focus),
        ),
    )


def drop(connection: sqlite3.Connection, name: str) -> bool:
    """Forget a view; tells whether there was one."""
    return connection.execute("DELETE FROM views WHERE name = ?", (name,)).rowcount > 0


def _are_kept(connection: sqlite3.Connection) -> bool:
    return schema.version(connection) >= schema.WITH_VIEWS


def _note(name: str, identity: str, made: str, about: str) -> ViewNote:
    return ViewNote(name, identity, made, json.loads(about))


def _bytes(numbers: Matrix) -> bytes:
    return np.ascontiguousarray(numbers, np.float32).tobytes()
