"""Folders → indexed on a thread of their own beside the server; remembers what went wrong."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Sequence
from threading import Event as Flag
from threading import Thread
from typing import TYPE_CHECKING

from lookalike.errors import LookalikeError

if TYPE_CHECKING:
    from lookalike.library import Event, Library, Watched

_log = logging.getLogger(__name__)


_PATIENCE = 10.0  # seconds for the batch at hand; looking through folders may take far longer


class BackgroundIndexing:
    """Indexes folders, beside the server, once or with ``watch`` for as long as it runs; an error
    never reaches the server. Raises MissingExtraError where a package is missing for ``watch``."""

    def __init__(
        self,
        library: Library,
        folders: Sequence[str | os.PathLike[str]],
        *,
        exclude: Collection[str] = (),
        hidden: bool = False,
        patience: float = 60.0,
        watch: bool = False,
    ) -> None:
        if watch:
            from lookalike.library import check_watching

            check_watching(folders)
        self._library = library
        self._folders = list(folders)
        self._exclude = exclude
        self._hidden = hidden
        self._watch = watch
        self._tell: Callable[[Event], None] | None = None
        self._patience = patience
        self._stop = Flag()
        self._trouble: str | None = None
        self._thread = Thread(target=self._run, name="indexing", daemon=True)

    def start(self, tell: Callable[[Event], None] | None = None) -> None:
        """Begin; returns at once. ``tell`` is told what happens, on that thread."""
        self._tell = tell
        if self._folders:
            self._thread.start()

    def end_soon(self) -> None:
        """End after the batch at hand; returns at once."""
        self._stop.set()

    def stop(self) -> None:
        """End after the batch at hand, and wait for that, but not for what takes long: a run that
        is cut off loses nothing that was committed, and the next one continues it."""
        self.end_soon()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE)
        if self._thread.is_alive():
            _log.warning(
                "Indexing did not end within %g seconds and was left: the next run continues it.",
                _PATIENCE,
            )

    def trouble(self) -> str | None:
        """Why indexing stopped, in one sentence; None while all is well."""
        return self._trouble

    def _run(self) -> None:
        try:
            self._work()
        except LookalikeError as error:
            _log.error("Indexing stopped: %s", error)
            self._trouble = str(error)
        except Exception:  # noqa: BLE001 - the last stop of a thread: recorded, shown on the page
            _log.exception("Indexing stopped")
            self._trouble = "Indexing stopped with an internal error; the server's log has details."

    def _work(self) -> None:
        work = self._library.watch if self._watch else self._library.index
        work(
            self._folders,
            exclude=self._exclude,
            hidden=self._hidden,
            on_event=self._hear,
            patience=self._patience,
            stop=self._stop,
        )

    def _hear(self, event: Watched) -> None:
        """Say in the log which folder keeps silent, and on the page what is waited for."""
        from lookalike.library import Trouble, Waiting, Watching

        if isinstance(event, Waiting):
            _log.warning(
                "%s has not answered for %.0f seconds; it is given up after %.0f.",
                event.folder,
                event.seconds,
                event.patience,
            )
        if isinstance(event, Trouble):
            self._trouble = event.reason or None
        elif self._tell is not None and not isinstance(event, Watching):
            self._tell(event)
