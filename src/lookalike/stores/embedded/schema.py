"""A SQLite connection of any earlier version → the same at the newest version."""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x4C6B416C  # "LkAl": tells a library from any other SQLite file

MIGRATIONS: tuple[str, ...] = (
    # 1: the first release
    """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE roots (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE);
    CREATE TABLE images (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        root INTEGER NOT NULL REFERENCES roots(id),
        relative BLOB NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        digest TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        format TEXT NOT NULL,
        taken TEXT,
        camera TEXT,
        latitude REAL,
        longitude REAL,
        UNIQUE (root, relative)
    );
    CREATE INDEX images_by_digest ON images(digest);
    CREATE TABLE embeddings (
        image INTEGER PRIMARY KEY REFERENCES images(id),
        revision INTEGER NOT NULL,
        vector BLOB NOT NULL
    );
    CREATE INDEX embeddings_by_revision ON embeddings(revision);
    CREATE TABLE removals (
        image INTEGER PRIMARY KEY,
        revision INTEGER NOT NULL
    );
    CREATE INDEX removals_by_revision ON removals(revision);
    CREATE TABLE skipped (
        root INTEGER NOT NULL REFERENCES roots(id),
        relative BLOB NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        reason TEXT NOT NULL,
        tried_with TEXT NOT NULL,
        PRIMARY KEY (root, relative)
    ) WITHOUT ROWID;
    """,
    # 2: a filter reads a fifth of what the table takes, and need not look for it among embeddings
    "CREATE INDEX images_by_properties ON images(camera, taken, format, width, height);",
    # 3: contents that a person has said are no duplicates, by SHA-256, the smaller first; they
    # outlive the pictures, which may come back
    """
    CREATE TABLE apart (
        first TEXT NOT NULL,
        second TEXT NOT NULL,
        PRIMARY KEY (first, second)
    ) WITHOUT ROWID;
    """,
    # 4: what a person has marked contents with, by SHA-256, which outlives the pictures, too; a
    # tag is told from others by its key, and named as it was first written
    """
    CREATE TABLE favourites (digest TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE tags (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL
    );
    CREATE TABLE tagged (
        tag INTEGER NOT NULL REFERENCES tags(id),
        digest TEXT NOT NULL,
        PRIMARY KEY (tag, digest)
    ) WITHOUT ROWID;
    CREATE INDEX tagged_by_digest ON tagged(digest);
    """,
    # 5: linear views that were learned; a matrix is float32, row by row
    """
    CREATE TABLE views (
        name TEXT PRIMARY KEY,
        identity TEXT NOT NULL,
        made TEXT NOT NULL,
        about TEXT NOT NULL,
        axes INTEGER NOT NULL,
        mean BLOB NOT NULL,
        matrix BLOB NOT NULL,
        focus BLOB
    );
    """,
)
"""Statements by number, from 1. A released one is never edited: a change is a new number."""

WITH_APART = 3
"""The version from which on there is a table of what is no duplicate."""

WITH_MARKS = 4
"""The version from which on there are favourites and tags."""

WITH_VIEWS = 5
"""The version from which on there are views."""


def version(connection: sqlite3.Connection) -> int:
    """The number of the last migration that was carried out; 0 for a new file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def is_library(connection: sqlite3.Connection) -> bool:
    """Whether the file is a library, or an empty one that may become one."""
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    return application == APPLICATION_ID or tables == 0


def migrate(connection: sqlite3.Connection) -> None:
    """Carry out the migrations that are missing, each in a transaction of its own.

    The number is read again inside the transaction: two processes may open at once.
    """
    for number in range(version(connection) + 1, len(MIGRATIONS) + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if version(connection) < number:
                _carry_out(connection, number)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _carry_out(connection: sqlite3.Connection, number: int) -> None:
    statement = ""
    for line in MIGRATIONS[number - 1].splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {number}")
