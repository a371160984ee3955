"""Requests of those who watch a server → whether it lives, whether it would answer, its figures."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import ServiceUnavailable

from lookalike.errors import LookalikeError
from lookalike.web import figures, warming
from lookalike.web.state import Served, served

blueprint = Blueprint("watched", __name__)

_SOON = 1  # seconds after which a server that is being loaded, or ends, is another


@blueprint.get("/healthz")
def health() -> Response:
    """That the process lives and answers; nothing else is looked at."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def ready() -> Response:
    """Whether a question would be answered now."""
    here = served()
    if here.listeners.ended.is_set():
        raise ServiceUnavailable("The server is being stopped.", retry_after=_SOON)
    first = warming.of_app()
    if first.is_under_way():
        raise ServiceUnavailable("The model is being loaded: ask again.", retry_after=_SOON)
    said, why = _hindrance(here, first)
    first.note(why)
    if said is not None:
        # whoever asks needs no token, and is told of no folder, unless it is somebody here
        raise ServiceUnavailable(why if here.at_home else said)
    return jsonify({"status": "ready"})


def _hindrance(here: Served, first: warming.Warming) -> tuple[str | None, str | None]:
    """Why a question would not be answered: for anybody, and with all that is known of it."""
    try:
        why = here.library.hindrance()
    except LookalikeError as error:  # who asks every few seconds needs no traceback each time
        return "The library cannot be read: the server's log says why.", str(error)
    if why is None:
        return None, None
    return "The model cannot be used: the server's log says why.", first.trouble() or why


@blueprint.get("/metrics")
def metrics() -> Response:
    """The figures for Prometheus."""
    response = Response(figures.of_app().told(), content_type=figures.CONTENT_TYPE)
    response.cache_control.no_store = True
    return response
