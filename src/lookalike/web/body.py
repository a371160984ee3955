"""The JSON that came with a request → what it says; what is too large or too deep is refused."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

_LIMIT = 64 * 2**10


def json_of(what: str, limit: int = _LIMIT) -> object:
    """The JSON of "a search", say, as errors call it. Raises HTTP errors with a sentence each."""
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge(f"The JSON of {what} is at most {limit // 2**10} kB.")
    try:
        body: object = request.get_json()
    except RecursionError as error:
        raise BadRequest("The JSON is nested too deeply.") from error
    return body
