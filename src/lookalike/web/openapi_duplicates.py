"""Nothing → what the OpenAPI document says of duplicates: the calls, what they take and give."""

from __future__ import annotations

from lookalike.web.replies import json_reply, problems, shell
from lookalike.web.schemas import SUMMARY
from lookalike.web.shapes import Json, list_of, number, ref, shape, text, whole

MOST_GROUPS = 100
FEW_GROUPS = 20
MOST_TOLD_APART = 100


def paths() -> Json:
    """The calls."""
    return {
        "/api/duplicates": {"get": _groups()},
        "/api/duplicates/look": {"post": _look()},
        "/api/duplicates/decisions": {"get": _decisions(), "post": _decide(), "delete": _undo()},
    }


def schemas() -> Json:
    """What they take and give, by name."""
    return {
        "Duplicates": shape(_DUPLICATES),
        "DuplicateGroup": shape(_GROUP),
        "DuplicatePicture": shape(_PICTURE),
        "DuplicateCopy": shape({**_PICTURE, **_COPY}),
        "DuplicateSearch": shape(_SEARCH),
        "Looking": shape({"looking": _LOOKING}),
        "TellApart": shape({"images": _IMAGES}),
        "ToldApart": shape({"pairs": whole("How many pairs of contents that is.", minimum=0)}),
        "Decision": shape({"first": ref("Summary"), "second": ref("Summary")}),
        "Decisions": shape({"decisions": list_of("Decision"), **_PAGE}),
    }


def _groups() -> Json:
    return {
        "operationId": "duplicates",
        "summary": "Duplicates",
        "description": (
            "Groups of pictures that show the same, those whose copies take most bytes first. "
            "Exact copies are told by content and always known. Near copies were verified on "
            "pixels; `waiting` says how many pictures have not been compared yet, which "
            "`POST /api/duplicates/look` begins. Nothing is ever deleted."
        ),
        "parameters": [
            *_paging("groups", MOST_GROUPS, FEW_GROUPS),
            {
                "name": "exact",
                "in": "query",
                "description": "Whether only files with the same content are told.",
                "schema": {"type": "boolean", "default": False},
            },
        ],
        "responses": {"200": json_reply("The groups.", "Duplicates"), **problems("400", "503")},
        "x-codeSamples": [shell("curl 'http://127.0.0.1:5000/api/duplicates?limit=5'")],
    }


def _look() -> Json:
    return {
        "operationId": "lookForDuplicates",
        "summary": "Look for duplicates",
        "description": (
            "Begins to compare the pictures that are new with all others, beside everything else; "
            "does nothing where that is under way already. How far it is, `GET /api/duplicates` "
            "says."
        ),
        "responses": {"202": json_reply("It is under way.", "Looking"), **problems("403", "503")},
        "x-codeSamples": [shell("curl -X POST http://127.0.0.1:5000/api/duplicates/look")],
    }


def _decisions() -> Json:
    return {
        "operationId": "duplicateDecisions",
        "summary": "What is no duplicate",
        "description": "The pairs of which somebody said that they are no duplicates.",
        "parameters": _paging("pairs", MOST_TOLD_APART, MOST_TOLD_APART),
        "responses": {"200": json_reply("The pairs.", "Decisions"), **problems("400", "503")},
        "x-codeSamples": [shell("curl http://127.0.0.1:5000/api/duplicates/decisions")],
    }


def _decide() -> Json:
    return {
        "operationId": "notDuplicates",
        "summary": "Not duplicates",
        "description": (
            "Remembers that pictures are no duplicates of each other. It is kept for their "
            "contents; of files with the same content it says that all are wanted."
        ),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ref("TellApart")}},
        },
        "responses": {
            "200": json_reply("It is remembered.", "ToldApart"),
            **problems("400", "403", "404", "413", "415", "503"),
        },
        "x-codeSamples": [
            shell(
                "curl --json '{\"images\": [1, 2]}' http://127.0.0.1:5000/api/duplicates/decisions"
            )
        ],
    }


def _undo() -> Json:
    return {
        "operationId": "duplicatesAfterAll",
        "summary": "Duplicates after all",
        "description": "Takes back that pictures are no duplicates of each other.",
        "parameters": [
            {
                "name": "image",
                "in": "query",
                "required": True,
                "description": "The number of a picture; given twice or more.",
                "schema": _IMAGES,
                "explode": True,
            }
        ],
        "responses": {
            "200": json_reply("It is forgotten.", "ToldApart"),
            **problems("400", "403", "404", "503"),
        },
        "x-codeSamples": [
            shell("curl -X DELETE 'http://127.0.0.1:5000/api/duplicates/decisions?image=1&image=2'")
        ],
    }


def _paging(things: str, most: int, few: int) -> list[Json]:
    return [
        {
            "name": "offset",
            "in": "query",
            "description": f"How many {things} to leave out at the start.",
            "schema": whole(minimum=0, maximum=999_999_999, default=0),
        },
        {
            "name": "limit",
            "in": "query",
            "description": f"How many {things} to return at most.",
            "schema": whole(minimum=1, maximum=most, default=few),
        },
    ]


_IMAGES = {
    "type": "array",
    "items": whole(minimum=0, maximum=10**18 - 1),
    "uniqueItems": True,
    "minItems": 2,
    "maxItems": MOST_TOLD_APART,
    "description": "Numbers of different pictures, two at least.",
}

_PAGE = {
    "total": whole("How many there are.", minimum=0),
    "offset": whole("How many were left out at the start.", minimum=0),
    "next": {"type": ["integer", "null"], "description": "The offset that goes on; null: no more."},
}

_PICTURE = {
    **SUMMARY,
    "size": whole("Bytes of the file.", minimum=0),
    "format": text("The format, from the file's content."),
}

_KINDS = (
    *("exact", "recompressed", "resized", "cropped", "extended"),
    *("bordered", "turned", "mirrored", "edited"),
)

_COPY = {
    "how": {
        "type": "array",
        "items": {"enum": list(_KINDS)},
        "description": (
            "How it differs from the best: `exact` has the same content, `cropped` shows a part "
            "of it, `extended` more, `bordered` the same within a border, `edited` has something "
            "drawn over it."
        ),
    },
    "turned": whole("Degrees to the right, after mirroring.", minimum=0, maximum=270),
    "shown": number("The part of the larger picture that both show, by area.", minimum=0),
    "agreement": number("How far the details agree: 1 is the same.", minimum=0, maximum=1),
}

_GROUP = {
    "best": {**ref("DuplicatePicture"), "description": "The one that is proposed to be kept."},
    "why": {
        "enum": ["untouched", "pixels", "bytes", "oldest", "path"],
        "description": (
            "What it has most of, or is first by; `untouched`: others have a border, are turned or "
            "drawn over."
        ),
    },
    "copies": {**list_of("DuplicateCopy"), "description": "Each was compared with the best."},
    "spare": whole("Bytes that the copies take.", minimum=0),
}

_SEARCH = {
    "doing": {"enum": ["looking", "comparing"], "description": "Reading pictures, or comparing."},
    "done": whole("Pictures dealt with.", minimum=0),
    "total": whole("Pictures to deal with.", minimum=0),
}

_LOOKING = {
    "anyOf": [ref("DuplicateSearch"), {"type": "null"}],
    "description": "How far the comparison is; null while there is none.",
}

_DUPLICATES = {
    "groups": list_of("DuplicateGroup"),
    **_PAGE,
    "copies": whole("Pictures beside the best ones, in all groups.", minimum=0),
    "spare": whole("Bytes that these take.", minimum=0),
    "waiting": whole("Pictures that were not compared yet, or cannot be read.", minimum=0),
    "looking": _LOOKING,
    "trouble": text("Why the last comparison ended early.", or_null=True),
}
