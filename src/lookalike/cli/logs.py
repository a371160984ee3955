"""Options of a command that runs for long → what it writes to its log, and how."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable
from typing import Any, TypeVar, get_args

import click

from lookalike import journal

_Command = TypeVar("_Command", bound=Callable[..., Any])

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def log_options(command: _Command) -> _Command:
    """``--log-format`` and ``--log-level``: what is told on standard error."""
    form = click.option(
        "--log-format",
        metavar="FORM",
        envvar="LOOKALIKE_LOG_FORMAT",
        type=click.Choice(get_args(journal.Form)),
        default="auto",
        show_default=True,
        help="How the log on standard error is written: text, json (an object a line), or auto: "
        "text on a terminal, otherwise json.",
    )
    level = click.option(
        "--log-level",
        metavar="LEVEL",
        envvar="LOOKALIKE_LOG_LEVEL",
        type=click.Choice(tuple(_LEVELS)),
        help="From where on: debug, info, warning or error.  [default: info; debug with -v]",
    )
    return form(level(command))


def begin_log(form: journal.Form, level: str | None, *, host: str | None = None) -> None:
    """Begin the log of a command with `log_options`.

    Where others can reach the ``host`` that is listened on, the log may be read by others, too:
    no names of pictures, no paths and no words stand in it, unless somebody asks for all there is.
    """
    chosen = level or ("debug" if _is_verbose() else "info")
    discreet = host is not None and chosen != "debug" and not _is_here(host)
    journal.begin(_LEVELS[chosen], form, discreet=discreet)


def _is_verbose() -> bool:
    return bool(click.get_current_context().find_root().params.get("verbose"))


def _is_here(host: str) -> bool:
    """Whether only this machine can reach a host; of a name that is not known well, it is no."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"
