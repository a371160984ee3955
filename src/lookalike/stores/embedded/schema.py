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
    # 6: what a model's classifier calls pictures, with the revision of the embedding that it saw;
    # and all that can be searched as text, which triggers keep up to date. A path is bytes, which
    # are taken for UTF-8; of the folder that was indexed only the name is told.
    """
    CREATE TABLE labels (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE labelled (
        label INTEGER NOT NULL REFERENCES labels(id),
        image INTEGER NOT NULL,
        probability REAL NOT NULL,
        PRIMARY KEY (label, image)
    ) WITHOUT ROWID;
    CREATE INDEX labelled_by_image ON labelled(image);
    CREATE TABLE looked_at (image INTEGER PRIMARY KEY, revision INTEGER NOT NULL);
    CREATE VIRTUAL TABLE texts USING fts5(
        path, tags, labels, tokenize = "unicode61 remove_diacritics 2"
    );
    CREATE VIEW described AS SELECT
        images.id AS image,
        replace(
            CAST(roots.path AS TEXT),
            rtrim(
                CAST(roots.path AS TEXT),
                replace(replace(CAST(roots.path AS TEXT), '/', ''), char(92), '')
            ),
            ''
        ) || '/' || CAST(images.relative AS TEXT) AS path,
        coalesce((
            SELECT group_concat(tags.name, ' ') FROM tagged JOIN tags ON tags.id = tagged.tag
            WHERE tagged.digest = images.digest
        ), '') AS tags
    FROM images JOIN roots ON roots.id = images.root;
    INSERT INTO texts (rowid, path, tags, labels) SELECT image, path, tags, '' FROM described;
    CREATE TRIGGER image_comes AFTER INSERT ON images BEGIN
        INSERT INTO texts (rowid, path, tags, labels)
        SELECT image, path, tags, '' FROM described WHERE image = new.id;
    END;
    CREATE TRIGGER image_moves AFTER UPDATE OF root, relative ON images
    WHEN old.root <> new.root OR old.relative <> new.relative BEGIN
        UPDATE texts SET path = (SELECT path FROM described WHERE image = new.id)
        WHERE rowid = new.id;
    END;
    CREATE TRIGGER image_changes AFTER UPDATE OF digest ON images
    WHEN old.digest <> new.digest BEGIN
        DELETE FROM labelled WHERE image = new.id;
        UPDATE texts SET labels = '', tags = (SELECT tags FROM described WHERE image = new.id)
        WHERE rowid = new.id;
    END;
    CREATE TRIGGER image_goes AFTER DELETE ON images BEGIN
        DELETE FROM texts WHERE rowid = old.id;
        DELETE FROM labelled WHERE image = old.id;
        DELETE FROM looked_at WHERE image = old.id;
    END;
    CREATE TRIGGER tag_comes AFTER INSERT ON tagged BEGIN
        UPDATE texts SET tags = (SELECT tags FROM described WHERE image = texts.rowid)
        WHERE rowid IN (SELECT id FROM images WHERE digest = new.digest);
    END;
    CREATE TRIGGER tag_goes AFTER DELETE ON tagged BEGIN
        UPDATE texts SET tags = (SELECT tags FROM described WHERE image = texts.rowid)
        WHERE rowid IN (SELECT id FROM images WHERE digest = old.digest);
    END;
    """,
    # 7: other vectors that pictures have beside their embeddings, of another model or of parts;
    # they belong to a content, and a file that gets another one loses them, whoever changes it.
    # And the pictures whose embedding is zeros, because no other could be made.
    """
    CREATE TABLE layers (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        identity TEXT NOT NULL,
        model TEXT NOT NULL,
        dim INTEGER NOT NULL,
        per_image INTEGER NOT NULL,
        kind TEXT NOT NULL
    );
    CREATE TABLE layer_rows (
        layer INTEGER NOT NULL REFERENCES layers(id),
        image INTEGER NOT NULL,
        rows BLOB NOT NULL,
        PRIMARY KEY (layer, image)
    );
    CREATE TABLE blanks (image INTEGER PRIMARY KEY);
    CREATE TRIGGER image_loses_rows AFTER UPDATE OF digest ON images
    WHEN old.digest <> new.digest BEGIN
        DELETE FROM layer_rows WHERE layer IN (SELECT id FROM layers) AND image = new.id;
    END;
    CREATE TRIGGER image_takes_rows AFTER DELETE ON images BEGIN
        DELETE FROM layer_rows WHERE layer IN (SELECT id FROM layers) AND image = old.id;
        DELETE FROM blanks WHERE image = old.id;
    END;
    """,
)
"""Statements by number, from 1. A released one is never edited: a change is a new number."""

WITH_APART = 3
"""The version from which on there is a table of what is no duplicate."""

WITH_MARKS = 4
"""The version from which on there are favourites and tags."""

WITH_VIEWS = 5
"""The version from which on there are views."""

WITH_LABELS = 6
"""The version from which on there are labels, and texts to search."""

WITH_LAYERS = 7
"""The version from which on there are layers."""


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
