"""A library's folder ↔ records, embeddings, skipped files and settings; exact search over them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

import numpy as np

from lookalike.errors import InputError, LibraryReplacedError, ModelMismatchError
from lookalike.stores.base import (
    Answers,
    Embedding,
    Filter,
    Hit,
    Ids,
    Ranking,
    Record,
    Scores,
    SearchIndex,
    SkippedFile,
)
from lookalike.stores.embedded import copying, rows, sound
from lookalike.stores.embedded.cachetag import mark_cache
from lookalike.stores.embedded.copied import Copied
from lookalike.stores.embedded.database import Database
from lookalike.stores.embedded.filters import matching
from lookalike.stores.embedded.found import (
    exactly_of,
    hits_of,
    ranking_of,
    stretch_of,
)
from lookalike.stores.embedded.given import Given
from lookalike.stores.embedded.ledger import may_be_id
from lookalike.stores.embedded.matrix import Matrix
from lookalike.stores.embedded.recent import Recent
from lookalike.stores.embedded.scores import Scored, measured
from lookalike.stores.embedded.segments import DamagedCacheError
from lookalike.stores.embedded.stretch import Exactly
from lookalike.stores.embedded.view import View

_Made = TypeVar("_Made")


class EmbeddedStore(Copied):
    """Records and embeddings in one folder; a `Catalogue`."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Open a library's folder, or with ``create`` make an empty one.

        Raises: the errors below `lookalike.errors.LibraryError`.
        """
        self.folder = folder
        self._recent = Recent()
        super().__init__(Database(folder, create=create))
        try:
            settings = self.settings()
            self._restored = settings.get(copying.RESTORED, "")
            self._laid = self._database.place()
            self.reshape(int(settings.get("dim", 0)), settings.get("identity", ""))
            if not self.read_only:
                mark_cache(folder / "cache")
        except BaseException:
            self._database.close()
            raise

    def reshape(self, dim: int, identity: str = "") -> None:
        """Expect embeddings of this length, and of the model with this identity, in this process;
        for a store that is empty."""
        self.dim = dim
        self._identity = identity
        self._matrix = Matrix(
            self.folder / "cache",
            dim,
            writable=not self.read_only,
            begin=self._begin,
            upkeep=self._bring,
        )

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
        possible = list(filter(may_be_id, ids))
        with self._database.writing() as connection:
            revision = self._database.next_revision(connection) if possible else 0
            return sum(rows.remove(connection, revision, image) for image in possible)

    def embedding(self, image_id: int) -> Embedding | None:
        """One embedding of shape (dim,), or None."""
        if not may_be_id(image_id):
            return None
        with self._one_state() as connection:
            self._begin(connection)
            row = connection.execute(
                "SELECT vector FROM embeddings WHERE image = ?", (image_id,)
            ).fetchone()
        return np.frombuffer(row[0], np.float32) if row else None

    def embeddings(self) -> tuple[list[Record], Embedding]:
        """All records in order of path, with their embeddings of shape (n, dim)."""
        with self._one_state() as connection:
            self._begin(connection)
            found = connection.execute(f"{rows.RECORDS} {rows.BY_PATH}")
            records = [rows.record(row) for row in found]
            ids = np.array([record.id for record in records], np.int64)
            result = np.empty((len(ids), self.dim), np.float32)
            order = np.argsort(ids)
            at = 0
            for some, block in rows.embeddings_of(connection, ids[order], self.dim):
                result[order[at : at + len(some)]] = block
                at += len(some)
        return records, result

    def embedding_blocks(self, ids: Ids | None = None) -> Iterator[tuple[Ids, Embedding]]:
        """All embeddings (n, dim) with their ids (n,), or those of some ids in rising order, a
        block at a time, in order of id."""
        with self._one_state() as connection:
            self._begin(connection)
            if ids is None:
                yield from rows.embeddings_since(connection, 0, self.dim)
            else:
                yield from rows.embeddings_of(connection, ids, self.dim)

    def versions(self) -> tuple[Ids, Ids]:
        """The ids (n,) of all pictures, rising, and the revisions (n,) of their embeddings."""
        with self._one_state() as connection:
            self._begin(connection)
            return rows.versions(connection)

    def search(
        self,
        query: Embedding,
        k: int,
        *,
        without: Collection[int] = (),
        where: Filter | None = None,
        exact: bool = False,
    ) -> list[Hit]:
        """The k records closest to a unit vector of shape (dim,), leaving out some ids.

        The matrix names those that may be among the best. They are then scored in double
        precision, the same way for each, so that pictures with equal embeddings get equal
        scores wherever they lie.
        """
        without = list(filter(may_be_id, without))
        with self._snapshot() as (connection, view):
            among = None if where is None else matching(connection, where)
            try:
                may_be = view.search(
                    connection, query, k, without=without, among=among, exact=exact
                )
                best = measured(query, view.embeddings(connection, may_be)).top(k)
            except DamagedCacheError as error:
                self._matrix.discard(view, error)
            else:
                return hits_of(connection, best, k)
        return self.search(query, k, without=without, where=where, exact=exact)

    def answers(
        self,
        query: Embedding | Scores,
        k: int,
        *,
        offset: int = 0,
        without: Collection[int] = (),
        where: Filter | None = None,
        distribution: bool = False,
        fold: Mapping[int, int] | None = None,
    ) -> Answers:
        """The k records after the ``offset`` closest, of all that `search` might give; every one
        is compared. The ``distribution`` counts the exact scores of all answers. ``fold`` gives
        the same number to what shows the same: the first is an answer, the others its copies.
        `Scores` take the place of the cosines.
        """
        wanted = partial(stretch_of, fold=fold, offset=offset, k=k, distribution=distribution)
        return self._of_all(query, without, where, wanted)

    def ranking(
        self,
        query: Embedding | Scores,
        k: int,
        *,
        without: Collection[int] = (),
        where: Filter | None = None,
        fold: Mapping[int, int] | None = None,
    ) -> Ranking:
        """The first k of all `answers` in their order, by numbers alone."""

        def ranked(connection: sqlite3.Connection, every: Scored, exactly: Exactly) -> Ranking:
            ranks = self._shelf.columns(connection).ranks_of
            return ranking_of(ranks, every, exactly, fold=fold, k=k)

        return self._of_all(query, without, where, ranked)

    def _of_all(
        self,
        query: Embedding | Scores,
        without: Collection[int],
        where: Filter | None,
        made: Callable[[sqlite3.Connection, Scored, Exactly], _Made],
    ) -> _Made:
        """What is made of the scores of all pictures that pass.

        What comparing all has given is kept for the next stretch, until the library changes.
        """
        without = list(filter(may_be_id, without))
        with self._snapshot() as (connection, view):
            try:
                every, exactly = self._compared(connection, view, query, without, where)
                return made(connection, every, exactly)
            except DamagedCacheError as error:
                self._matrix.discard(view, error)
        return self._of_all(query, without, where, made)

    def _compared(
        self,
        connection: sqlite3.Connection,
        view: View,
        query: Embedding | Scores,
        without: Collection[int],
        where: Filter | None,
    ) -> tuple[Scored, Exactly]:
        """The rough scores of all pictures that pass, and what makes them exact."""
        among = None if where is None else matching(connection, where)
        if isinstance(query, Scores):
            given = Given(query)
            passing = view.living(connection) if among is None else among
            return given.of(passing).but(without), given.exactly
        compare = partial(view.scores, connection, query, among=among)
        every = self._recent.scores(query, view.revision, without, among, compare)
        return every, exactly_of(query, view, connection)

    def search_index(self) -> SearchIndex:
        """How `search` finds its answers at present."""
        with self._snapshot() as (connection, view):
            count = rows.count_since(connection, 0)
            saved = view.saved.count - view.wasted
            probes = view.probes(30)
            return SearchIndex(
                cells=len(view.cells) if view.cells and probes else 0,
                probes=probes,
                recall=view.cells.recall if view.cells and probes else 1.0,
                saved=saved,
                waiting=count - saved,
            )

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

    # ---- care

    def size(self) -> int:
        """What the database and the matrix take on disk, in bytes."""
        files = [*self.folder.glob("library.sqlite*"), *self.folder.glob("cache/*.np[yz]")]
        return sum(map(_bytes, files))

    def problems(self) -> list[str]:
        """What is wrong with the database, one sentence each; a cache that is damaged is left
        aside."""
        with self._one_state() as connection:
            found = (
                sound.damages(connection)
                or rows.inconsistencies(connection, self.dim)
                or sound.losses(connection)
            )
            if not found:
                self._matrix.verify(connection)
        return found

    def save_caches(self) -> None:
        """Bring the matrix's cache up to date, and fold the log into the database."""
        self._bring()
        self._database.tidy()

    def close(self) -> None:
        """Let go of the files."""
        self._shelf.clear()
        self._matrix.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _bring(self, stop: threading.Event | None = None) -> None:
        """Save the matrix, and note in the database, which may go on and lose every other trace of
        that revision, that its cache is one of this history."""
        with self._one_state() as connection:
            revision = self._matrix.bring(connection, stop)
        if revision:
            self.set(cached=str(revision))

    @contextmanager
    def _snapshot(self) -> Iterator[tuple[sqlite3.Connection, View]]:
        """A connection that sees one state of the database, and the matrix of that state."""
        with self._one_state() as connection:
            yield connection, self._matrix.view(connection)

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
        if now.get(copying.RESTORED, "") != self._restored:  # no revision is what it was
            raise LibraryReplacedError(
                f"The library {self.folder} was restored from a backup: open it again."
            )
        return int(now.get("revision", 0))


def _bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # logs and snapshots come and go with other processes
        return 0
