"""The embeddings of a database → one matrix that follows every commit.

Most of it lies in the cache folder and is memory-mapped; what has been committed since is laid
over it. The cache may be deleted or damaged at any time: it is then read from the database and
written again, at once where that takes a moment, in the background where it takes longer.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from lookalike.errors import LookalikeError
from lookalike.stores.embedded import manifest, rows
from lookalike.stores.embedded.builder import EXACT_BYTES, Builder, StoppedError
from lookalike.stores.embedded.manifest import Mark, Saved
from lookalike.stores.embedded.scores import Ids
from lookalike.stores.embedded.segments import DamagedCacheError, Mask
from lookalike.stores.embedded.view import Overlay, View

_LOG = logging.getLogger(__name__)
_OVERLAY_BYTES = 64 << 20  # of embeddings that are laid over in memory
_WORTH = 4096  # rows laid over beyond which, and beyond a quarter, saving them is worth it
_PAUSE = 60.0  # seconds before what could not be written is tried again
_PATIENCE = 10.0  # seconds to wait for a builder that was asked to stop
_NONE = np.empty(0, np.int64)

Begin = Callable[[sqlite3.Connection], int]
"""Starts the transaction of a connection, and tells the revision that it sees."""


class Matrix:
    """Keeps a `View` up to date; many threads may ask for it.

    ``upkeep`` is what a thread calls, with an event that ends it early, in order to `bring` what
    is saved up to date in the background.
    """

    def __init__(
        self,
        folder: Path,
        dim: int,
        *,
        writable: bool,
        begin: Begin,
        upkeep: Callable[[threading.Event], None],
    ) -> None:
        self._folder = folder
        self._dim = dim
        self._writable = writable
        self._begin = begin
        self._upkeep = upkeep
        self._guard = threading.Lock()
        self._view: View | None = None
        self._mark: Mark = None  # of the manifest that the view was made from
        self._bad: Mark = None  # of a manifest whose files are damaged
        self._overlay = Overlay.empty(dim)  # grows by doubling; views see a prefix
        self._lost = False  # nothing that was saved could be used
        self._not_before = 0.0  # when building may be tried again
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def view(self, connection: sqlite3.Connection) -> View:
        """The matrix as the connection sees it, whose transaction begins here.

        One thread after the other: a matrix that another thread has taken further would name
        pictures that an older transaction does not see.
        """
        with self._guard:
            revision = self._begin(connection)
            view = self._view
            if view is None or view.revision > revision or self._has_been_saved(view):
                view = self._load(connection)
            if view.revision < revision:
                view = self._follow(connection, view, revision)
            if self._is_worth_saving(view) and self._may_try():
                view = self._mend(connection, view)
            self._view = view
            return view

    def bring(
        self, connection: sqlite3.Connection, stop: threading.Event | None = None
    ) -> int | None:
        """Bring what is saved up to what the connection sees, whose transaction begins here.

        Returns the revision that has been saved, or None where nothing was. Raises StoppedError
        where ``stop`` is set meanwhile.
        """
        if not self._writable:
            return None
        revision = self._begin(connection)
        saved, mark = self._saved(connection)
        built = None
        if saved.revision != revision:
            built = self._build(connection, saved, mark, revision, stop or threading.Event())
        if (built or saved).revision == revision:
            with self._guard:
                if self._view is not None and self._view.saved.revision != revision:
                    self._view = None
        return revision if built else None

    def verify(self, connection: sqlite3.Connection) -> None:
        """Hold all that is saved against its checksums; what is damaged is left aside."""
        self._begin(connection)
        saved, mark = self._saved(connection)
        try:
            for segment in saved.segments:
                segment.verify()
        except DamagedCacheError as error:
            with self._guard:
                self._leave_aside(error, mark)
                self._view = None

    def discard(self, view: View, error: DamagedCacheError) -> None:
        """Look no more at what a view was made from, because it is damaged."""
        with self._guard:
            if self._view is not None and self._view.saved is view.saved:
                self._leave_aside(error, self._mark)
                self._view = None

    def close(self) -> None:
        """End the builder; what it has written so far goes."""
        self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_PATIENCE)

    # ---- following the database

    def _load(self, connection: sqlite3.Connection) -> View:
        self._overlay = Overlay.empty(self._dim)
        saved, self._mark = self._saved(connection)
        self._lost = not saved.revision
        return View(saved.revision, saved, saved.dead, self._overlay)

    def _saved(self, connection: sqlite3.Connection) -> tuple[Saved, Mark]:
        """What is saved, and the mark of the manifest that names it."""
        while (mark := self._lies()) is not None and mark != self._bad:
            try:
                return Saved.load(self._folder, self._dim, connection), mark
            except DamagedCacheError as error:
                if self._lies() == mark:  # else another process has just dropped what it named
                    self._leave_aside(error, mark)
        return Saved(), mark

    def _lies(self) -> Mark:
        return manifest.mark(self._folder)

    def _leave_aside(self, error: DamagedCacheError, mark: Mark) -> None:
        _LOG.warning("The search cache in %s is left aside and made anew: %s.", self._folder, error)
        self._bad = mark
        if self._writable and self._lies() == mark:
            manifest.drop(self._folder)

    def _follow(self, connection: sqlite3.Connection, view: View, revision: int) -> View:
        """Lay over a view what was committed after it."""
        nothing_yet = not view.saved.segments and not len(view.overlay)
        gone = _NONE if nothing_yet else rows.gone_since(connection, view.revision)
        dead = [
            _also(mask, segment.positions(gone))
            for segment, mask in zip(view.saved.segments, view.dead, strict=True)
        ]
        fresh = rows.count_since(connection, view.revision)
        room = _OVERLAY_BYTES // (4 * max(1, self._dim))
        if view.tail is not None or len(view.overlay) + fresh > room:
            self._overlay = Overlay.empty(self._dim)
            return View(revision, view.saved, tuple(dead), self._overlay, view.saved.revision)
        overlay = self._append(connection, view, gone, fresh)
        return View(revision, view.saved, tuple(dead), overlay)

    def _append(self, connection: sqlite3.Connection, view: View, gone: Ids, fresh: int) -> Overlay:
        used = len(view.overlay)
        need = used + fresh
        if need > len(self._overlay):
            capacity = max(need, 2 * used)
            grown = Overlay(
                np.empty(capacity, np.int64),
                np.empty((capacity, self._dim), np.float32),
                np.zeros(capacity, bool),
            )
            grown.ids[:used], grown.rows[:used] = view.overlay.ids, view.overlay.rows
            self._overlay = grown
        dead = np.zeros(need, bool)
        dead[:used] = view.overlay.dead | np.isin(view.overlay.ids, gone)
        at = used
        for ids, block in rows.embeddings_since(connection, view.revision, self._dim):
            self._overlay.ids[at : at + len(ids)] = ids
            self._overlay.rows[at : at + len(ids)] = block
            at += len(ids)
        return Overlay(self._overlay.ids[:need], self._overlay.rows[:need], dead)

    # ---- building

    def _is_worth_saving(self, view: View) -> bool:
        """Whether so much is laid over a view that it should be saved."""
        grown = len(view.overlay) > max(_WORTH, view.saved.count // 4)
        return grown or view.tail is not None or (self._lost and view.differs)

    def _has_been_saved(self, view: View) -> bool:
        """Whether another process may have saved it already."""
        return self._is_worth_saving(view) and self._mark != self._lies()

    def _mend(self, connection: sqlite3.Connection, view: View) -> View:
        """Save what is laid over a view: at once if it takes a moment."""
        if 4 * self._dim * rows.count_since(connection, 0) > EXACT_BYTES:
            if view.tail is not None or self._lost:
                self._build_behind()
            return view
        never = threading.Event()
        saved = self._build(connection, view.saved, self._mark, view.revision, never)
        if saved is None:
            return view
        self._mark, self._lost = self._lies(), False
        self._overlay = Overlay.empty(self._dim)
        return View(saved.revision, saved, saved.dead, self._overlay)

    def _may_try(self) -> bool:
        """Whether something can be written; what has just failed is not tried at each question."""
        return self._writable and time.monotonic() >= self._not_before

    def _build(
        self,
        connection: sqlite3.Connection,
        saved: Saved,
        mark: Mark,
        revision: int,
        stop: threading.Event,
    ) -> Saved | None:
        """Write what is missing from ``saved``, whose manifest has this mark, unless somebody else
        is at it or was meanwhile; where it cannot be written, only time is lost."""
        builder = Builder(self._folder, self._dim, connection, revision, stop)
        self._not_before = time.monotonic() + _PAUSE
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._folder / "build.lock", timeout=0):
                # files that another process's manifest does not name are gone
                built = builder.bring(saved) if self._lies() == mark else None
        except Timeout:
            _LOG.info("another process is writing the search cache in %s", self._folder)
        except OSError as error:
            _LOG.warning("The search cache in %s cannot be written: %s", self._folder, error)
        else:
            self._not_before = 0.0
            return built
        return None

    def _build_behind(self) -> None:
        """Build in a thread, while searches go on as they can."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="search cache", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            _LOG.info("the search cache in %s is being written", self._folder)
            self._upkeep(self._stop)
        except StoppedError:
            _LOG.info("the search cache in %s is left as it was", self._folder)
        except LookalikeError as error:  # the library is closed, or has another model by now
            _LOG.info("the search cache is not written: %s", error)
        except Exception:  # noqa: BLE001 - the last stop of a thread: recorded
            _LOG.exception("The search cache could not be written")


def _also(mask: Mask, places: npt.NDArray[np.intp]) -> Mask:
    """A mask with more places; itself where there are none."""
    if not len(places):
        return mask
    more = mask.copy()
    more[places] = True
    return more
