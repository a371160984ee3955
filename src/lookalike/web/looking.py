"""A library → a search for duplicates on a thread of its own, and how far it is."""

from __future__ import annotations

import logging
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app

from lookalike.errors import LookalikeError

if TYPE_CHECKING:
    from lookalike.library import Library, Step

_KEY = "lookalike duplicates"
_PATIENCE = 10.0  # seconds for the picture at hand
_log = logging.getLogger(__name__)


class Looking:
    """One search at a time, whoever asks; an error never reaches the server."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._guard = Lock()
        self._stop = Event()
        self._thread: Thread | None = None
        self._step: Step | None = None
        self._trouble: str | None = None

    def start(self) -> None:
        """Begin, unless it is under way; returns at once."""
        from lookalike.library import Step

        with self._guard:
            if self._step is None and not self._stop.is_set():
                self._step, self._trouble = Step("looking", 0, 0), None
                self._thread = Thread(target=self._run, name="duplicates", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End soon, and for good; the next search goes on from there."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def step(self) -> Step | None:
        """How far it is; None while nobody looks."""
        return self._step

    def trouble(self) -> str | None:
        """Why the last search ended early, in one sentence; None where it did not."""
        return self._trouble

    def _run(self) -> None:
        try:
            self._library.duplicates(on_step=self._note, stop=self._stop)
        except LookalikeError as error:
            _log.error("The search for duplicates stopped: %s", error)
            self._trouble = str(error)
        except Exception:  # noqa: BLE001 - the last stop of a thread: recorded, shown on the page
            _log.exception("The search for duplicates stopped")
            self._trouble = (
                "The search for duplicates stopped with an internal error; the server's log has "
                "details."
            )
        finally:
            self._step = None

    def _note(self, step: Step) -> None:
        self._step = step


def attach(app: Flask, looking: Looking) -> None:
    """Give an app its search."""
    app.extensions[_KEY] = looking


def of_app(app: Flask | None = None) -> Looking:
    """The search of an app, or of the app of this request."""
    return cast(Looking, (app or current_app).extensions[_KEY])
