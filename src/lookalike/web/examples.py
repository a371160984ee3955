"""The JSON of several examples, and uploads → `Example`s, and how the answer shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import BadRequest

from lookalike.library import Example, Words
from lookalike.web.links import summary
from lookalike.web.openapi_words import MOST_WORDS
from lookalike.web.schemas import MOST_EXAMPLES
from lookalike.web.state import served

_WHAT = ("id", "image", "words")
_FIELDS = {*_WHAT, "weight", "box"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture that came with the request, and how the answer shows it."""

    content: bytes
    shown: dict[str, Any]


def read(
    given: object, uploads: Sequence[Upload] = ()
) -> tuple[tuple[Example, ...], dict[str, Any]]:
    """The examples, and the answer's ``query``. Raises HTTP errors with a sentence each, and
    InputError and ImageNotFoundError, which are answered in the same way."""
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_EXAMPLES:
        raise BadRequest(f'"examples" must be a list of 1 to {MOST_EXAMPLES} objects.')
    found = [_example(one, uploads) for one in given]
    if {one["image"] for one in given if "image" in one} != set(range(len(uploads))):
        raise BadRequest('Each file in the field "image" must be one of the examples.')
    return tuple(example for example, _ in found), {"examples": [shown for _, shown in found]}


def _example(given: object, uploads: Sequence[Upload]) -> tuple[Example, dict[str, Any]]:
    if not isinstance(given, dict):
        raise BadRequest('An example must be an object such as {"id": 1, "weight": 0.5}.')
    if unknown := set(given) - _FIELDS:
        raise BadRequest(f"There is no field {min(unknown)!r} in an example.")
    if sum(name in given for name in _WHAT) != 1:
        raise BadRequest('An example has one of "id", "image" (the place of its file) and "words".')
    how: dict[str, Any] = {name: given[name] for name in ("weight", "box") if name in given}
    if "words" in given:
        example = Example(words_of(given["words"]), **how)
        return example, {"words": given["words"], "weight": example.weight}
    if "image" in given:
        upload = _upload(given["image"], uploads)
        example, shown = Example(upload.content, **how), upload.shown
    else:
        number = image_id(given["id"])
        example, shown = Example(number, **how), summary(served().library.record(number))
    return example, {"picture": shown, "weight": example.weight, **_shown_box(example)}


def _shown_box(example: Example) -> dict[str, Any]:
    return {} if example.box is None else {"box": list(example.box)}


def words_of(given: object) -> Words:
    """Words to search with. Raises BadRequest."""
    if not isinstance(given, str) or not given.strip() or len(given) > MOST_WORDS:
        raise BadRequest(
            f'"words" must be a text that says something, in {MOST_WORDS:,} characters at most.'
        )
    return Words(given)


def image_id(given: object) -> int:
    """The number of a picture. Raises BadRequest."""
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise BadRequest('"id" must be the number of a picture in the library.')
    return given


def _upload(place: object, uploads: Sequence[Upload]) -> Upload:
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(uploads):
        raise BadRequest(
            '"image" of an example must be the place of its file among those sent, from 0.'
        )
    return uploads[place]
