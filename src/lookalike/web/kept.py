"""An answer → JSON with an ETag, that a client keeps and asks about again."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request


def tagged(answer: dict[str, Any]) -> Response:
    """JSON that may be kept by who asks each time whether it is still so (`If-None-Match`)."""
    response = jsonify(answer)
    response.add_etag()
    response.cache_control.no_cache = True
    response.make_conditional(request)
    return response
