"""The tables of favourites and tags ↔ `Marks`, changes of them, and what a filter asks of them.

A library that nobody may write to may lack the tables; nothing is marked in it then.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence

import numpy as np

from lookalike.errors import InputError
from lookalike.stores.base import (
    MOST_NAMES,
    MOST_TAGS,
    Choice,
    MarkChange,
    MarkCounts,
    Marks,
    tag_key,
    tag_name,
)
from lookalike.stores.embedded import schema
from lookalike.stores.embedded.scores import Ids

_SOME = "(SELECT value FROM json_each(?))"
_NONE = ("0", ())
# From the few to the many: without figures of what the tables hold, SQLite may begin with all
# pictures.
_TAGGED_IMAGES = (
    "tags CROSS JOIN tagged ON tagged.tag = tags.id CROSS JOIN images ON images.digest = "
    "tagged.digest"
)
_FAVOURITE_IMAGES = "favourites CROSS JOIN images ON images.digest = favourites.digest"


def are_kept(connection: sqlite3.Connection) -> bool:
    """Whether the library has a place for marks."""
    return schema.version(connection) >= schema.WITH_MARKS


def of(connection: sqlite3.Connection, digests: Collection[str]) -> dict[str, Marks]:
    """The marks of contents; those without are left out."""
    if not are_kept(connection) or not _any(connection):
        return {}
    wanted = (json.dumps(list(digests)),)
    found = connection.execute(f"SELECT digest FROM favourites WHERE digest IN {_SOME}", wanted)  # noqa: S608
    favourites = {digest for (digest,) in found}
    tags: defaultdict[str, list[str]] = defaultdict(list)
    rows = connection.execute(
        "SELECT digest, name FROM tagged CROSS JOIN tags ON tags.id = tagged.tag "  # noqa: S608
        f"WHERE digest IN {_SOME} ORDER BY key",
        wanted,
    )
    for digest, name in rows:
        tags[digest].append(name)
    return {
        digest: Marks(digest in favourites, tuple(tags.get(digest, ())))
        for digest in favourites | tags.keys()
    }


def _any(connection: sqlite3.Connection) -> bool:
    """Whether anything is marked: where nothing is, a search is not to take longer for it."""
    asked = "SELECT EXISTS (SELECT 1 FROM favourites) OR EXISTS (SELECT 1 FROM tagged)"
    return bool(connection.execute(asked).fetchone()[0])


def change(connection: sqlite3.Connection, wanted: MarkChange) -> None:
    """Carry out one change. Raises InputError where there would be too many tags."""
    some = json.dumps(wanted.digests)
    if wanted.favourite is not None:
        connection.execute(
            "INSERT OR IGNORE INTO favourites SELECT value FROM json_each(?)"
            if wanted.favourite
            else f"DELETE FROM favourites WHERE digest IN {_SOME}",  # noqa: S608
            (some,),
        )
    for tag in wanted.remove:
        _take_off(connection, tag_key(tag), some)
    for tag in wanted.add:
        connection.execute(
            "INSERT OR IGNORE INTO tagged SELECT ?, value FROM json_each(?)",
            (_number(connection, tag), some),
        )
    if wanted.add:
        _refuse_too_many(connection, some)


def _take_off(connection: sqlite3.Connection, key: str, some: str) -> None:
    """Take a tag off some contents; one that nothing bears any more is no tag any more."""
    connection.execute(
        "DELETE FROM tagged WHERE tag = (SELECT id FROM tags WHERE key = ?) "  # noqa: S608
        f"AND digest IN {_SOME}",
        (key, some),
    )
    connection.execute(
        "DELETE FROM tags WHERE key = ? AND NOT EXISTS (SELECT 1 FROM tagged WHERE tag = tags.id)",
        (key,),
    )


def _number(connection: sqlite3.Connection, tag: str) -> int:
    """The number of a tag, which is entered if it is new."""
    key = tag_key(tag)
    connection.execute("INSERT OR IGNORE INTO tags (key, name) VALUES (?, ?)", (key, tag_name(tag)))
    found = connection.execute("SELECT id FROM tags WHERE key = ?", (key,)).fetchone()
    return int(found[0])


def _refuse_too_many(connection: sqlite3.Connection, some: str) -> None:
    fullest = connection.execute(
        f"SELECT count(*) FROM tagged WHERE digest IN {_SOME} "  # noqa: S608
        "GROUP BY digest ORDER BY 1 DESC LIMIT 1",
        (some,),
    ).fetchone()
    if fullest is not None and fullest[0] > MOST_TAGS:
        raise InputError(f"A picture has {MOST_TAGS} tags at most: take some off it first.")
    if connection.execute("SELECT count(*) FROM tags").fetchone()[0] > MOST_NAMES:
        raise InputError(
            f"A library has {MOST_NAMES:,} different tags at most: take some off their pictures "
            "first."
        )


def follow(connection: sqlite3.Connection, root: int, relative: bytes, digest: str) -> None:
    """Let a file that has another content now keep the marks of the one before."""
    before = "(SELECT digest FROM images WHERE root = ? AND relative = ?)"
    place = (digest, root, relative)
    connection.execute(
        f"INSERT OR IGNORE INTO tagged SELECT tag, ? FROM tagged WHERE digest = {before}",  # noqa: S608
        place,
    )
    connection.execute(
        f"INSERT OR IGNORE INTO favourites SELECT ? FROM favourites WHERE digest = {before}",  # noqa: S608
        place,
    )


def counts(connection: sqlite3.Connection) -> MarkCounts:
    """How many pictures bear each mark."""
    if not are_kept(connection):
        return MarkCounts(0, ())
    favourites = connection.execute(f"SELECT count(*) FROM {_FAVOURITE_IMAGES}").fetchone()[0]  # noqa: S608
    rows = connection.execute(
        "SELECT name, (SELECT count(*) FROM tagged CROSS JOIN images "
        "ON images.digest = tagged.digest WHERE tag = tags.id) FROM tags ORDER BY key"
    )
    return MarkCounts(favourites, tuple(Choice(*row) for row in rows))


def tagged(connection: sqlite3.Connection, tags: Sequence[str]) -> tuple[str, tuple[object, ...]]:
    """What chooses pictures that bear all of some tags, with its values."""
    if not are_kept(connection):
        return _NONE
    keys = sorted(set(map(tag_key, tags)))
    bearing = (
        "SELECT digest FROM tagged WHERE tag IN "  # noqa: S608
        f"(SELECT id FROM tags WHERE key IN {_SOME}) GROUP BY digest HAVING count(*) = ?"
    )
    return f"digest IN ({bearing})", (json.dumps(keys), len(keys))


def favourite(connection: sqlite3.Connection) -> tuple[str, tuple[object, ...]]:
    """What chooses favourites."""
    if not are_kept(connection):
        return _NONE
    return "digest IN (SELECT digest FROM favourites)", ()


def bearers(connection: sqlite3.Connection) -> tuple[list[str], list[Ids]]:
    """The names of the tags that pictures bear, and of each the ids (n,) of those."""
    if not are_kept(connection):
        return [], []
    # One text of all ids of a tag: a row each would cost Python more than SQLite takes.
    rows = connection.execute(
        f"SELECT name, group_concat(images.id) FROM {_TAGGED_IMAGES} GROUP BY tags.id"  # noqa: S608
    ).fetchall()
    return [name for name, _ in rows], [_ids(text) for _, text in rows]


def favourites(connection: sqlite3.Connection) -> Ids:
    """The ids (n,) of the pictures that are favourites."""
    if not are_kept(connection):
        return _ids(None)
    found = connection.execute(f"SELECT group_concat(images.id) FROM {_FAVOURITE_IMAGES}")  # noqa: S608
    return _ids(found.fetchone()[0])


def _ids(text: str | None) -> Ids:
    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)


def inconsistencies(connection: sqlite3.Connection) -> dict[str, str]:
    """What should never be, each with the question how often it is."""
    if not are_kept(connection):
        return {}
    return {
        "marks have a tag that has no name": "SELECT count(*) FROM tagged "
        "WHERE tag NOT IN (SELECT id FROM tags)"
    }
