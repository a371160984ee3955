"""A `Library` → the Flask app that answers with its pictures: REST, page, safety, errors."""

from __future__ import annotations

from collections.abc import Callable, Collection
from io import BytesIO
from typing import IO, TYPE_CHECKING

from flask import Flask, Request
from flask.json.provider import DefaultJSONProvider
from werkzeug.routing import BaseConverter

from lookalike.library import Following
from lookalike.web import (
    about,
    api,
    asked,
    drawing,
    duplicates,
    entrance,
    export,
    figures,
    listing,
    looking,
    marks,
    originals,
    page,
    plane,
    problems,
    reasons,
    security,
    upgrade,
    views,
    warming,
    watched,
)
from lookalike.web.guard.access import Access
from lookalike.web.state import Served, attach

if TYPE_CHECKING:
    from lookalike.library import Library

_PARTS = (
    *(about, api, duplicates, entrance, export, listing, originals, reasons),
    *(marks, plane, views, upgrade, page, watched),
)

MAX_UPLOAD = 64 * 10**6
"""The largest picture that may be sent as a query, in bytes."""

FORM_ALLOWANCE = 64 * 2**10
"""What a multipart form may add around the picture, in bytes."""


class InMemoryRequest(Request):
    """A request whose uploads stay in memory, whatever their size: nothing reaches a disk."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()


class _Json(DefaultJSONProvider):
    """JSON in the order in which it was written down."""

    sort_keys = False


class ImageIdConverter(BaseConverter):
    """An id in an address; 18 digits always fit the 64-bit integers of a store."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """The id as a number."""
        return int(value)


def create_app(
    library: Library,
    *,
    max_upload: int = MAX_UPLOAD,
    hosts: Collection[str] | None = None,
    trouble: Callable[[], str | None] = lambda: None,
    at_home: bool = False,
    access: Access | None = None,
    proxies: Collection[str] = (),
) -> Flask:
    """The app of one library.

    ``hosts`` are the names under which it answers (without ports; None: under any), which keeps
    a web page elsewhere from reaching a private server through a name that it controls.
    ``trouble`` returns a sentence for the page when indexing in the background has stopped.
    ``at_home`` says that only this machine can connect, so that its desktop may be used.
    ``access`` is the token that is asked for; ``proxies`` are addresses that are believed when
    they say on whose behalf they ask.
    """
    app = Flask(__name__, static_folder=None)
    app.request_class = InMemoryRequest
    app.config["MAX_CONTENT_LENGTH"] = max_upload + FORM_ALLOWANCE
    app.json = _Json(app)
    app.url_map.converters["id"] = ImageIdConverter
    following = Following(library)
    attach(app, Served(following, max_upload, trouble, at_home))
    figures.attach(app, figures.Figures(following))
    warming.attach(app, warming.Warming(following))
    asked.attach(app, figures.of_app(app))
    security.protect(app, hosts)
    entrance.attach(app, entrance.Entrance(access, frozenset(proxies)))
    problems.register(app)
    looking.attach(app, looking.looking_in(following))
    drawing.attach(app, drawing.drawing_of(following))
    export.attach(app)
    for part in _PARTS:
        app.register_blueprint(part.blueprint)
    return app
