"""A request → its id, one line in the log when it is answered, and its place in the figures."""

from __future__ import annotations

import logging
import re
import secrets
import time
from functools import lru_cache
from http import HTTPStatus

from flask import Flask, Response, g, request

from lookalike import journal
from lookalike.web.figures import Figures
from lookalike.web.figures import of_app as figures_of
from lookalike.web.links import IMAGES

_log = logging.getLogger(__name__)

HEADER = "X-Request-Id"
"""What carries the id of a request, in both directions."""

NOWHERE = "(none)"
"""The route of an address at which there is nothing."""

_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# A wall of pictures asks for hundreds, and the page and machines ask the others every second: that
# they were answered is worth a line to who looks for something only.
_OFTEN = frozenset(
    (
        *(f"{IMAGES}/{{image_id}}/thumbnail", "/static/{version}/{name}"),
        *("/api/stats", "/healthz", "/readyz", "/metrics"),
    )
)


def attach(app: Flask, figures: Figures) -> None:
    """Let an app tell of its requests; before anything else may refuse one."""

    @app.before_request
    def begin() -> None:
        g.begun = time.perf_counter()
        given = request.headers.get(HEADER, "")
        g.request_id = given if _WELL_FORMED.fullmatch(given) else secrets.token_hex(8)
        journal.enter(g.request_id)
        figures.running.inc()

    @app.after_request
    def answered(response: Response) -> Response:
        if "begun" not in g:  # an error of this function itself comes by here again
            return response
        response.headers[HEADER] = g.request_id
        told = _Told(figures, g.pop("begun"), response.status_code, g.get("problem"))
        if response.direct_passthrough:  # the server takes the file, and closes only that
            told.end()
        else:
            response.call_on_close(told.end)
        return response


def refused(app: Flask, status: int) -> None:
    """Count a request that came to no app, since the server itself refused it.

    Who sends a thousand of them in a second must not fill the log, so only who debugs is told.
    """
    figures_of(app).refused(status)
    _log.debug(
        "Refused with %d before it was read",
        status,
        extra={"method": "OTHER", "route": NOWHERE, "status": status},
    )


class _Told:
    """One request that is being answered, until its last byte has been handed to the server."""

    def __init__(self, figures: Figures, begun: float, status: int, problem: str | None) -> None:
        self._figures = figures
        self._begun = begun
        self._status = status
        self._problem = problem
        self._method = request.method if request.method in _METHODS else "OTHER"
        self._route = route_of(request.url_rule.rule) if request.url_rule else NOWHERE
        self._request = g.request_id
        self._open = True

    def end(self) -> None:
        """Tell of it, once."""
        if not self._open:
            return
        self._open = False
        seconds = time.perf_counter() - self._begun
        self._figures.answered(self._method, self._route, self._status, seconds)
        journal.enter(self._request)  # a stream ends when others may have been at work here
        often = self._route in _OFTEN and self._status < HTTPStatus.BAD_REQUEST
        milliseconds = round(1000 * seconds, 1)
        why = f", {self._problem}" if self._problem else ""
        _log.log(
            logging.DEBUG if often else logging.INFO,
            # all of it is of this program's words, so that it may be told wherever it runs
            f"{self._method} {self._route} {self._status} in {milliseconds} ms{why}",
            extra={
                "method": self._method,
                "route": self._route,
                "status": self._status,
                "ms": milliseconds,
                **({"problem": self._problem} if self._problem else {}),
            },
        )
        journal.leave()


@lru_cache(maxsize=200)
def route_of(rule: str) -> str:
    """The template of an address as the OpenAPI document writes it, of one of Flask's rules."""
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule)
