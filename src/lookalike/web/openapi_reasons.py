"""Nothing → what the OpenAPI document says of explanations: the calls, and what they give."""

from __future__ import annotations

from lookalike.web.replies import IMAGE_ID, KEPT, json_reply, problems, shell
from lookalike.web.shapes import Json, list_of, number, ref, shape, text, whole

_ADDRESS = "http://127.0.0.1:5000/api/images/3/explanation"

_ABOUT = (
    "How much each region of the picture, and of the query, adds to their score: the shares of the "
    "one add up to it, and so do those of the other. Models whose vectors are no averages of "
    "regions cannot tell (400); `lookalike models` says which ones explain. Both files are read, "
    "so the score may differ from that of the search in its last digits."
)


def paths(question: Json) -> Json:
    """The calls; ``question`` is the body of a search."""
    return {
        "/api/images/{image_id}/explanation": {
            "get": _of_known(),
            "post": _of_query(question),
        }
    }


def schemas() -> Json:
    """What they give, by name."""
    return {"Explanation": shape(_EXPLANATION), "Regions": shape(_REGIONS)}


def _of_known() -> Json:
    return {
        "operationId": "explanation",
        "summary": "Why it is like another",
        "description": _ABOUT,
        "parameters": [IMAGE_ID, _LIKE, _BOX],
        "responses": {
            "200": json_reply("The shares.", "Explanation"),
            **KEPT,
            **problems("400", "404", "503"),
        },
        "x-codeSamples": [
            shell(f"curl '{_ADDRESS}?like=1'"),
            shell(f"curl '{_ADDRESS}?like=1&box=0.25,0.25,0.5,0.5'"),
        ],
    }


def _of_query(question: Json) -> Json:
    return {
        "operationId": "explanationOfQuery",
        "summary": "Why it is an answer",
        "description": (
            "The same for whatever was searched with, but for words, which have no regions: the "
            "body is that of the search. What says how to search, such as `k` and `filter`, "
            "changes nothing here. Of several examples each has regions of its own; those that the "
            "picture is to be unlike "
            "take from the score."
        ),
        "parameters": [IMAGE_ID],
        "requestBody": question,
        "responses": {
            "200": json_reply("The shares.", "Explanation"),
            **problems("400", "403", "404", "413", "415", "422", "503"),
        },
        "x-codeSamples": [shell(f"curl -F image=@query.jpg {_ADDRESS}")],
    }


_LIKE = {
    "name": "like",
    "in": "query",
    "required": True,
    "description": "The number of the picture that it is compared with.",
    "schema": whole(minimum=0),
}

_BOX = {
    "name": "box",
    "in": "query",
    "description": (
        "Only this part of that one: left, top, width and height as fractions of the upright "
        "picture."
    ),
    "style": "form",
    "explode": False,
    "schema": {
        "type": "array",
        "items": {"type": "number", "minimum": 0, "maximum": 1},
        "minItems": 4,
        "maxItems": 4,
    },
}

_EXPLANATION = {
    "score": number("The cosine."),
    "picture": {**ref("Regions"), "description": "Those of the picture."},
    "query": {
        **list_of("Regions"),
        "description": "Those of each picture of the query; all together add up to the score.",
    },
    "method": text("How the shares were found."),
}

_REGIONS = {
    "shares": {
        "type": "array",
        "items": {"type": "array", "items": {"type": "number"}},
        "description": "Rows from the top: what each region adds to the score, or takes from it.",
    },
    "covers": {
        "type": "array",
        "items": {"type": "number"},
        "minItems": 4,
        "maxItems": 4,
        "description": (
            "What the rows lie on: left, top, width and height as fractions of the upright "
            "picture; beyond it where the model pads pictures."
        ),
    },
}
