"""Pieces and their thumbnails → a contact sheet: a PDF of A4 pages, with names and scores."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from lookalike.delivery.lettering import Lettering
from lookalike.delivery.pdf import document
from lookalike.delivery.pieces import Files, LeftOut, Piece
from lookalike.errors import ImageError

# In pixels at 200 for an inch, which is what a thumbnail of 400 is good for in print.
SIZE = (1654, 2339)
_MARGIN, _HEAD, _GAP = 94, 92, 24
_COLUMNS, _ROWS = 4, 5
A_PAGE = _COLUMNS * _ROWS
_WIDE, _HIGH = (SIZE[0] - 2 * _MARGIN - (_COLUMNS - 1) * _GAP) // _COLUMNS, 300
_STEP = 400  # from row to row
_TITLE, _NAME, _SMALL = 40, 25, 21  # heights of letters
_INK, _QUIET, _EMPTY = "#1c1b19", "#65625c", "#ebe8e2"
_QUALITY = 88


def drawn(
    pieces: Sequence[Piece], files: Files, left_out: list[LeftOut], query: object
) -> Iterator[bytes]:
    """The sheet, a page at a time; ``left_out`` takes what is shown without its picture."""
    title = title_of(query)
    return document(_pages(pieces, files, left_out, title), SIZE, title)


def title_of(query: object) -> str:
    """The question as a line of text, from what `search --json` says of it."""
    if isinstance(query, list):
        return ", ".join(map(_example, query))
    return query if isinstance(query, str) and query else "Pictures"


def _example(one: object) -> str:
    if not isinstance(one, dict):
        return str(one)
    weight = float(one.get("weight", 1))
    counted = "" if abs(weight) == 1 else f" ({abs(weight):g})"
    return f"{'not ' if weight < 0 else ''}{one.get('picture')}{counted}"


@dataclass(frozen=True, slots=True)
class _Page:
    """A page that is being drawn."""

    image: Image.Image
    on: ImageDraw.ImageDraw
    letters: Lettering

    def line(
        self, place: tuple[int, int], text: str, size: int, width: int, colour: str = _INK
    ) -> None:
        self.letters.draw(self.on, place, self.letters.fitted(text, size, width), size, colour)


def _pages(
    pieces: Sequence[Piece], files: Files, left_out: list[LeftOut], title: str
) -> Iterator[bytes]:
    letters, total = Lettering(), -(-len(pieces) // A_PAGE)
    for number, start in enumerate(range(0, len(pieces), A_PAGE), start=1):
        image = Image.new("RGB", SIZE, "white")
        page = _Page(image, ImageDraw.Draw(image), letters)
        _frame(page, title, f"{number} / {total}")
        places = itertools.product(range(_ROWS), range(_COLUMNS))
        for (row, column), piece in zip(places, pieces[start : start + A_PAGE], strict=False):
            place = (_MARGIN + column * (_WIDE + _GAP), _MARGIN + _HEAD + row * _STEP)
            _cell(page, place, piece, _picture(piece, files, left_out))
        yield _jpeg(image)


def _frame(page: _Page, title: str, number: str) -> None:
    width = SIZE[0] - 2 * _MARGIN
    page.line((_MARGIN, _MARGIN + _TITLE), title, _TITLE, width)
    page.line((_MARGIN, SIZE[1] - _MARGIN + 40), number, _SMALL, width, _QUIET)


def _cell(page: _Page, place: tuple[int, int], piece: Piece, picture: Image.Image | None) -> None:
    left, top = place
    if picture is None:
        page.on.rectangle((left, top, left + _WIDE - 1, top + _HIGH - 1), _EMPTY)
        page.line((left + 16, top + _HIGH // 2), "cannot be shown", _SMALL, _WIDE - 32, _QUIET)
    else:
        aside = ((_WIDE - picture.width) // 2, _HIGH - picture.height)  # near its name
        page.image.paste(picture, (left + aside[0], top + aside[1]))
    page.line((left, top + _HIGH + 32), piece.name, _NAME, _WIDE)
    page.line((left, top + _HIGH + 60), _facts(piece), _SMALL, _WIDE, _QUIET)


def _facts(piece: Piece) -> str:
    size = f"{piece.record.width} \N{MULTIPLICATION SIGN} {piece.record.height}"
    return size if piece.score is None else f"{piece.score:.3f} · {size}"


def _picture(piece: Piece, files: Files, left_out: list[LeftOut]) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(files.thumbnail(piece.record))) as small:
            picture = small.convert("RGB")
    except ImageError as error:
        left_out.append(LeftOut(piece.record, str(error)))
        return None
    except OSError:  # the cache holds something else: `doctor` does not look into thumbnails
        left_out.append(LeftOut(piece.record, f"{piece.record.path!r} has a broken thumbnail."))
        return None
    picture.thumbnail((_WIDE, _HIGH), Image.Resampling.LANCZOS)
    return picture


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    # Letters keep their edges only where colours are as fine as light.
    image.save(out, "JPEG", quality=_QUALITY, subsampling=0)
    return out.getvalue()
