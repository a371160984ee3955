"""Pictures of a library, or the answers to a question → a file of them, or its bytes."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lookalike import delivery
from lookalike.delivery import Export, Files, LeftOut, Piece
from lookalike.library.originals import opened, original
from lookalike.library.queries import Named, Queries
from lookalike.stores.base import Hit, Marks, Record


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that was written: of how many ``pictures``, and those that are not in it, with the
    reasons (on a contact sheet, those that are there by their names only)."""

    file: Path
    pictures: int
    left_out: tuple[LeftOut, ...]


class Exporting(ABC):
    """How a `Library` hands pictures on."""

    _queries: Queries

    @abstractmethod
    def marks(self, *pictures: Named) -> list[Marks]:
        """What pictures are marked with."""

    @abstractmethod
    def thumbnail(self, picture: int | Record) -> bytes:
        """A picture as a small WebP."""

    def export(self, pictures: Sequence[Hit | Named], kind: str, *, query: object = None) -> Export:
        """Pictures as ``csv``, ``json``, ``zip`` or ``sheet`` (PDF), made while it is read.

        Hits bring along their scores and, in lists, what else was said of them. A ZIP holds the
        files that are still those that were indexed, and a manifest that names the others, too.
        ``query`` is told by the JSON, and is the title of a contact sheet.

        Raises: InputError for another kind, and for no pictures; ImageNotFoundError.
        """
        return delivery.export(self._pieces(pictures), kind, self._files(), query=query)

    def save(
        self,
        pictures: Sequence[Hit | Named],
        file: str | os.PathLike[str],
        *,
        query: object = None,
        force: bool = False,
    ) -> Saved:
        """Write what `export` gives to a file; its ending (.csv, .json, .zip, .pdf) says which.

        A file that is there already is replaced only with ``force``.

        Raises: as `export`; InputError where the file is there or cannot be written;
            LibraryFullError; ImageError where a picture changes while it is packed.
        """
        made = self.export(pictures, delivery.kind_of(file), query=query)
        target = delivery.save(made.chunks, file, force=force)
        missing = len(made.left_out) if made.kind == "zip" else 0
        return Saved(target, len(pictures) - missing, tuple(made.left_out))

    def _pieces(self, pictures: Sequence[Hit | Named]) -> list[Piece]:
        pieces = [
            _piece(one) if isinstance(one, Hit) else Piece(self._queries.named(one))
            for one in pictures
        ]
        marks = self.marks(*(piece.record for piece in pieces))
        return [replace(piece, marks=one) for piece, one in zip(pieces, marks, strict=True)]

    def _files(self) -> Files:
        return Files(original, opened, self.thumbnail)


def _piece(hit: Hit) -> Piece:
    return Piece(
        hit.record, hit.score, hit.distance, verdict=hit.verdict, box=hit.box, liked=hit.liked
    )
