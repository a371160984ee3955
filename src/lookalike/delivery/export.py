"""Pieces and a kind → the bytes of a file of that kind, and what had to be left out of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lookalike.delivery import archive, tables
from lookalike.delivery.pieces import Files, LeftOut, Piece
from lookalike.errors import InputError

KINDS = {"csv": ".csv", "json": ".json", "zip": ".zip", "sheet": ".pdf"}
"""Each kind of file, and how its name ends."""


@dataclass(frozen=True, slots=True)
class Export:
    """A file that is made while its ``chunks`` are read, once.

    ``left_out`` holds what is known of missing files before, and all of it afterwards.
    """

    kind: str
    chunks: Iterator[bytes]
    left_out: list[LeftOut]


def export(pieces: Sequence[Piece], kind: str, files: Files, *, query: object = None) -> Export:
    """A file of one of the `KINDS`; ``query`` is what was asked, as `search --json` has it.

    A ZIP holds the originals as they lie on disk, under their names, and a manifest; a sheet shows
    thumbnails on pages of A4. Neither is ever in memory as a whole. Reading the chunks raises
    ImageError where a file changes while it is packed.

    Raises: InputError for no pictures, and for another kind.
    """
    if not pieces:
        raise InputError("There are no pictures to export: choose at least one.")
    left_out: list[LeftOut] = []
    if kind == "csv":
        chunks = iter([tables.as_csv(pieces)])
    elif kind == "json":
        chunks = iter([tables.as_json(pieces, query)])
    elif kind == "zip":
        chunks = archive.packed(archive.present(pieces, files, left_out), files, left_out)
    elif kind == "sheet":
        from lookalike.delivery import sheet

        chunks = sheet.drawn(pieces, files, left_out, query)
    else:
        raise InputError(f"There is no export as {kind!r}: choose one of {', '.join(KINDS)}.")
    return Export(kind, chunks, left_out)


def kind_of(file: str | os.PathLike[str]) -> str:
    """The kind of export that a file's ending asks for. Raises InputError."""
    ending = Path(file).suffix.lower()
    for kind, expected in KINDS.items():
        if ending == expected:
            return kind
    raise InputError(
        f"{os.fspath(file)!r} does not say what to write: end its name in "
        f"{', '.join(KINDS.values())}."
    )
