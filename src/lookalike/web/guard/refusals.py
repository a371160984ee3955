"""A status and a sentence → a problem document (RFC 9457), and the whole answer that carries it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from email.utils import formatdate
from html import escape
from http import HTTPStatus

MIMETYPE = "application/problem+json"

NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""A policy under which a browser does nothing with an answer but show it."""


def document(status: int, detail: str, request_id: str | None = None) -> str:
    """A problem document as JSON text; ``request_id`` is what the log calls the request."""
    title = HTTPStatus(status).phrase
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return json.dumps(problem if request_id is None else {**problem, "request_id": request_id})


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is given without asking the app.

    ``again`` is after how many seconds it is worth another try; ``ends`` that the connection is
    closed after it.
    """

    status: HTTPStatus
    detail: str
    again: float
    ends: bool = False

    def answer(self, *, page: bool = False, body: bool = True) -> bytes:
        """The bytes to send; for people a ``page`` that asks again by itself, and to a request
        for the head alone no ``body``."""
        seconds = max(1, math.ceil(self.again))
        kind, text = MIMETYPE, document(self.status, self.detail)
        if page:
            kind, text = "text/html; charset=utf-8", _page(self.status, self.detail, seconds)
        content = text.encode("utf-8")
        head = [
            f"HTTP/1.1 {self.status.value} {self.status.phrase}",
            "Cache-Control: no-store",
            *(["Connection: close"] if self.ends else []),
            f"Content-Length: {len(content)}",
            f"Content-Security-Policy: {NOTHING}",
            f"Content-Type: {kind}",
            f"Date: {formatdate(usegmt=True)}",
            f"Retry-After: {seconds}",
            "Server: lookalike",
            "X-Content-Type-Options: nosniff",
        ]
        return "\r\n".join([*head, "", ""]).encode("ascii") + (content if body else b"")


def _page(status: HTTPStatus, detail: str, seconds: int) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="refresh" content="{seconds}">\n'
        f"<title>{status.phrase} · Lookalike</title>\n"
        f"<h1>{escape(detail)}</h1>\n<p>This page tries again by itself.</p>\n</html>\n"
    )
