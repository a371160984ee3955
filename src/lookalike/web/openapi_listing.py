"""Nothing → what the OpenAPI document says of lists: the calls, and what they give."""

from __future__ import annotations

from lookalike.web.openapi_export import MOST_EXPORTED
from lookalike.web.replies import KEPT, json_reply, parameters, problems, shell
from lookalike.web.schemas import FILTERS, LAST_OFFSET, MOST_HITS
from lookalike.web.shapes import Json, list_of, number, shape, whole

DEFAULT_LISTED = 100
_ADDRESS = "http://127.0.0.1:5000/api"


def paths(question: Json) -> Json:
    """The calls; ``question`` is the body of a search."""
    return {
        "/api/list": {"get": _listing()},
        "/api/list/ids": {"get": _listed()},
        "/api/search/ids": {"post": _ranking(question)},
    }


def schemas() -> Json:
    """What they give, by name."""
    return {"Listing": shape(_LISTING), "Listed": shape(_LISTED), "Ranking": shape(_RANKING)}


def _listing() -> Json:
    return {
        "operationId": "list",
        "summary": "List",
        "description": (
            "The pictures that pass the filters, in order of path, without a question: a "
            "stretch of them, their number, and where the next begins. As long as the library "
            "stays as it is, stretch after stretch gives each picture once."
        ),
        "parameters": parameters({**FILTERS, **_STRETCH}),
        "responses": {
            "200": json_reply("The stretch.", "Listing"),
            **KEPT,
            **problems("400", "503"),
        },
        "x-codeSamples": [
            shell(f"curl '{_ADDRESS}/list?favourite=true'"),
            shell(f"curl '{_ADDRESS}/list?tag=garden&k=50&offset=50'"),
        ],
    }


def _listed() -> Json:
    return {
        "operationId": "listIds",
        "summary": "Numbers of a list",
        "description": (
            "The numbers of all pictures that pass the filters, in order of path: to mark or "
            "export them, or to find them on the map, without what a grid of pictures needs."
        ),
        "parameters": parameters(FILTERS),
        "responses": {
            "200": json_reply("The numbers.", "Listed"),
            **KEPT,
            **problems("400", "503"),
        },
        "x-codeSamples": [shell(f"curl '{_ADDRESS}/list/ids?favourite=true'")],
    }


def _ranking(question: Json) -> Json:
    return {
        "operationId": "searchIds",
        "summary": "Numbers of the answers",
        "description": (
            f"The first {MOST_EXPORTED:,} of all answers to a search, as columns of the same "
            "length: row i of each is one picture. That is as many as `POST /api/export` takes. "
            "The body is that of a search; `k`, `offset`, `exact` and `distribution` change "
            "nothing here; with `fold`, copies that are folded are left out."
        ),
        "requestBody": question,
        "responses": {
            "200": json_reply("The numbers.", "Ranking"),
            **problems("400", "403", "404", "413", "415", "422", "503"),
        },
        "x-codeSamples": [shell(f"""curl --json '{{"id": 1}}' {_ADDRESS}/search/ids""")],
    }


_STRETCH = {
    "k": whole("How many pictures at most.", minimum=1, maximum=MOST_HITS)
    | {"default": DEFAULT_LISTED},
    "offset": whole("How many to pass over.", minimum=0, maximum=LAST_OFFSET) | {"default": 0},
}

_LISTING = {
    "images": list_of("Marked"),
    "total": whole("How many pictures pass.", minimum=0),
    "next": {
        "type": ["integer", "null"],
        "description": "The offset to go on with; null after the last.",
    },
}


def _column(items: Json, description: str, **limits: int) -> Json:
    return {"type": "array", "items": items, "description": description, **limits}


_LISTED = {"ids": _column(whole(minimum=0), "The pictures.")}

_RANKING = {
    "ids": _column(whole(minimum=0), "The pictures, best first.", maxItems=MOST_EXPORTED),
    "scores": _column(number("Cosine.", minimum=-1, maximum=1), "The score of each."),
    "distances": _column(number("L2.", minimum=0, maximum=2), "The distance of each."),
    "total": whole("How many answers there are.", minimum=0),
}
