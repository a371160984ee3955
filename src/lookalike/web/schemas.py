"""Nothing → the JSON Schemas of what the REST calls take and give, by name."""

from __future__ import annotations

import os

from lookalike.library import MOST_NEIGHBOURS
from lookalike.stores.base import MOST_LETTERS, TAG_PATTERN
from lookalike.web import openapi_words as words
from lookalike.web.shapes import Json, box, ref, whole
from lookalike.web.shapes import list_of as _list_of
from lookalike.web.shapes import number as _number
from lookalike.web.shapes import shape as _object
from lookalike.web.shapes import text as _text
from lookalike.web.stretch import DISTRIBUTION, STRETCH
from lookalike.web.verdicts import LACKING, LIKED, OF_A_HIT, OF_AN_ANSWER

DEFAULT_K = 30
MOST_HITS = 1000
MOST_SAMPLES = 200
LAST_OFFSET = 10**9
MOST_EXAMPLES = 32


def schemas() -> Json:
    """All of them, built anew."""
    return {
        **_questions(),
        **_examples(),
        "Answer": _answer(),
        **_asked(),
        **words.schemas(_EXAMPLE["weight"]),
        "Summary": _object(SUMMARY),
        "FoldedHit": _object({**SUMMARY, **_CLOSENESS, "liked": LIKED}, optional=("liked",)),
        "Marked": _object({**SUMMARY, **MARKS}),
        "Hit": _object(
            {
                **SUMMARY,
                **_CLOSENESS,
                "box": _FOUND,
                "liked": LIKED,
                **MARKS,
                "copies": _COPIES,
            },
            optional=("box", "liked", "copies"),
        ),
        "Image": _object({**SUMMARY, **_DETAILS, **MARKS, "labels": words.CALLED}),
        "Sample": _object({"images": _list_of("Marked")}),
        "Stats": _object(_STATS),
        "Indexing": _object(_INDEXING),
        "Progress": _object({name: _STATS[name] for name in ("images", "indexing", "trouble")}),
        "SearchIndex": _object(_INDEX),
        "Facets": _object(_FACETS),
        "Named": _object({"value": _text("What a filter takes."), "images": _PASSING}),
        "Side": _object({"value": whole(minimum=1, description="Pixels."), "images": _PASSING}),
        "Distribution": _object(DISTRIBUTION),
        "Problem": _object(_PROBLEM, optional=("request_id",)),
    }


def _asked() -> Json:
    """What was asked, as answers tell it again."""
    return {
        "UploadedQuery": _object(
            {
                "name": _text("The name that came with the upload."),
                "size": whole(description="Bytes."),
            }
        ),
        "ExamplesQuery": _object({"examples": words.SHOWN}),
        "ShownExample": _object(
            {
                "picture": {
                    "anyOf": [ref("Summary"), ref("UploadedQuery")],
                    "description": "The picture.",
                },
                **_EXAMPLE,
            },
            optional=("box",),
        ),
        "ViewQuery": _object({"view": _text("The view that was asked alone.")}),
    }


def _questions() -> Json:
    return {
        "Known": _object({"id": _KNOWN, **_HOW}, optional=tuple(_HOW)),
        "InWords": _object({"words": words.WORDS, **_HOW}, optional=tuple(_HOW)),
        "InView": _object(_HOW, optional=tuple(name for name in _HOW if name != "view")),
        "Filter": _object(_FILTER, optional=tuple(_FILTER)),
    }


_IN_A_FORM = (
    " Each of the files is one of them; JSON, a list of `UploadedExample` and `KnownExample`. "
    "Needed for several files."
)


def _examples() -> Json:
    known, uploaded, said = (ref(f"{name}Example") for name in ("Known", "Uploaded", "Words"))
    about = "Pictures and words, wanted and not wanted; one at least is wanted."
    several = {"type": "array", "minItems": 1, "maxItems": MOST_EXAMPLES}
    in_json = {**several, "items": {"anyOf": [known, said]}, "description": about}
    files = {
        "type": "array",
        "items": {"type": "string", "format": "binary"},
        "minItems": 1,
        "maxItems": MOST_EXAMPLES,
        "description": "The picture's file, or several, each in a field of this name.",
    }
    return {
        "ByExamples": _object({"examples": in_json, **_HOW}, optional=tuple(_HOW)),
        "Upload": _object(
            {
                "image": files,
                "examples": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": {**several, "items": {"anyOf": [uploaded, known, said]}},
                    "description": about + _IN_A_FORM,
                },
                **_HOW_IN_FORMS,
            },
            optional=("examples", *_HOW),
        ),
        "KnownExample": _object({"id": _KNOWN, **_EXAMPLE}, optional=tuple(_EXAMPLE)),
        "UploadedExample": _object(
            {"image": whole(minimum=0, description="Which of the files, from 0."), **_EXAMPLE},
            optional=tuple(_EXAMPLE),
        ),
    }


def _answer() -> Json:
    query = {
        "anyOf": [
            *(ref("Summary"), ref("UploadedQuery"), ref("WordsQuery"), ref("ExamplesQuery")),
            ref("ViewQuery"),
        ],
        "description": "What was asked.",
    }
    return _object(
        {
            "query": query,
            **OF_AN_ANSWER,
            "lacking": LACKING,
            "hits": _list_of("Hit"),
            "hint": _text("What to do first."),
            "understood": words.UNDERSTOOD,
            **STRETCH,
        },
        optional=("lacking", "hint", "understood", *STRETCH),
    )


_K = whole(
    minimum=1, maximum=MOST_HITS, default=DEFAULT_K, description="How many pictures to return."
)

_KNOWN = whole(minimum=0, description="A picture of the library.")

_HOW = {
    "k": _K,
    "exact": {
        "type": "boolean",
        "description": "Whether every picture is compared, however many there are; else false.",
    },
    "filter": {**ref("Filter"), "description": "Which pictures may be hits."},
    "offset": whole(
        minimum=0,
        maximum=LAST_OFFSET,
        description="How many of the best to pass over; also 0 makes the answer one of a series.",
    ),
    "distribution": {
        "type": "boolean",
        "description": "Whether to tell how the scores of all pictures lie; else false.",
    },
    "fold": {
        "type": "boolean",
        "description": "Whether copies of a hit are told with it, as one answer; else false.",
    },
    "view": _text(
        "A view of `GET /api/views` to compare in, or `whitened`, which every library has. One "
        "that was learned from what is liked may be asked alone."
    ),
    "neighbours": whole(
        minimum=0,
        maximum=MOST_NEIGHBOURS,
        default=0,
        description=(
            "With how many of its neighbours each picture is compared, in the view, or `whitened` "
            "where none is named; 10 is a good number."
        ),
    ),
}

_HOW_IN_FORMS = {
    **_HOW,
    "filter": {**ref("Filter"), "description": "Which pictures may be hits; JSON."},
}

_EXAMPLE = {
    "weight": {
        "type": "number",
        "minimum": -1,
        "maximum": 1,
        "description": "How much it counts, else 1; below 0 hits are to be unlike it.",
    },
    "box": box("Only this part of it"),
}

_ABSOLUTE = r"^([A-Za-z]:[\\/]|\\\\)[^\x00]*$" if os.name == "nt" else r"^/[^\x00]*$"
_DAY = (
    "(((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01]))|((0[469]|11)-(0[1-9]|[12][0-9]|30))"
    "|(02-(0[1-9]|[12][0-9])))"
)
_TIME = "T([01][0-9]|2[0-3])(:[0-5][0-9](:[0-5][0-9])?)?"
_YEAR = "([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_DATE = f"^{_YEAR}(-((0[1-9]|1[0-2])|{_DAY}({_TIME})?))?$"

TAG = {"type": "string", "pattern": TAG_PATTERN, "maxLength": MOST_LETTERS}

_FILTER = {
    "folder": {**_text("An absolute path: pictures in it and below."), "pattern": _ABSOLUTE},
    "formats": {
        "type": "array",
        "items": {"type": "string"},
        "description": "Names of formats such as `JPEG`, of which the picture has one.",
    },
    "taken_from": {
        **_text("The first day or moment: `2024`, `2024-05`, `2024-05-31T18:00`."),
        "pattern": _DATE,
    },
    "taken_to": {**_text("The last day or moment, which is included."), "pattern": _DATE},
    "camera": _text("A part of the camera's name, in any case."),
    "min_side": whole(minimum=1, description="Pixels that both sides have at least."),
    "tags": {
        "type": "array",
        "items": TAG,
        "description": "Tags, in any case, all of which the picture has.",
    },
    "favourite": {"type": "boolean", "description": "Whether only favourites pass; else false."},
    "labels": words.LABELS,
    "text": words.TEXT,
}

FILTERS = {
    "folder": _FILTER["folder"],
    "format": {**_FILTER["formats"], "description": "A format such as `JPEG`; may be repeated."},
    "from": _FILTER["taken_from"],
    "to": _FILTER["taken_to"],
    "camera": _FILTER["camera"],
    "min_side": _FILTER["min_side"],
    "tag": {
        **_FILTER["tags"],
        "description": "A tag, in any case; may be repeated, and then all have to be there.",
    },
    "favourite": _FILTER["favourite"],
    "label": words.LABELS,
    "text": words.TEXT,
}
"""The filter as parameters of an address, named as the options of the command."""

SUMMARY = {
    "id": whole(description="The picture's number."),
    "path": _text("Where the file lies."),
    "root": _text("The indexed folder that holds it."),
    "relative": _text("The path below that folder, with `/` on every system."),
    "width": whole(minimum=0, description="Pixels, upright."),
    "height": whole(minimum=0, description="Pixels, upright."),
    "thumbnail": _text("The address of a small WebP."),
}

MARKS = {
    "favourite": {"type": "boolean", "description": "Whether it is a favourite."},
    "tags": {
        "type": "array",
        "items": {"type": "string"},
        "description": "Its tags, in alphabetical order.",
    },
}

_CLOSENESS = {
    "score": _number("Cosine: 1 is the same."),
    "distance": _number("L2 distance of the unit vectors: 0 is the same.", minimum=0),
    **OF_A_HIT,
}

_FOUND = box("Which part of it was found; in the view `parts`, where that is not the whole")

_COPIES = {
    **_list_of("FoldedHit"),
    "description": "Answers that show the same, best first; where copies are folded.",
}

_DETAILS = {
    "size": whole(minimum=0, description="Bytes of the file."),
    "format": _text("The format, from the file's content."),
    "taken": _text("Local time of the photograph, ISO 8601.", or_null=True),
    "camera": _text("Maker and model.", or_null=True),
    "latitude": _number("WGS 84 degrees, north positive.", or_null=True),
    "longitude": _number("WGS 84 degrees, east positive.", or_null=True),
    "file": _text("The address of the original."),
    "preview": _text("The address of a large WebP."),
    "large": _text("Of the two, the one to show in a browser."),
    "whole": _text("The address of most pixels that a browser can show."),
}

_STATS = {
    "images": whole(minimum=0, description="Pictures that can be found."),
    "skipped": whole(minimum=0, description="Files that could not be read."),
    "roots": {
        "type": "array",
        "items": {"type": "string"},
        "description": "The indexed folders.",
    },
    "model": _text("The model that made the vectors."),
    "dim": whole(minimum=1, description="Numbers in a vector."),
    "folder": _text("Where the library lies."),
    "bytes": whole(minimum=0, description="What it takes on disk, thumbnails left out."),
    "indexing": {
        "anyOf": [ref("Indexing"), {"type": "null"}],
        "description": "How far indexing is; null while nobody indexes.",
    },
    "index": {
        "anyOf": [ref("SearchIndex"), {"type": "null"}],
        "description": "How answers are found; null where the library must be opened again.",
    },
    "words": words.WAY,
    "trouble": _text("Why indexing in the background stopped.", or_null=True),
}

_INDEXING = {
    "done": whole(minimum=0, description="Files dealt with."),
    "total": whole(minimum=0, description="Files to deal with."),
    "images_per_second": _number("The present speed.", minimum=0),
    "seconds_left": _number("An estimate; null at the start.", or_null=True),
}

_INDEX = {
    "cells": whole(minimum=0, description="Cells of pictures; 0 where all are compared."),
    "probes": whole(minimum=0, description="Cells that are looked into for 30 hits."),
    "recall": _number("The part of the 30 best that is found, measured here.", minimum=0),
    "saved": whole(minimum=0, description="Pictures in the cache."),
    "waiting": whole(minimum=0, description="Pictures that came since, compared one by one."),
}

_PASSING = whole(minimum=0, description="Pictures that pass with it.")

_FACETS = {
    "images": whole(minimum=0, description="Pictures that pass all filters."),
    "folders": {
        **_list_of("Named"),
        "description": "The roots, the way to the folder of the filter, and what lies in it.",
    },
    "formats": {**_list_of("Named"), "description": "The most frequent first."},
    "cameras": {**_list_of("Named"), "description": "The most frequent first."},
    "taken": {**_list_of("Named"), "description": "Months such as `2024-05`, in their order."},
    "sides": {**_list_of("Side"), "description": "Values of `min_side`."},
    "favourites": whole(minimum=0, description="Favourites that pass the other filters."),
    "tags": {
        **_list_of("Named"),
        "description": "Those of the pictures that pass all filters, the most frequent first.",
    },
    "labels": words.FACET,
}

_PROBLEM = {
    "type": {"const": "about:blank"},
    "title": _text("The name of the status."),
    "status": whole(minimum=400, maximum=599),
    "detail": _text("What happened and what to do, in one sentence."),
    "request_id": _text("What the server's log calls this request, as `X-Request-Id` does."),
}
