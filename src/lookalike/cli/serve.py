"""``lookalike serve``: a library → the page and the REST API on this machine."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType

import click

from lookalike import journal
from lookalike.cli.logs import begin_log, log_options
from lookalike.cli.options import FOLDER, library_option, max_pixels_option, scan_options


@click.command("serve", short_help="Show the page and answer REST calls.")
@click.argument("folders", metavar="[FOLDER...]", nargs=-1, type=FOLDER)
@library_option
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on.",
)
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=5000,
    show_default=True,
    help="The port; 0 takes one that is free.",
)
@scan_options
@max_pixels_option
@log_options
def serve_command(
    *,
    folders: tuple[str, ...],
    library_folder: Path | None,
    host: str,
    port: int,
    exclude: tuple[str, ...],
    hidden: bool,
    max_pixels: int,
    log_format: journal.Form,
    log_level: str | None,
) -> None:
    """Show the page on http://127.0.0.1:5000, and answer REST calls there.

    With a FOLDER, the page opens at once, and the folder is indexed while it is served. What
    another `lookalike index` adds to the library appears without a restart.

    The log has a line for each request. GET /readyz says whether a search would be answered, and
    GET /metrics gives figures for Prometheus.
    """
    from lookalike.library import Library, real_folder
    from lookalike.web import serve

    begin_log(log_format, log_level, host=host)
    for folder in folders:
        real_folder(folder)
    signal.signal(signal.SIGTERM, _end)
    with Library.open(library_folder, create=bool(folders), max_pixels=max_pixels) as library:
        serve(
            library,
            host,
            port,
            folders=folders,
            exclude=exclude,
            hidden=hidden,
            warm=True,
            on_ready=_announce,
        )


def _end(_number: int, _frame: FrameType | None) -> None:
    """What systemd and container engines send is as good a reason to end as Ctrl-C."""
    raise KeyboardInterrupt


def _announce(address: str) -> None:
    click.echo(f"Lookalike is on {address} (Ctrl-C ends it).")
