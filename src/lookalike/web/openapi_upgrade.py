"""Nothing → what the OpenAPI document says of models: the calls, what they take and give."""

from __future__ import annotations

from lookalike.web.replies import KEPT, json_reply, parameters, problems, shell
from lookalike.web.schemas import SUMMARY
from lookalike.web.shapes import Json, list_of, number, ref, shape, text, whole

DEFAULT_NEAREST = 30
MOST_NEAREST = 100
_ADDRESS = "http://127.0.0.1:5000/api/upgrade"


def paths() -> Json:
    """The calls."""
    return {
        "/api/upgrade": {"get": _upgrades()},
        "/api/upgrade/compare": {"get": _compare()},
        "/api/upgrade/beside": {"get": _beside()},
        "/api/upgrade/switch": {"post": _switch()},
    }


def schemas() -> Json:
    """What they take and give, by name."""
    return {
        "Upgrades": shape(_UPGRADES),
        "ModelBeside": shape(_BESIDE),
        "Compared": shape(_COMPARED),
        "JudgedModels": shape(_JUDGED),
        "ModelFigures": shape(_FIGURES),
        "SideBySide": shape(_PAIR),
        "OneSide": shape({"model": _MODEL, "hits": list_of("HitOfOneSide")}),
        "HitOfOneSide": shape({**SUMMARY, **_HIT}),
        "ToSwitch": shape({"model": _MODEL}),
        "Switched": shape(_SWITCHED),
    }


def _upgrades() -> Json:
    return {
        "operationId": "upgrades",
        "summary": "Models",
        "description": (
            "The model whose vectors pictures are compared by, and those whose vectors lie beside, "
            "made by `lookalike upgrade build MODEL`, with how complete they are."
        ),
        "responses": {"200": json_reply("The models.", "Upgrades"), **KEPT, **problems("503")},
        "x-codeSamples": [shell(f"curl {_ADDRESS}")],
    }


def _compare() -> Json:
    return {
        "operationId": "compareModels",
        "summary": "Compare models",
        "description": (
            "Holds a model that lies beside against the present one, on the pictures that have "
            "vectors of both: up to 200 of them are asked with, the same each time. Where tags or "
            "folders tell pictures apart, it is measured how well those of one label find each "
            "other. It takes seconds."
        ),
        "parameters": [_which(), *parameters({"k": _K})],
        "responses": {
            "200": json_reply("How they differ.", "Compared"),
            **KEPT,
            **problems("400", "404", "503"),
        },
        "x-codeSamples": [shell(f"curl '{_ADDRESS}/compare?model=vgg16-conv'")],
    }


def _beside() -> Json:
    like = whole(
        "The number of a picture; without it, one is chosen at random.",
        minimum=0,
        maximum=10**18 - 1,
    )
    return {
        "operationId": "sideBySide",
        "summary": "Side by side",
        "description": (
            "What looks most like one picture, with the present model and with one that lies "
            "beside. `shared` tells of each answer whether it is one with both."
        ),
        "parameters": [_which(), *parameters({"like": like, "k": _K})],
        "responses": {
            "200": json_reply("Both answers, best first.", "SideBySide"),
            **KEPT,
            **problems("400", "404", "503"),
        },
        "x-codeSamples": [shell(f"curl '{_ADDRESS}/beside?model=vgg16-conv&like=1'")],
    }


def _switch() -> Json:
    return {
        "operationId": "switchModel",
        "summary": "Switch",
        "description": (
            "Answers with a model that lies beside from now on; the vectors of the former take its "
            "place, so that switching to that goes back. Refused where vectors are missing, and "
            "while somebody else writes to the library."
        ),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ref("ToSwitch")}},
        },
        "responses": {
            "200": json_reply("It is done.", "Switched"),
            **problems("400", "403", "404", "413", "415", "503"),
        },
        "x-codeSamples": [
            shell(f"""curl --json '{{"model": "vgg16-conv"}}' {_ADDRESS}/switch"""),
        ],
    }


def _which() -> Json:
    (which,) = parameters({"model": text("The name of the model, as `GET /api/upgrade` tells it.")})
    return {**which, "required": True}


_MODEL = text("The name of the model, or the path of its file.")
_K = whole("How many of the nearest.", minimum=1, maximum=MOST_NEAREST) | {
    "default": DEFAULT_NEAREST
}

_BESIDE = {
    "model": _MODEL,
    "dim": whole("Numbers that a vector has.", minimum=0),
    "images": whole("Pictures that have a vector of it.", minimum=0),
    "missing": whole("Pictures of the library that have none yet.", minimum=0),
}

_UPGRADES = {
    "model": _MODEL,
    "dim": whole("Numbers that a vector has.", minimum=0),
    "images": whole("Pictures that have a vector of it.", minimum=0),
    "blank": whole("Pictures that have none, as their files could not be read.", minimum=0),
    "beside": list_of("ModelBeside"),
}


def _part(description: str) -> Json:
    return number(description, minimum=0, maximum=1)


_FIGURES = {
    "queries": whole("Pictures that were searched with.", minimum=0),
    "p_at_1": _part("Precision at 1."),
    "p_at_10": _part("Precision at 10."),
    "p_at_30": _part("Precision at 30."),
    "map": _part("Mean average precision."),
}

_JUDGED = {
    "labels": {"enum": ["file", "tags", "folders"], "description": "Where the labels are from."},
    "pictures": whole("Pictures that have a label.", minimum=0),
    "present": ref("ModelFigures"),
    "other": ref("ModelFigures"),
}

_COMPARED = {
    "present": _MODEL,
    "other": _MODEL,
    "images": whole("Pictures that have vectors of both.", minimum=0),
    "queries": whole("Pictures that were asked with.", minimum=0),
    "k": whole("How many of the nearest were compared: half of the others at most.", minimum=1),
    "overlap": _part("Which part of these is the same with both, on average."),
    "spread": _part("The standard deviation of it from one query to another."),
    "judged": {
        "oneOf": [ref("JudgedModels"), {"type": "null"}],
        "description": "What labels say; null where neither tags nor folders tell pictures apart.",
    },
}

_HIT = {
    "score": number("Cosine, by the vectors of this model.", minimum=-1, maximum=1),
    "distance": number("L2 distance between the unit vectors.", minimum=0),
    "shared": {"type": "boolean", "description": "Whether it is an answer with both models."},
}

_PAIR = {
    "picture": ref("Summary"),
    "shared": whole("How many answers are the same.", minimum=0),
    "present": ref("OneSide"),
    "other": ref("OneSide"),
}

_SWITCHED = {
    "model": _MODEL,
    "former": _MODEL,
    "images": whole("Pictures that have a vector of it.", minimum=0),
    "blank": whole("Pictures that were left without.", minimum=0),
    "seconds": number("How long it took.", minimum=0),
}
