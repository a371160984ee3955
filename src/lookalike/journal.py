"""What the rooms log → lines on standard error: text for people, JSON for machines, names or none.

A line says which request it belongs to. In discreet mode it says what happened and never to which
picture, in which folder or for which words: of a message the constant text of the code and numbers
are kept, of an error its kind and where in the code it was raised.
"""

from __future__ import annotations

import copy
import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final, Literal

Form = Literal["text", "json", "auto"]

OURS: Final = "lookalike"
"""What the names of our loggers begin with."""

WITHHELD: Final = "…"

_REQUEST: ContextVar[str | None] = ContextVar("request", default=None)


def begin(level: int, form: Form = "auto", *, discreet: bool = False, timed: bool = True) -> None:
    """Write what is logged from this level on to standard error, in place of what was set before.

    Rooms of Lookalike are heard from ``level`` on, packages from WARNING, or from INFO where the
    level is DEBUG: what Pillow tells then would fill a disk. ``auto`` is text on a terminal and
    JSON, a line each, otherwise. Text is ``timed`` or begins with the level.
    """
    handler = handler_of(form, discreet=discreet, timed=timed)
    others = logging.INFO if level <= logging.DEBUG else logging.WARNING
    logging.basicConfig(handlers=[handler], level=max(level, others), force=True)
    logging.getLogger(OURS).setLevel(level)


def handler_of(
    form: Form, *, discreet: bool = False, timed: bool = True
) -> logging.StreamHandler[Any]:
    """What writes to standard error, as `begin` lets it."""
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler = _Handler(discreet)
    handler.setFormatter(_Text(timed) if as_text else _json())
    return handler


def enter(request: str) -> None:
    """Let what this thread logs belong to a request, until `leave`."""
    _REQUEST.set(request)


def leave() -> None:
    """Let what this thread logs belong to no request."""
    _REQUEST.set(None)


def request() -> str | None:
    """The request that this thread works for."""
    return _REQUEST.get()


class _Handler(logging.StreamHandler[Any]):
    """Standard error; each record is written as it may be told."""

    def __init__(self, discreet: bool) -> None:
        super().__init__()
        self._discreet = discreet

    def format(self, record: logging.LogRecord) -> str:
        told = copy.copy(record)
        told.msg, told.args = _message(record, self._discreet), None
        if record.exc_info and record.exc_info[1] is not None:
            told.exc_text = "".join(_traced(record.exc_info[1], self._discreet)).rstrip("\n")
        told.exc_info = told.stack_info = None
        if (known := _REQUEST.get()) is not None:
            told.request = known
        return super().format(told)


class _Text(logging.Formatter):
    """A line for people; whatever a message holds, it begins no line of its own."""

    def __init__(self, timed: bool) -> None:
        super().__init__("%(asctime)s %(levelname)-7s " if timed else "%(levelname)s: ")
        self._timed = timed

    def format(self, record: logging.LogRecord) -> str:
        record.asctime = self.formatTime(record, "%Y-%m-%d %H:%M:%S") if self._timed else ""
        line = self._style.format(record) + _one_line(record.getMessage())
        if known := getattr(record, "request", None):
            line += f" [{known}]"
        below = (record.exc_text or "").splitlines()
        return "\n    ".join([line, *map(_one_line, below)])


def _json() -> logging.Formatter:
    """A JSON object for machines, of all that is known of a record, in ASCII."""
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter(
        ["levelname", "name", "message"],
        defaults={"time": None},  # comes first, and is filled in
        timestamp="time",
        rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
    )


def _message(record: logging.LogRecord, discreet: bool) -> str:
    if not discreet:
        return record.getMessage()
    ours = f"{record.name}.".startswith(f"{OURS}.")
    if not isinstance(record.msg, str) or not (ours or record.args):
        return WITHHELD  # nobody can tell what of it is constant
    if isinstance(record.args, Mapping):
        return record.msg % {key: _harmless(value) for key, value in record.args.items()}
    return record.msg % tuple(map(_harmless, record.args)) if record.args else record.msg


def _harmless(value: object) -> object:
    if isinstance(value, int | float | None):
        return value
    return type(value).__name__ if isinstance(value, BaseException) else WITHHELD


def _traced(error: BaseException, discreet: bool) -> Iterator[str]:
    """The traceback; a discreet one without what the errors say."""
    if not discreet:
        yield from traceback.format_exception(error)
        return
    for one in reversed(_chain(error)):
        yield from traceback.format_tb(one.__traceback__)
        yield f"{type(one).__module__}.{type(one).__qualname__}\n"


def _chain(error: BaseException) -> list[BaseException]:
    """An error, and those that it came of."""
    chain: list[BaseException] = []
    before: BaseException | None = error
    while before is not None and before not in chain:
        chain.append(before)
        context = None if before.__suppress_context__ else before.__context__
        before = before.__cause__ or context
    return chain


def _one_line(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
