"""REST requests about models → what lies beside the present one, compared, and a switch to it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest, NotFound, UnsupportedMediaType

from lookalike.library import SideBySide
from lookalike.stores.base import Hit
from lookalike.web import query
from lookalike.web.body import json_of
from lookalike.web.kept import tagged
from lookalike.web.links import summary
from lookalike.web.openapi_upgrade import DEFAULT_NEAREST, MOST_NEAREST
from lookalike.web.state import served

blueprint = Blueprint("upgrade", __name__)

_SUCH_AS = '{"model": "vgg16-conv"}'
_LARGEST_ID = 10**18 - 1


@blueprint.get("/api/upgrade")
def upgrades() -> Response:
    """The present model, and those beside it."""
    return tagged(asdict(served().library.upgrades()))


@blueprint.get("/api/upgrade/compare")
def compare() -> Response:
    """How the present model and another answer for the pictures of the library."""
    model = _beside(_named({"model", "k"}))
    k = query.number_of_address("k", DEFAULT_NEAREST, 1, MOST_NEAREST)
    here = served()
    with here.heavy:  # it takes all cores for seconds
        return tagged(here.library.upgrade_compare(model, k=k).to_json())


@blueprint.get("/api/upgrade/beside")
def beside() -> Response:
    """What looks most like one picture, with both."""
    model = _beside(_named({"model", "like", "k"}))
    k = query.number_of_address("k", DEFAULT_NEAREST, 1, MOST_NEAREST)
    like = None
    if "like" in request.args:
        like = query.number_of_address("like", 0, 0, _LARGEST_ID)
    return tagged(_pair(served().library.upgrade_beside(like, model, k=k)))


@blueprint.post("/api/upgrade/switch")
def switch() -> Response:
    """Answer with another model from now on."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType(f"Send JSON such as {_SUCH_AS}.")
    body = json_of("a switch")
    if not isinstance(body, dict) or set(body) != {"model"} or not isinstance(body["model"], str):
        raise BadRequest(f"Send the name of a model, such as {_SUCH_AS}.")
    model = _beside(body["model"])
    # By an object of its own: whoever is being answered just now asks the one that is served.
    with served().library.reopened() as library:
        switched = library.upgrade_switch(model)
    return jsonify(asdict(switched))


def _named(parameters: set[str]) -> str:
    """The model in the address, which has no other parameters than these."""
    given = request.args
    if unknown := set(given) - parameters:
        raise BadRequest(f"There is no parameter {min(unknown)!r} here.")
    for name in given:
        if len(given.getlist(name)) > 1:
            raise BadRequest(f"Give {name} once.")
    if "model" not in given:
        raise BadRequest("Name a model, such as ?model=vgg16-conv.")
    return given["model"]


def _beside(model: str) -> str:
    """A model that lies beside. Nothing else may be named: a name can be the path of a file."""
    if all(model != one.model for one in served().library.upgrades().beside):
        raise NotFound(
            f"There are no vectors of {model!r} beside the present ones: `lookalike upgrade build "
            "MODEL` makes some."
        )
    return model


def _pair(pair: SideBySide) -> dict[str, Any]:
    both = pair.both

    def answers(model: str, hits: tuple[Hit, ...]) -> dict[str, Any]:
        shown = [
            {
                **summary(hit.record),
                "score": hit.score,
                "distance": hit.distance,
                "shared": hit.record.id in both,
            }
            for hit in hits
        ]
        return {"model": model, "hits": shown}

    return {
        "picture": summary(pair.picture),
        "shared": pair.shared,
        "present": answers(pair.present, pair.hits),
        "other": answers(pair.other, pair.other_hits),
    }
