"""Options and the address that is listened on → from where on the log tells, and whether names."""

from __future__ import annotations

import logging
from typing import Any

import click
import pytest

from lookalike import journal
from lookalike.cli.logs import begin_log


def begun(monkeypatch: pytest.MonkeyPatch, *, verbose: bool = False, **how: Any) -> tuple[int, Any]:
    """The level, and whether the log is discreet."""
    told: list[tuple[int, Any]] = []
    monkeypatch.setattr(
        journal, "begin", lambda level, form, *, discreet: told.append((level, discreet))
    )
    with click.Context(click.Command("lookalike")) as context:
        context.params["verbose"] = verbose
        begin_log("auto", **how)
    return told[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_names_stay_on_this_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert begun(monkeypatch, level=None, host=host) == (logging.INFO, False)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.0.9", "fe80::1%eth0", "photos.example", "localhost.example"]
)
def test_where_others_may_read_it_there_are_none(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert begun(monkeypatch, level=None, host=host) == (logging.INFO, True)
    assert begun(monkeypatch, level="error", host=host) == (logging.ERROR, True)
    assert begun(monkeypatch, level="info", verbose=True, host=host) == (logging.INFO, True)


def test_who_asks_for_all_gets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert begun(monkeypatch, level="debug", host="0.0.0.0") == (logging.DEBUG, False)
    assert begun(monkeypatch, level=None, verbose=True, host="0.0.0.0") == (logging.DEBUG, False)


def test_a_command_that_listens_to_nobody_names_what_it_means(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert begun(monkeypatch, level=None) == (logging.INFO, False)
