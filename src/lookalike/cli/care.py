"""``lookalike stats`` and ``forget``: a library → what it holds; the same with a folder less."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lookalike.cli.options import FOLDER, json_option, library_option, print_json, wait_option

if TYPE_CHECKING:
    from lookalike.library import SearchIndex


@click.command("stats", short_help="Say what the library holds.")
@library_option
@click.option("--skipped", is_flag=True, help="List the files that are not in it, and why.")
@json_option
def stats_command(*, library_folder: Path | None, skipped: bool, as_json: bool) -> None:
    """Say what the library holds."""
    from lookalike.library import Library, printable

    with Library.open(library_folder) as library:
        files = library.skipped() if skipped else []
        stats = library.stats()
    if as_json:
        extra = {"skipped_files": [asdict(file) for file in files]} if skipped else {}
        print_json({**asdict(stats), **extra})
        return
    if skipped:
        for file in files:
            click.echo(f"{printable(file.path)}: {file.reason}")
        click.echo(f"{len(files):,} skipped." if files else "No file was skipped.")
        return
    click.echo(f"library   {printable(stats.folder)} ({stats.bytes / 1e6:,.1f} MB)")
    click.echo(f"model     {stats.model} ({stats.dim} numbers for each picture)")
    click.echo(f"pictures  {stats.images:,}")
    click.echo(f"skipped   {stats.skipped:,}")
    if stats.index:
        click.echo(f"search    {_how(stats.index)}")
        if stats.index.waiting:
            click.echo(f"waiting   {_waiting(stats.index.waiting)}")
    for root in stats.roots:
        click.echo(f"folder    {printable(root)}")
    if stats.indexing:
        click.echo(f"indexing  {stats.indexing.done:,} of {stats.indexing.total:,}")


def _how(index: SearchIndex) -> str:
    if not index.cells:
        return "every picture is compared (exact)"
    return (
        f"{index.probes:,} of {index.cells:,} cells are compared; "
        f"recall of the 30 best measured here: {100 * index.recall:.1f} %"
    )


def _waiting(number: int) -> str:
    pictures = "picture is" if number == 1 else "pictures are"
    return f"{number:,} {pictures} not in the cache yet, and compared one by one"


@click.command("forget", short_help="Take a folder out of the library.")
@click.argument("folder", metavar="FOLDER", type=FOLDER)
@library_option
@wait_option
def forget_command(*, folder: str, library_folder: Path | None, wait: float) -> None:
    """Take a folder that was indexed out of the library; or one in it that another disk began in,
    if that disk is gone for good. The pictures themselves stay.
    """
    from lookalike.library import Library

    with Library.open(library_folder) as library:
        number = library.forget(folder, wait=wait)
    pictures = "picture" if number == 1 else "pictures"
    click.echo(f"{number:,} {pictures} left the library; the files are where they were.")
