"""Nothing → what the OpenAPI document says of marks: the calls, what they take and give."""

from __future__ import annotations

from lookalike.stores.base import MOST_NAMES, MOST_TAGS
from lookalike.web.replies import KEPT, json_reply, problems, shell
from lookalike.web.schemas import MARKS, TAG
from lookalike.web.shapes import Json, list_of, ref, shape, whole

MOST_MARKED = 5000


def paths() -> Json:
    """The calls."""
    return {"/api/marks": {"post": _mark()}, "/api/tags": {"get": _tags()}}


def schemas() -> Json:
    """What they take and give, by name."""
    return {
        "Mark": shape(_MARK, optional=("favourite", "add", "remove")),
        "MarksOfImage": shape({"id": whole("The picture's number.", minimum=0), **MARKS}),
        "MarksAfter": shape({"images": list_of("MarksOfImage")}),
        "Tag": shape(
            {
                "value": {"type": "string", "description": "Its name."},
                "images": whole("Pictures that have it; 0 where these are gone.", minimum=0),
            }
        ),
        "Tags": shape(
            {
                "favourites": whole("Pictures that are favourites.", minimum=0),
                "tags": {**list_of("Tag"), "description": "All there are, in order of name."},
            }
        ),
    }


def _mark() -> Json:
    return {
        "operationId": "mark",
        "summary": "Favourites and tags",
        "description": (
            "Makes pictures favourites or not, takes tags off them, then puts tags on them; what "
            "is not given stays. It is kept in the library for the contents of the files, so that "
            "copies share it and it outlives moves; no file is changed. A tag is the same whatever "
            "the case of its letters, and named as it was first written. A picture has "
            f"{MOST_TAGS} tags at most, a library {MOST_NAMES:,} different ones: what goes beyond "
            "is refused, and nothing is changed."
        ),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ref("Mark")}},
        },
        "responses": {
            "200": json_reply("What they are marked with now.", "MarksAfter"),
            **problems("400", "403", "404", "413", "415", "503"),
        },
        "x-codeSamples": [
            shell(f"curl --json '{body}' http://127.0.0.1:5000/api/marks")
            for body in (
                '{"images": [1, 2], "favourite": true}',
                '{"images": [3], "add": ["garden"], "remove": ["house"]}',
            )
        ],
    }


def _tags() -> Json:
    return {
        "operationId": "tags",
        "summary": "All tags",
        "description": "How many pictures bear each tag, and how many are favourites.",
        "responses": {
            "200": json_reply("The tags.", "Tags"),
            **KEPT,
            **problems("503"),
        },
        "x-codeSamples": [shell("curl http://127.0.0.1:5000/api/tags")],
    }


_MARK = {
    "images": {
        "type": "array",
        "items": whole(minimum=0, maximum=10**18 - 1),
        "minItems": 1,
        "maxItems": MOST_MARKED,
        "description": "Numbers of pictures.",
    },
    "favourite": {"type": "boolean", "description": "Whether they are favourites from now on."},
    "add": {
        "type": "array",
        "items": TAG,
        "maxItems": MOST_TAGS,
        "description": "Tags that they get.",
    },
    "remove": {
        "type": "array",
        "items": TAG,
        "maxItems": MOST_TAGS,
        "description": "Tags that they lose.",
    },
}
