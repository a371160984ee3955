"""Rows of the tables ↔ records and skipped files; each function is one or two statements."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lookalike.errors import LibraryDamagedError
from lookalike.stores.base import Embedding, KnownFile, Record, SkippedFile
from lookalike.stores.embedded import labels, layers, marks

RECORDS = (
    "SELECT roots.path, relative, size, mtime_ns, digest, width, height, format, taken, camera, "
    "latitude, longitude, images.id FROM images JOIN roots ON roots.id = root"
)
SKIPPED = (
    "SELECT roots.path, relative, size, mtime_ns, reason, tried_with FROM skipped "
    "JOIN roots ON roots.id = root"
)
_KNOWN_PICTURES = (
    "SELECT relative, size, CASE WHEN id IN (SELECT image FROM blanks) THEN -1 ELSE mtime_ns END, "
    "id, digest FROM images"
)
_KNOWN_SKIPPED = (
    "SELECT relative, size, CASE WHEN tried_with = :means THEN mtime_ns ELSE -1 END, 0, NULL "
    "FROM skipped"
)
BY_PATH = "ORDER BY roots.path, relative"
_AT_ONCE = 4096  # embeddings read at a time where all are wanted
_SOME = 256  # and where some are


def place(root: str, below: str) -> tuple[str, dict[str, bytes]]:
    """What chooses the files of a root, or of the part of it below a folder, with its values."""
    values = {"root": os.fsencode(root)}
    where = "WHERE root = (SELECT id FROM roots WHERE path = :root)"
    if not below:
        return where, values
    first = os.fsencode(below) + b"/"
    values |= {"first": first, "end": first[:-1] + b"0"}  # in bytes, 0 is what follows on /
    return f"{where} AND relative >= :first AND relative < :end", values


def known_files(
    connection: sqlite3.Connection, root: str, below: str, tried_with: str | None
) -> Iterator[KnownFile]:
    """What is known of pictures and skipped files, in order of path: both tables lie in it."""
    where, values = place(root, below)
    return connection.execute(
        f"{_KNOWN_PICTURES} {where} UNION ALL {_KNOWN_SKIPPED} {where} ORDER BY relative",
        {**values, "means": tried_with},
    )


def record(row: tuple[Any, ...]) -> Record:
    """A row of ``RECORDS`` as a record."""
    return Record(os.fsdecode(row[0]), os.fsdecode(row[1]), *row[2:])


def first(connection: sqlite3.Connection, images: Sequence[int], limit: int) -> list[Record]:
    """Of the records of some ids, the first in order of path; all for a limit of -1."""
    where = "WHERE images.id IN (SELECT value FROM json_each(?))"
    found = connection.execute(f"{RECORDS} {where} {BY_PATH} LIMIT ?", (json.dumps(images), limit))
    return list(map(record, found))


def remove(connection: sqlite3.Connection, revision: int, image: int) -> int:
    """Take a picture out; returns 1, or 0 where there was none."""
    connection.execute("DELETE FROM embeddings WHERE image = ?", (image,))
    number = connection.execute("DELETE FROM images WHERE id = ?", (image,)).rowcount
    if number:
        connection.execute("INSERT INTO removals VALUES (?, ?)", (image, revision))
    return number


def root_id(connection: sqlite3.Connection, root: str) -> int:
    """The number of a root, which is entered if it is new."""
    path = (os.fsencode(root),)
    found = connection.execute("SELECT id FROM roots WHERE path = ?", path).fetchone()
    if found is None:
        found = connection.execute(
            "INSERT INTO roots (path) VALUES (?) RETURNING id", path
        ).fetchone()
    return int(found[0])


def keep(connection: sqlite3.Connection, revision: int, one: Record, embedding: Embedding) -> None:
    """Enter a record with its embedding (dim,), in place of what its key held before."""
    root, relative = root_id(connection, one.root), os.fsencode(one.relative)
    marks.follow(connection, root, relative, one.digest)
    image = connection.execute(
        """INSERT INTO images (root, relative, size, mtime_ns, digest, width, height, format,
                               taken, camera, latitude, longitude)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (root, relative) DO UPDATE SET
               size = excluded.size, mtime_ns = excluded.mtime_ns, digest = excluded.digest,
               width = excluded.width, height = excluded.height, format = excluded.format,
               taken = excluded.taken, camera = excluded.camera,
               latitude = excluded.latitude, longitude = excluded.longitude
           RETURNING id""",
        (root, relative, one.size, one.mtime_ns, one.digest, one.width, one.height, one.format,
         one.taken, one.camera, one.latitude, one.longitude),
    ).fetchone()[0]  # fmt: skip
    vector = np.ascontiguousarray(embedding, np.float32).tobytes()
    connection.execute(
        "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)", (image, revision, vector)
    )
    connection.execute("DELETE FROM blanks WHERE image = ?", (image,))
    unskip(connection, root, relative)


def move(connection: sqlite3.Connection, image: int, new: Record) -> None:
    """Give a picture the place and time of another record."""
    root, relative = root_id(connection, new.root), os.fsencode(new.relative)
    connection.execute(
        "UPDATE images SET root = ?, relative = ?, mtime_ns = ? WHERE id = ?",
        (root, relative, new.mtime_ns, image),
    )
    unskip(connection, root, relative)


def skip(connection: sqlite3.Connection, file: SkippedFile) -> None:
    """Enter a file on the list of the skipped."""
    connection.execute(
        "INSERT OR REPLACE INTO skipped VALUES (?, ?, ?, ?, ?, ?)",
        (root_id(connection, file.root), os.fsencode(file.relative), file.size, file.mtime_ns,
         file.reason, file.tried_with),
    )  # fmt: skip


def unskip(connection: sqlite3.Connection, root: int, relative: bytes) -> None:
    """Take a file off the list of the skipped."""
    connection.execute("DELETE FROM skipped WHERE root = ? AND relative = ?", (root, relative))


def set_all(connection: sqlite3.Connection, settings: Mapping[str, str]) -> None:
    """Keep settings."""
    connection.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", settings.items())


def settings(connection: sqlite3.Connection) -> dict[str, str]:
    """All settings."""
    return dict(connection.execute("SELECT name, value FROM settings").fetchall())


def any_picture(connection: sqlite3.Connection) -> bool:
    """Whether there is a picture."""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM images)").fetchone()[0])


def inconsistencies(connection: sqlite3.Connection, dim: int) -> list[str]:
    """What should never be, one sentence each."""
    checks = {
        "pictures have no embedding": "SELECT count(*) FROM images "
        "WHERE id NOT IN (SELECT image FROM embeddings)",
        "embeddings have no picture": "SELECT count(*) FROM embeddings "
        "WHERE image NOT IN (SELECT id FROM images)",
        "embeddings have a wrong length": "SELECT count(*) FROM embeddings "
        "WHERE length(vector) != 4 * :dim",
    }
    checks |= marks.inconsistencies(connection)
    numbers = {
        what: connection.execute(query, {"dim": dim}).fetchone()[0]
        for what, query in checks.items()
    }
    found = [f"{number} {what}." for what, number in numbers.items() if number]
    return found + layers.inconsistencies(connection) + labels.inconsistencies(connection)


def ids_since(connection: sqlite3.Connection, revision: int) -> npt.NDArray[np.int64]:
    """The ids (n,) of the pictures whose embeddings were committed after a revision.

    They come in the order in which `embeddings_since` reads their embeddings.
    """
    found = connection.execute(
        "SELECT image FROM embeddings WHERE revision > ? ORDER BY revision, image"
        if revision
        else "SELECT image FROM embeddings NOT INDEXED ORDER BY image",
        (revision,) if revision else (),
    )
    return np.fromiter((row[0] for row in found), np.int64)


def versions(
    connection: sqlite3.Connection,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The ids (n,) of all pictures, rising, and the revisions (n,) of their embeddings."""
    # The index by revision holds both, and is a hundredth of the table. One text of all numbers: a
    # row a picture would cost Python more than SQLite takes.
    found = connection.execute(
        "SELECT group_concat(image), group_concat(revision) "
        "FROM (SELECT image, revision FROM embeddings ORDER BY revision, image)"
    ).fetchone()
    ids, revisions = (np.fromstring(text or "", np.int64, sep=",") for text in found)
    order = np.argsort(ids, kind="stable")
    return ids[order], revisions[order]


def count_since(connection: sqlite3.Connection, revision: int) -> int:
    """How many embeddings were committed after a revision; all there are for 0."""
    found = connection.execute(
        "SELECT count(*) FROM embeddings WHERE revision > ?"
        if revision
        else "SELECT count(*) FROM embeddings",
        (revision,) if revision else (),
    )
    return int(found.fetchone()[0])


def gone_since(connection: sqlite3.Connection, revision: int) -> npt.NDArray[np.int64]:
    """The ids (n,) of pictures whose embeddings came, were replaced or removed after a revision."""
    found = connection.execute(
        "SELECT image FROM embeddings WHERE revision > :since "
        "UNION SELECT image FROM removals WHERE revision > :since",
        {"since": revision},
    )
    return np.fromiter((row[0] for row in found), np.int64)


def embeddings_since(
    connection: sqlite3.Connection, revision: int, dim: int
) -> Iterator[tuple[npt.NDArray[np.int64], Embedding]]:
    """The embeddings (n, dim) that were committed after a revision with their ids (n,), some
    thousand at a time."""
    found = connection.execute(
        "SELECT image, vector FROM embeddings WHERE revision > ? ORDER BY revision, image"
        if revision
        else "SELECT image, vector FROM embeddings NOT INDEXED ORDER BY image",
        (revision,) if revision else (),
    )
    while block := found.fetchmany(_AT_ONCE):
        yield _matrix(block, dim)


def embeddings_of(
    connection: sqlite3.Connection, images: npt.NDArray[np.int64], dim: int
) -> Iterator[tuple[npt.NDArray[np.int64], Embedding]]:
    """The embeddings (n, dim) of some pictures with their ids (n,), in order of id, some
    hundred at a time; ids that are not there are left out."""
    for start in range(0, len(images), _SOME):
        block = connection.execute(
            "SELECT image, vector FROM embeddings "
            "WHERE image IN (SELECT value FROM json_each(?)) ORDER BY image",
            (json.dumps(images[start : start + _SOME].tolist()),),
        ).fetchall()
        if block:
            yield _matrix(block, dim)


def _matrix(found: list[tuple[int, bytes]], dim: int) -> tuple[npt.NDArray[np.int64], Embedding]:
    ids = np.array([row[0] for row in found], np.int64)
    content = b"".join(row[1] for row in found)
    if len(content) != 4 * dim * len(found):
        raise LibraryDamagedError(
            f"Some embeddings do not have the {dim} numbers that this library's have: run "
            "`lookalike doctor`."
        )
    return ids, np.frombuffer(content, np.float32).reshape(len(found), dim)
