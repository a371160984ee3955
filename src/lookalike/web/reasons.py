"""REST requests on why a picture is like another → the shares of their regions, as JSON."""

from __future__ import annotations

import re
from dataclasses import asdict

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from lookalike.library import Example
from lookalike.web import query
from lookalike.web.links import IMAGES
from lookalike.web.state import served

blueprint = Blueprint("reasons", __name__)

_ADDRESS = f"{IMAGES}/<id:image_id>/explanation"
_ID = re.compile(r"[0-9]{1,18}")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", re.IGNORECASE)


@blueprint.get(_ADDRESS)
def explanation(image_id: int) -> Response:
    """Why a picture is like another one of the library, or like a part of it."""
    example = _example_of_address()
    library = served().library
    response = jsonify(asdict(library.explain(example, library.record(image_id).id)))
    response.add_etag()
    response.cache_control.no_cache = True
    response.make_conditional(request)
    return response


@blueprint.post(_ADDRESS)
def explanation_of_query(image_id: int) -> Response:
    """Why a picture is an answer to a search, given as the search was."""
    wanted = query.read()
    if wanted.asked is None:
        raise BadRequest("A view alone has no regions to compare: explain pictures.")
    library = served().library
    return jsonify(asdict(library.explain(wanted.asked, library.record(image_id).id)))


def _example_of_address() -> Example:
    """Raises HTTP errors, and InputError, each with a sentence."""
    given = request.args
    if unknown := set(given) - {"like", "box"}:
        raise BadRequest(f"There is no field {min(unknown)!r} in an explanation.")
    for name in given:
        if len(given.getlist(name)) > 1:
            raise BadRequest(f"Give {name} once.")
    like = given.get("like", "")
    if not _ID.fullmatch(like):
        raise BadRequest('"like" must be the number of a picture in the library.')
    return Example(int(like), box=_box(given["box"]) if "box" in given else None)


def _box(text: str) -> tuple[float, float, float, float]:
    numbers = text.split(",")
    if len(numbers) != 4 or not all(map(_NUMBER.fullmatch, numbers)):
        raise BadRequest("box is four numbers such as 0.25,0.25,0.5,0.5.")
    left, top, wide, high = map(float, numbers)
    return left, top, wide, high
