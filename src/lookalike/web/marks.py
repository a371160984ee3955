"""REST requests about favourites and tags → what pictures are marked with, and changes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from lookalike.stores.base import MOST_TAGS, Record
from lookalike.web.body import is_id, json_of
from lookalike.web.kept import tagged
from lookalike.web.links import summary
from lookalike.web.openapi_marks import MOST_MARKED
from lookalike.web.state import served

blueprint = Blueprint("marks", __name__)

_FIELDS = {"images", "favourite", "add", "remove"}


def marked(records: Sequence[Record]) -> list[dict[str, Any]]:
    """What a grid of pictures needs, with what they are marked with."""
    pairs = zip(records, served().library.marks(*records), strict=True)
    return [{**summary(record), **asdict(marks)} for record, marks in pairs]


@blueprint.post("/api/marks")
def mark() -> Response:
    """Make pictures favourites or not, take tags off them and put tags on them."""
    body = _body()
    images = _images(body)
    add, remove = _tags("add", body), _tags("remove", body)
    after = served().library.mark(*images, favourite=_favourite(body), add=add, remove=remove)
    pairs = zip(images, after, strict=True)
    return jsonify({"images": [{"id": one, **asdict(marks)} for one, marks in pairs]})


@blueprint.get("/api/tags")
def tags() -> Response:
    """How many pictures bear each tag, and how many are favourites."""
    return tagged(asdict(served().library.tags()))


def _body() -> Mapping[str, object]:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType('Send JSON such as {"images": [1, 2], "add": ["garden"]}.')
    body = json_of("marks")
    if not isinstance(body, dict):
        raise BadRequest('Send an object such as {"images": [1, 2], "add": ["garden"]}.')
    if unknown := set(body) - _FIELDS:
        raise BadRequest(f"There is no field {min(unknown)!r} in marks.")
    return body


def _images(body: Mapping[str, object]) -> list[int]:
    images = body.get("images")
    if not isinstance(images, list) or not all(map(is_id, images)):
        raise BadRequest('Send the numbers of pictures as {"images": [1, 2]}.')
    if not 1 <= len(images) <= MOST_MARKED:
        raise BadRequest(f"Name from 1 to {MOST_MARKED:,} pictures.")
    return list(map(int, images))


def _favourite(body: Mapping[str, object]) -> bool | None:
    if "favourite" not in body:
        return None
    favourite = body["favourite"]
    if not isinstance(favourite, bool):
        raise BadRequest('"favourite" is true or false.')
    return favourite


def _tags(name: str, body: Mapping[str, object]) -> list[str]:
    given = body.get(name, [])
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise BadRequest(f'"{name}" is a list of tags.')
    if len(given) > MOST_TAGS:
        raise BadRequest(f'"{name}" has {MOST_TAGS} tags at most.')
    return given
