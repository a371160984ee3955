"""What is logged → lines of text or JSON that no name can forge, and names only where meant."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lookalike import journal
from lookalike.errors import LibraryFullError

REASON = "No space left"
NAME = "grandma's birthday"
FORGED = f"{NAME}.jpg\nERROR: forged\x1b[31m\u2028more\udce9"

Write = Callable[..., tuple[logging.Logger, io.StringIO]]


@pytest.fixture
def write() -> Iterator[Write]:
    added: list[tuple[logging.Logger, logging.Handler]] = []
    journal.leave()  # who answered a request in this thread before may not have closed the answer

    def begin(
        form: journal.Form, name: str = "lookalike.tried", **how: bool
    ) -> tuple[logging.Logger, io.StringIO]:
        out, logger = io.StringIO(), logging.getLogger(name)
        handler = journal.handler_of(form, **how)
        handler.setStream(out)
        logger.addHandler(handler)
        logger.propagate = False
        added.append((logger, handler))
        return logger, out

    yield begin
    for logger, handler in added:
        logger.removeHandler(handler)
        logger.propagate = True


def _fail() -> None:
    try:
        raise OSError(28, REASON, FORGED)
    except OSError as error:
        raise LibraryFullError(f"{FORGED} is full") from error


def _failed(logger: logging.Logger) -> None:
    try:
        _fail()
    except LibraryFullError as error:
        logger.exception("%s stopped: %s", FORGED, error)


def test_a_name_begins_no_line_of_its_own(write: Write) -> None:
    logger, out = write("text")
    logger.warning("%s is gone", FORGED)
    (line,) = out.getvalue().splitlines()
    assert line.endswith(r"birthday.jpg\nERROR: forged\x1b[31m\u2028more\udce9 is gone")
    assert " WARNING " in line


def test_of_a_traceback_every_line_is_set_in(write: Write) -> None:
    logger, out = write("text", timed=False)
    _failed(logger)
    first, *below = out.getvalue().splitlines()
    assert first.startswith("ERROR: grandma")
    assert len(below) > 8
    assert all(line.startswith("    ") for line in below)
    assert "\x1b" not in out.getvalue()


def test_an_object_a_line_for_machines(write: Write) -> None:
    logger, out = write("json")
    logger.warning("%s is gone", FORGED, extra={"status": 404})
    _failed(logger)
    one, other = map(json.loads, out.getvalue().splitlines())
    assert out.getvalue().isascii()
    assert next(iter(one)) == "time"
    assert one["time"].endswith("+00:00")
    assert one == {
        "time": one["time"],
        "level": "WARNING",
        "logger": "lookalike.tried",
        "message": f"{FORGED} is gone",
        "status": 404,
    }
    assert "LibraryFullError" in other["exception"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_says_which_request_it_belongs_to(write: Write, form: journal.Form) -> None:
    logger, out = write(form)
    journal.enter("0123456789abcdef")
    logger.warning("one")
    journal.leave()
    logger.warning("two")
    one, two = out.getvalue().splitlines()
    assert "0123456789abcdef" in one
    assert "0123456789abcdef" not in two


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_discreet_log_says_what_happened_and_not_to_what(
    write: Write, form: journal.Form
) -> None:
    logger, out = write(form, discreet=True)
    _failed(logger)
    logger.warning(
        "%(number)d files of %(name)s, %(share).2f", {"number": 3, "name": NAME, "share": 0.5}
    )
    said = out.getvalue()
    assert "grandma" not in said
    assert REASON not in said
    for told in ("stopped: LibraryFullError", "builtins.OSError", "_fail", "3 files of", "0.50"):
        assert told in said


@pytest.mark.parametrize(
    ("message", "args"),
    [(f"serving {NAME}", ()), (f"serving {NAME} %s", (NAME,)), (ValueError(NAME), ())],
)
def test_what_a_package_has_put_together_is_withheld(
    write: Write, message: Any, args: tuple[str, ...]
) -> None:
    logger, out = write("text", name="tried", discreet=True)
    if args:
        message = "serving %s"
    logger.error(message, *args)
    assert "grandma" not in out.getvalue()
    assert out.getvalue().strip().endswith(journal.WITHHELD)


def test_only_what_begins_with_our_name_is_ours(write: Write) -> None:
    logger, out = write("text", name="lookalikely", discreet=True)
    logger.error(f"serving {NAME}")  # as others do
    assert "grandma" not in out.getvalue()


def test_errors_that_came_of_each_other_end(write: Write) -> None:
    one, other = ValueError(NAME), TypeError(NAME)
    one.__cause__, other.__cause__ = other, one
    logger, out = write("text", discreet=True)
    logger.error("failed", exc_info=one)
    assert out.getvalue().count("Error\n") + out.getvalue().count("Error ") <= 3
    assert "grandma" not in out.getvalue()
