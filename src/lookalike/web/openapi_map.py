"""Nothing → what the OpenAPI document says of the map: the calls, what they take and give."""

from __future__ import annotations

from lookalike.web.replies import json_reply, problems, shell
from lookalike.web.shapes import Json, list_of, ref, shape, text, whole

SIDE = 65_535
"""The largest coordinate on the map."""

_METHODS = ("neighbours", "components")


def paths() -> Json:
    """The calls."""
    return {
        "/api/map": {"get": _state(), "post": _draw()},
        "/api/map/points": {"get": _points()},
    }


def schemas() -> Json:
    """What they take and give, by name."""
    return {
        "Map": shape(_MAP),
        "MapCluster": shape(_CLUSTER),
        "MapDrawing": shape(_STEP),
        "MapBegun": shape({"drawing": _DRAWING}),
        "MapPoints": shape(_COLUMNS),
    }


def _state() -> Json:
    return {
        "operationId": "map",
        "summary": "The map",
        "description": (
            "The map on which similar pictures lie together: how many are on it, its clusters, "
            "the largest first, and how far the drawing of it is. `POST /api/map` begins that."
        ),
        "responses": {"200": json_reply("The map at this moment.", "Map"), **problems("503")},
        "x-codeSamples": [shell("curl http://127.0.0.1:5000/api/map")],
    }


def _draw() -> Json:
    return {
        "operationId": "drawMap",
        "summary": "Draw the map",
        "description": (
            "Begins to find places for the pictures that have none, beside everything else; does "
            "nothing where that is under way already. How far it is, `GET /api/map` says. All "
            "pictures are laid out anew where a fifth of them is new."
        ),
        "parameters": [
            {
                "name": "rebuild",
                "in": "query",
                "description": "Whether all pictures are laid out anew in any case.",
                "schema": {"type": "boolean", "default": False},
            }
        ],
        "responses": {
            "202": json_reply("It is under way.", "MapBegun"),
            **problems("400", "403", "503"),
        },
        "x-codeSamples": [shell("curl -X POST http://127.0.0.1:5000/api/map")],
    }


def _points() -> Json:
    return {
        "operationId": "mapPoints",
        "summary": "Points of the map",
        "description": (
            "Every picture that is on the map, as columns of the same length: row i of each is "
            "one picture. `x` grows to the right, `y` upwards."
        ),
        "responses": {
            "200": json_reply("The points.", "MapPoints"),
            "304": {"description": "It is the version that the client has."},
            **problems("503"),
        },
        "x-codeSamples": [shell("curl http://127.0.0.1:5000/api/map/points")],
    }


def _column(description: str, **limits: int) -> Json:
    return {"type": "array", "items": whole(None, **limits), "description": description}


_STEP = {
    "doing": {
        "enum": ["reading", "arranging", "placing"],
        "description": "Reading the embeddings, laying all out, or placing some among the others.",
    },
    "done": whole("Of `total`: pictures, or rounds of the layout.", minimum=0),
    "total": whole("How much there is to do; 0 where that is not known yet.", minimum=0),
}

_DRAWING = {
    "anyOf": [ref("MapDrawing"), {"type": "null"}],
    "description": "How far the drawing is; null while there is none.",
}

_CLUSTER = {
    "name": text(
        "The tag that most pictures of the cluster bear and few others do, or else such a folder; "
        "null where there is neither.",
        or_null=True,
    ),
    "images": whole("How many pictures it has.", minimum=1),
    "middle": {
        "anyOf": [ref("Summary"), {"type": "null"}],
        "description": "The picture in its middle; null where it has just been removed.",
    },
}

_MAP = {
    "method": {
        "enum": [*_METHODS, None],
        "description": (
            "How it was laid out: `neighbours` keeps those together that are alike, `components` "
            "takes the two directions in which the pictures differ most; null: not drawn yet."
        ),
    },
    "images": whole("Pictures on the map.", minimum=0),
    "waiting": whole("Pictures that have no place on it yet.", minimum=0),
    "version": text("Another one as soon as anything on the map is different."),
    "points": text(
        "Another one as soon as a point is different: the version of `GET /api/map/points`, which "
        "stays while only names change."
    ),
    "clusters": list_of("MapCluster"),
    "drawing": _DRAWING,
    "trouble": text("Why the last drawing ended early.", or_null=True),
    "install": text(
        "The command that installs what the method `neighbours` needs; null where it is there.",
        or_null=True,
    ),
}

_COLUMNS = {
    "side": whole("The largest `x` or `y` that there may be.", minimum=1),
    "ids": _column("The pictures.", minimum=0),
    "x": _column("How far to the right each lies.", minimum=0, maximum=SIDE),
    "y": _column("How far up each lies.", minimum=0, maximum=SIDE),
    "clusters": _column(
        "The cluster of each, as its number in `clusters` of the map; -1 for none.", minimum=-1
    ),
}
