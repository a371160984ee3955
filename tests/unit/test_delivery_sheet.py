"""Pictures with names and scores → pages of A4 in a PDF, read by another reader."""

from __future__ import annotations

import io
from typing import Any, NoReturn

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont, PdfParser

from lookalike.delivery import Export, Files, Piece, export
from lookalike.delivery.lettering import FONTS, Lettering
from lookalike.delivery.pdf import document
from lookalike.delivery.sheet import A_PAGE, SIZE, title_of
from lookalike.errors import ImageError
from lookalike.stores.base import Record
from tests.pictures import GREEN, encode, plain
from tests.records import record

TILE = encode(plain(GREEN, (400, 300)), "WEBP")


def thumbnail(wanted: Record) -> bytes:
    if wanted.relative.startswith("gone"):
        raise ImageError(f"{wanted.path} is no longer there.")
    return b"no picture" if wanted.relative.startswith("broken") else TILE


def _unwanted(_record: Record) -> NoReturn:
    pytest.fail("not the original")


def sheet(*pieces: Piece, query: object = None) -> tuple[list[Image.Image], Export, bytes]:
    made = export(
        pieces,
        "sheet",
        Files(_unwanted, _unwanted, thumbnail),
        query=query,
    )
    content = b"".join(made.chunks)
    return pages(content), made, content


def pages(content: bytes) -> list[Image.Image]:
    """The picture on each page, found by Pillow's reader along the table at the end."""
    found: list[Image.Image] = []
    with PdfParser.PdfParser(buf=bytearray(content)) as pdf:
        for reference in pdf.pages:
            page = pdf.read_indirect(reference)
            assert page[b"MediaBox"] == [0, 0, 595.276, 841.89]
            picture = page[b"Resources"][b"XObject"][b"Page"]
            found.append(Image.open(io.BytesIO(pdf.read_indirect(picture).buf)))
    return found


def title_in(content: bytes) -> str:
    with PdfParser.PdfParser(buf=bytearray(content)) as pdf:
        return PdfParser.decode_text(bytes(pdf.info[b"Title"]))


def scored(name: str, score: float | None = None) -> Piece:
    return Piece(record(name, width=640, height=480), score, None)


def ink(image: Image.Image, box: tuple[int, int, int, int]) -> int:
    """How many dark dots there are."""
    return int((np.asarray(image.convert("L").crop(box)) < 128).sum())


def green(image: Image.Image) -> int:
    """How many dots are those of the thumbnail."""
    dots = np.asarray(image, np.int16)
    return int((dots[..., 1] > dots[..., 0] + 60).sum())


def test_pages_of_a4_with_all_pictures() -> None:
    shown, made, content = sheet(
        *(scored(f"{n}.jpg", 0.5) for n in range(2 * A_PAGE + 1)), query="Roses"
    )
    assert [page.size for page in shown] == [SIZE] * 3
    assert made.left_out == []
    assert content.startswith(b"%PDF-1.4")
    assert content.endswith(b"%%EOF\n")
    assert title_in(content) == "Roses"
    assert green(shown[0]) == pytest.approx(A_PAGE * green(shown[2]), rel=0.01)
    assert ink(shown[0], (0, 90, SIZE[0], 145)) > 300  # the title


def test_scores_and_names_are_there() -> None:
    ((with_score,), (without,), (other,)) = (
        sheet(piece)[0]
        for piece in (scored("a.jpg", 0.871), scored("a.jpg"), scored("b.jpg", 0.871))
    )
    assert with_score.size == without.size
    below = ImageChops.difference(with_score.convert("L"), without.convert("L")).getbbox()
    beside = ImageChops.difference(with_score.convert("L"), other.convert("L")).getbbox()
    assert below is not None
    assert beside is not None
    assert beside[3] <= below[3]


def test_what_cannot_be_shown_is_there_by_its_name() -> None:
    (page,), made, _ = sheet(scored("gone.jpg"), scored("broken.jpg"), scored("there.jpg"))
    assert [one.record.relative for one in made.left_out] == ["gone.jpg", "broken.jpg"]
    assert "no longer there" in made.left_out[0].reason
    assert "broken thumbnail" in made.left_out[1].reason
    assert 50_000 < green(page) < 100_000


@pytest.mark.parametrize(
    ("query", "title"),
    [
        (None, "Pictures"),
        ("", "Pictures"),
        ("rose.jpg", "rose.jpg"),
        (
            [{"picture": "a.jpg", "weight": 1.0}, {"picture": "b.jpg", "weight": -0.5}],
            "a.jpg, not b.jpg (0.5)",
        ),
    ],
)
def test_the_title_is_the_question(query: Any, title: str) -> None:
    assert title_of(query) == title


# ---- letters


def drawn(text: str, fonts: tuple[str, ...] = FONTS) -> Image.Image:
    image = Image.new("L", (600, 60), "white")
    Lettering(fonts).draw(ImageDraw.Draw(image), (5, 40), text, 25, "black")
    return image


def test_what_no_font_has_is_shown_as_an_escape() -> None:
    assert drawn("a漢\udce9\n.jpg", ()) == drawn("a\\u6f22\\udce9\\n.jpg", ())
    assert drawn("\u202egpj.exe", ()) == drawn("\\u202egpj.exe", ())


def test_other_writings_are_drawn_where_a_font_has_them() -> None:
    try:
        ImageFont.truetype("DejaVuSans.ttf", 20)
    except OSError:
        pytest.skip("DejaVu is not on this machine")
    for text in ("роза.jpg", "τριαντάφυλλο", "ورد.jpg"):
        escaped = "".join(one if one.isascii() else f"\\u{ord(one):04x}" for one in text)
        assert drawn(text) != drawn(escaped)
        assert ink(drawn(text), (0, 0, 600, 60)) > 100


def test_fonts_that_are_not_there_are_passed_over() -> None:
    assert drawn("rose.jpg", ("no such font.ttf",)) == drawn("rose.jpg", ())


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    letters, name = Lettering(()), f"holiday {'x' * 300} 0042.jpg"
    short = letters.fitted(name, 25, 348)
    assert short.startswith("holiday")
    assert short.endswith("0042.jpg")
    assert 300 < letters.length(short, 25) <= 348
    assert letters.fitted("rose.jpg", 25, 348) == "rose.jpg"
    assert letters.fitted("", 25, 348) == ""


def test_a_title_in_any_writing_is_kept() -> None:
    content = b"".join(document([], SIZE, "Розы 🌹"))
    assert title_in(content) == "Розы 🌹"
    assert pages(content) == []
