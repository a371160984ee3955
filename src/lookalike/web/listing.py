"""REST requests for what passes a filter, or for the first answers → pages of it, or numbers."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from lookalike.web import query
from lookalike.web.kept import tagged
from lookalike.web.marks import marked
from lookalike.web.openapi_export import MOST_EXPORTED
from lookalike.web.openapi_listing import DEFAULT_LISTED
from lookalike.web.schemas import LAST_OFFSET, MOST_HITS
from lookalike.web.state import served

blueprint = Blueprint("listing", __name__)


@blueprint.get("/api/list")
def listing() -> Response:
    """A stretch of the pictures that pass a filter, in order of path."""
    where = query.filter_of_address(besides=("k", "offset"))
    k = query.number_of_address("k", DEFAULT_LISTED, 1, MOST_HITS)
    offset = query.number_of_address("offset", 0, 0, LAST_OFFSET)
    found = served().library.listing(where, k, offset=offset)
    return tagged({"images": marked(found.records), "total": found.total, "next": found.next})


@blueprint.get("/api/list/ids")
def listed() -> Response:
    """The numbers of all pictures that pass a filter, in order of path."""
    return tagged({"ids": served().library.listed(query.filter_of_address()).tolist()})


@blueprint.post("/api/search/ids")
def ranking() -> Response:
    """The first of all answers to a search, as numbers alone."""
    wanted = query.read()
    found = served().library.ranking(
        wanted.asked, MOST_EXPORTED, where=wanted.where, fold=wanted.fold,
        view=wanted.view, neighbours=wanted.neighbours,
    )  # fmt: skip
    columns = {
        "ids": found.ids.tolist(),
        "scores": found.scores.tolist(),
        "distances": found.distances.tolist(),
    }
    return jsonify({**columns, "total": found.total})
