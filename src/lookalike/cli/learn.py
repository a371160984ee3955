"""``lookalike learn`` and ``lookalike views``: what a person says of pictures → views by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lookalike.cli.options import FOLDER, json_option, library_option, print_json

if TYPE_CHECKING:
    from lookalike.library import Learned


@click.command("learn", short_help="Learn to tell apart what you tell apart.")
@click.argument("name", metavar="NAME")
@library_option
@click.option("--labels", metavar="FILE", type=FOLDER, help="A CSV of pictures and their classes.")
@click.option("--folders", is_flag=True, help="The folder that a picture lies in is its class.")
@click.option("--tags", is_flag=True, help="The tag of a picture is its class.")
@click.option("--favourites", is_flag=True, help="Favourites are what is liked.")
@click.option(
    "--like",
    "liked",
    metavar="IMAGE",
    type=FOLDER,
    multiple=True,
    help="A picture of the library that is liked. May be given again.",
)
@click.option(
    "--unlike",
    "unliked",
    metavar="IMAGE",
    type=FOLDER,
    multiple=True,
    help="One that is not liked. May be given again.",
)
@json_option
def learn_command(
    *, name: str, library_folder: Path | None, as_json: bool, **learned_from: Any
) -> None:
    """Learn a view of the pictures, and keep it in the library as NAME.

    From classes, which --labels, --folders or --tags name, comes a view in which pictures of one
    class lie together and the classes lie apart; each class needs four pictures at least. From
    --favourites, or --like and --unlike, comes one that knows where what is liked lies.

    `lookalike search IMAGE --view NAME` compares in it, and so does the page; nothing is indexed
    again. What was learned from what is liked can be searched alone: `lookalike search --view
    NAME`. A view that pictures which were held out do not find each other better with is not kept.

    FILE is what `lookalike eval` takes: a CSV file with a header, the file's name or relative path
    first, the class second.
    """
    from lookalike.library import Library

    with Library.open(library_folder) as library:
        learned = library.learn(name, **learned_from)
    if as_json:
        print_json(asdict(learned))
    else:
        _tell(learned)


@click.command("views", short_help="List what was learned, or forget it.")
@library_option
@click.option("--forget", metavar="NAME", help="Delete this view; pictures stay as they are.")
@json_option
def views_command(*, library_folder: Path | None, forget: str | None, as_json: bool) -> None:
    """List the views that `lookalike learn` has made, with what they are worth; and `parts`, where
    `lookalike index FOLDER --parts` keeps the parts of pictures.

    For classes that is the mean average precision on pictures that were held out, without the view
    and with it. For what is liked it is how likely a liked picture that was held out scores above
    another one.
    """
    from lookalike.library import Library, printable

    with Library.open(library_folder) as library:
        if forget is not None:
            library.forget_view(forget)
        views = library.views()
    if as_json:
        print_json({"views": [{**one.about, "name": one.name, "made": one.made} for one in views]})
    elif views:
        for one in views:
            click.echo(f"{printable(one.name)}: {_worth(one.about)}")
    else:
        click.echo("Nothing was learned yet: `lookalike learn NAME --folders`.")


def _tell(learned: Learned) -> None:
    from lookalike.library import printable

    name = printable(learned.name)
    click.echo(f"{name}: {_worth(asdict(learned))}")
    if learned.left_out:
        click.echo(
            f"{learned.left_out:,} pictures were of no use: their class has fewer than four, or "
            "they have several tags."
        )
    click.echo(f'lookalike search IMAGE --view "{name}"')


def _worth(about: Mapping[str, Any]) -> str:
    if about["kind"] == "parts":
        return "finds things within pictures, and says where they are."
    pictures = f"{about['pictures']:,} pictures"
    if about["kind"] == "liked":
        return (
            f"learned from {pictures}; one that is liked and was held out scores above another in "
            f"{about['after']:.0%} of the cases."
        )
    return (
        f"learned from {pictures} of {about['classes']:,} classes; mAP on pictures that were held "
        f"out {about['after']:.3f}, without the view {about['before']:.3f}."
    )
