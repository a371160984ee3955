"""REST: numbers of pictures, with scores if there are any → a file of them as a download."""

from __future__ import annotations

from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any, TypeGuard, cast

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import BadRequest, ServiceUnavailable, UnsupportedMediaType

from lookalike.library import KINDS, VERDICTS
from lookalike.stores.base import Hit, Record
from lookalike.web.body import json_of
from lookalike.web.openapi_export import (
    LEFT_OUT,
    LONGEST_QUERY,
    MAY_SAY,
    MEDIA_TYPES,
    MOST_EXPORTED,
    MOST_EXPORTS,
)
from lookalike.web.state import served

blueprint = Blueprint("export", __name__)

_KEY = "lookalike exports"
_AGAIN = 10  # seconds after which one of those under way may have ended
_JSON_LIMIT = 2 * 2**20
_LAST_ID = 10**18 - 1
_SUCH_AS = '{"images": [1, 2], "format": "zip"}'


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a request asks for."""

    pictures: list[Record | Hit]
    kind: str
    query: str | None


def attach(app: Flask) -> None:
    """Give an app its places for those who are sent a file."""
    app.extensions[_KEY] = BoundedSemaphore(MOST_EXPORTS)


@blueprint.post("/api/export")
def export() -> Response:
    """Pictures as a download, sent while it is made."""
    wanted = _wanted()
    made = served().library.export(wanted.pictures, wanted.kind, query=wanted.query)
    places = cast(BoundedSemaphore, current_app.extensions[_KEY])
    if not places.acquire(blocking=False):
        raise ServiceUnavailable(
            f"{MOST_EXPORTS} exports are under way already: try again when one has ended.",
            retry_after=_AGAIN,
        )
    response = Response(made.chunks, mimetype=MEDIA_TYPES[wanted.kind])
    response.call_on_close(places.release)
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"lookalike{KINDS[wanted.kind]}"
    )
    response.headers[LEFT_OUT] = str(len(made.left_out))
    response.cache_control.no_store = True
    return response


def _wanted() -> _Wanted:
    """The checked request. Raises HTTP errors with a sentence each, and ImageNotFoundError."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType(f"Send JSON such as {_SUCH_AS}.")
    body = json_of("an export", _JSON_LIMIT)
    if not isinstance(body, dict) or not {"images", "format"} <= set(body):
        raise BadRequest(f"The JSON must be an object such as {_SUCH_AS}.")
    if unknown := set(body) - {"images", "format", "query"}:
        raise BadRequest(f"There is no field {min(unknown)!r} in an export.")
    kind, query = body["format"], body.get("query")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadRequest(f"format is one of {', '.join(KINDS)}.")
    if "query" in body and (not isinstance(query, str) or len(query) > LONGEST_QUERY):
        raise BadRequest(f"query is a text of at most {LONGEST_QUERY} letters.")
    return _Wanted(_pictures(body["images"]), kind, query)


def _pictures(given: object) -> list[Record | Hit]:
    """The pictures in their order; those that are named twice, once."""
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_EXPORTED:
        raise BadRequest(f"images is a list of 1 to {MOST_EXPORTED:,} pictures.")
    named: dict[int, object] = {}
    for one in given:
        named.setdefault(_number(one["id"] if _is_hit(one) else one), one)
    return [_picture(number, one) for number, one in named.items()]


def _picture(number: int, given: object) -> Record | Hit:
    record = served().library.record(number)
    if not isinstance(given, dict):
        return record
    score, distance = _within(given, "score", -1), _within(given, "distance", 0)
    liked = _within(given, "liked", 0, 1) if "liked" in given else None
    return Hit(record, score, distance, verdict=_verdict(given), box=_box(given), liked=liked)


def _is_hit(given: object) -> bool:
    return isinstance(given, dict) and set(given) - set(MAY_SAY) == {"id", "score", "distance"}


def _verdict(given: dict[str, Any]) -> str | None:
    verdict = given.get("verdict")
    if verdict is None or (isinstance(verdict, str) and verdict in VERDICTS):
        return verdict
    raise BadRequest(f"verdict is one of {', '.join(VERDICTS)}.")


def _box(given: dict[str, Any]) -> tuple[float, float, float, float] | None:
    if "box" not in given:
        return None
    box = given["box"]
    if isinstance(box, list) and len(box) == 4 and all(_is_within(edge, 0, 1) for edge in box):
        left, top, wide, high = map(float, box)
        return left, top, wide, high
    raise BadRequest("box is left, top, width and height as fractions of the picture.")


def _number(given: object) -> int:
    """An id, be it written 1 or 1.0. Raises BadRequest."""
    if _is_within(given, 0, _LAST_ID) and given == int(given):
        return int(given)
    raise BadRequest(
        "A picture is its number, or its number with what a search said of it, such as "
        '{"id": 1, "score": 0.9, "distance": 0.45}.'
    )


def _within(given: dict[str, Any], name: str, least: int, width: int = 2) -> float:
    value = given[name]
    if _is_within(value, least, least + width):
        return float(value)
    raise BadRequest(f"{name} is a number from {least} to {least + width}.")


def _is_within(value: object, least: int, most: int) -> TypeGuard[float]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return least <= value <= most
