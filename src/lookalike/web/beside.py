"""Work that takes minutes → done on a thread beside the server, once at a time, and how far."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

from lookalike.errors import LookalikeError

_PATIENCE = 10.0  # seconds for what is at hand
_log = logging.getLogger(__name__)

Step = TypeVar("Step")


class Beside(Generic[Step]):
    """One run at a time, whoever asks; an error never reaches the server.

    ``what`` is what errors call the work, as in "The search". ``work`` is handed what tells a step,
    an event that ends it soon, and how it was begun; ``first`` is the step to tell before there is
    one.
    """

    def __init__(self, what: str, first: Step, work: Callable[..., object]) -> None:
        self._what = what
        self._first = first
        self._work = work
        self._guard = Lock()
        self._stop = Event()
        self._thread: Thread | None = None
        self._step: Step | None = None
        self._trouble: str | None = None

    def start(self, **how: object) -> None:
        """Begin, unless it is under way; returns at once."""
        with self._guard:
            if self._step is None and not self._stop.is_set():
                self._step, self._trouble = self._first, None
                self._thread = Thread(target=self._run, kwargs=how, name=self._what, daemon=True)
                self._thread.start()

    def end_soon(self) -> None:
        """End soon, and for good; returns at once."""
        self._stop.set()

    def stop(self) -> None:
        """The same, and wait for it, but not for long."""
        self.end_soon()
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def step(self) -> Step | None:
        """How far it is; None while nothing is done."""
        return self._step

    def trouble(self) -> str | None:
        """Why the last run ended early, in one sentence; None where it did not."""
        return self._trouble

    def _run(self, **how: object) -> None:
        try:
            self._work(self._note, self._stop, **how)
        except LookalikeError as error:
            _log.error("%s stopped: %s", self._what, error)
            self._trouble = str(error)
        except Exception:  # noqa: BLE001 - the last stop of a thread: recorded, shown on the page
            _log.exception("%s stopped", self._what)
            self._trouble = (
                f"{self._what} stopped with an internal error; the server's log has details."
            )
        finally:
            self._step = None

    def _note(self, step: Step) -> None:
        self._step = step
