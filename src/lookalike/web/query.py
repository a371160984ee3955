"""The request of a search → a checked `Query`; every mistake in it → one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from lookalike.library import MOST_NEIGHBOURS, Example, Filter, Words
from lookalike.web import examples
from lookalike.web.body import json_of
from lookalike.web.examples import Upload, image_id, words_of
from lookalike.web.links import summary
from lookalike.web.schemas import DEFAULT_K, FILTERS, LAST_OFFSET, MOST_HITS
from lookalike.web.state import served


@dataclass(frozen=True, slots=True)
class Query:
    """What to search for: the content of a picture's file, the id of a picture, words, several
    examples, or None for a view alone; how the answer shows it; how many hits; which pictures may
    be hits; whether every one is compared; where in a series of answers it begins; whether the
    distribution of all scores is wanted; whether copies are folded into one hit; the view and the
    number of neighbours."""

    asked: bytes | int | Words | tuple[Example, ...] | None
    shown: dict[str, Any]
    k: int
    where: Filter | None
    exact: bool
    offset: int | None
    distribution: bool
    fold: bool
    view: str | None
    neighbours: int

    @property
    def kind(self) -> str:
        """What is asked with, in one of five words."""
        kinds = {bytes: "upload", int: "picture", Words: "words", tuple: "examples"}
        return kinds.get(type(self.asked), "view")


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
    _refuse_unknown({*files, *fields} - {"image", "examples", *_HOW})
    uploads = [_upload(file) for file in files.getlist("image")]
    how = _how({name: _READ[name](fields[name]) for name in _HOW if name in fields})
    if "examples" in fields:
        asked, shown = examples.read(_json_of("examples", fields["examples"]), uploads)
        return Query(asked, shown, *how)
    if len(uploads) != 1:
        raise BadRequest('Send one picture, as a file in the field "image".')
    return Query(uploads[0].content, uploads[0].shown, *how)


def _upload(file: FileStorage) -> Upload:
    content = _content(file)
    return Upload(content, {"name": file.filename or "picture", "size": len(content)})


def _content(upload: FileStorage) -> bytes:
    content: bytes = upload.read()
    if len(content) > served().max_upload:
        raise RequestEntityTooLarge
    return content


def _from_json() -> Query:
    body = json_of("a search")
    if not isinstance(body, dict):
        raise BadRequest('The JSON must be an object such as {"id": 1, "k": 30}.')
    _refuse_unknown(set(body) - {"id", "words", "examples", *_HOW})
    asked_with = {"id", "words", "examples"} & set(body)
    if len(asked_with) > 1 or not asked_with | ({"view"} & set(body)):
        raise BadRequest('Send one of "id", "words" and "examples", or a "view" alone.')
    how = _how(body)
    if not asked_with:
        return Query(None, {"view": body["view"]}, *how)
    if "examples" in body:
        asked, shown = examples.read(body["examples"])
        return Query(asked, shown, *how)
    if "words" in body:
        words = words_of(body["words"])
        return Query(words, {"words": words.text}, *how)
    number = image_id(body["id"])
    return Query(number, summary(served().library.record(number)), *how)


def _how(
    values: Mapping[str, object],
) -> tuple[int, Filter | None, bool, int | None, bool, bool, str | None, int]:
    """The fields of a `Query` from ``k`` on."""
    where = _filter(values["filter"]) if "filter" in values else None
    k = _number("k", values.get("k", DEFAULT_K), 1, MOST_HITS)
    offset = _number("offset", values["offset"], 0, LAST_OFFSET) if "offset" in values else None
    exact, distribution, fold = (_switch(name, values) for name in _SWITCHES)
    view = _view(values["view"]) if "view" in values else None
    around = _number("neighbours", values.get("neighbours", 0), 0, MOST_NEIGHBOURS)
    return k, where, exact, offset, distribution, fold, view, around


def _view(name: object) -> str:
    if not isinstance(name, str):
        raise BadRequest('"view" is the name of a view.')
    return name


def filter_of_address(besides: tuple[str, ...] = ()) -> Filter:
    """The filter in the parameters of the current request, which has none else but those named.
    Raises HTTP errors, and InputError."""
    given = request.args
    _refuse_unknown(set(given) - {*FILTERS, *besides}, "list of filters")
    for name in set(given) - {"format", "tag", "label"}:
        if len(given.getlist(name)) > 1:
            raise BadRequest(f"Give {name} once.")
    side = given.get("min_side")
    return Filter(
        folder=given.get("folder"),
        formats=tuple(given.getlist("format")),
        taken_from=given.get("from"),
        taken_to=given.get("to"),
        camera=given.get("camera"),
        min_side=None if side is None else _number("min_side", _number_of_text(side), 1),
        tags=tuple(given.getlist("tag")),
        favourite=_switch("favourite", {"favourite": _SWITCH.get(given.get("favourite", "false"))}),
        labels=tuple(given.getlist("label")),
        text=given.get("text"),
    )


def number_of_address(name: str, default: int, least: int, most: int) -> int:
    """A whole number in the parameters of the current request. Raises HTTP errors."""
    text = request.args.get(name)
    return default if text is None else _number(name, _number_of_text(text), least, most)


def _filter(given: object) -> Filter:
    """Raises InputError, too, which is answered in the same way."""
    if not isinstance(given, dict):
        raise BadRequest('The filter must be an object such as {"taken_from": "2024-05"}.')
    _refuse_unknown(set(given) - set(_FILTER), "filter")
    for name, value in given.items():
        fits, what = _FILTER[name]
        if not fits(value):
            raise BadRequest(f'"{name}" of the filter must be {what}.')
    lists = {name: tuple(given.get(name, ())) for name in ("formats", "tags", "labels")}
    return Filter(**{**given, **lists})


def _refuse_unknown(names: set[str], where: str = "search") -> None:
    if names:
        raise BadRequest(f"There is no field {min(names)!r} in a {where}.")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _text(value: object) -> bool:
    return isinstance(value, str)


def _bool(value: object) -> bool:
    return isinstance(value, bool)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _number_of_text(text: str) -> object:
    return int(text[:18]) if text.isascii() and text.isdigit() else text


def _json_of(name: str, text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f'"{name}" must be JSON such as {_SUCH_AS[name]}.') from error


def _number(name: str, number: object, least: int, most: int | None = None) -> int:
    fits = isinstance(number, int) and _whole(number) and number >= least
    if not isinstance(number, int) or not fits or (most is not None and number > most):
        limits = f"from {least} on" if most is None else f"from {least} to {most}"
        raise BadRequest(f"{name} is a whole number {limits}.")
    return number


def _switch(name: str, values: Mapping[str, object]) -> bool:
    value = values.get(name, False)
    if not isinstance(value, bool):
        raise BadRequest(f"{name} is true or false.")
    return value


_SUCH_AS = {
    "filter": '{"taken_from": "2024-05"}',
    "examples": '[{"image": 0}, {"id": 1, "weight": -0.5}]',
}

_SWITCHES = ("exact", "distribution", "fold")
_HOW = ("k", "filter", "offset", *_SWITCHES, "view", "neighbours")
_SWITCH = {"true": True, "false": False}
_READ: dict[str, Callable[[str], object]] = {
    "k": _number_of_text,
    "filter": lambda text: _json_of("filter", text),
    "offset": _number_of_text,
    "neighbours": _number_of_text,
    "view": str,
    **dict.fromkeys(_SWITCHES, _SWITCH.get),
}
"""How the text of a form's field becomes what JSON would have said."""

_FILTER: dict[str, tuple[Callable[[object], bool], str]] = {
    "folder": (_text, "a text"),
    "formats": (_texts, "a list of texts"),
    "taken_from": (_text, "a text"),
    "taken_to": (_text, "a text"),
    "camera": (_text, "a text"),
    "min_side": (_whole, "a whole number"),
    "tags": (_texts, "a list of texts"),
    "favourite": (_bool, "true or false"),
    "labels": (_texts, "a list of texts"),
    "text": (_text, "a text"),
}
