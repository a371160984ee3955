"""A request → refused if another site is behind it; a response → the headers that keep it safe."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import Forbidden, MisdirectedRequest

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_NOT_THIS_NAME = (
    "This server answers only under the names of this machine: start it with --allow-host NAME for "
    "others."
)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def protect(app: Flask, hosts: Collection[str] | None) -> None:
    """Let an app refuse strangers and send the headers; ``hosts`` as in `create_app`."""
    names = None if hosts is None else frozenset(name.lower() for name in hosts)

    @app.before_request
    def refuse() -> None:
        if names is not None and _host_name(request.environ.get("HTTP_HOST", "")) not in names:
            raise MisdirectedRequest(_NOT_THIS_NAME)
        if request.method not in _SAFE_METHODS and _from_another_site():
            raise Forbidden("Pages of other sites may not use this server.")

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _from_another_site() -> bool:
    """Whether a browser says that the page behind a request is not ours.

    Browsers send Sec-Fetch-Site to secure addresses and to this machine, and Origin everywhere;
    programs send neither.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != request.host.lower()
    except ValueError:
        return True
