"""Nothing → the OpenAPI 3.1 document of the REST calls, as `/openapi.json` serves it."""

from __future__ import annotations

from lookalike.stores.base import MOST_CHOICES
from lookalike.web import (
    openapi_about,
    openapi_duplicates,
    openapi_export,
    openapi_guard,
    openapi_listing,
    openapi_map,
    openapi_marks,
    openapi_reasons,
    openapi_upgrade,
    openapi_views,
    openapi_watched,
)
from lookalike.web.links import LARGEST_PREVIEW, PREVIEW
from lookalike.web.replies import IMAGE_ID as _ID
from lookalike.web.replies import KEPT as _KEPT
from lookalike.web.replies import json_reply as _json
from lookalike.web.replies import parameters as _parameters
from lookalike.web.replies import problems as _problems
from lookalike.web.replies import shell as _shell
from lookalike.web.schemas import FILTERS, MOST_SAMPLES, schemas
from lookalike.web.shapes import Json, ref, whole
from lookalike.web.state import MOST_LISTENERS

_ABOUT = """\
Which of my pictures look like this one? Scores are cosines (1 is the same, higher is better),
distances are L2 distances between unit vectors (0 is the same). Every error is a problem document
(RFC 9457) whose `detail` is one sentence. Thumbnails and previews whose address carries `v` may be
kept for good: the address changes when the picture does. Names that are not valid Unicode appear in
JSON as lone surrogate escapes. Answers with an `ETag` come as 304, without a body, to who sends it
back in `If-None-Match` while they are still the same.

"""


def document() -> Json:
    """The document, built anew."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lookalike",
            "summary": "Image search over your own pictures.",
            "description": _ABOUT + openapi_guard.ABOUT,
            "version": "1.0.0",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": openapi_guard.SECURITY,
        "paths": openapi_guard.guarded(_paths()),
        "components": {
            "securitySchemes": openapi_guard.SCHEMES,
            "schemas": {
                **schemas(),
                **openapi_about.schemas(),
                **openapi_duplicates.schemas(),
                **openapi_export.schemas(),
                **openapi_listing.schemas(),
                **openapi_reasons.schemas(),
                **openapi_marks.schemas(),
                **openapi_map.schemas(),
                **openapi_views.schemas(),
                **openapi_upgrade.schemas(),
                **openapi_watched.schemas(),
            },
        },
    }


def _paths() -> Json:
    return {
        "/api/search": {"post": _search()},
        "/api/images": {"get": _sample()},
        "/api/images/{image_id}": {"get": _details()},
        "/api/images/{image_id}/thumbnail": {"get": _rendition("thumbnail", "Small picture")},
        "/api/images/{image_id}/preview": {"get": _preview()},
        "/api/images/{image_id}/file": {"get": _original()},
        **openapi_listing.paths(_QUESTION),
        **openapi_about.paths(),
        **openapi_reasons.paths(_QUESTION),
        **openapi_duplicates.paths(),
        **openapi_export.paths(),
        **openapi_marks.paths(),
        **openapi_map.paths(),
        **openapi_views.paths(),
        **openapi_upgrade.paths(),
        "/api/stats": {"get": _stats()},
        "/api/events": {"get": _events()},
        "/api/facets": {"get": _facets()},
        **openapi_watched.paths(),
        "/openapi.json": {"get": _description()},
    }


def _search() -> Json:
    return {
        "operationId": "search",
        "summary": "Search",
        "description": (
            "The pictures closest to an uploaded picture, to one of the library (which leaves "
            "itself out), to words, or to several examples, best first; equal scores in order of "
            "path. Examples are pictures, parts of pictures or words with weights, some wanted "
            "and some not; the score is the cosine with the direction of their weighted sum. What "
            "words were taken for is told in `understood`. Of a large "
            "library only the part that is like the query is compared, unless it is asked to be "
            "exact or given a filter: `index` of the library's state says what that may miss. An "
            "upload is held in memory for the time of the request and never kept. `hint` is there "
            "when the library is empty. With `offset`, also 0, or `distribution` every picture is "
            "compared, `total` says how many answers there are, and `next` is the `offset` to go "
            "on with, null after the last: such answers fit together as long as the library stays "
            "as it is. Each costs a comparison of all, so take them some hundred at a time. With "
            "`fold`, pictures that show the same are one answer: the best is a hit and the others "
            "are its `copies`; `total`, `next` and `offset` then count answers, and `folded` is "
            "how many pictures more there are. What shows the same is what `GET /api/duplicates` "
            "tells. With `view` or `neighbours` every picture is compared in another space, and "
            "the score is the cosine there; the first such search works out what others use."
        ),
        "requestBody": _QUESTION,
        "responses": {
            "200": _json("The closest pictures.", "Answer"),
            **_problems("400", "403", "404", "413", "415", "422", "503"),
        },
        "x-codeSamples": [
            _shell(f"curl {one} http://127.0.0.1:5000/api/search") for one in _SEARCHES
        ],
    }


def _sample() -> Json:
    return {
        "operationId": "sample",
        "summary": "Some pictures",
        "description": "Pictures of the library, chosen at random: somewhere to begin.",
        "parameters": [
            {
                "name": "sample",
                "in": "query",
                "description": "How many at most.",
                "schema": whole(minimum=1, maximum=MOST_SAMPLES, default=24),
            }
        ],
        "responses": {"200": _json("The pictures.", "Sample"), **_problems("400", "503")},
        "x-codeSamples": [_shell("curl 'http://127.0.0.1:5000/api/images?sample=3'")],
    }


def _details() -> Json:
    return {
        "operationId": "details",
        "summary": "One picture",
        "description": "Everything the library knows about a picture.",
        "parameters": [_ID],
        "responses": {"200": _json("The picture.", "Image"), **_KEPT, **_problems("404", "503")},
        "x-codeSamples": [_shell("curl http://127.0.0.1:5000/api/images/1")],
    }


def _rendition(name: str, summary: str, *refusals: str) -> Json:
    kind = {"thumbnail": "small", "preview": "large, for originals that browsers cannot show"}
    return {
        "operationId": name,
        "summary": summary,
        "description": f"The picture as a WebP, upright, without metadata: {kind[name]}.",
        "parameters": [_ID, _VERSION],
        "responses": {
            "200": {"description": "The picture.", "content": {"image/webp": {}}},
            **_KEPT,
            **_problems(*refusals, "404", "503"),
        },
        "x-codeSamples": [
            _shell(f"curl -o picture.webp http://127.0.0.1:5000/api/images/1/{name}")
        ],
    }


def _preview() -> Json:
    call = _rendition("preview", "Large picture", "400")
    call["parameters"].append(
        {
            "name": "side",
            "in": "query",
            "description": "Pixels that its longest side has at most; it is never enlarged.",
            "schema": whole(minimum=1, maximum=LARGEST_PREVIEW, default=PREVIEW),
        }
    )
    return call


def _original() -> Json:
    return {
        "operationId": "original",
        "summary": "Original file",
        "description": (
            "The file as it lies on disk, if it still is the file that was indexed. Formats that "
            "browsers cannot show come as downloads. Ranges are supported. A kept copy "
            "is to be checked with `If-None-Match` before it is shown again."
        ),
        "parameters": [_ID, _FILE_VERSION],
        "responses": {
            "200": {"description": "The file.", "content": {"image/*": {}}},
            "206": {"description": "A part of the file (`Range`).", "content": {"image/*": {}}},
            **_KEPT,
            **_problems("404", "503"),
        },
        "x-codeSamples": [_shell("curl -OJ http://127.0.0.1:5000/api/images/1/file")],
    }


def _stats() -> Json:
    return {
        "operationId": "stats",
        "summary": "The library",
        "description": "What the library holds, and how far indexing is.",
        "responses": {
            "200": _json("The state at this moment.", "Stats"),
            **_KEPT,
            **_problems("503"),
        },
        "x-codeSamples": [_shell("curl http://127.0.0.1:5000/api/stats")],
    }


def _events() -> Json:
    return {
        "operationId": "events",
        "summary": "Progress",
        "description": (
            "How far indexing is, as server-sent events: one called `progress` at the start and "
            "after each change, with [Progress](#progress) as its data; one called `problem`, the "
            "last, where the library cannot be read. A line that begins with a colon says every "
            "few seconds that nothing is new. A stream ends after ten minutes; whoever sends the "
            "last `id` in `Last-Event-ID` then, as `EventSource` does, is told only what is new. "
            f"At most {MOST_LISTENERS} may listen at a time, since each holds a thread of the "
            "server: others get 503, and ask for the library's state now and then."
        ),
        "responses": {
            "200": {
                "description": "The stream.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            **_problems("503"),
        },
        "x-codeSamples": [_shell("curl -N http://127.0.0.1:5000/api/events")],
    }


def _facets() -> Json:
    return {
        "operationId": "facets",
        "summary": "Counts",
        "description": (
            "How many pictures pass the filters, which may be left out, and how many would with "
            "each other choice in one of them while the others stay; of tags, with one more. "
            "Choices that no picture passes are left out; of folders, cameras and tags there are "
            f"at most {MOST_CHOICES}, the most frequent."
        ),
        "parameters": _parameters(FILTERS),
        "responses": {"200": _json("The counts.", "Facets"), **_KEPT, **_problems("400", "503")},
        "x-codeSamples": [
            _shell("curl http://127.0.0.1:5000/api/facets"),
            _shell(
                "curl 'http://127.0.0.1:5000/api/facets?format=JPEG&format=PNG"
                "&from=2024-05&to=2024-08'"
            ),
        ],
    }


def _description() -> Json:
    return {
        "operationId": "description",
        "summary": "This description",
        "description": "The OpenAPI 3.1 document from which this reference is made.",
        "responses": {
            "200": {
                "description": "The document.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            **_KEPT,
            **_problems(),
        },
        "x-codeSamples": [_shell("curl http://127.0.0.1:5000/openapi.json")],
    }


_QUESTION = {
    "required": True,
    "content": {
        "multipart/form-data": {"schema": ref("Upload")},
        "application/json": {
            "schema": {"oneOf": [ref("Known"), ref("InWords"), ref("ByExamples"), ref("InView")]}
        },
    },
}

_VERSION = {
    "name": "v",
    "in": "query",
    "description": "The picture's version; with the present one the answer is cached for good.",
    "schema": {"type": "string"},
}

_FILE_VERSION = {
    **_VERSION,
    "description": "Changes with the picture, so that its address does; the answer ignores it.",
}

_SEARCHES = (
    "-F image=@query.jpg -F k=10",
    """--json '{"id": 1, "k": 10}'""",
    """--json '{"id": 1, "offset": 100}'""",
    """--json '{"id": 1, "fold": true}'""",
    """--json '{"words": "a red boat"}'""",
    """--json '{"examples": [{"id": 1}, {"words": "at night"}]}'""",
    """--json '{"id": 1, "neighbours": 10}'""",
    """--json '{"id": 1, "filter": {"formats": ["JPEG"], "taken_from": "2024-05"}}'""",
    """--json '{"examples": [{"id": 1, "box": [0, 0, 0.5, 0.5]}, {"id": 3, "weight": -0.5}]}'""",
    """-F image=@a.jpg -F image=@b.jpg -F 'examples=[{"image": 0}, {"image": 1, "weight": -1}]'""",
)
