"""Nothing → what the OpenAPI document says of views: the calls, what they take and give."""

from __future__ import annotations

from lookalike.library import LONGEST_NAME, PARTS
from lookalike.web.replies import KEPT, json_reply, problems, shell
from lookalike.web.shapes import Json, list_of, number, ref, shape, text, whole

MOST_LIKED = 1000


def paths() -> Json:
    """The calls."""
    return {"/api/views": {"get": _views(), "post": _learn(), "delete": _forget()}}


def schemas() -> Json:
    """What they take and give, by name."""
    return {
        "Views": shape({"views": {**list_of("View"), "description": "In order of name."}}),
        "View": shape(
            {**_LEARNED, "kind": _KIND, "made": text("When it was made: UTC, ISO 8601.")},
            optional=("classes", "left_out", "before", "after", "odds"),
        ),
        "Learned": shape(_LEARNED),
        "Odds": shape(_ODDS),
        "ByClasses": shape({"name": _NAME, "from": _FROM}),
        "ByLiking": shape(
            {"name": _NAME, "liked": _pictures("liked", 2), "unliked": _pictures("not liked", 0)},
            optional=("unliked",),
        ),
    }


def _views() -> Json:
    return {
        "operationId": "views",
        "summary": "Views",
        "description": (
            "The views that were learned, to search with as `view`. The view `whitened` is not "
            "among them: every library has it."
        ),
        "responses": {"200": json_reply("The views.", "Views"), **KEPT, **problems("503")},
        "x-codeSamples": [shell("curl http://127.0.0.1:5000/api/views")],
    }


def _learn() -> Json:
    return {
        "operationId": "learn",
        "summary": "Learn a view",
        "description": (
            "Learns to tell apart what a person tells apart, which takes seconds, and keeps it by "
            "name in place of what has the same. From `folders` or `tags`, which are classes, "
            "comes a view in which pictures of one class lie together; from `favourites`, or "
            "pictures that are `liked`, one that knows where these lie, and that can be searched "
            "alone. What held-out pictures show to be of no help is refused, and nothing is kept."
        ),
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"oneOf": [ref("ByClasses"), ref("ByLiking")]}}
            },
        },
        "responses": {
            "200": json_reply("What it was learned from, and what it is worth.", "Learned"),
            **problems("400", "403", "404", "413", "415", "503"),
        },
        "x-codeSamples": [
            shell(f"curl --json '{body}' http://127.0.0.1:5000/api/views")
            for body in (
                '{"name": "kinds", "from": "folders"}',
                '{"name": "evening", "liked": [1, 2, 5], "unliked": [7]}',
            )
        ],
    }


def _forget() -> Json:
    return {
        "operationId": "forgetView",
        "summary": "Forget a view",
        "description": "Deletes a view; pictures and marks stay as they are.",
        "parameters": [_WHICH],
        "responses": {
            "204": {"description": "It is gone."},
            **problems("400", "403", "404", "503"),
        },
        "x-codeSamples": [
            shell("curl -X DELETE 'http://127.0.0.1:5000/api/views?name=evening'"),
        ],
    }


def _pictures(what: str, least: int) -> Json:
    return {
        "type": "array",
        "items": whole(minimum=0, maximum=10**18 - 1),
        "minItems": least,
        "maxItems": MOST_LIKED,
        "description": f"Numbers of pictures that are {what}.",
    }


_NAME = {**text("What it is called."), "minLength": 1, "maxLength": LONGEST_NAME}

_WHICH = {
    "name": "name",
    "in": "query",
    "required": True,
    "description": "What the view is called.",
    "schema": {"type": "string"},
}

_KIND = {
    "enum": ["classes", "liked", PARTS],
    "description": "What it was learned from; `parts` is not learned, it finds things within "
    "pictures, where `lookalike index FOLDER --parts` keeps their parts.",
}

_FROM = {
    "enum": ["folders", "tags", "favourites"],
    "description": "What of the library it is learned from.",
}

_ODDS = {
    "slope": number("Of a logistic curve."),
    "offset": number("Of a logistic curve, which says how likely a picture was marked."),
    "marked": number("How likely one that is liked was: divide by it.", minimum=0, maximum=1),
    "most": number("How likely it is at most.", minimum=0, maximum=1),
}

_LEARNED = {
    "name": text("What it is called."),
    "kind": {"enum": ["classes", "liked"], "description": "What it was learned from."},
    "pictures": whole("Pictures that it was learned from.", minimum=0),
    "classes": whole("How many classes they have.", minimum=0),
    "left_out": whole("Pictures that have a class and were of no use.", minimum=0),
    "before": number(
        "Mean average precision on held-out pictures without the view; for what is liked .5."
    ),
    "after": number(
        "The same with it; for what is liked, how likely a liked picture that was held out scores "
        "above another one."
    ),
    "odds": {
        "anyOf": [ref("Odds"), {"type": "null"}],
        "description": "How likely a picture with some score is liked; null where what is liked "
        "has too little in common to say, and for classes.",
    },
}
