"""``lookalike list``: filters → the pictures that pass, as paths or as JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lookalike.cli.options import filter_options, json_option, library_option, print_json
from lookalike.cli.search import filter_of

if TYPE_CHECKING:
    from lookalike.library import Library, Record


@click.command("list", short_help="List the pictures that pass filters.")
@library_option
@filter_options
@click.option("-k", metavar="N", type=click.IntRange(min=1), help="List N at most.")
@click.option(
    "--offset", metavar="N", type=click.IntRange(min=0), default=0, help="Pass over the first N."
)
@click.option("--null", is_flag=True, help="End each path by a NUL, for `xargs -0`.")
@json_option
def list_command(
    *,
    library_folder: Path | None,
    k: int | None,
    offset: int,
    null: bool,
    as_json: bool,
    **only: Any,
) -> None:
    """List the pictures that pass the filters, all of which must hold, in order of path: your
    favourites with --favourite. Without a filter, all pictures are listed. With --json, their
    number is told, too, and where the next stretch begins if -k has cut one.
    """
    from lookalike.library import Library

    if null and as_json:
        raise click.UsageError("Give one of --null and --json.")
    with Library.open(library_folder) as library:
        found = library.listing(filter_of(library, **only), k or sys.maxsize, offset=offset)
        records = found.records
        if as_json:
            told = {"pictures": _fields(library, records), "total": found.total}
            print_json({**told, "next": found.next})
            return
    for record in records:  # paths as the system has them: another program is to find the files
        sys.stdout.buffer.write(os.fsencode(record.path) + (b"\0" if null else os.linesep.encode()))
    sys.stdout.buffer.flush()


def _fields(library: Library, records: Sequence[Record]) -> list[dict[str, object]]:
    pairs = zip(records, library.marks(*records), strict=True)
    return [{"id": one.id, "path": one.path, **asdict(marks)} for one, marks in pairs]
