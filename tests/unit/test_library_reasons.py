"""`Library.explain`: which regions make two pictures alike, by the real model and by small ones."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike import Example, Library
from lookalike.errors import ImageError, ImageNotFoundError, InputError
from lookalike.image import WHOLE
from lookalike.library import Asked, Explanation, Regions, Words
from tests.pictures import TEXT, encode, make_jpeg, textured
from tests.served import id_of
from tests.small_libraries import CARD, write
from tests.small_models import MAP_DIM, averaging_graph

LEFT, RIGHT = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 0.5, 1.0)
ROUNDED = 1e-6


@pytest.fixture(scope="module")
def folder(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures, and one whose left half is the first's and whose right half is another's."""
    folder = tmp_path_factory.mktemp("pictures").resolve()
    one, other = (
        Image.open(photographs / name).convert("RGB").resize((320, 240))
        for name in ("animals/cat.png", "buildings/church.jpg")
    )
    half = other.copy()
    half.paste(one.crop((0, 0, one.width // 2, one.height)))
    for name, picture in (("one", one), ("other", other), ("half", half)):
        picture.save(folder / f"{name}.png")
    return folder


@pytest.fixture(scope="module")
def library(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.open(tmp_path_factory.mktemp("library"), create=True) as library:
        library.index(folder)
        yield library


def grid(regions: Regions) -> np.ndarray:
    return np.array(regions.shares)


def total(why: Explanation) -> float:
    """The sum over the query's pictures."""
    return float(sum(grid(regions).sum() for regions in why.query))


def score_of(library: Library, asked: Asked, name: str) -> float:
    hits = library.search(asked, 9)
    return next(hit.score for hit in hits if hit.record.relative == name)


def test_the_shares_add_up_to_the_score_of_the_search(library: Library, folder: Path) -> None:
    one, other = id_of(library, "one.png"), id_of(library, "other.png")
    why = library.explain(one, other)
    assert why.score == pytest.approx(score_of(library, one, "other.png"), abs=ROUNDED)
    assert grid(why.picture).shape == (7, 7)
    assert grid(why.picture).sum() == pytest.approx(why.score, abs=ROUNDED)
    assert total(why) == pytest.approx(why.score, abs=ROUNDED)
    assert why.picture.covers == WHOLE
    assert len(why.query) == 1
    by_files = library.explain(folder / "one.png", (folder / "other.png").read_bytes())
    assert by_files == why


def test_the_half_that_was_taken_from_the_query_adds_more(library: Library) -> None:
    why = library.explain(id_of(library, "one.png"), id_of(library, "half.png"))
    for regions in (why.picture, *why.query):
        shares = grid(regions)
        assert shares[:, :3].mean() > 1.2 * shares[:, 4:].mean()
    mirrored = library.explain(id_of(library, "other.png"), id_of(library, "half.png"))
    assert grid(mirrored.picture)[:, 4:].mean() > 1.2 * grid(mirrored.picture)[:, :3].mean()


def test_a_part_of_the_query_has_its_regions_where_it_lies(library: Library) -> None:
    one = id_of(library, "one.png")
    why = library.explain(Example(one, box=LEFT), id_of(library, "half.png"))
    assert why.query[0].covers == LEFT
    asked = Example(one, box=LEFT)
    assert why.score == pytest.approx(score_of(library, [asked], "half.png"), abs=ROUNDED)
    assert grid(why.query[0]).sum() == pytest.approx(why.score, abs=ROUNDED)


def test_several_pictures_share_the_score_and_unlike_ones_take_from_it(library: Library) -> None:
    one, other = id_of(library, "one.png"), id_of(library, "other.png")
    asked = [Example(one, box=LEFT), Example(other, 0.5), Example(one, -0.3, RIGHT)]
    why = library.explain(asked, id_of(library, "half.png"))
    assert why.score == pytest.approx(score_of(library, asked, "half.png"), abs=ROUNDED)
    assert grid(why.picture).sum() == pytest.approx(why.score, abs=ROUNDED)
    assert total(why) == pytest.approx(why.score, abs=ROUNDED)
    assert [regions.covers for regions in why.query] == [LEFT, WHOLE, RIGHT]
    assert grid(why.query[2]).sum() < 0 < grid(why.query[1]).sum()


def test_it_is_drawn_beside_each_other(library: Library) -> None:
    one, half = id_of(library, "one.png"), id_of(library, "half.png")
    two, three = one, [Example(one), Example(half, -0.5)]
    assert width_of(library.drawn(two, half, library.explain(two, half))) == 2 * 480 + 3 * 16
    assert width_of(library.drawn(three, half, library.explain(three, half))) == 3 * 480 + 4 * 16


def width_of(content: bytes) -> int:
    with Image.open(io.BytesIO(content)) as sheet:
        assert sheet.format == "PNG"
        return sheet.width


# ---- other models

OWN = CARD.replace("dim = 8", f"dim = {MAP_DIM}")


def library_of(tmp_path: Path, card: str, fit: str) -> Library:
    file = averaging_graph(tmp_path / "own.onnx")
    text = card.replace('name = "tiny"', 'name = "own"').replace('"squash"', f'"{fit}"')
    file.with_suffix(".toml").write_text(text, "utf-8")
    return Library.open(tmp_path / "library", model=file, create=True)


@pytest.mark.parametrize(
    ("fit", "whole", "part"),
    [
        ("squash", (0.0, 0.0, 1.0, 1.0), (0.5, 0.0, 0.5, 1.0)),
        ("crop", (0.25, 0.0, 0.5, 1.0), (0.5, 0.0, 0.5, 1.0)),
        ("pad", (0.0, -0.5, 1.0, 2.0), (0.5, 0.0, 0.5, 1.0)),
    ],
)
def test_the_grid_lies_on_what_the_model_sees(
    tmp_path: Path, fit: str, whole: object, part: object
) -> None:
    wide = encode(textured(64, 32, seed=3), "PNG")
    with library_of(tmp_path, OWN, fit) as library:
        why = library.explain(Example(wide, box=RIGHT), wide)
    assert why.picture.covers == pytest.approx(whole)
    assert why.query[0].covers == pytest.approx(part)
    assert grid(why.picture).shape == (2, 2)
    assert grid(why.picture).sum() == pytest.approx(why.score, abs=ROUNDED)


def test_a_model_without_an_average_says_so(tmp_path: Path, tiny: Path) -> None:
    write(tmp_path / "pictures", "a.png", "b.png")
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(tmp_path / "pictures")
        one, other = (record.id for record in library.records())
        with pytest.raises(InputError, match=r"tiny, does not compare .* `lookalike models` says"):
            library.explain(one, other)


# ---- what is refused


def test_what_cannot_be_explained_is_told(library: Library, folder: Path) -> None:
    one = id_of(library, "one.png")
    with pytest.raises(InputError, match="Words have no regions"):
        library.explain(Words("a house"), one)
    with pytest.raises(InputError, match="A query is a path"):
        library.explain(one, Words("a house"))  # type: ignore[arg-type]
    with pytest.raises(ImageNotFoundError):
        library.explain(one, 999)
    with pytest.raises(ImageError, match=r"^The picture is not a picture"):
        library.explain(one, TEXT)
    with pytest.raises(ImageError, match=r"^The query is not a picture"):
        library.explain(TEXT, one)
    with pytest.raises(ImageError, match=r"^Example 2 is not a picture"):
        library.explain([Example(one), Example(TEXT)], one)
    with pytest.raises(InputError, match="cancel each other out"):
        library.explain([Example(one), Example(folder / "one.png", -1.0)], one)
    with pytest.raises(InputError, match="No picture is wanted"):
        library.explain([Example(one, -1.0)], one)


def test_a_file_that_has_changed_is_told(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.jpg").write_bytes(make_jpeg(textured(seed=1)))
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(tmp_path / "pictures")
        (tmp_path / "pictures" / "a.jpg").write_bytes(make_jpeg(textured(seed=2)))
        number = id_of(library, "a.jpg")
        with pytest.raises(ImageError, match="has changed since it was indexed"):
            library.explain(number, number)
