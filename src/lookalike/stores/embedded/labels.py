"""A database ↔ what a classifier calls its pictures, and which pictures texts say something of."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from lookalike.stores.base import Label, text_words
from lookalike.stores.embedded import schema
from lookalike.stores.embedded.scores import Ids

_NONE = ("0", ())


def are_kept(connection: sqlite3.Connection) -> bool:
    """Whether the library has a place for labels and texts."""
    return schema.version(connection) >= schema.WITH_LABELS


def missing(connection: sqlite3.Connection) -> Ids:
    """The ids (n,), rising, of the pictures whose present embedding no classifier has seen."""
    if not are_kept(connection):
        return np.empty(0, np.int64)
    found = connection.execute(
        "SELECT embeddings.image FROM embeddings LEFT JOIN looked_at USING (image) "
        "WHERE looked_at.revision IS NOT embeddings.revision ORDER BY embeddings.image"
    )
    return np.array([image for (image,) in found], np.int64)


def keep(connection: sqlite3.Connection, likely: Mapping[int, Sequence[Label]]) -> None:
    """Keep the labels of some pictures in place of those that they had; pictures that are gone are
    passed over."""
    names = {(one.name,) for labels in likely.values() for one in labels}
    connection.executemany("INSERT OR IGNORE INTO labels (name) VALUES (?)", sorted(names))
    numbers = dict(connection.execute("SELECT name, id FROM labels").fetchall())
    for image, labels in likely.items():
        connection.execute("DELETE FROM labelled WHERE image = ?", (image,))
        noted = connection.execute(
            "INSERT OR REPLACE INTO looked_at SELECT image, revision FROM embeddings "
            "WHERE image = ?",
            (image,),
        )
        if noted.rowcount < 1:
            continue
        connection.executemany(
            "INSERT INTO labelled VALUES (?, ?, ?)",
            [(numbers[one.name], image, one.probability) for one in labels],
        )
        text = " / ".join(one.name for one in labels)
        connection.execute("UPDATE texts SET labels = ? WHERE rowid = ?", (text, image))


def inconsistencies(connection: sqlite3.Connection) -> list[str]:
    """What should never be between pictures, their labels and their texts, one sentence each."""
    if not are_kept(connection):
        return []
    checks = {
        "pictures cannot be found by text": "SELECT count(*) FROM images "
        "WHERE id NOT IN (SELECT id FROM texts_content)",
        "texts have no picture": "SELECT count(*) FROM texts_content "
        "WHERE id NOT IN (SELECT id FROM images)",
        "labels have no picture": "SELECT count(*) FROM labelled "
        "WHERE image NOT IN (SELECT id FROM images)",
    }
    numbers = {what: connection.execute(query).fetchone()[0] for what, query in checks.items()}
    return [f"{number} {what}." for what, number in numbers.items() if number]


def forget(connection: sqlite3.Connection) -> None:
    """Forget the labels of all pictures: their embeddings are those of another model."""
    connection.execute("DELETE FROM labelled")
    connection.execute("DELETE FROM looked_at")
    connection.execute("UPDATE texts SET labels = '' WHERE labels <> ''")


def of(connection: sqlite3.Connection, images: Collection[int]) -> dict[int, tuple[Label, ...]]:
    """The labels of pictures, the most likely first; those without are left out."""
    if not are_kept(connection):
        return {}
    rows = connection.execute(
        "SELECT image, name, probability FROM labelled JOIN labels ON labels.id = labelled.label "
        "WHERE image IN (SELECT value FROM json_each(?)) ORDER BY probability DESC, name",
        (json.dumps(list(images)),),
    )
    found: dict[int, tuple[Label, ...]] = {}
    for image, name, probability in rows:
        found[image] = (*found.get(image, ()), Label(name, probability))
    return found


def bearers(connection: sqlite3.Connection) -> tuple[list[str], list[Ids]]:
    """The names of the labels that pictures have, and of each the ids (n,) of those."""
    if not are_kept(connection):
        return [], []
    # One text of all ids of a label: a row each would cost Python more than SQLite takes.
    rows = connection.execute(
        "SELECT name, group_concat(image) FROM labelled JOIN labels ON labels.id = labelled.label "
        "GROUP BY label"
    ).fetchall()
    return [name for name, _ in rows], [np.fromstring(ids, np.int64, sep=",") for _, ids in rows]


def labelled(
    connection: sqlite3.Connection, names: Sequence[str]
) -> tuple[str, tuple[object, ...]]:
    """What chooses pictures that have all of some labels, in any case, with its values."""
    if not are_kept(connection):
        return _NONE
    wanted = sorted({name.strip().lower() for name in names})
    having = (
        "SELECT image FROM labelled JOIN labels ON labels.id = labelled.label WHERE lower(name) "
        "IN (SELECT value FROM json_each(?)) GROUP BY image HAVING count(*) = ?"
    )
    return f"id IN ({having})", (json.dumps(wanted), len(wanted))


def saying(connection: sqlite3.Connection, text: str) -> tuple[str, tuple[object, ...]]:
    """What chooses pictures whose path, tags and labels have all words of a text, or words that
    begin so, with its values."""
    if not are_kept(connection):
        return _NONE
    # in quotes nothing of a word is a sign of FTS5's language
    asked = " ".join(f'"{word}"*' for word in text_words(text))
    return "id IN (SELECT rowid FROM texts WHERE texts MATCH ?)", (asked,)
