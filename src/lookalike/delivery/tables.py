"""Pieces → CSV that is safe in a spreadsheet, or JSON in the shape of `search --json`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from lookalike.delivery.pieces import Piece

COLUMNS = (
    *("path", "folder", "name", "size", "width", "height", "format", "taken", "camera"),
    *("latitude", "longitude", "score", "distance", "verdict", "box", "liked"),
    *("favourite", "tags", "id", "digest"),
)

# What a spreadsheet may take for the beginning of a formula; the wide ones are those of East Asia.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BOM = b"\xef\xbb\xbf"


def as_csv(pieces: Sequence[Piece]) -> bytes:
    """A row a picture, see `COLUMNS`."""
    return written(COLUMNS, (row(piece) for piece in pieces))


def as_json(pieces: Sequence[Piece], query: object) -> bytes:
    """What `lookalike search --json` prints, with everything that is known of each picture.

    It is ASCII, which is the only way for JSON to hold a name that is not Unicode.
    """
    hits = [_hit(piece) for piece in pieces]
    return json.dumps({"query": query, "hits": hits}).encode("ascii") + b"\n"


def row(piece: Piece) -> list[object]:
    """The cells of a picture, in the order of `COLUMNS`; a box as ``--box`` takes it."""
    marks = piece.marks
    told = {
        "favourite": "yes" if marks.favourite else "",
        "tags": "; ".join(marks.tags),
        "box": ",".join(f"{edge:g}" for edge in piece.box or ()),
    }
    fields = {**_hit(piece), **told}
    return [fields[column] for column in COLUMNS]


def written(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """CSV as RFC 4180 has it, in UTF-8 with the mark by which Excel knows it.

    Texts that a spreadsheet would compute begin with an apostrophe; numbers are left as they are.
    Bytes of a name that are not Unicode are shown as an escape.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in one] for one in rows)
    return _BOM + out.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _hit(piece: Piece) -> dict[str, object]:
    record = piece.record
    return {
        "path": record.path,
        "score": piece.score,
        "distance": piece.distance,
        "verdict": piece.verdict,
        "box": piece.box,
        "liked": piece.liked,
        "id": record.id,
        "width": record.width,
        "height": record.height,
        "favourite": piece.marks.favourite,
        "tags": piece.marks.tags,
        "folder": str(Path(record.path).parent),
        "name": piece.name,
        "size": record.size,
        "format": record.format,
        "taken": record.taken,
        "camera": record.camera,
        "latitude": record.latitude,
        "longitude": record.longitude,
        "digest": record.digest,
    }
