"""``lookalike backup`` and ``restore``: a library → one file, and such a file → a library."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lookalike.cli.options import FOLDER, json_option, library_option, print_json, wait_option
from lookalike.cli.steps import shown_steps

if TYPE_CHECKING:
    from lookalike.library import Backup, Restored

_DOING = {"copying": "Copying", "checking": "Checking what was written"}


@click.command("backup", short_help="Copy the library into one file.")
@click.argument("target", metavar="TARGET", type=FOLDER)
@library_option
@click.option("--force", is_flag=True, help="Replace TARGET if it is there already.")
@json_option
def backup_command(*, target: str, library_folder: Path | None, force: bool, as_json: bool) -> None:
    """Copy the library into one file, as it is at this moment. It can be searched, indexed and
    tagged meanwhile.

    TARGET is the file, or a folder in which the copy gets a name with the date and time. It holds
    what was computed for your pictures, your tags, favourites and decisions, and what was learned;
    not the pictures themselves, and no file of a model. What was written is read again and held
    against the library; a copy that was interrupted leaves no TARGET.
    """
    from lookalike.library import Library

    with Library.open(library_folder) as library, shown_steps(_DOING) as tell:
        made = library.backup(target, force=force, on_step=tell)
    if as_json:
        print_json(asdict(made))
    else:
        _print_backup(made)


def _print_backup(made: Backup) -> None:
    from lookalike.library import printable

    pictures = "1 picture" if made.images == 1 else f"{made.images:,} pictures"
    size = f"{made.bytes / 1e6:,.1f} MB, {made.seconds:,.1f} s"
    click.echo(f"The library, {pictures}, is in {printable(made.file)} ({size}).")
    if made.own_model:
        click.echo(
            f"Keep a copy of your model {printable(made.own_model)} and its card, too: they are "
            "not in it."
        )


@click.command("restore", short_help="Bring a library back from such a file.")
@click.argument("backup", metavar="BACKUP", type=FOLDER)
@library_option
@click.option(
    "--model",
    metavar="FILE",
    type=FOLDER,
    help="Where the library's model lies now, if it is an .onnx file of your own.",
)
@click.option("--force", is_flag=True, help="Replace a library that holds pictures.")
@wait_option
@json_option
def restore_command(
    *,
    backup: str,
    library_folder: Path | None,
    model: str | None,
    force: bool,
    wait: float,
    as_json: bool,
) -> None:
    """Bring a library back from a file that `lookalike backup` has written, on this machine or
    another.

    BACKUP is read whole and checked before anything is changed. A library that is replaced with
    --force stays until the other stands in its place; a server that has it open goes on with the
    other.

    Where your pictures lie at another place than they did, index that place once: they are
    recognised by their content, and keep what was computed and marked.
    """
    from lookalike.library import Library

    with shown_steps(_DOING) as tell:
        done = Library.restore(
            backup, library_folder, model=model, force=force, wait=wait, on_step=tell
        )
    if as_json:
        print_json(asdict(done))
    else:
        _print_restored(done)


def _print_restored(done: Restored) -> None:
    from lookalike.library import printable

    pictures = "1 picture" if done.images == 1 else f"{done.images:,} pictures"
    click.echo(f"The library in {printable(done.folder)} holds {pictures} ({done.seconds:,.1f} s).")
    if done.set_aside:
        click.echo(f"What was there and could not be opened is now {printable(done.set_aside)}.")
    if done.missing:
        click.echo(f"Its model is missing: {printable(done.missing)}")
    for root in done.away:
        click.echo(
            f"{printable(root)} is not on this machine: `lookalike index FOLDER` with the place "
            "where its pictures lie now finds them again."
        )
