"""``lookalike tag``: pictures, or a CSV of labels → favourites and tags, and a list of them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lookalike.cli.options import FOLDER, json_option, library_option, print_json

if TYPE_CHECKING:
    from lookalike.library import Choice, Library, Marks, Record

_WIDTH = 10  # of the largest number of pictures that a library may have


@click.command("tag", short_help="Mark pictures with tags, and as favourites.")
@click.argument("pictures", metavar="[PICTURE]...", nargs=-1, type=FOLDER)
@library_option
@click.option(
    "--id",
    "ids",
    metavar="N",
    type=click.IntRange(min=0),
    multiple=True,
    help="A picture by its number, as --json gives it. May be given again.",
)
@click.option("--add", metavar="TAG", multiple=True, help="Put TAG on them. May be given again.")
@click.option("--remove", metavar="TAG", multiple=True, help="Take TAG off. May be given again.")
@click.option(
    "--favourite/--no-favourite", default=None, help="Make them favourites, or none any more."
)
@click.option(
    "--from",
    "labels",
    metavar="LABELS",
    type=FOLDER,
    help="Put on every picture in LABELS, a CSV file, its label as a tag.",
)
@json_option
def tag_command(
    *,
    pictures: tuple[str, ...],
    library_folder: Path | None,
    ids: tuple[int, ...],
    add: tuple[str, ...],
    remove: tuple[str, ...],
    favourite: bool | None,
    labels: str | None,
    as_json: bool,
) -> None:
    """Mark pictures with tags and as favourites, and show what they are marked with.

    Each PICTURE is the path of a picture in the library. Without a picture, all tags are listed
    with the number of pictures that have them.

    LABELS is what `lookalike eval` takes: a CSV file with a header, the file's name or relative
    path first, the label second.

    Tags are kept in the library for the contents of the files: copies share them, and they stay
    whatever you do with the files, which are never changed. A tag is the same whatever the case of
    its letters. --remove comes before --add. Searches take --tag and --favourite.
    """
    from lookalike.library import Library

    named: list[str | int] = [*pictures, *ids]
    changing = bool(add or remove) or favourite is not None
    _refuse_what_does_not_fit(bool(named), changing, labels is not None)
    with Library.open(library_folder) as library:
        if labels is not None:
            _tell_taken(library.tag_by_labels(labels), as_json)
        elif named:
            records = [library.find(one) for one in named]
            marks = library.mark(*records, favourite=favourite, add=add, remove=remove)
            _tell_pictures(records, marks, as_json)
        else:
            _tell_all(library, as_json)


def _refuse_what_does_not_fit(named: bool, changing: bool, labels: bool) -> None:
    if labels and (named or changing):
        raise click.UsageError("--from goes alone: the file names the pictures and the tags.")
    if changing and not named:
        raise click.UsageError("Name the pictures that are to be marked, or their numbers by --id.")


def _tell_taken(tags: list[Choice], as_json: bool) -> None:
    if as_json:
        print_json({"tags": [asdict(tag) for tag in tags]})
        return
    number = sum(tag.images for tag in tags)
    pictures = "picture has its label" if number == 1 else "pictures have their labels"
    click.echo(f"{number:,} {pictures} as a tag; there are {len(tags):,} different ones.")


def _tell_pictures(records: list[Record], marks: list[Marks], as_json: bool) -> None:
    from lookalike.library import printable

    if as_json:
        pairs = zip(records, marks, strict=True)
        told = [{"id": one.id, "path": one.path, **asdict(its)} for one, its in pairs]
        print_json({"pictures": told})
        return
    for record, its in zip(records, marks, strict=True):
        words = ["favourite"] if its.favourite else []
        words += [f"#{tag}" for tag in its.tags]
        click.echo(f"{printable(record.path)}\n      {', '.join(words) or 'not marked'}")


def _tell_all(library: Library, as_json: bool) -> None:
    known = library.tags()
    if as_json:
        print_json(asdict(known))
        return
    if not known.tags and not known.favourites:
        click.echo("Nothing is marked yet: `lookalike tag PICTURE --add TAG`.")
        return
    click.echo(f"{known.favourites:,} {'favourite' if known.favourites == 1 else 'favourites'}.")
    if known.tags:
        click.echo("\n--tag")
    for tag in known.tags:
        click.echo(f"{tag.images:{_WIDTH},}  {tag.value}")
