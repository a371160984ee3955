"""A path as it stands in an export → one that is safe below a folder, and what to call it."""

from __future__ import annotations

import os
from pathlib import Path

from lookalike.errors import InputError

SUFFIX = ".npy"


def shown(path: str | os.PathLike[str]) -> str:
    """A path as a message names it."""
    return repr(os.fspath(path))


def safe(path: str, source: str) -> str:
    """The path with ``/`` between its parts and without empty ones; it stays below its folder."""
    plain = path.replace(os.sep, "/")
    parts = [part for part in plain.split("/") if part not in {"", "."}]
    absolute = plain.startswith("/") or bool(os.path.splitdrive(path)[0])
    if absolute or not parts or ".." in parts or "\0" in plain:
        raise InputError(
            f"{source} has the path {path!r}: use paths relative to the folder of pictures, "
            "without '..'."
        )
    return "/".join(parts)


def matrix_path(file: str | os.PathLike[str]) -> Path:
    """The file of a matrix, whose name ends in ``.npy``. Raises InputError."""
    path = Path(file)
    if path.suffix.lower() != SUFFIX:
        raise InputError(f"{shown(file)} does not end in {SUFFIX}: give the matrix such a name.")
    return path
