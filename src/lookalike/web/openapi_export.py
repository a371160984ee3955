"""Nothing → what the OpenAPI document says of exports: the call, what it takes and gives."""

from __future__ import annotations

from lookalike.library import KINDS, VERDICTS
from lookalike.web.replies import problems, shell
from lookalike.web.shapes import Json, box, number, ref, shape, text, whole

MOST_EXPORTED = 10_000
MOST_EXPORTS = 2
"""Exports at a time: each holds a thread of the server for as long as it is fetched."""

LONGEST_QUERY = 1000
MAY_SAY = ("verdict", "box", "liked")
"""What a hit may bring along beside score and distance."""

LEFT_OUT = "Lookalike-Left-Out"

MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "zip": "application/zip",
    "sheet": "application/pdf",
}


def paths() -> Json:
    """The call."""
    return {"/api/export": {"post": _export()}}


def schemas() -> Json:
    """What it takes, by name."""
    return {
        "ExportOf": shape(_EXPORT, optional=("query",)),
        "Scored": shape(_SCORED, optional=MAY_SAY),
    }


def _export() -> Json:
    return {
        "operationId": "export",
        "summary": "Export",
        "description": (
            "A file of some pictures, as a download that is sent while it is made: a list for "
            "spreadsheets (`csv`: UTF-8 with its mark, a row a picture, nothing that a spreadsheet "
            "would compute), the same as JSON in the shape of `lookalike search --json`, the files "
            "themselves in a ZIP (`zip`: stored as they are, with a `manifest.csv` at the end; "
            "files that are gone or have changed are left out, and named there), or a contact "
            "sheet (`sheet`: a PDF of A4 pages). Where a file changes while it is sent, the "
            "answer breaks off. Your files are only read. At most "
            f"{MOST_EXPORTS} exports are sent at a time; others get 503."
        ),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ref("ExportOf")}},
        },
        "responses": {
            "200": {
                "description": "The file.",
                "headers": {
                    LEFT_OUT: {
                        "description": "How many files a ZIP leaves out, as known at its start.",
                        "schema": whole(minimum=0),
                    }
                },
                "content": {kind: {} for kind in MEDIA_TYPES.values()},
            },
            **problems("400", "403", "404", "413", "415", "503"),
        },
        "x-codeSamples": [
            shell(f"curl -OJ --json '{one}' http://127.0.0.1:5000/api/export") for one in _SAMPLES
        ],
    }


_EXPORT = {
    "images": {
        "type": "array",
        "items": {"anyOf": [whole(minimum=0, maximum=10**18 - 1), ref("Scored")]},
        "minItems": 1,
        "maxItems": MOST_EXPORTED,
        "description": "Pictures by their numbers, in the order of the file.",
    },
    "format": {"enum": list(KINDS), "description": "What to make of them."},
    "query": {
        **text("What was asked: the title of a contact sheet, and told by the JSON."),
        "maxLength": LONGEST_QUERY,
    },
}

_SCORED = {
    "id": whole("A picture of the library.", minimum=0, maximum=10**18 - 1),
    "score": number("What a search said of it.", minimum=-1, maximum=1),
    "distance": number("What a search said of it.", minimum=0, maximum=2),
    "verdict": {"enum": [*VERDICTS, None], "description": "What a search said of it."},
    "box": box("Which part of it a search found"),
    "liked": number("How likely it is liked, as a search said.", minimum=0, maximum=1),
}

_SAMPLES = (
    '{"images": [1, 3], "format": "zip"}',
    '{"images": [{"id": 1, "score": 0.9, "distance": 0.447}], "format": "sheet", "query": "Roses"}',
)
