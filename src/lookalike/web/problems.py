"""An exception → a problem document (RFC 9457) for programs, or a friendly page for people."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Flask, Response, g, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from lookalike import journal
from lookalike.errors import (
    DesktopError,
    ImageError,
    ImageNotFoundError,
    InputError,
    LibraryError,
    LookalikeError,
    ModelError,
    TooManyPixelsError,
    ViewNotFoundError,
)
from lookalike.web.guard.refusals import MIMETYPE, document
from lookalike.web.state import served

_log = logging.getLogger(__name__)

_FOR_PROGRAMS = frozenset({"/healthz", "/readyz", "/metrics", "/openapi.json"})

_STATUS: tuple[tuple[type[LookalikeError], HTTPStatus], ...] = (
    (ImageNotFoundError, HTTPStatus.NOT_FOUND),
    (ViewNotFoundError, HTTPStatus.NOT_FOUND),
    (TooManyPixelsError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (ImageError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (InputError, HTTPStatus.BAD_REQUEST),
    (DesktopError, HTTPStatus.FORBIDDEN),
    (LibraryError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ModelError, HTTPStatus.SERVICE_UNAVAILABLE),
    (LookalikeError, HTTPStatus.INTERNAL_SERVER_ERROR),
)


def register(app: Flask) -> None:
    """Let an app answer every error with one sentence and never with a traceback."""
    app.register_error_handler(LookalikeError, _known)
    app.register_error_handler(HTTPException, _http)


def too_large(limit: int) -> str:
    """What is said of an upload of more than ``limit`` bytes."""
    return f"The upload is larger than the limit of {limit // 10**6} MB."


def _known(error: LookalikeError) -> Response:
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    if isinstance(error, ImageError) and request.method in {"GET", "HEAD"}:
        status = HTTPStatus.NOT_FOUND  # a file of the library, not an upload: it is gone or damaged
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("A request failed: %s", error, exc_info=error)
    g.problem = type(error).__name__
    return _answer(status, str(error))


def _http(error: HTTPException) -> Response | WerkzeugResponse:
    status = error.code
    if status is None or status < HTTPStatus.BAD_REQUEST:
        return error.get_response(request.environ)
    g.problem = type(error).__name__
    response = _answer(status, _detail(error, status))
    for name, value in error.get_headers(request.environ):
        if name.lower() != "content-type":
            response.headers[name] = value
    return response


def _detail(error: HTTPException, status: int) -> str:
    """Our own sentence; the framework's wording only where we have none."""
    if error.description and error.description != type(error).description:
        return error.description
    sentences = {
        400: "The request cannot be read.",
        404: "There is nothing at this address.",
        405: f"This address does not answer to {request.method}.",
        413: too_large(served().max_upload),
        500: "Something went wrong on the server; its log has the details.",
    }
    return sentences.get(status, error.description or HTTPStatus(status).description)


def _answer(status: int, detail: str) -> Response:
    if wants_page():
        title = HTTPStatus(status).phrase
        page = render_template(
            "error.html", status=int(status), title=title, detail=detail, request=journal.request()
        )
        return Response(page, status=int(status), mimetype="text/html")
    body = document(status, detail, journal.request())
    return Response(body, status=int(status), mimetype=MIMETYPE)


def wants_page() -> bool:
    """Whether the current request comes from a person, who is shown a page."""
    if request.path.startswith("/api/") or request.path in _FOR_PROGRAMS:
        return False
    return request.accept_mimetypes.best_match([MIMETYPE, "text/html"]) == "text/html"
