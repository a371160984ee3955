"""A request → let in with the token or its cookie; else a page that asks for it, or a problem."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import TooManyRequests, Unauthorized
from werkzeug.wrappers import Response as WerkzeugResponse

from lookalike.web import problems
from lookalike.web.guard.access import Access, bearer
from lookalike.web.guard.clients import client_of, plain

blueprint = Blueprint("entrance", __name__)

_KEY = "lookalike entrance"
_YEAR = 365 * 24 * 60 * 60
_SUCH_AS = "send the header `Authorization: Bearer TOKEN`, or open the page with ?token=TOKEN"
_NO_TOKEN = f"This server asks for a token: {_SUCH_AS}."
_WRONG = "This is not the token of this server."
_BEARER = WWWAuthenticate("bearer", {"realm": "Lookalike"})
_TOO_OFTEN = "The token was wrong too often: try again in {} seconds."

_OPEN = frozenset({"/healthz", "/readyz", "/token"})
"""What needs no token: whether the server is well, and where the token is shown."""

_OPEN_FILES = frozenset({"style.css", "logo.svg"})
"""Of the page, what the form for the token is made of."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """Who guards an app: nobody where ``access`` is None. ``proxies`` are believed."""

    access: Access | None
    proxies: frozenset[str]

    def client_of_headers(self, peer: str, headers: Mapping[str, str]) -> str:
        """Who asks, of the other end of a connection and the raw headers on it."""
        return client_of(peer, headers.get("X_FORWARDED_FOR"), self.proxies)

    def client(self) -> str:
        """Who sends the current request."""
        forwarded = request.headers.get("X-Forwarded-For")
        return client_of(request.remote_addr or "", forwarded, self.proxies)

    def is_secure(self) -> bool:
        """Whether the current request travels encrypted, as far as a believed proxy tells."""
        told = request.headers.get("X-Forwarded-Proto", "")
        return request.is_secure or (
            plain(request.remote_addr or "") in self.proxies and told == "https"
        )


def attach(app: Flask, entrance: Entrance) -> None:
    """Give an app its entrance."""
    app.extensions[_KEY] = entrance
    app.before_request(_ask)
    app.after_request(_keep_private)


def of_app(app: Flask | None = None) -> Entrance:
    """The entrance of an app, or of the app of this request."""
    return cast(Entrance, (app or current_app).extensions[_KEY])


def is_inside() -> bool:
    """Whether who sends this request may see what the library holds."""
    access = of_app().access
    if access is None or access.has_cookie(request.cookies.get(access.cookie_name)):
        return True
    token = bearer(request.headers.get("Authorization"))
    return token is not None and access.accepts(token, of_app().client())


@blueprint.post("/token")
def show_token() -> WerkzeugResponse:
    """Take the token from the form, and go on to the page."""
    access = of_app().access
    if access is None or access.has_cookie(request.cookies.get(access.cookie_name)):
        return redirect(f"{request.script_root}/", 303)
    if not access.accepts(request.form.get("token", "").strip(), of_app().client()):
        return _form(_refused(access))
    return _with_cookie(redirect(f"{request.script_root}/", 303), access)


def _ask() -> WerkzeugResponse | None:
    access = of_app().access
    if access is None or _is_open():
        return None
    if "token" in request.args and request.method == "GET" and _is_page():
        return _by_address(access)
    if is_inside():
        return None
    refused = _refused(access) if "Authorization" in request.headers else Unauthorized(_NO_TOKEN)
    if problems.wants_page():
        return _form(refused if "Authorization" in request.headers else None)
    if isinstance(refused, Unauthorized):
        refused.www_authenticate = (_BEARER,)
    raise refused


def _by_address(access: Access) -> WerkzeugResponse:
    """A browser that was given the address with the token goes on to the one without.

    Not by a redirect: after a click on another site, the browser would not send the cookie there,
    which is for this site alone.
    """
    if not access.accepts(request.args["token"].strip(), of_app().client()):
        return _form(_refused(access))
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != "token"]
    clean = request.path.rpartition("/")[2] + (f"?{urlencode(rest)}" if rest else "")
    return _with_cookie(Response(render_template("entered.html", address=clean or "./")), access)


def _with_cookie(response: WerkzeugResponse, access: Access) -> WerkzeugResponse:
    response.set_cookie(
        access.cookie_name,
        access.cookie,
        max_age=_YEAR,
        path=f"{request.script_root}/",
        secure=of_app().is_secure(),
        httponly=True,
        samesite="Strict",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _form(refused: Unauthorized | TooManyRequests | None) -> Response:
    """The page that asks for the token, and what was wrong with the last one."""
    said = None if refused is None else refused.description
    status = 401 if refused is None else refused.code
    response = Response(render_template("token.html", said=said), status)
    response.www_authenticate = _BEARER
    if isinstance(refused, TooManyRequests):
        response.headers["Retry-After"] = str(refused.retry_after)
    return response


def _refused(access: Access) -> Unauthorized | TooManyRequests:
    wait = access.wait(of_app().client())
    if wait == 0:
        return Unauthorized(_WRONG)
    seconds = math.ceil(wait)
    return TooManyRequests(_TOO_OFTEN.format(seconds), retry_after=seconds)


def _is_page() -> bool:
    return (request.endpoint or "").startswith("page.") and request.endpoint != "page.static"


def _is_open() -> bool:
    if request.endpoint == "page.static":
        return (request.view_args or {}).get("name") in _OPEN_FILES
    return request.path in _OPEN


def _keep_private(response: Response) -> Response:
    """What needs a token is for who has it: a cache between here and there must not hand it on."""
    control = response.cache_control
    if of_app().access is not None and not control.public and not control.no_store:
        control.private = True
    if request.endpoint == "entrance.show_token" or response.status_code in {401, 429}:
        response.headers["Cache-Control"] = "no-store"
        # The form is sent with the origin of the page that it is on, or nobody could tell it.
        response.headers["Referrer-Policy"] = "same-origin"
    return response
