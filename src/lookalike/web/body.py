"""The JSON that came with a request → what it says; what is too large or too deep is refused."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

_LIMIT = 64 * 2**10


_DIGITS = 18  # that always fit the 64-bit integers of a store


def is_id(number: object) -> bool:
    """Whether it is a whole number, be it written 1 or 1.0, that the id of a picture may be."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return False
    return 0 <= number < 10**_DIGITS and number == int(number)


def json_of(what: str, limit: int = _LIMIT) -> object:
    """The JSON of "a search", say, as errors call it. Raises HTTP errors with a sentence each."""
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge(f"The JSON of {what} is at most {limit // 2**10} kB.")
    try:
        body: object = request.get_json()
    except RecursionError as error:
        raise BadRequest("The JSON is nested too deeply.") from error
    return body
