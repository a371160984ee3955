"""The photographs of the flowers → their folder, and one library of them for all benchmarks."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.measuring import Ran, Settings, lookalike


def folder(settings: Settings) -> Path:
    """A folder that holds `Settings.pictures` and nothing else. Raises MissingError."""
    pictures = settings.pictures()
    if not settings.quick:
        return pictures[0].parent
    some = settings.scratch / "flowers"
    if not some.is_dir():
        some.mkdir()
        for picture in pictures:
            shutil.copyfile(picture, some / picture.name)
    return some


def library(settings: Settings) -> Path:
    """The flowers' library, which is made by whoever needs it first. Raises MissingError."""
    place = _place(settings)
    if not place.is_dir():
        index(settings)
    return place


def index(settings: Settings) -> Ran:
    """Make the flowers' library anew with the command, and say what that took."""
    place, pictures = _place(settings), folder(settings)
    aside = place.with_suffix(".new")
    shutil.rmtree(aside, ignore_errors=True)
    ran = lookalike("index", pictures, "--library", aside, "--json")
    shutil.rmtree(place, ignore_errors=True)
    aside.rename(place)
    return ran


def _place(settings: Settings) -> Path:
    return settings.scratch / "flowers.library"
