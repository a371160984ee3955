"""Options on who may reach the server, and how much it takes on → a `Door` and `Limits`."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lookalike.cli.options import FILE

if TYPE_CHECKING:
    from lookalike.web import Door

TOKEN = "LOOKALIKE_TOKEN"  # noqa: S105 - the name of a variable

_Command = Callable[..., None]


def door_options(command: _Command) -> _Command:
    """``--token-file`` to ``--trust-everyone-who-connects``, as the argument ``door``."""

    @functools.wraps(command)
    def with_door(
        *,
        token_file: Path | None,
        allow_hosts: tuple[str, ...],
        proxies: tuple[str, ...],
        trust_everyone: bool,
        **others: Any,
    ) -> None:
        command(door=_door(token_file, trust_everyone, allow_hosts, proxies), **others)

    for option in reversed(_DOOR):
        with_door = option(with_door)
    return with_door


def limit_options(command: _Command) -> _Command:
    """``--most-running`` to ``--rate``, as the argument ``limits``."""

    @functools.wraps(command)
    def with_limits(
        *, running: int | None, waiting: int | None, rate: int | None, **others: Any
    ) -> None:
        from lookalike.web import limits

        command(limits=limits(running, waiting, rate), **others)

    for option in reversed(_LIMITS):
        with_limits = option(with_limits)
    return with_limits


def _door(
    token_file: Path | None, trust_everyone: bool, hosts: tuple[str, ...], proxies: tuple[str, ...]
) -> Door:
    from lookalike.web import Door, checked, token_in

    token = None
    if token_file is not None:
        token = token_in(token_file)
    elif TOKEN in os.environ:
        token = checked(os.environ[TOKEN].strip(), TOKEN)
    return Door(token, trust_everyone, hosts, frozenset(proxies))


_DOOR = (
    click.option(
        "--token-file",
        metavar="FILE",
        type=FILE,
        help="Ask for the token in FILE. Default: LOOKALIKE_TOKEN, else one that is made where "
        "other machines can connect.",
    ),
    click.option(
        "--allow-host",
        "allow_hosts",
        metavar="NAME",
        multiple=True,
        help="Answer under this name, too, and to no others: the name in the browser's address "
        "bar, such as photos.example. May be given again.",
    ),
    click.option(
        "--proxy",
        "proxies",
        metavar="ADDRESS",
        multiple=True,
        help="Believe the reverse proxy at ADDRESS when it says for whom it asks "
        "(X-Forwarded-For), so that limits are for clients. May be given again.",
    ),
    click.option(
        "--trust-everyone-who-connects",
        "trust_everyone",
        is_flag=True,
        help="Ask for no token: for a reverse proxy with a login of its own. Whoever can "
        "connect sees every picture. Needs --allow-host.",
    ),
)

_LIMITS = (
    click.option(
        "--most-running",
        "running",
        metavar="N",
        type=click.IntRange(1, 64),
        help="Searches and other costly requests that run at once.  [default: one for each "
        "core, from 2 to 8]",
    ),
    click.option(
        "--most-waiting",
        "waiting",
        metavar="N",
        type=click.IntRange(0, 10_000),
        help="Costly requests that wait while others run; whoever comes then is told at once "
        "to come again (503).  [default: 32]",
    ),
    click.option(
        "--rate",
        metavar="N",
        type=click.IntRange(0, 1_000_000),
        help="Requests a second from one address, on average over half a minute; a costly one "
        "counts for twenty, and beyond that the answer is 429. 0 is no limit.  [default: 200 "
        "for other machines, none for this one]",
    ),
)
