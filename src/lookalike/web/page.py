"""A browser → the page and the files it is made of; everything it shows comes through REST."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from flask import Blueprint, Response, render_template, send_from_directory
from werkzeug.exceptions import NotFound

from lookalike.stores.base import MOST_LETTERS
from lookalike.web.about import may_reveal
from lookalike.web.openapi_words import MOST_WORDS
from lookalike.web.schemas import MOST_EXAMPLES
from lookalike.web.state import served

blueprint = Blueprint("page", __name__)

_STATIC = Path(__file__).parent / "static"

# Not asked of the system: Windows may have been told that JavaScript is text/plain, and
# browsers refuse to run such a module.
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@blueprint.get("/")
def start() -> str:
    """The page, an empty frame that its scripts fill."""
    here = served()
    return render_template(
        "page.html",
        max_upload=here.max_upload,
        reveal=may_reveal(),
        words=here.library.words,
        most_words=MOST_WORDS,
        most_examples=MOST_EXAMPLES,
        most_letters=MOST_LETTERS,
    )


@blueprint.get("/duplicates")
def duplicates() -> str:
    """The page of the pictures that are there twice."""
    return render_template("duplicates.html")


@blueprint.get("/map")
def plane() -> str:
    """The page of the map."""
    return render_template("map.html", most_examples=MOST_EXAMPLES, most_letters=MOST_LETTERS)


@blueprint.get("/upgrade")
def models() -> str:
    """The page of the models: the present one and another, side by side."""
    return render_template("upgrade.html")


@blueprint.get("/static/<path:name>")
def static(name: str) -> Response:
    """A style sheet, a script or a drawing of the page."""
    mimetype = _TYPES.get(PurePosixPath(name).suffix)
    if mimetype is None:
        raise NotFound
    return send_from_directory(_STATIC, name, mimetype=mimetype)
