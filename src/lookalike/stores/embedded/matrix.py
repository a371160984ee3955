"""The embeddings of a database → one matrix in memory that follows every commit.

A snapshot of the matrix lies in the cache folder and is memory-mapped, so that opening a library
costs nothing; what has been committed since is laid over it. The snapshot may be deleted at any
time: it is then read from the database and written again.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import tokenize
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lookalike.stores.base import Embedding

_LOG = logging.getLogger(__name__)
_Ids = npt.NDArray[np.int64]
_ROUNDING = 1e-5  # more than float32 sums differ by, whatever order they are added up in
_NOT_NPY = (ValueError, SyntaxError, EOFError, TypeError, OverflowError, tokenize.TokenError)
_OVERLAY_LIMIT = 4096  # rows beyond which, and beyond a quarter, a new snapshot is worth writing


@dataclass(frozen=True)
class View:
    """The matrix at one revision: parts of shape (n_i, dim) with their ids, less the dead rows."""

    revision: int
    parts: tuple[tuple[_Ids, Embedding], ...]
    dead: frozenset[int]  # positions over all parts, of rows that were removed or replaced

    @property
    def differs(self) -> bool:
        """Whether anything is laid over the snapshot."""
        return len(self.parts) > 1 or bool(self.dead)

    @property
    def ids(self) -> _Ids:
        """The id of each row, over all parts."""
        return np.concatenate([ids for ids, _ in self.parts])

    def embeddings(self, ids: Sequence[int]) -> Embedding:
        """The embeddings of some pictures, in the order asked for, as a new array."""
        all_ids = self.ids
        living = np.setdiff1d(np.arange(len(all_ids)), np.array(sorted(self.dead), np.intp))
        order = living[np.argsort(all_ids[living], kind="stable")]
        return self._rows(order[np.searchsorted(all_ids[order], np.array(ids, np.int64))])

    def search(
        self, query: Embedding, k: int, without: Collection[int] = ()
    ) -> list[tuple[int, float, float]]:
        """(id, score, distance) of the k best and of all that tie with the last of them.

        Every row is compared, in single precision. The best are scored again in double
        precision, each row in the same way, so that equal embeddings get equal scores wherever
        they lie; scores are given to six decimals.
        """
        all_ids = self.ids
        scores = np.concatenate(
            [rows @ np.ascontiguousarray(query, np.float32) for _, rows in self.parts]
        )
        scores[list(self.dead)] = -np.inf
        if without:
            scores[np.isin(all_ids, list(without))] = -np.inf
        best = _candidates(scores, k)
        exact, distances = _exact(self._rows(best), query)
        return list(zip(all_ids[best].tolist(), exact.tolist(), distances.tolist(), strict=True))

    def _rows(self, positions: npt.NDArray[np.intp]) -> Embedding:
        result = np.empty((len(positions), self.parts[0][1].shape[1]), np.float32)
        start = 0
        for ids, rows in self.parts:
            inside = (positions >= start) & (positions < start + len(ids))
            result[inside] = rows[positions[inside] - start]
            start += len(ids)
        return result


class Matrix:
    """Keeps a `View` up to date; many threads may ask for it."""

    def __init__(self, folder: Path, dim: int, *, writable: bool) -> None:
        self._folder = folder
        self._dim = dim
        self._writable = writable
        self._guard = threading.Lock()
        self._view: View | None = None
        self._overlay = np.empty((0, dim), np.float32)  # grows by doubling; views see a prefix
        self._overlay_ids = np.empty(0, np.int64)

    def view(
        self,
        connection: sqlite3.Connection,
        begin: Callable[[sqlite3.Connection], int],
        *,
        save: bool = False,
    ) -> View:
        """The matrix as the connection sees it; ``save`` brings the snapshot on disk up to date.

        ``begin`` starts the connection's transaction and tells its revision. It is called here,
        one thread after the other: a matrix that another thread has taken further would name
        pictures that an older transaction does not see.
        """
        with self._guard:
            revision = begin(connection)
            if self._view is None:
                self._view = self._load(connection)
            if self._view.revision < revision:
                self._view = self._follow(connection, self._view, revision)
            if self._outgrown(self._view) or (save and self._view.differs):
                self._view = self._snapshot(self._view)
            return self._view

    def _load(self, connection: sqlite3.Connection) -> View:
        for file in sorted(self._folder.glob("matrix-*.npy"), reverse=True):
            view = self._open_snapshot(connection, file)
            if view is not None:
                return view
        return View(
            0, ((np.empty(0, np.int64), np.empty((0, self._dim), np.float32)),), frozenset()
        )

    def _open_snapshot(self, connection: sqlite3.Connection, file: Path) -> View | None:
        """A snapshot is good where the database still has the very commit that it names."""
        try:
            revision = int(file.stem.removeprefix("matrix-"))
            if not _has_commit(connection, revision):
                return None
            ids = np.load(file.with_name(f"ids-{revision}.npy"))
            rows = np.load(file, mmap_mode="r")
        except (OSError, MemoryError, *_NOT_NPY) as error:
            _LOG.info("snapshot %s is left aside: %s", file.name, error)
            return None
        fits = (
            (ids.dtype, rows.dtype) == (np.int64, np.float32)
            and ids.ndim == 1
            and rows.shape == (len(ids), self._dim)
        )
        return View(revision, ((ids, rows),), frozenset()) if fits else None

    def _follow(self, connection: sqlite3.Connection, view: View, revision: int) -> View:
        """Lay over a view what was committed after it."""
        fresh = connection.execute(
            "SELECT image, vector FROM embeddings WHERE revision > ? ORDER BY image",
            (view.revision,),
        ).fetchall()
        removed = connection.execute(
            "SELECT image FROM removals WHERE revision > ?", (view.revision,)
        ).fetchall()
        stale = {row[0] for row in fresh} | {row[0] for row in removed}
        dead = view.dead | frozenset(np.flatnonzero(np.isin(view.ids, list(stale))).tolist())
        base = view.parts[0]
        used = sum(len(ids) for ids, _ in view.parts[1:])
        overlay = self._append(used, fresh)
        parts = (base, overlay) if len(overlay[0]) else (base,)
        return View(revision, parts, dead)

    def _append(self, used: int, fresh: list[tuple[int, bytes]]) -> tuple[_Ids, Embedding]:
        need = used + len(fresh)
        if need > len(self._overlay_ids):
            capacity = max(need, 2 * used)
            rows = np.empty((capacity, self._dim), np.float32)
            ids = np.empty(capacity, np.int64)
            rows[:used], ids[:used] = self._overlay[:used], self._overlay_ids[:used]
            self._overlay, self._overlay_ids = rows, ids
        for at, (image, vector) in enumerate(fresh, start=used):
            self._overlay[at] = np.frombuffer(vector, np.float32)
            self._overlay_ids[at] = image
        return self._overlay_ids[:need], self._overlay[:need]

    def _outgrown(self, view: View) -> bool:
        base = len(view.parts[0][0])
        overlay = sum(len(ids) for ids, _ in view.parts[1:])
        waste = max(overlay, len(view.dead))
        return waste > _OVERLAY_LIMIT and waste > base // 4

    def _snapshot(self, view: View) -> View:
        ids = np.sort(np.delete(view.ids, sorted(view.dead)))
        rows = view.embeddings(ids.tolist())
        self._overlay = np.empty((0, self._dim), np.float32)
        self._overlay_ids = np.empty(0, np.int64)
        if self._writable:
            rows = self._write(ids, rows, view.revision)
        return View(view.revision, ((ids, rows),), frozenset())

    def _write(self, ids: _Ids, rows: Embedding, revision: int) -> Embedding:
        """Write the snapshot and return it memory-mapped; where it cannot be, only time is lost."""
        file = self._folder / f"matrix-{revision}.npy"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write_whole(self._folder / f"ids-{revision}.npy", ids)
            _write_whole(file, rows)
            self._drop_older(revision)
            return np.load(file, mmap_mode="r")  # type: ignore[no-any-return]
        except OSError as error:
            _LOG.warning("the matrix is not cached: %s", error)
            return rows

    def _drop_older(self, revision: int) -> None:
        for file in [*self._folder.glob("matrix-*.npy"), *self._folder.glob("ids-*.npy")]:
            if not file.stem.endswith(f"-{revision}"):
                try:
                    file.unlink()
                except OSError as error:  # Windows keeps a file that somebody has mapped
                    _LOG.debug("%s stays for now: %s", file.name, error)


def _candidates(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.intp]:
    """Positions of every row that may be among the k best once it is scored exactly."""
    living = int(np.count_nonzero(scores != -np.inf))
    k = min(k, living)
    if k == 0:
        return np.empty(0, np.intp)
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    return np.flatnonzero(scores >= max(least - _ROUNDING, np.finfo(np.float32).min))


def _exact(
    rows: Embedding, query: Embedding
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Cosines and L2 distances of unit vectors in double precision, to six decimals."""
    vectors, one = _unit(rows.astype(np.float64)), _unit(query.astype(np.float64))
    cosines = np.clip((vectors * one).sum(axis=1), -1.0, 1.0)
    distances = np.sqrt(((vectors - one) ** 2).sum(axis=1))
    return np.round(cosines, 6), np.round(distances, 6)


def _unit(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    length = np.sqrt((vectors**2).sum(axis=-1, keepdims=True))
    return vectors / np.where(length > 0, length, 1.0)


def _has_commit(connection: sqlite3.Connection, revision: int) -> bool:
    row = connection.execute(
        """SELECT EXISTS (SELECT 1 FROM settings WHERE name = 'revision' AND value = :text)
               OR EXISTS (SELECT 1 FROM embeddings WHERE revision = :number)
               OR EXISTS (SELECT 1 FROM removals WHERE revision = :number)""",
        {"text": str(revision), "number": revision},
    ).fetchone()
    return bool(row[0])


def _write_whole(file: Path, array: npt.NDArray[np.generic]) -> None:
    """Under its name there is all of it or nothing: it is written aside and renamed."""
    aside = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        with aside.open("wb") as stream:
            np.save(stream, array)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
