"""A library's folder ↔ records, embeddings, skipped files and settings; exact search over them."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np

from lookalike.errors import InputError, ModelMismatchError
from lookalike.stores.base import Embedding, Hit, Record, SkippedFile
from lookalike.stores.embedded import rows
from lookalike.stores.embedded.database import Database
from lookalike.stores.embedded.matrix import Matrix, View

_LOG = logging.getLogger(__name__)
_CACHE_TAG = """\
Signature: 8a477f597d28d172789f06886806bc55
# Lookalike's cache: it may be deleted at any time. Programs that know this mark leave it alone.
"""


class EmbeddedStore:
    """Records and embeddings in one folder; a `Catalogue`."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Open a library's folder, or with ``create`` make an empty one.

        Raises: the errors below `lookalike.errors.LibraryError`.
        """
        self.folder = folder
        self._database = Database(folder, create=create)
        try:
            settings = self.settings()
            self.reshape(int(settings.get("dim", 0)), settings.get("identity", ""))
            if not self.read_only:
                _mark_cache(folder / "cache")
        except BaseException:
            self._database.close()
            raise

    def reshape(self, dim: int, identity: str = "") -> None:
        """Expect embeddings of this length, and of the model with this identity, in this process;
        for a store that is empty."""
        self.dim = dim
        self._identity = identity
        self._matrix = Matrix(self.folder / "cache", dim, writable=not self.read_only)

    def is_empty(self) -> bool:
        """Whether there is no picture."""
        return self.count() == 0

    @property
    def read_only(self) -> bool:
        """Whether the folder cannot be written to."""
        return self._database.read_only

    # ---- the VectorStore protocol

    def upsert(self, records: Sequence[Record], embeddings: Embedding) -> None:
        """Keep records with their embeddings (n, dim), all or none; a known key is replaced."""
        self.commit(records, embeddings)

    def delete(self, ids: Collection[int]) -> int:
        """Forget pictures; returns how many there were."""
        possible = list(filter(_may_be_id, ids))
        with self._database.writing() as connection:
            revision = self._database.next_revision(connection) if possible else 0
            return sum(rows.remove(connection, revision, image) for image in possible)

    def get(self, image_id: int) -> Record | None:
        """One record, or None."""
        if not _may_be_id(image_id):
            return None
        with self._database.reading() as connection:
            row = connection.execute(f"{rows.RECORDS} WHERE images.id = ?", (image_id,)).fetchone()
        return rows.record(row) if row else None

    def embedding(self, image_id: int) -> Embedding | None:
        """One embedding of shape (dim,), or None."""
        if not _may_be_id(image_id):
            return None
        with self._one_state() as connection:
            self._begin(connection)
            row = connection.execute(
                "SELECT vector FROM embeddings WHERE image = ?", (image_id,)
            ).fetchone()
        return np.frombuffer(row[0], np.float32) if row else None

    def records(self, root: str | None = None) -> Iterator[Record]:
        """All records, or those of one root, in order of path."""
        where, values = ("WHERE roots.path = ?", (os.fsencode(root),)) if root else ("", ())
        with self._database.reading() as connection:
            found = connection.execute(f"{rows.RECORDS} {where} {rows.BY_PATH}", values).fetchall()
        return map(rows.record, found)

    def embeddings(self) -> tuple[list[Record], Embedding]:
        """All records in order of path, with their embeddings of shape (n, dim)."""
        with self._snapshot() as (connection, view):
            found = connection.execute(f"{rows.RECORDS} {rows.BY_PATH}")
            records = [rows.record(row) for row in found]
            return records, view.embeddings([record.id for record in records])

    def count(self) -> int:
        """How many pictures there are."""
        with self._database.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM images").fetchone()[0])

    def search(self, query: Embedding, k: int, *, without: Collection[int] = ()) -> list[Hit]:
        """The k records closest to a unit vector of shape (dim,), leaving out some ids.

        Every row is compared. The best are then scored again in double precision, the same way
        for each, so that pictures with equal embeddings get equal scores wherever they lie.
        """
        with self._snapshot() as (connection, view):
            best = view.search(query, k, without)
            above, tied = best.split()
            found = rows.first(connection, above, len(above))
            found += rows.first(connection, tied, k - len(above))
            best = best.only([record.id for record in found])
            distances = view.distances(query, best.positions)
        numbers = zip(best.scores.tolist(), distances.tolist(), strict=True)
        by_id = dict(zip(best.ids.tolist(), numbers, strict=True))
        return sorted((Hit(one, *by_id[one.id]) for one in found), key=_best_first)

    # ---- the ledger of the files

    def commit(
        self,
        records: Sequence[Record],
        embeddings: Embedding,
        skipped: Sequence[SkippedFile] = (),
        removed: Collection[int] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """One batch in one transaction: records with their embeddings (n, dim), the files that
        were skipped on the way, the ids of pictures that are none any more, some settings.

        Raises: InputError where the embeddings do not fit the records or the library.
        """
        if len(records) and embeddings.shape != (len(records), self.dim):
            raise InputError(
                f"Embeddings of shape {embeddings.shape} do not fit {len(records)} pictures in a "
                f"library of {self.dim} numbers each: give one row for each picture."
            )
        with self._database.writing() as connection:
            changing = len(records) + len(removed) > 0
            revision = self._database.next_revision(connection) if changing else 0
            for record, embedding in zip(records, embeddings, strict=True):
                rows.keep(connection, revision, record, embedding)
            for image in removed:
                rows.remove(connection, revision, image)
            for file in skipped:
                rows.skip(connection, file)
            rows.set_all(connection, settings or {})

    def relocate(self, moves: Iterable[tuple[Record, Record]]) -> None:
        """Move records to a new place; embeddings and ids stay."""
        with self._database.writing() as connection:
            for old, new in moves:
                rows.move(connection, old.id, new)

    def forget_skipped(self, root: str, relatives: Iterable[str]) -> None:
        """Drop files that are no longer there from the list of the skipped."""
        with self._database.writing() as connection:
            connection.executemany(
                "DELETE FROM skipped WHERE relative = ? "
                "AND root = (SELECT id FROM roots WHERE path = ?)",
                [(os.fsencode(relative), os.fsencode(root)) for relative in relatives],
            )

    def skipped(self) -> list[SkippedFile]:
        """The files that are not in the library, with the reason for each, in order of path."""
        with self._database.reading() as connection:
            found = connection.execute(f"{rows.SKIPPED} {rows.BY_PATH}").fetchall()
        return [SkippedFile(os.fsdecode(row[0]), os.fsdecode(row[1]), *row[2:]) for row in found]

    def count_skipped(self) -> int:
        """How many files were skipped."""
        with self._database.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM skipped").fetchone()[0])

    def find(self, root: str, relative: str) -> Record | None:
        """The record of one place, or None."""
        return self._first(
            "WHERE roots.path = ? AND relative = ?", (os.fsencode(root), os.fsencode(relative))
        )

    def find_content(self, digest: str) -> Record | None:
        """A record whose file has this SHA-256, or None."""
        return self._first("WHERE digest = ?", (digest,))

    def sample(self, n: int) -> list[Record]:
        """Up to n records, drawn at random."""
        chosen = "SELECT id FROM images ORDER BY random() LIMIT ?"
        with self._database.reading() as connection:
            found = connection.execute(
                f"{rows.RECORDS} WHERE images.id IN ({chosen}) ORDER BY random()", (max(n, 0),)
            ).fetchall()
        return list(map(rows.record, found))

    def roots(self) -> list[str]:
        """The folders that pictures were indexed from, in order."""
        with self._database.reading() as connection:
            found = connection.execute("SELECT path FROM roots ORDER BY path").fetchall()
        return [os.fsdecode(row[0]) for row in found]

    def drop_root(self, root: str) -> None:
        """Forget a root that holds neither pictures nor skipped files any more."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM roots WHERE path = ?", (os.fsencode(root),))

    def settings(self) -> dict[str, str]:
        """All settings."""
        with self._database.reading() as connection:
            return rows.settings(connection)

    def set(self, **settings: str) -> None:
        """Keep settings."""
        with self._database.writing() as connection:
            rows.set_all(connection, settings)

    # ---- care

    def size(self) -> int:
        """What the database and the matrix take on disk, in bytes."""
        files = [*self.folder.glob("library.sqlite*"), *self.folder.glob("cache/*.npy")]
        return sum(map(_bytes, files))

    def problems(self) -> list[str]:
        """What is wrong with the database, one sentence each."""
        with self._database.reading() as connection:
            found = [
                f"SQLite reports: {row[0]}."
                for row in connection.execute("PRAGMA quick_check")
                if row[0] != "ok"
            ]
            found += rows.inconsistencies(connection, self.dim)
        return found

    def save_caches(self) -> None:
        """Write the matrix's snapshot, and fold the log into the database."""
        with self._snapshot(save=True):
            pass
        self._database.tidy()

    def close(self) -> None:
        """Let go of the files."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _first(self, where: str, values: tuple[object, ...]) -> Record | None:
        with self._database.reading() as connection:
            row = connection.execute(
                f"{rows.RECORDS} {where} {rows.BY_PATH} LIMIT 1", values
            ).fetchone()
        return rows.record(row) if row else None

    @contextmanager
    def _snapshot(self, *, save: bool = False) -> Iterator[tuple[sqlite3.Connection, View]]:
        """A connection that sees one state of the database, and the matrix of that state."""
        with self._one_state() as connection:
            yield connection, self._matrix.view(connection, self._begin, save=save)

    @contextmanager
    def _one_state(self) -> Iterator[sqlite3.Connection]:
        """A connection whose transaction, once it is begun, ends with the block."""
        with self._database.reading() as connection:
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")

    def _begin(self, connection: sqlite3.Connection) -> int:
        """Begin to see one state of the database; tells its revision.

        Raises: ModelMismatchError where its embeddings are not those that this process expects:
            another process may empty a library and fill it by another model.
        """
        connection.execute("BEGIN")
        now = rows.settings(connection)
        known = (now.get("identity", ""), int(now.get("dim", 0)))
        if known != (self._identity, self.dim) and rows.any_picture(connection):
            raise ModelMismatchError(
                f"The library {self.folder} now holds embeddings of another model "
                f"({now.get('model', 'unknown')}): open it again."
            )
        return int(now.get("revision", 0))


def _best_first(hit: Hit) -> tuple[float, bytes, bytes]:
    return -hit.score, os.fsencode(hit.record.root), os.fsencode(hit.record.relative)


def _may_be_id(number: int) -> bool:
    """Whether SQLite can compare the number with ids: anybody may ask for any."""
    return 0 < number < 1 << 63


def _bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # logs and snapshots come and go with other processes
        return 0


def _mark_cache(folder: Path) -> None:
    """Say in the standard way that a folder is a cache: neither backups nor our own walks of the
    pictures want it, and a library may lie among the pictures."""
    tag = folder / "CACHEDIR.TAG"
    try:
        if not tag.exists():
            folder.mkdir(exist_ok=True)
            tag.write_text(_CACHE_TAG, "ascii")
    except OSError as error:  # on a full disk the library can be read all the same
        _LOG.info("the cache is not marked: %s", error)
