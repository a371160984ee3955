"""Options that several commands share → a library that is open; results → JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _PathThatSaysSomething(click.Path):
    """A path as it was given; an empty one is a slip of the shell, not the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not os.fspath(value):
            self.fail("is empty: name a file or a folder.", param, ctx)
        return self.coerce_path_result(value)  # without a look at it: a network drive may hang


FOLDER = _PathThatSaysSomething(path_type=str, readable=False)
"""A path as it was given: whether it exists is for the library to say, in its own words."""

FILE = _PathThatSaysSomething(path_type=Path, readable=False)
"""The same, where it is a file."""


def library_option(command: _Command) -> _Command:
    """``--library``: where the library lies."""
    return click.option(
        "--library",
        "library_folder",
        metavar="DIR",
        envvar="LOOKALIKE_LIBRARY",
        type=_PathThatSaysSomething(path_type=Path, readable=False),
        help="The library's folder. Default: LOOKALIKE_LIBRARY, else a folder of your user data.",
    )(command)


def json_option(command: _Command) -> _Command:
    """``--json``: for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def wait_option(command: _Command) -> _Command:
    """``--wait``: what to do about another writer."""
    return click.option(
        "--wait",
        metavar="SECONDS",
        type=click.FloatRange(min=0),
        default=0.0,
        help="How long to wait while another process writes to the library.  [default: not at all]",
    )(command)


def patience_option(command: _Command) -> _Command:
    """``--patience``: what to do about a folder that keeps silent."""
    return click.option(
        "--patience",
        metavar="SECONDS",
        envvar="LOOKALIKE_PATIENCE",
        type=click.FloatRange(min=1),
        default=60.0,
        show_default=True,
        help="How long a folder, on a network drive mostly, may give no answer at all before it is "
        "given up.",
    )(command)


def scan_options(command: _Command) -> _Command:
    """``--exclude`` and ``--hidden``: what of a folder is looked at."""
    hidden = click.option("--hidden", is_flag=True, help="Take names that begin with a dot, too.")
    exclude = click.option(
        "--exclude",
        metavar="GLOB",
        multiple=True,
        help="Leave out what matches: a name anywhere (*.tmp, raw) or, with a slash, a path below "
        "FOLDER (2019/*). May be given again.",
    )
    return exclude(hidden(command))


def max_pixels_option(command: _Command) -> _Command:
    """``--max-pixels``: the bound on one picture."""
    return click.option(
        "--max-pixels",
        metavar="N",
        envvar="LOOKALIKE_MAX_PIXELS",
        type=click.IntRange(min=1),
        default=200_000_000,
        show_default=True,
        help="Refuse pictures with more pixels than this, and those which take more memory than "
        "2.25 bytes for each of so many: there is a format in which a pixel takes 16.",
    )(command)


_OF_MARKS = (
    click.option(
        "--tag",
        "tags",
        metavar="TAG",
        multiple=True,
        help="Only pictures with this tag, see `lookalike tag`. May be given again: they then "
        "have all of them.",
    ),
    click.option("--favourite", is_flag=True, help="Only favourites."),
    click.option(
        "--label",
        "labels",
        metavar="LABEL",
        multiple=True,
        help="Only pictures that the default model calls so, see `lookalike facets`. May be given "
        "again: they are then called all of it.",
    ),
    click.option(
        "--text",
        metavar="TEXT",
        help="Only pictures whose file and folder names, tags and labels have all words of TEXT, "
        "or words that begin so.",
    ),
)


def filter_options(command: _Command) -> _Command:
    """``--folder`` to ``--text``: which pictures may be answers."""
    options = (
        click.option("--folder", metavar="FOLDER", type=FOLDER, help="Only pictures below FOLDER."),
        click.option(
            "--format",
            "formats",
            metavar="NAME",
            multiple=True,
            help="Only this format: JPEG, PNG, WEBP, GIF, BMP, TIFF, AVIF, HEIF or RAW. May be "
            "given again.",
        ),
        click.option(
            "--from",
            "taken_from",
            metavar="DATE",
            help="Only pictures taken on DATE or later: 2024, 2024-05 or 2024-05-31.",
        ),
        click.option(
            "--to", "taken_to", metavar="DATE", help="Only pictures taken on DATE or earlier."
        ),
        click.option(
            "--camera", metavar="TEXT", help="Only pictures of cameras with TEXT in their name."
        ),
        click.option(
            "--min-side",
            metavar="N",
            type=click.IntRange(min=1),
            help="Only pictures with at least N pixels on each side.",
        ),
        *_OF_MARKS,
    )
    for option in reversed(options):
        command = option(command)
    return command


def view_options(command: _Command) -> _Command:
    """``--view`` and ``--neighbours``: how pictures are compared."""
    view = click.option(
        "--view",
        metavar="NAME",
        help="Compare in a view that `lookalike learn` has made, or in the view whitened, which "
        "every library has.",
    )
    neighbours = click.option(
        "--neighbours",
        metavar="N",
        type=click.IntRange(0, 30),
        default=0,
        show_default=True,
        help="Let each picture stand for the mean of itself and its N nearest neighbours: more of "
        "what belongs together is found. 10 is a good number.",
    )
    return view(neighbours(command))


def print_json(value: object) -> None:
    """One JSON document on standard output; ASCII, so that names of any bytes survive."""
    click.echo(json.dumps(value))
