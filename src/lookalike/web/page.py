"""A browser → the page and the files it is made of; everything it shows comes through REST."""

from __future__ import annotations

import hashlib
from functools import cache
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
_FOR_EVER = 365 * 24 * 3600  # seconds

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


@blueprint.get("/static/<version>/<path:name>")
def static(version: str, name: str) -> Response:
    """A style sheet, a script or a drawing of the page, which a browser asks for once: another
    content has another address."""
    mimetype = _TYPES.get(PurePosixPath(name).suffix)
    if mimetype is None or version != _version():
        raise NotFound
    response = send_from_directory(_STATIC, name, mimetype=mimetype, max_age=_FOR_EVER)
    response.cache_control.immutable = True
    return response


@blueprint.app_context_processor
def addresses() -> dict[str, str]:
    """What templates write before the names of these files, seen from the pages, which all lie at
    the same depth."""
    return {"files": f"static/{_version()}", "version": _version()}


@cache
def _version() -> str:
    """Another text for each content of all files."""
    digest = hashlib.sha256()
    for file in sorted(_STATIC.rglob("*")):
        if file.suffix in _TYPES:
            digest.update(file.relative_to(_STATIC).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
