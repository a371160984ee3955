"""REST requests about duplicates → the groups, the search for them and decisions, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from lookalike.library import Copy, Group
from lookalike.stores.base import Record
from lookalike.web.body import is_id, json_of
from lookalike.web.links import summary
from lookalike.web.looking import of_app
from lookalike.web.openapi_duplicates import FEW_GROUPS, MOST_GROUPS, MOST_TOLD_APART
from lookalike.web.state import served

blueprint = Blueprint("duplicates", __name__)

_DIGITS = 18  # that always fit the 64-bit integers of a store
_Thing = TypeVar("_Thing")


@blueprint.get("/api/duplicates")
def groups() -> Response:
    """The groups that are known."""
    exact = {"true": True, "false": False}.get(request.args.get("exact", "false"))
    if exact is None:
        raise BadRequest("exact is true or false.")
    offset, limit = _paging(FEW_GROUPS, MOST_GROUPS)
    # Before it is read what was found: what is found meanwhile is then not told as outstanding.
    step, trouble = of_app().step(), of_app().trouble()
    found = served().library.duplicates(exact_only=exact, look=False)
    shown, page = _page(found.groups, offset, limit)
    return jsonify(
        {
            "groups": [_group(one) for one in shown],
            **page,
            "copies": found.copies,
            "spare": found.spare,
            "waiting": found.waiting,
            "looking": asdict(step) if step else None,
            "trouble": trouble,
        }
    )


@blueprint.post("/api/duplicates/look")
def look() -> tuple[Response, int]:
    """Begin to look for more."""
    of_app().start()
    step = of_app().step()
    return jsonify({"looking": asdict(step) if step else None}), 202


@blueprint.get("/api/duplicates/decisions")
def decisions() -> Response:
    """The pairs of which somebody said that they are no duplicates."""
    offset, limit = _paging(MOST_TOLD_APART, MOST_TOLD_APART)
    shown, page = _page(served().library.told_apart(), offset, limit)
    pairs = [{"first": summary(first), "second": summary(second)} for first, second in shown]
    return jsonify({"decisions": pairs, **page})


@blueprint.post("/api/duplicates/decisions")
def decide() -> Response:
    """Remember that pictures are no duplicates of each other."""
    return jsonify({"pairs": served().library.not_duplicates(*_images_of_body())})


@blueprint.delete("/api/duplicates/decisions")
def undo() -> Response:
    """Take that back."""
    texts = request.args.getlist("image")
    if not all(one.isascii() and one.isdigit() and len(one) <= _DIGITS for one in texts):
        raise BadRequest("image is the number of a picture in the library, given twice or more.")
    images = _enough([int(one) for one in texts])
    return jsonify({"pairs": served().library.not_duplicates(*images, undo=True)})


def _images_of_body() -> list[int]:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType('Send JSON such as {"images": [1, 2]}.')
    body = json_of("a decision")
    images = body.get("images") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(images, list) or not all(map(is_id, images)):
        raise BadRequest('Send the numbers of pictures as {"images": [1, 2]}.')
    return _enough(list(map(int, images)))


def _enough(images: list[int]) -> list[int]:
    if not 2 <= len(set(images)) == len(images) <= MOST_TOLD_APART:
        raise BadRequest(f"Name from 2 to {MOST_TOLD_APART} different pictures.")
    return images


def _paging(few: int, most: int) -> tuple[int, int]:
    return _whole("offset", 0, 0, 10**9 - 1), _whole("limit", few, 1, most)


def _whole(name: str, default: int, least: int, most: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and least <= int(text[:10]) <= most):
        raise BadRequest(f"{name} is a whole number from {least} to {most}.")
    return int(text[:10])


def _page(
    things: Sequence[_Thing], offset: int, limit: int
) -> tuple[Sequence[_Thing], dict[str, Any]]:
    after = offset + limit
    following = after if after < len(things) else None
    page = {"total": len(things), "offset": offset, "next": following}
    return things[offset:after], page


def _group(group: Group) -> dict[str, Any]:
    return {
        "best": _picture(group.best),
        "why": group.why,
        "copies": [_copy(one) for one in group.copies],
        "spare": group.spare,
    }


def _copy(copy: Copy) -> dict[str, Any]:
    return {
        **_picture(copy.record),
        "how": list(copy.how),
        "turned": copy.turned,
        "shown": copy.shown,
        "agreement": copy.agreement,
    }


def _picture(record: Record) -> dict[str, Any]:
    return {**summary(record), "size": record.size, "format": record.format}
