"""A library → a search for duplicates on a thread of its own, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import Flask, current_app

from lookalike.web.beside import Beside

if TYPE_CHECKING:
    from lookalike.library import Following, Step

_KEY = "lookalike duplicates"


def looking_in(following: Following) -> Beside[Step]:
    """The search of a library; one that is stopped is continued by the next."""
    from lookalike.library import Step

    return Beside(
        "The search for duplicates",
        Step("looking", 0, 0),
        lambda tell, stop: following.now().duplicates(on_step=tell, stop=stop),
    )


def attach(app: Flask, looking: Beside[Step]) -> None:
    """Give an app its search."""
    app.extensions[_KEY] = looking


def of_app(app: Flask | None = None) -> Beside[Step]:
    """The search of an app, or of the app of this request."""
    return cast("Beside[Step]", (app or current_app).extensions[_KEY])
