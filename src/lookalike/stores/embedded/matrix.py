"""The embeddings of a database → one matrix in memory that follows every commit.

A snapshot of the matrix lies in the cache folder and is memory-mapped: the first question reads
the ids, eight bytes a picture, and every row, from the disk where the system does not hold it yet.
What has been committed since is laid over it. The snapshot may be deleted at any time: it is then
read from the database and written again.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
import tokenize
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lookalike.stores.base import Embedding

_LOG = logging.getLogger(__name__)
_Ids = npt.NDArray[np.int64]
_Positions = npt.NDArray[np.intp]
_Doubles = npt.NDArray[np.float64]
_ROUNDING = 1e-5  # more than float32 sums differ by, whatever order they are added up in
_NOT_NPY = (ValueError, SyntaxError, EOFError, TypeError, OverflowError, tokenize.TokenError)
_LOWEST = float(np.finfo(np.float32).min)
_NONE = np.empty(0, np.intp)
_BLOCK = 32  # rows scored at a time in double precision: what fits into a processor's cache
_ABANDONED = 86_400.0  # seconds after which nobody is still writing a file
_OVERLAY_LIMIT = 4096  # rows beyond which, and beyond a quarter, a new snapshot is worth writing


@dataclass(frozen=True, eq=False)
class Best:
    """Rows in no order, as arrays of shape (n,): their positions, ids, and scores to six decimals.

    The k best of a search are among them, and all that tie with the last of those.
    """

    positions: _Positions
    ids: _Ids
    scores: _Doubles

    def split(self) -> tuple[list[int], list[int]]:
        """The ids above the lowest score, and those at it."""
        tied = self.scores <= self.scores.min(initial=np.inf)
        return self.ids[~tied].tolist(), self.ids[tied].tolist()

    def only(self, ids: Sequence[int]) -> Best:
        """Those with some of the ids."""
        chosen = np.isin(self.ids, np.array(ids, np.int64))
        return Best(self.positions[chosen], self.ids[chosen], self.scores[chosen])


@dataclass(frozen=True, eq=False)
class View:
    """The matrix at one revision: parts of shape (n_i, dim) with their ids, less the dead rows."""

    revision: int
    parts: tuple[tuple[_Ids, Embedding], ...]
    dead: _Positions  # over all parts, in order; of rows that were removed or replaced

    @property
    def differs(self) -> bool:
        """Whether anything is laid over the snapshot."""
        return len(self.parts) > 1 or len(self.dead) > 0

    @cached_property
    def ids(self) -> _Ids:
        """The id of each row, over all parts."""
        (first, _), *more = self.parts
        return np.concatenate([first, *(ids for ids, _ in more)]) if more else first

    def embeddings(self, ids: Sequence[int]) -> Embedding:
        """The embeddings of some pictures, in the order asked for, as a new array."""
        living = np.setdiff1d(np.arange(len(self.ids)), self.dead, assume_unique=True)
        order = living[np.argsort(self.ids[living], kind="stable")]
        return self._rows(order[np.searchsorted(self.ids[order], np.array(ids, np.int64))])

    def search(self, query: Embedding, k: int, without: Collection[int] = ()) -> Best:
        """The k best and all that tie with the last of them.

        Every row is compared, in single precision. The best are scored again in double
        precision, each row in the same way, so that equal embeddings get equal scores wherever
        they lie.
        """
        rough = self._rough(query)
        rough[self.dead] = -np.inf
        if without:
            rough[np.isin(self.ids, list(without))] = -np.inf
        may_be = _candidates(rough, k)
        one = _unit(query.astype(np.float64))
        scores = self._measured(may_be, lambda rows: _cosines(rows, one))
        best = scores >= _kth(scores, k)
        return Best(may_be[best], self.ids[may_be[best]], scores[best])

    def distances(self, query: Embedding, positions: _Positions) -> _Doubles:
        """The L2 distances of some rows from a query, both as unit vectors; to six decimals."""
        one = _unit(query.astype(np.float64))
        return self._measured(positions, lambda rows: _distances(rows, one))

    def _rough(self, query: Embedding) -> npt.NDArray[np.float32]:
        scores = np.empty(len(self.ids), np.float32)
        one = np.ascontiguousarray(query, np.float32)
        start = 0
        for ids, rows in self.parts:
            np.matmul(rows, one, out=scores[start : start + len(ids)])
            start += len(ids)
        return scores

    def _measured(self, positions: _Positions, measure: Callable[[_Doubles], _Doubles]) -> _Doubles:
        """One number for each row. A block at a time: thousands of pictures may be equal."""
        result = np.empty(len(positions), np.float64)
        for start in range(0, len(positions), _BLOCK):
            block = slice(start, start + _BLOCK)
            result[block] = measure(self._rows(positions[block]).astype(np.float64))
        return np.round(result, 6)

    def _rows(self, positions: _Positions) -> Embedding:
        if len(self.parts) == 1:
            return self.parts[0][1].take(positions, axis=0)
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
        nothing = (np.empty(0, np.int64), np.empty((0, self._dim), np.float32))
        return View(0, (nothing,), _NONE)

    def _open_snapshot(self, connection: sqlite3.Connection, file: Path) -> View | None:
        """A snapshot is good where the database still has the very commit that it names."""
        try:
            revision = int(file.stem.removeprefix("matrix-"))
            if not _has_commit(connection, revision):
                return None
            ids = np.load(file.with_name(f"ids-{revision}.npy"))
            rows = _mapped(file)
        except (OSError, MemoryError, *_NOT_NPY) as error:
            _LOG.info("snapshot %s is left aside: %s", file.name, error)
            return None
        fits = (
            ids.dtype == np.int64
            and rows.dtype == np.float32
            and ids.ndim == 1
            and rows.shape == (len(ids), self._dim)
        )
        return View(revision, ((ids, rows),), _NONE) if fits else None

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
        dead = np.union1d(view.dead, np.flatnonzero(np.isin(view.ids, list(stale))))
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
        ids = np.sort(np.delete(view.ids, view.dead))
        rows = view.embeddings(ids.tolist())
        self._overlay = np.empty((0, self._dim), np.float32)
        self._overlay_ids = np.empty(0, np.int64)
        if self._writable:
            rows = self._write(ids, rows, view.revision)
        return View(view.revision, ((ids, rows),), _NONE)

    def _write(self, ids: _Ids, rows: Embedding, revision: int) -> Embedding:
        """Write the snapshot and return it memory-mapped; where it cannot be, only time is lost."""
        file = self._folder / f"matrix-{revision}.npy"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write_whole(self._folder / f"ids-{revision}.npy", ids)
            _write_whole(file, rows)
            self._drop_older(revision)
            return _mapped(file)
        except OSError as error:
            _LOG.warning("the matrix is not cached: %s", error)
            return rows

    def _drop_older(self, revision: int) -> None:
        """Drop what other revisions left, and what processes that were killed left half written."""
        older = [*self._folder.glob("matrix-*.npy"), *self._folder.glob("ids-*.npy")]
        stale = [file for file in older if not file.stem.endswith(f"-{revision}")]
        for file in [*stale, *filter(_is_abandoned, self._folder.glob("*.part"))]:
            try:
                file.unlink(missing_ok=True)
            except OSError as error:  # Windows keeps a file that somebody has mapped
                _LOG.debug("%s stays for now: %s", file.name, error)


def _candidates(scores: npt.NDArray[np.float32], k: int) -> _Positions:
    """Positions of every row that may be among the k best once it is scored exactly."""
    living = int(np.count_nonzero(scores != -np.inf))
    least = _kth(scores, min(k, living))
    return np.flatnonzero(scores >= max(least - _ROUNDING, _LOWEST))


def _kth(scores: npt.NDArray[np.float32] | _Doubles, k: int) -> float:
    """The k-th best score, or the last; infinite where none is wanted."""
    k = min(k, len(scores))
    return float(np.partition(scores, len(scores) - k)[len(scores) - k]) if k > 0 else np.inf


def _cosines(rows: _Doubles, one: _Doubles) -> _Doubles:
    """Each row is summed up in the same order, which a matrix product does not promise."""
    products: _Doubles = (rows * one).sum(axis=1, keepdims=True)
    return np.clip(products / _lengths(rows), -1.0, 1.0)[:, 0]


def _distances(rows: _Doubles, one: _Doubles) -> _Doubles:
    sums: _Doubles = ((_unit(rows) - one) ** 2).sum(axis=1)
    return np.sqrt(sums)


def _unit(vectors: _Doubles) -> _Doubles:
    units: _Doubles = vectors / _lengths(vectors)
    return units


def _lengths(vectors: _Doubles) -> _Doubles:
    """Of shape (..., 1); 1 for a vector of zeros, which stays what it is."""
    lengths = np.sqrt((vectors**2).sum(axis=-1, keepdims=True))
    return np.where(lengths > 0, lengths, 1.0)


def _has_commit(connection: sqlite3.Connection, revision: int) -> bool:
    row = connection.execute(
        """SELECT EXISTS (SELECT 1 FROM settings WHERE name = 'revision' AND value = :text)
               OR EXISTS (SELECT 1 FROM embeddings WHERE revision = :number)
               OR EXISTS (SELECT 1 FROM removals WHERE revision = :number)""",
        {"text": str(revision), "number": revision},
    ).fetchone()
    return bool(row[0])


def _is_abandoned(file: Path) -> bool:
    try:
        return file.stat().st_mtime < time.time() - _ABANDONED
    except FileNotFoundError:  # renamed just now
        return False


def _mapped(file: Path) -> npt.NDArray[Any]:
    """An array that stays on disk; as a plain one, which is quicker to take rows from."""
    mapped: npt.NDArray[Any] = np.load(file, mmap_mode="r")
    return mapped.view(np.ndarray)


def _write_whole(file: Path, array: npt.NDArray[np.generic]) -> None:
    """Under its name there is all of it or nothing: it is written aside and renamed."""
    aside = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        with aside.open("wb") as stream:
            np.save(stream, array)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
