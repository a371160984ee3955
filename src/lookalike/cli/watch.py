"""``lookalike watch``: folders → a library that follows them until it is told to end."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from lookalike.cli.options import (
    FOLDER,
    json_option,
    library_option,
    max_pixels_option,
    patience_option,
    scan_options,
)

if TYPE_CHECKING:
    from lookalike.library import Watched

_HOW = {
    "events": "the system tells of changes",
    "polling": "looked at every now and then",
}


@click.command("watch", short_help="Follow folders as they change.")
@click.argument("folders", metavar="FOLDER...", nargs=-1, required=True, type=FOLDER)
@library_option
@click.option("--model", metavar="NAME", help="The model of a new library; see `lookalike models`.")
@scan_options
@max_pixels_option
@click.option(
    "--poll",
    metavar="SECONDS",
    type=click.FloatRange(min=0.1),
    help="Look at the folders this often, instead of waiting for the system to tell of changes. "
    "Network drives are looked at every 30 seconds in any case.",
)
@patience_option
@json_option
def watch_command(
    *,
    folders: tuple[str, ...],
    library_folder: Path | None,
    model: str | None,
    max_pixels: int,
    patience: float,
    as_json: bool,
    **how: Any,
) -> None:
    """Follow folders: index them once, and then what changes in them, until Ctrl-C.

    What is new can be found a moment after it was saved. Only the part of a folder in which
    something changed is looked at, as by `lookalike index`: files that moved are recognised, and a
    disk that is not connected is waited for. So is another process that writes to the library.

    With --json, each event is one JSON object on a line, as of `lookalike index`, with two more:
    watching says how a folder is followed, trouble what is being waited for.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as for `lookalike index`
    from lookalike.cli.progress import print_event
    from lookalike.library import Library

    _check(folders, library_folder, patience)
    stop = threading.Event()
    with (
        Library.open(library_folder, model=model, create=True, max_pixels=max_pixels) as library,
        _ends(stop),
    ):
        library.watch(
            folders,
            patience=patience,
            on_event=print_event if as_json else _say,
            stop=stop,
            **how,
        )
    if not as_json:
        click.echo("Stopped.")


def _check(folders: tuple[str, ...], library_folder: Path | None, patience: float) -> None:
    """A slip of the pen makes no library; a folder that a library knows may be away."""
    from lookalike.cli.progress import print_waiting
    from lookalike.errors import FolderError, LibraryNotFoundError
    from lookalike.library import Library, check_folders

    try:
        check_folders(folders, patience, print_waiting)
    except FolderError as error:
        try:
            Library.open(library_folder).close()
        except LibraryNotFoundError:
            raise error from None


@contextmanager
def _ends(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C, and what systemd sends, end after the batch at hand; the second Ctrl-C at once."""

    def end(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.default_int_handler)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(event: Watched) -> None:
    """What a person wants to know of it, with the time of day."""
    from lookalike.cli.progress import print_waiting, report_words
    from lookalike.library import Report, Skipped, Trouble, Waiting, Watching, printable

    if isinstance(event, Watching) and event.how in _HOW:
        _print(f"{printable(event.folder)}: {_HOW[event.how]}.")
    elif isinstance(event, Trouble):
        _print(printable(event.reason) if event.reason else "All is well again.")
    elif isinstance(event, Waiting):
        print_waiting(event)
    elif isinstance(event, Skipped):
        _print(f"{printable(event.path)}: {event.reason}")
    elif isinstance(event, Report) and (
        event.added or event.changed or event.moved or event.removed
    ):
        _print(report_words(event))


def _print(text: str) -> None:
    click.echo(f"{datetime.now():%H:%M:%S}  {text}")
