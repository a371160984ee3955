"""``lookalike serve``: a library → the page and the REST API, for this machine or others."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from lookalike import journal
from lookalike.cli.door import door_options, limit_options
from lookalike.cli.front import INTERRUPTED
from lookalike.cli.logs import begin_log, log_options
from lookalike.cli.options import (
    FOLDER,
    library_option,
    max_pixels_option,
    patience_option,
    scan_options,
)

if TYPE_CHECKING:
    from lookalike.library import Library
    from lookalike.web import Door, Limits


@click.command("serve", short_help="Show the page and answer REST calls.")
@click.argument("folders", metavar="[FOLDER...]", nargs=-1, type=FOLDER)
@library_option
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on. Any but this machine's own asks for a token.",
)
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=5000,
    show_default=True,
    help="The port; 0 takes one that is free.",
)
@door_options
@limit_options
@click.option("--watch", is_flag=True, help="Follow FOLDER while it is served, too.")
@scan_options
@max_pixels_option
@log_options
@patience_option
def serve_command(
    *,
    folders: tuple[str, ...],
    library_folder: Path | None,
    host: str,
    port: int,
    door: Door,
    limits: Limits,
    watch: bool,
    exclude: tuple[str, ...],
    hidden: bool,
    max_pixels: int,
    log_format: journal.Form,
    log_level: str | None,
    patience: float,
) -> None:
    """Show the page on http://127.0.0.1:5000, and answer REST calls there.

    With a FOLDER, the page opens at once, and the folder is indexed while it is served; with
    --watch, it is followed from then on, as by `lookalike watch`. What another `lookalike index`
    adds to the library appears without a restart.

    The log has a line for each request. GET /readyz says whether a search would be answered, and
    GET /metrics gives figures for Prometheus.

    Only this machine can connect, unless --host says otherwise. Other machines are asked for a
    token: the one in --token-file or LOOKALIKE_TOKEN, else one that is made, kept in the library's
    folder and printed. Programs send it as `Authorization: Bearer TOKEN`.

    Beside the limits below, 256 connections may be open, and who moves less than 2 kB a second is
    cut off. At Ctrl-C what runs is finished, within 30 seconds; a second one ends at once.
    """
    from lookalike.library import Library

    begin_log(log_format, log_level, host=host)
    _check(folders, patience, watch=watch)
    signal.signal(signal.SIGTERM, _end)
    with Library.open(library_folder, create=bool(folders), max_pixels=max_pixels) as library:
        how = {"exclude": exclude, "hidden": hidden, "patience": patience, "watch": watch}
        _serve(library, host, port, folders=folders, door=door, limits=limits, **how)


def _serve(library: Library, *address: Any, **how: Any) -> None:
    from lookalike.cli.heap import share_heap
    from lookalike.web import serve

    share_heap()
    try:
        serve(library, *address, warm=True, on_ready=_announce, say=click.echo, **how)
    except KeyboardInterrupt:  # the second one
        _end_at_once()


def _check(folders: tuple[str, ...], patience: float, *, watch: bool) -> None:
    """Raises UsageError and FolderError."""
    from lookalike.cli.progress import print_waiting
    from lookalike.library import check_folders

    if watch and not folders:
        raise click.UsageError("--watch needs a FOLDER to follow.")
    check_folders(folders, patience, print_waiting)


def _end(_number: int, _frame: FrameType | None) -> None:
    """What systemd and container engines send is as good a reason to end as Ctrl-C."""
    raise KeyboardInterrupt


def _end_at_once() -> NoReturn:
    """Without waiting for what other threads are at: what was committed stays, whatever they do."""
    click.echo("Stopped.", err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def _announce(address: str) -> None:
    click.echo(f"Lookalike is on {address} (Ctrl-C ends it).")
