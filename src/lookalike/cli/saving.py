"""``--save FILE`` and pictures → the file, and what is told of it as text or JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lookalike.cli.options import FOLDER

if TYPE_CHECKING:
    from lookalike.library import Saved

_Command = TypeVar("_Command", bound=Callable[..., Any])


def save_options(command: _Command) -> _Command:
    """``--save`` and ``--force``: a file instead of a table."""
    save = click.option(
        "--save",
        "target",
        metavar="FILE",
        type=FOLDER,
        help="Write the pictures to FILE: a list for spreadsheets (.csv) or programs (.json), an "
        "archive of the files themselves (.zip), or a contact sheet (.pdf).",
    )
    force = click.option("--force", is_flag=True, help="Replace FILE if it is there already.")
    return save(force(command))


def print_saved(saved: Saved) -> None:
    """What was written, and what could not be."""
    from lookalike.library import printable

    pictures = "1 picture is" if saved.pictures == 1 else f"{saved.pictures:,} pictures are"
    click.echo(f"{pictures} in {printable(saved.file)}.")
    if saved.left_out:
        click.echo(f"{len(saved.left_out):,} could not be read:")
    for one in saved.left_out:
        click.echo(f"  {printable(one.reason)}")


def saved_fields(saved: Saved) -> dict[str, object]:
    """The same for JSON."""
    left_out = [{"path": one.record.path, "reason": one.reason} for one in saved.left_out]
    return {"file": str(saved.file), "pictures": saved.pictures, "left_out": left_out}
