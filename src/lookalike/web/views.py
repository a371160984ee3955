"""REST requests about views → what was learned, something new learned, or one forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from lookalike.web.body import is_id, json_of
from lookalike.web.kept import tagged
from lookalike.web.openapi_views import MOST_LIKED
from lookalike.web.state import served

blueprint = Blueprint("views", __name__)

_FIELDS = {"name", "from", "liked", "unliked"}
_SOURCES = ("folders", "tags", "favourites")
_SUCH_AS = '{"name": "kinds", "from": "folders"}'


@blueprint.get("/api/views")
def views() -> Response:
    """The views that were learned."""
    known = served().library.views()
    return tagged({"views": [{"name": one.name, **one.about, "made": one.made} for one in known]})


@blueprint.post("/api/views")
def learn() -> Response:
    """Learn a view, and keep it by its name."""
    body = _body()
    if ("from" in body) == ("liked" in body) or ("from" in body and "unliked" in body):
        raise BadRequest(f"Send what to learn from, such as {_SUCH_AS}, or pictures as liked.")
    source: dict[str, Any] = {
        name: _pictures(name, body[name]) for name in ("liked", "unliked") if name in body
    }
    if "from" in body:
        source = {_source(body["from"]): True}
    return jsonify(asdict(served().library.learn(_name(body), **source)))


@blueprint.delete("/api/views")
def forget() -> tuple[str, int]:
    """Forget a view."""
    if set(request.args) != {"name"} or len(request.args.getlist("name")) != 1:
        raise BadRequest("Name one view, such as ?name=kinds.")
    served().library.forget_view(request.args["name"])
    return "", 204


def _body() -> Mapping[str, object]:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType(f"Send JSON such as {_SUCH_AS}.")
    body = json_of("a view")
    if not isinstance(body, dict):
        raise BadRequest(f"Send an object such as {_SUCH_AS}.")
    if unknown := set(body) - _FIELDS:
        raise BadRequest(f"There is no field {min(unknown)!r} in a view.")
    return body


def _name(body: Mapping[str, object]) -> str:
    name = body.get("name")
    if not isinstance(name, str):
        raise BadRequest('"name" is what the view is called.')
    return name


def _source(name: object) -> str:
    if not isinstance(name, str) or name not in _SOURCES:
        raise BadRequest(f'"from" is one of {", ".join(_SOURCES)}.')
    return name


def _pictures(name: str, given: object) -> list[int]:
    if not isinstance(given, list) or not all(map(is_id, given)) or len(given) > MOST_LIKED:
        raise BadRequest(f'"{name}" is a list of at most {MOST_LIKED} numbers of pictures.')
    return list(map(int, given))
