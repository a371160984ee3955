"""The request of a search → a checked `Query`; every mistake in it → one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from lookalike.library import Words
from lookalike.web.links import summary
from lookalike.web.openapi import DEFAULT_K, MOST_HITS
from lookalike.web.state import served

_JSON_LIMIT = 64 * 2**10


@dataclass(frozen=True, slots=True)
class Query:
    """What to search for: the content of a picture's file, the id of a picture, or words; how
    many hits; and how the answer shows the query."""

    asked: bytes | int | Words
    k: int
    shown: dict[str, Any]


def read() -> Query:
    """The query of the current request. Raises HTTP errors with a sentence each."""
    if request.mimetype == "multipart/form-data":
        return _from_form()
    if request.mimetype == "application/json":
        return _from_json()
    raise UnsupportedMediaType(
        'Send a picture as the field "image" of multipart/form-data, or JSON such as {"id": 1}.'
    )


def _from_form() -> Query:
    files, fields = request.files, request.form
    _refuse_unknown({*files, *fields} - {"image", "k"})
    uploads = files.getlist("image")
    if len(uploads) != 1:
        raise BadRequest('Send one picture, as a file in the field "image".')
    content = _content(uploads[0])
    shown = {"name": uploads[0].filename or "picture", "size": len(content)}
    return Query(content, _k_of_text(fields.get("k")), shown)


def _content(upload: FileStorage) -> bytes:
    content: bytes = upload.read()
    if len(content) > served().max_upload:
        raise RequestEntityTooLarge
    return content


def _from_json() -> Query:
    if (request.content_length or 0) > _JSON_LIMIT:
        raise RequestEntityTooLarge("The JSON of a search is at most 64 kB.")
    try:
        body = request.get_json()
    except RecursionError as error:
        raise BadRequest("The JSON is nested too deeply.") from error
    if not isinstance(body, dict):
        raise BadRequest('The JSON must be an object such as {"id": 1, "k": 30}.')
    _refuse_unknown(set(body) - {"id", "words", "k"})
    k = body.get("k", DEFAULT_K)
    if not _whole(k):
        raise BadRequest(_k_sentence())
    if ("id" in body) == ("words" in body):
        raise BadRequest('Send one of "id" and "words".')
    return _of_words(body["words"], k) if "words" in body else _of_id(body["id"], k)


def _of_id(image_id: object, k: int) -> Query:
    if not isinstance(image_id, int) or not _whole(image_id) or image_id < 0:
        raise BadRequest('"id" must be the number of a picture in the library.')
    return Query(image_id, _checked_k(k), summary(served().library.record(image_id)))


def _of_words(words: object, k: int) -> Query:
    if not isinstance(words, str) or not words.strip():
        raise BadRequest('"words" must be a text that says something.')
    return Query(Words(words), _checked_k(k), {"words": words})


def _refuse_unknown(names: set[str]) -> None:
    if names:
        raise BadRequest(f"There is no field {min(names)!r} in a search.")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _k_of_text(text: str | None) -> int:
    if text is None:
        return DEFAULT_K
    if not (text.isascii() and text.isdigit()):
        raise BadRequest(_k_sentence())
    return _checked_k(int(text[:9]))


def _checked_k(k: int) -> int:
    if not 1 <= k <= MOST_HITS:
        raise BadRequest(_k_sentence())
    return k


def _k_sentence() -> str:
    return f"k is a whole number from 1 to {MOST_HITS}."
