"""``lookalike facets``: filters → how many pictures pass, and how many would with other choices."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lookalike.cli.options import filter_options, json_option, library_option, print_json
from lookalike.cli.search import filter_of

if TYPE_CHECKING:
    from lookalike.library import Choice

_WIDTH = 10  # of the largest number of pictures that a library may have


@click.command("facets", short_help="Count the pictures by what filters take.")
@library_option
@filter_options
@json_option
def facets_command(*, library_folder: Path | None, as_json: bool, **only: Any) -> None:
    """Say how many pictures pass the filters, and by folder, month, format, camera and size how
    many would pass with another choice there while the other filters stay; of tags and labels,
    with one more.

    Each choice is what the option of that name takes. Without a filter, all pictures are counted.
    Folders are those directly in the indexed ones, or in FOLDER.
    """
    from lookalike.library import Library

    with Library.open(library_folder) as library:
        facets = library.facets(filter_of(library, **only))
    if as_json:
        print_json(asdict(facets))
        return
    pictures = "picture passes" if facets.images == 1 else "pictures pass"
    click.echo(f"{facets.images:,} {pictures}.")
    _print("--folder", facets.folders)
    _print("--format", facets.formats)
    _print("--from and --to", facets.taken)
    _print("--camera", facets.cameras)
    _print("--min-side", facets.sides)
    _print("--tag", facets.tags)
    _print("--label", facets.labels)
    if facets.favourites:
        click.echo(f"\n--favourite\n{facets.favourites:{_WIDTH},}")


def _print(title: str, choices: tuple[Choice, ...]) -> None:
    from lookalike.library import printable

    if choices:
        click.echo(f"\n{title}")
    for choice in choices:
        click.echo(f"{choice.images:{_WIDTH},}  {printable(str(choice.value))}")
