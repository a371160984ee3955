"""REST requests → the library's answers as JSON and pictures."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from lookalike.library import Answers, Hits
from lookalike.stores.base import Hit, Record
from lookalike.web import events, figures, openapi, query
from lookalike.web.kept import tagged as _tagged
from lookalike.web.links import (
    IMAGES,
    LARGEST_PREVIEW,
    PREVIEW,
    etag,
    image,
    summary,
    version,
)
from lookalike.web.marks import marked
from lookalike.web.schemas import MOST_SAMPLES
from lookalike.web.state import served
from lookalike.web.verdicts import told as told_verdict

blueprint = Blueprint("api", __name__)

_YEAR = 365 * 24 * 60 * 60
_TOLD_AGAIN = 60  # seconds after which there may be a place for one more who listens
_EMPTY = "The library holds no pictures yet: index a folder of yours, then search again."


@blueprint.post("/api/search")
def search() -> Response:
    """The pictures closest to an upload, to a picture of the library, or to words."""
    wanted = query.read()
    found, more = _hits(wanted)
    figures.of_app().searched(wanted.kind)
    hits = found.hits if isinstance(found, Answers) else found
    answer: dict[str, Any] = {
        "query": wanted.shown,
        **told_verdict(found),
        "hits": [
            {**shown, **_hit(hit, fold=wanted.fold)}
            for shown, hit in zip(marked([hit.record for hit in hits]), hits, strict=True)
        ],
        **more,
        **_understood(wanted),
    }
    if not hits and served().library.count() == 0:
        answer["hint"] = _EMPTY
    return jsonify(answer)


def _understood(wanted: query.Query) -> dict[str, Any]:
    """What words were taken for, where they were read through labels."""
    found = [] if wanted.asked is None else served().library.meanings(wanted.asked)
    told = [
        {
            "words": text,
            "sure": meaning.sure,
            "closeness": meaning.closeness,
            "labels": [{"label": name, "share": share} for name, share in meaning.labels],
        }
        for text, meaning in found
    ]
    return {"understood": told} if told else {}


def _hits(wanted: query.Query) -> tuple[Hits | Answers, dict[str, Any]]:
    """The hits, and what a series of answers tells beside them."""
    search, answers = served().library.search, served().library.answers
    asked, k, where, view, around = (
        wanted.asked, wanted.k, wanted.where, wanted.view, wanted.neighbours
    )  # fmt: skip
    if wanted.offset is None and not wanted.distribution and not wanted.fold:
        exact = wanted.exact
        return search(asked, k, where=where, exact=exact, view=view, neighbours=around), {}
    found = answers(
        asked,
        k,
        offset=wanted.offset or 0,
        where=where,
        distribution=wanted.distribution,
        fold=wanted.fold,
        view=view,
        neighbours=around,
    )
    more: dict[str, Any] = {"total": found.total, "next": found.next}
    if found.distribution is not None:
        more["distribution"] = asdict(found.distribution)
    if wanted.fold:
        more |= {"folded": found.folded, "waiting": found.waiting}
    return found, more


def _hit(hit: Hit, *, fold: bool = False) -> dict[str, Any]:
    told = {**summary(hit.record), "score": hit.score, "distance": hit.distance}
    told["verdict"] = hit.verdict
    if hit.box is not None:
        told["box"] = hit.box
    if hit.liked is not None:
        told["liked"] = hit.liked
    return {**told, "copies": [_hit(one) for one in hit.copies]} if fold else told


@blueprint.get(IMAGES)
def sample() -> Response:
    """Some pictures of the library, chosen at random."""
    text = request.args.get("sample", "24")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_SAMPLES):
        raise BadRequest(f"sample is a whole number from 1 to {MOST_SAMPLES}.")
    return jsonify({"images": marked(served().library.sample(int(text)))})


@blueprint.get(f"{IMAGES}/<id:image_id>")
def details(image_id: int) -> Response:
    """Everything the library knows about one picture."""
    library = served().library
    record = library.record(image_id)
    called = [asdict(one) for one in library.labels(record)[0]]
    return _tagged({**image(record), **asdict(library.marks(record)[0]), "labels": called})


@blueprint.get(f"{IMAGES}/<id:image_id>/thumbnail")
def thumbnail(image_id: int) -> Response:
    """A small WebP."""
    library = served().library
    return _rendition(library.record(image_id), library.thumbnail)


@blueprint.get(f"{IMAGES}/<id:image_id>/preview")
def preview(image_id: int) -> Response:
    """A large WebP, for originals that a browser cannot show or that are heavy."""
    here = served()
    side = _side()

    def make(record: Record) -> bytes:
        # What is larger than a screen takes much memory, and nobody needs two at a time.
        with here.heavy if side > PREVIEW else nullcontext():
            return here.library.preview(record, side)

    return _rendition(here.library.record(image_id), make, "" if side == PREVIEW else f"-{side}")


@blueprint.get("/api/stats")
def stats() -> Response:
    """What the library holds, and how far indexing is."""
    here = served()
    return _tagged({**asdict(here.library.stats()), "trouble": here.trouble()})


@blueprint.get("/api/events")
def progress() -> Response:
    """How far indexing is, told whenever it changes, as long as somebody listens."""
    here = served()
    if not here.listeners.enter():
        raise ServiceUnavailable(
            "As many as may listen do so already: ask /api/stats now and then instead.",
            retry_after=_TOLD_AGAIN,
        )
    told = events.stream(
        events.look_at(here.library, here.trouble),
        here.listeners.ended,
        request.headers.get("Last-Event-ID"),
    )
    response = Response(told, mimetype="text/event-stream")
    response.call_on_close(here.listeners.leave)
    response.cache_control.no_store = True
    return response


@blueprint.get("/api/facets")
def facets() -> Response:
    """How many pictures pass some filters, and how many would with other choices."""
    return _tagged(asdict(served().library.facets(query.filter_of_address())))


@blueprint.get("/openapi.json")
def description() -> Response:
    """The machine-readable description of all this."""
    return _tagged(openapi.document())


def _side() -> int:
    text = request.args.get("side", str(PREVIEW))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST_PREVIEW):
        raise BadRequest(f"side is a whole number from 1 to {LARGEST_PREVIEW}.")
    return int(text)


def _rendition(record: Record, make: Callable[[Record], bytes], variant: str = "") -> Response:
    """A WebP made from a picture; kept for good by a browser that asks for this version of it."""
    tag = etag(record) + variant
    response = Response(mimetype="image/webp")
    response.set_etag(tag)
    if request.args.get("v") == version(record):
        response.cache_control.private = True
        response.cache_control.max_age = _YEAR
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
    if request.if_none_match.contains(tag):
        response.status_code = 304
    else:
        response.data = make(record)
    return response
