"""``lookalike index``: folders → a library that holds their pictures."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from lookalike.cli.options import (
    FOLDER,
    json_option,
    library_option,
    max_pixels_option,
    patience_option,
    scan_options,
    wait_option,
)


@click.command("index", short_help="Look at every picture below some folders.")
@click.argument("folders", metavar="FOLDER...", nargs=-1, required=True, type=FOLDER)
@library_option
@click.option("--model", metavar="NAME", help="The model of a new library; see `lookalike models`.")
@scan_options
@click.option("--retry", is_flag=True, help="Try files again that were skipped before.")
@click.option(
    "--parts/--no-parts",
    default=None,
    help="Keep the parts of each picture from now on, to find things within pictures; or forget "
    "them.  [default: as before]",
)
@max_pixels_option
@wait_option
@patience_option
@json_option
def index_command(
    *,
    folders: tuple[str, ...],
    library_folder: Path | None,
    model: str | None,
    max_pixels: int,
    as_json: bool,
    patience: float,
    **how: Any,
) -> None:
    """Look at every picture below some folders, once.

    A second run only touches what has changed since. Moved files are recognised, files that are
    gone leave the library, and a run that was stopped is continued. Your pictures are only read.

    With --parts, 46 parts of each picture are kept beside the whole, which takes 12 kB a picture:
    `lookalike search IMAGE --view parts` then finds what fills a tenth of a picture, and says
    where it is. Pictures that are in the library already are read once more for it.

    With --json, each event is one JSON object on a line; the last is the report.
    """
    # before NumPy is loaded: each core reads and encodes for itself, and threads of its products
    # beside these only wait for each other
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from lookalike.cli.front import INTERRUPTED
    from lookalike.cli.progress import print_event, print_report, print_waiting, shown_progress
    from lookalike.library import Library, check_folders

    # a slip of the pen makes no library
    check_folders(folders, patience, print_event if as_json else print_waiting)
    with Library.open(library_folder, model=model, create=True, max_pixels=max_pixels) as library:
        try:
            with nullcontext(print_event) if as_json else shown_progress() as tell:
                report = library.index(folders, patience=patience, on_event=tell, **how)
        except KeyboardInterrupt:
            kept = f"{library.stats().images:,} pictures are in the library"
            click.echo(f"Stopped: {kept}; the same command goes on from here.", err=True)
            sys.exit(INTERRUPTED)
    if not as_json:
        print_report(report)
