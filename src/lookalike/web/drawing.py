"""A library → its map drawn on a thread of its own, and how far it is."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app

from lookalike.web.beside import Beside

if TYPE_CHECKING:
    from collections.abc import Callable

    from lookalike.library import Drawing, Following

_KEY = "lookalike map"
_THREADS = 1  # the other cores answer questions meanwhile


def drawing_of(following: Following) -> Beside[Drawing]:
    """The drawing of a library's map; started with ``rebuild``, all pictures are laid out anew."""
    from lookalike.library import Drawing

    def work(tell: Callable[[Drawing], None], stop: Event, *, rebuild: bool = False) -> None:
        following.now().map(rebuild=rebuild, threads=_THREADS, on_step=tell, stop=stop)

    return Beside("The map", Drawing("reading", 0, 0), work)


def attach(app: Flask, drawing: Beside[Drawing]) -> None:
    """Give an app its drawing."""
    app.extensions[_KEY] = drawing


def of_app(app: Flask | None = None) -> Beside[Drawing]:
    """The drawing of an app, or of the app of this request."""
    return cast("Beside[Drawing]", (app or current_app).extensions[_KEY])
