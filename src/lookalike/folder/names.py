"""A folder as it was named → its one true path; any path → one line that a terminal can show."""

from __future__ import annotations

import os
import unicodedata

from lookalike.errors import FolderError

_TURNS = {"LRE", "LRO", "RLE", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # order of letters


def real_folder(root: str | os.PathLike[str]) -> str:
    """The one true path of a folder that exists. Raises FolderError."""
    if "\0" in os.fspath(root):  # no system has such a name
        raise FolderError(f"There is no folder {printable(root)}: check the path.")
    top = os.path.realpath(root)
    if not os.path.exists(top):  # noqa: PTH110 - a path that no Path can stat is a case here
        raise FolderError(f"There is no folder {printable(root)}: check the path.")
    if not os.path.isdir(top):  # noqa: PTH112
        raise FolderError(f"{printable(root)} is not a folder: give the folder that holds it.")
    return top


def printable(path: str | os.PathLike[str]) -> str:
    """A path as one line that a terminal can show.

    Escaped with a backslash are control characters, bytes that are not UTF-8, and what breaks or
    turns a line. Spaces of other widths and the joiners of emoji stay: a name that is copied from
    the terminal is then still the name.
    """
    return "".join(
        char.encode("unicode_escape").decode("ascii") if _breaks_a_line(char) else char
        for char in os.fspath(path)
    )


def _breaks_a_line(char: str) -> bool:
    turns = unicodedata.bidirectional(char) in _TURNS
    return turns or unicodedata.category(char) in {"Cc", "Cn", "Cs", "Zl", "Zp"}
