"""Nothing → what the OpenAPI document says to those who watch a server: the calls, the answers."""

from __future__ import annotations

from lookalike.web.replies import json_reply, problems, shell
from lookalike.web.shapes import Json, shape


def paths() -> Json:
    """The calls."""
    return {
        "/healthz": {"get": _health()},
        "/readyz": {"get": _ready()},
        "/metrics": {"get": _metrics()},
    }


def schemas() -> Json:
    """What they give, by name."""
    return {
        "Health": shape({"status": {"const": "ok"}}),
        "Readiness": shape({"status": {"const": "ready"}}),
    }


def _health() -> Json:
    return {
        "operationId": "health",
        "summary": "Whether it lives",
        "description": (
            "That the process lives and answers. Neither the library nor the model is looked at: "
            "who is answered need not start the server again."
        ),
        "responses": {"200": json_reply("It lives.", "Health"), **problems()},
        "x-codeSamples": [shell("curl http://127.0.0.1:5000/healthz")],
    }


def _ready() -> Json:
    return {
        "operationId": "readiness",
        "summary": "Whether it would answer",
        "description": (
            "That a question with a new picture would be answered now: the library can be read, "
            "the model is in memory or can be loaded, and the server is not being stopped. "
            "Otherwise the answer is 503, and `detail` says why; names of folders are told to this "
            "machine alone."
        ),
        "responses": {"200": json_reply("It would.", "Readiness"), **problems("503")},
        "x-codeSamples": [shell("curl http://127.0.0.1:5000/readyz")],
    }


def _metrics() -> Json:
    return {
        "operationId": "metrics",
        "summary": "Figures",
        "description": (
            "Figures in Prometheus' text format: requests and how long they took, searches, what "
            "runs and what waits, how the library is, how fresh it is, what the process takes. "
            "`docs/guide.md` lists them. No label has a name, a path or words in it."
        ),
        "responses": {
            "200": {
                "description": "The figures.",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            },
            **problems(),
        },
        "x-codeSamples": [shell("curl http://127.0.0.1:5000/metrics")],
    }
