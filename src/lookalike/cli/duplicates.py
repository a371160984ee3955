"""``lookalike duplicates``: a library → pictures that show the same, and a list of the copies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lookalike.cli.options import (
    FOLDER,
    json_option,
    library_option,
    max_pixels_option,
    print_json,
)
from lookalike.cli.steps import shown_steps

if TYPE_CHECKING:
    from lookalike.library import Copy, Duplicates, Group, Library, Record

_DOING = {"looking": "Looking at pictures", "comparing": "Comparing"}
_WHY = {
    "untouched": "no border, nothing changed",
    "pixels": "most pixels",
    "bytes": "most bytes",
    "oldest": "oldest file",
    "path": "first by path",
}


@click.command("duplicates", short_help="Show pictures that are there twice.")
@library_option
@click.option("--exact-only", is_flag=True, help="Only files with the same content.")
@click.option("--folder", metavar="FOLDER", type=FOLDER, help="Only pictures below FOLDER.")
@click.option("--paths", is_flag=True, help="Print the paths of the copies only, one a line.")
@click.option("--null", is_flag=True, help="The same, each ended by a NUL, for `xargs -0`.")
@click.option(
    "--not-duplicates",
    "apart",
    metavar="A B",
    nargs=2,
    type=FOLDER,
    help="Remember that A and B are not duplicates.",
)
@click.option(
    "--duplicates-after-all",
    "together",
    metavar="A B",
    nargs=2,
    type=FOLDER,
    help="Forget that A and B are not duplicates.",
)
@click.option("--decisions", is_flag=True, help="List what you said are not duplicates.")
@max_pixels_option
@json_option
def duplicates_command(
    *,
    library_folder: Path | None,
    exact_only: bool,
    folder: str | None,
    paths: bool,
    null: bool,
    apart: tuple[str, str] | None,
    together: tuple[str, str] | None,
    decisions: bool,
    max_pixels: int,
    as_json: bool,
) -> None:
    """Show pictures that are there twice or more, in groups, with the one to keep first.

    Files with the same content are exact copies. Near copies are resized, recompressed, cropped
    (to 60 % of both sides), turned by a quarter or a half, mirrored, or have a caption or a border;
    each is verified on pixels. The first run looks at all pictures, later ones at what is new.

    In each group the picture with most pixels is proposed, or one that has no border around it.
    Nothing is deleted: --paths, --null and --json give the copies to a tool of your choice.

    A and B are paths of pictures in the library. What you decide is kept for their contents,
    wherever the files go.
    """
    from lookalike.library import Library

    _refuse_several(apart, together, paths, null, decisions or as_json)
    with Library.open(library_folder, max_pixels=max_pixels) as library:
        if apart or together:
            _decide(library, apart or together or (), undo=apart is None)
        elif decisions:
            _list_decisions(library.told_apart(), as_json=as_json)
        else:
            with shown_steps(_DOING) as tell:
                found = library.duplicates(exact_only=exact_only, folder=folder, on_step=tell)
            if paths or null:
                _write_paths(found, b"\0" if null else os.linesep.encode())
            else:
                print_json(_fields(found)) if as_json else _print(found)


def _refuse_several(*wishes: object) -> None:
    if sum(map(bool, wishes)) > 1:
        raise click.UsageError(
            "Give one of --paths, --null, --json, --not-duplicates, --duplicates-after-all and "
            "--decisions; only --decisions goes with --json."
        )


def _decide(library: Library, pictures: Iterable[str], *, undo: bool) -> None:
    library.not_duplicates(*pictures, undo=undo)
    click.echo(
        "They may be duplicates again."
        if undo
        else "They are not shown as duplicates any more; --duplicates-after-all takes that back."
    )


def _list_decisions(pairs: list[tuple[Record, Record]], *, as_json: bool) -> None:
    from lookalike.library import printable

    if as_json:
        print_json({"not_duplicates": [[one.path, other.path] for one, other in pairs]})
        return
    for one, other in pairs:
        click.echo(f"{printable(one.path)}\n{printable(other.path)}\n")
    click.echo(f"{len(pairs):,} said not to be duplicates.")


def _write_paths(found: Duplicates, end: bytes) -> None:
    """Paths as the system has them, of whatever bytes: another program is to find the files."""
    copies = [copy.record for group in found.groups for copy in group.copies]
    for record in copies:
        sys.stdout.buffer.write(os.fsencode(record.path) + end)
    sys.stdout.buffer.flush()


def _fields(found: Duplicates) -> dict[str, Any]:
    return {
        "groups": [
            {
                "best": _picture(group.best),
                "why": group.why,
                "copies": [
                    {
                        **_picture(copy.record),
                        "how": list(copy.how),
                        "turned": copy.turned,
                        "shown": copy.shown,
                        "agreement": copy.agreement,
                    }
                    for copy in group.copies
                ],
            }
            for group in found.groups
        ],
        "copies": found.copies,
        "spare": found.spare,
        "waiting": found.waiting,
    }


def _picture(record: Record) -> dict[str, Any]:
    return {
        "path": record.path,
        "id": record.id,
        "width": record.width,
        "height": record.height,
        "bytes": record.size,
        "format": record.format,
    }


def _print(found: Duplicates) -> None:
    for group in found.groups:
        _print_group(group)
    if found.groups:
        number, copies = len(found.groups), found.copies
        click.echo(
            f"{copies:,} {'copy' if copies == 1 else 'copies'} in {number:,} "
            f"{'group' if number == 1 else 'groups'}; they take {found.spare / 1e6:,.1f} MB."
        )
    else:
        click.echo("No duplicates were found.")
    if found.waiting:
        click.echo(
            f"{found.waiting:,} {'picture' if found.waiting == 1 else 'pictures'} could not be "
            "read and compared: connect their disk, or index their folder again."
        )


def _print_group(group: Group) -> None:
    from lookalike.library import printable

    click.echo(f"keep  {printable(group.best.path)}")
    click.echo(f"      {_facts(group.best)} ({_WHY[group.why]})")
    for copy in group.copies:
        click.echo(f"copy  {printable(copy.record.path)}")
        click.echo(f"      {_facts(copy.record)}, {_words(copy)}")
    click.echo()


def _facts(record: Record) -> str:
    return f"{record.width} x {record.height}, {record.size:,} bytes, {record.format}"


def _words(copy: Copy) -> str:
    said = {
        "cropped": f"cropped to {copy.shown:.0%}",
        "extended": f"extended, of which {copy.shown:.0%} is the same",
        "turned": f"turned by {copy.turned}°",
    }
    return ", ".join(said.get(one, one) for one in copy.how)
