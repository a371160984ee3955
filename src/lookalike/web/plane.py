"""REST requests about the map → its clusters, its points and the drawing of it, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from lookalike.library import INSTALL_FOR_MAP, Cluster, neighbours_possible
from lookalike.web.drawing import of_app
from lookalike.web.links import summary
from lookalike.web.openapi_map import SIDE
from lookalike.web.state import served

blueprint = Blueprint("map", __name__)


@blueprint.get("/api/map")
def state() -> Response:
    """What is on the map, and how far the drawing of it is."""
    # Before it is read what was drawn: what is drawn meanwhile is then not told as outstanding.
    step, trouble = of_app().step(), of_app().trouble()
    found = served().library.map(draw=False)
    return jsonify(
        {
            "method": found.method,
            "images": len(found),
            "waiting": found.waiting,
            "version": found.version,
            "points": found.plane.version,
            "clusters": [_cluster(one) for one in found.clusters],
            "drawing": asdict(step) if step else None,
            "trouble": trouble,
            "install": None if neighbours_possible() else INSTALL_FOR_MAP,
        }
    )


@blueprint.post("/api/map")
def draw() -> tuple[Response, int]:
    """Begin to draw what is missing, or everything anew."""
    rebuild = {"true": True, "false": False}.get(request.args.get("rebuild", "false"))
    if rebuild is None:
        raise BadRequest("rebuild is true or false.")
    of_app().start(rebuild=rebuild)
    step = of_app().step()
    return jsonify({"drawing": asdict(step) if step else None}), 202


@blueprint.get("/api/map/points")
def points() -> Response:
    """Where every picture lies, in columns: a hundred thousand are two megabytes."""
    found = served().library.plane()
    response = Response(mimetype="application/json")
    response.set_etag(found.version)
    response.cache_control.no_cache = True
    if request.if_none_match.contains(found.version):
        response.status_code = 304
        return response
    x, y = np.rint(found.places * SIDE).astype(int).T.tolist() if len(found.ids) else ([], [])
    columns = {"ids": found.ids.tolist(), "x": x, "y": y, "clusters": found.belongs.tolist()}
    response.data = jsonify({"side": SIDE, **columns}).data
    return response


def _cluster(cluster: Cluster) -> dict[str, Any]:
    return {
        "name": cluster.name,
        "images": cluster.images,
        "middle": summary(cluster.middle) if cluster.middle else None,
    }
