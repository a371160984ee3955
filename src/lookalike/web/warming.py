"""A library → ready to answer, by a question on a thread of its own before anybody has to wait."""

from __future__ import annotations

import logging
import time
from threading import Thread
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app

from lookalike.errors import LookalikeError

if TYPE_CHECKING:
    from lookalike.library import Following

_KEY = "lookalike warming"
_log = logging.getLogger(__name__)

_PATIENCE = 2.0  # seconds


class Warming:
    """One question at the start of a server; what goes wrong is kept, and never reaches it."""

    def __init__(self, following: Following) -> None:
        self._following = following
        self._trouble: str | None = None
        self._noted: str | None = None
        self._thread = Thread(target=self._run, name="warming", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Wait for the question at hand, but not for weights that are still on their way."""
        if self._thread.is_alive():
            self._thread.join(_PATIENCE)

    def is_under_way(self) -> bool:
        """Whether the first question is not answered yet."""
        return self._thread.is_alive()

    def trouble(self) -> str | None:
        """Why it was not answered, in one sentence."""
        return self._trouble

    def note(self, why: str | None) -> None:
        """Tell the log why the server is not ready, or that it is again; once each time."""
        if why != self._noted:
            self._noted = why
            if why is None:
                _log.info("Ready again")
            else:
                _log.warning("Not ready: %s", why)

    def _run(self) -> None:
        begun = time.monotonic()
        try:
            self._following.now().warm()
        except LookalikeError as error:
            _log.warning("The first question was not answered: %s", error)
            self._trouble = str(error)
        except Exception:  # noqa: BLE001 - the last stop of a thread: recorded, told by /readyz
            _log.exception("The first question was not answered")
            self._trouble = "The model cannot be used; the server's log has the details."
        else:
            _log.info("Ready to answer after %.2f s", time.monotonic() - begun)


def attach(app: Flask, warming: Warming) -> None:
    """Give an app what makes it ready."""
    app.extensions[_KEY] = warming


def of_app(app: Flask | None = None) -> Warming:
    """What makes an app ready, or the app of this request."""
    return cast(Warming, (app or current_app).extensions[_KEY])
