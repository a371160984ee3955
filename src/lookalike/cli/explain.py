"""``lookalike explain``: a query and a picture → which of their regions make them alike."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lookalike.cli.examples import Box, Question, example_options
from lookalike.cli.options import (
    FOLDER,
    json_option,
    library_option,
    max_pixels_option,
    print_json,
)

if TYPE_CHECKING:
    from rich.text import Text

    from lookalike.library import Explanation, Regions

_COLOURS = ("", "white on #0f195a", "black on #788282", "black on #ffe13c")
"""From shares near nothing to the greatest ones, as in the picture that is saved."""


@click.command("explain", short_help="Show which regions make two pictures alike.")
@click.argument("image", metavar="IMAGE", type=FOLDER)
@click.argument("picture", metavar="PICTURE", type=FOLDER)
@library_option
@example_options
@click.option(
    "--save",
    metavar="FILE.png",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the pictures side by side, with the shares as colours over them.",
)
@max_pixels_option
@json_option
def explain_command(
    *,
    library_folder: Path | None,
    image: str,
    picture: str,
    like: tuple[str, ...],
    unlike: tuple[str, ...],
    box: Box | None,
    save: Path | None,
    max_pixels: int,
    as_json: bool,
) -> None:
    """Show how much each region of PICTURE, and of IMAGE, adds to the score of the two.

    Both are files, or paths of pictures of the library. The model divides a picture into regions,
    7 x 7 in the default one, and its view of the picture is their average: so the score is the sum
    of what the regions add, to the last digit. A region also takes in some of what lies around it.

    With --like and --unlike, the regions of all pictures of the query add up to the score; those
    that the picture should be unlike count below zero. Models that do not average regions cannot
    tell; `lookalike models` says which ones explain.
    """
    from lookalike.library import Library

    question = Question(image, like, unlike, box)
    asked = question.asked()
    with Library.open(library_folder, max_pixels=max_pixels) as library:
        why = library.explain(asked, picture)
        if save is not None:
            _write(save, library.drawn(asked, picture, why))
        if as_json:
            print_json({"query": question.shown(), "picture": picture, "explanation": asdict(why)})
        else:
            _print(why, [*question.names(), picture])


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from error


def _print(why: Explanation, names: list[str]) -> None:
    from rich.console import Console

    from lookalike.library import printable

    console = Console(highlight=False)
    click.echo(f"The score is {why.score:.3f}. Of it, each region adds:")
    grids = [why.picture, *why.query]
    most = max(share for regions in grids for row in regions.shares for share in row)
    for name, regions in zip([names[-1], *names[:-1]], grids, strict=True):
        click.echo(f"\n{printable(name)}")
        for row in _rows(regions, most):
            console.print(row, soft_wrap=True)


def _rows(regions: Regions, most: float) -> list[Text]:
    """Rows of numbers; on a terminal, the more a region adds, the brighter its colour."""
    from rich.text import Text

    def cell(share: float) -> Text:
        step = int(max(0.0, share) / (most or 1.0) * len(_COLOURS))
        return Text(f"{share:7.3f} ", _COLOURS[min(step, len(_COLOURS) - 1)])

    return [Text().join(map(cell, row)) for row in regions.shares]
