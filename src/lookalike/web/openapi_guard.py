"""The calls of the OpenAPI document → the same, with what stands before each: token and limits."""

from __future__ import annotations

from lookalike.web.replies import problems
from lookalike.web.shapes import Json

ABOUT = """\
A server that other machines can reach asks for a token, and so does any that was given one: send
it as `Authorization: Bearer TOKEN`; without it, the answer is 401. Every call may be answered with
429, where one address asks for more than its share, and with 503, where as many of the kind run and
wait as may, or where the server is ending; `Retry-After` then says in how many seconds another try
is worth it."""

SCHEMES: Json = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of the server, where it has one.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "lookalike-...",
        "description": "What a browser got for the token; its name differs from token to token.",
    },
}

SECURITY: list[Json] = [{}, {"token": []}, {"cookie": []}]
"""Nothing, where none is asked for; else one of them."""

EVERYWHERE = ("401", "429")
"""What is said of every call at once."""

_OPEN = {"/healthz", "/readyz"}


def guarded(paths: Json) -> Json:
    """The paths, each of whose calls may also be refused before it is looked at."""
    return {
        path: {method: _guarded(path, operation) for method, operation in row.items()}
        for path, row in paths.items()
    }


def _guarded(path: str, operation: Json) -> Json:
    own = operation["responses"]
    more = {**problems("401", "429", "503"), **own}
    if path in _OPEN:
        del more["401"]
        operation = {**operation, "security": []}
    codes = sorted(code for code in more if code != "default")
    return {**operation, "responses": {code: more[code] for code in (*codes, "default")}}
