"""`lookalike.library.examples`: several pictures and parts of pictures → one question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lookalike import Example, Library, image, isolation
from lookalike.errors import ImageError, ImageNotFoundError, InputError
from lookalike.library.examples import combined
from lookalike.stores.base import Embedding
from tests.pictures import TEXT, encode, exif, make_jpeg, quadrants, textured
from tests.small_libraries import write

NAMES = ["a.png", "b.png", "c.png", "d.png", "e.png"]
CORNER = (0.0, 0.0, 0.5, 0.5)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "pictures"
    write(folder, *NAMES)
    return folder


@pytest.fixture
def library(tmp_path: Path, tiny: Path, pictures: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(pictures)
        yield library


def id_of(library: Library, name: str) -> int:
    return next(one.id for one in library.records() if one.relative == name)


def row_of(library: Library, name: str) -> Embedding:
    records, rows = library.embeddings()
    row: Embedding = rows[[one.relative for one in records].index(name)]
    return row


# ---- several pictures


def test_the_score_is_the_cosine_with_the_weighted_sum(library: Library) -> None:
    asked = [
        Example(id_of(library, "a.png")),
        Example(id_of(library, "b.png"), 0.5),
        Example(id_of(library, "c.png"), -0.25),
    ]
    a, b, c = (row_of(library, name).astype(np.float64) for name in NAMES[:3])
    wanted = a + 0.5 * b - 0.25 * c
    hits = library.search(asked)
    assert {hit.record.relative for hit in hits} == {"d.png", "e.png"}
    for hit in hits:
        row = row_of(library, hit.record.relative).astype(np.float64)
        cosine = row @ wanted / np.linalg.norm(row) / np.linalg.norm(wanted)
        assert hit.score == pytest.approx(cosine, abs=1e-6)
    assert library.search(asked[::-1]) == hits
    assert library.search(tuple(asked), 1) == hits[:1]


def test_only_the_proportion_of_weights_counts(library: Library) -> None:
    a, b = id_of(library, "a.png"), id_of(library, "b.png")
    once = library.search([Example(a, 1), Example(b, 0.5)])
    half = library.search([Example(a, 0.5), Example(b, 0.25)])
    assert [hit.record for hit in once] == [hit.record for hit in half]
    assert [hit.score for hit in once] == pytest.approx([hit.score for hit in half], abs=1e-6)
    assert library.search([Example(a), Example(b, 0)]) == [
        hit for hit in library.search(a) if hit.record.id != b
    ]


def test_one_example_is_what_the_picture_is_by_itself(library: Library, pictures: Path) -> None:
    number = id_of(library, "a.png")
    content = (pictures / "a.png").read_bytes()
    for picture in (number, content, pictures / "a.png", str(pictures / "a.png")):
        expected = library.search(picture)
        assert library.search([Example(picture)]) == expected
        assert library.search(Example(picture, 0.3)) == expected
        assert library.search(Example(picture, box=(0, 0, 1, 1))) == expected


def test_every_kind_of_picture_may_be_an_example(library: Library, pictures: Path) -> None:
    a, b = id_of(library, "a.png"), id_of(library, "b.png")
    by_id = library.search([Example(a), Example(b)])
    other = [Example((pictures / "a.png").read_bytes()), Example(pictures / "b.png")]
    found = library.search(other)
    assert [hit for hit in found if hit.record.id not in (a, b)] == by_id
    assert {hit.record.relative for hit in found} == set(NAMES)
    (pictures / "b.png").unlink()  # known by its path, it leaves itself out as its id does
    found = library.search([Example(a), Example(pictures / "b.png")])
    assert found == by_id


def test_what_is_unlike_goes_down(library: Library) -> None:
    a = id_of(library, "a.png")
    last = library.search(a)[0].record.id
    order = [hit.record.id for hit in library.search([Example(a), Example(last, -1)])]
    assert last not in order
    near = row_of(library, library.record(last).relative)
    plain = {hit.record.id: hit.score for hit in library.search(a)}
    for hit in library.search([Example(a), Example(last, -1)]):
        likeness = float(row_of(library, hit.record.relative) @ near)
        length = np.sqrt(2 - 2 * plain[last])
        assert hit.score == pytest.approx((plain[hit.record.id] - likeness) / length, abs=1e-5)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ([], "There is nothing to search with"),
        ([("a.png", -1)], "No picture is wanted"),
        ([("a.png", 0)], "No picture is wanted"),
        ([("a.png", -1), ("b.png", -0.1)], "No picture is wanted"),
        ([("a.png", 1), ("a.png", -1)], "cancel each other out"),
        ([("a.png", 0.5), ("b.png", 1), ("a.png", -0.5), ("b.png", -1)], "cancel each other out"),
    ],
)
def test_a_question_without_a_direction_gets_a_sentence(
    library: Library, asked: list[tuple[str, float]], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence) as error:
        library.search([Example(id_of(library, name), weight) for name, weight in asked])
    assert str(error.value).endswith(".")


def test_what_is_left_of_two_that_are_nearly_the_same_still_counts() -> None:
    first = np.array([1, 0, 0], np.float32)
    near = np.array([np.cos(0.05), np.sin(0.05), 0], np.float32)
    found = combined([first, near], [1, -1])
    assert float(np.linalg.norm(found)) == pytest.approx(1, abs=1e-6)
    assert found[1] < -0.99
    with pytest.raises(InputError, match="cancel"):
        combined([first, np.array([np.cos(0.01), np.sin(0.01), 0], np.float32)], [1, -1])


def test_what_is_no_example_among_them_is_told(library: Library) -> None:
    wrong: Any = [Example(1), b"bytes"]
    with pytest.raises(InputError, match="not as bytes"):
        library.search(wrong)
    with pytest.raises(ImageNotFoundError, match="999"):
        library.search([Example(id_of(library, "a.png")), Example(999)])


def test_the_one_that_cannot_be_read_is_named_by_its_place(library: Library) -> None:
    with pytest.raises(ImageError, match=r"^Example 2 is not a picture"):
        library.search([Example(make_jpeg()), Example(TEXT)])
    with pytest.raises(ImageError, match=r"^The query is not a picture"):
        library.search([Example(TEXT)])


@pytest.mark.parametrize("weight", [1.01, -1.5, float("nan"), float("inf"), 10**400, True, "1"])
def test_a_weight_that_is_none(weight: Any) -> None:
    with pytest.raises(InputError, match=re.escape("A weight is a number from -1 to 1.")):
        Example(1, weight)


# ---- a part of one


@pytest.mark.parametrize("kind", ["bytes", "path", "id"])
def test_a_box_is_searched_as_the_picture_in_it(
    library: Library, pictures: Path, kind: str
) -> None:
    whole = textured(80, 60, seed=3)
    (pictures / "f.png").write_bytes(encode(whole, "PNG"))
    library.index(pictures)
    number = id_of(library, "f.png")
    by_kind = {"bytes": encode(whole, "PNG"), "path": pictures / "f.png", "id": number}
    picture: Any = by_kind[kind]
    part = encode(whole.crop((0, 0, 40, 30)), "PNG")
    found = library.search(Example(picture, box=CORNER))
    expected = [hit for hit in library.search(part) if kind != "id" or hit.record.id != number]
    assert found == expected
    assert (number in {hit.record.id for hit in found}) == (kind != "id")


def test_a_box_lies_on_the_upright_picture(library: Library) -> None:
    lying = make_jpeg(quadrants().rotate(90, expand=True), exif=exif(orientation=6))
    upright = make_jpeg(quadrants())
    found = library.search(Example(lying, box=(0, 0, 0.4, 0.4)))
    expected = library.search(Example(upright, box=(0, 0, 0.4, 0.4)))
    assert [hit.record for hit in found] == [hit.record for hit in expected]
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected], abs=0.01)


def test_a_small_box_of_a_large_photograph_is_read_in_full(library: Library) -> None:
    large = textured(1600, 1200, seed=5)
    box = (0.5, 0.5, 0.02, 0.02)
    part = make_jpeg(large.crop((800, 600, 832, 624)), quality=100)
    found = library.search(Example(make_jpeg(large, quality=100), box=box))
    expected = library.search(part)
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected], abs=0.02)


def test_a_box_of_a_picture_that_is_gone_or_has_changed_says_so(
    library: Library, pictures: Path
) -> None:
    number = id_of(library, "a.png")
    library.search(Example(number, box=CORNER))  # so that it is at hand
    (pictures / "a.png").write_bytes(make_jpeg())
    with pytest.raises(ImageError, match="has changed since it was indexed"):
        library.search(Example(number, box=CORNER))
    (pictures / "a.png").unlink()
    for picture in (number, pictures / "a.png"):
        with pytest.raises(ImageError, match="is no longer there"):
            library.search(Example(picture, box=CORNER))
    assert len(library.search(Example(number))) == len(NAMES) - 1


@pytest.mark.parametrize("kind", ["bytes", "id"])
def test_a_box_that_is_dragged_reads_its_picture_once(
    library: Library, pictures: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    number = id_of(library, "a.png")
    picture = number if kind == "id" else (pictures / "a.png").read_bytes()
    boxes = [
        (0.0, 0.0, 0.5, 0.5),
        (0.1, 0.1, 0.5, 0.5),
        (0.1, 0.1, 0.6, 0.55),
        (0.2, 0.2, 0.2, 0.2),
    ]
    with Library.open(library.folder) as fresh:
        alone = [fresh.search(Example(pictures / "a.png", box=box)) for box in boxes]
    reads: list[object] = []
    read = isolation.read

    def counting(source: Any, **options: Any) -> image.Picture:
        reads.append(options["near"])
        return read(source, **options)

    monkeypatch.setattr(isolation, "read", counting)
    for box, expected in zip(boxes, alone, strict=True):
        found = library.search(Example(picture, box=box))
        assert found == [hit for hit in expected if kind != "id" or hit.record.id != number]
    assert len(reads) == 2  # the last box is so small that it is read nearer


@pytest.mark.parametrize(
    ("box", "sentence"),
    [
        ((0, 0, 0, 0.5), "The box is empty"),
        ((0, 0, 0.5, 0), "The box is empty"),
        ((0.2, 0.2, 1e-9, 0.5), "The box is empty"),
        ((0, 0, 5e-324, 1), "The box is empty"),
        ((-0.1, 0, 0.5, 0.5), "reaches beyond the picture"),
        ((0.6, 0, 0.5, 0.5), "reaches beyond the picture"),
        ((0, 0.6, 0.5, 0.5), "reaches beyond the picture"),
        ((0, 0, -0.5, 0.5), "reaches beyond the picture"),
        ((2, 2, 1, 1), "reaches beyond the picture"),
        ((0, float("nan"), 1, 1), "reaches beyond the picture"),
        ((0, 0, float("inf"), 1), "reaches beyond the picture"),
        ((10**400, 0, 0.5, 1), "reaches beyond the picture"),
        ((0, 0, 1), "A box is four numbers"),
        ((0, 0, 1, "1"), "A box is four numbers"),
        ((0, 0, 1, True), "A box is four numbers"),
        ("0011", "A box is four numbers"),
        (7, "A box is four numbers"),
    ],
)
def test_a_box_that_is_none_gets_a_sentence(box: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as error:
        Example(1, box=box)
    assert str(error.value).endswith(".")


def test_a_box_that_ends_at_the_edge_may_be_rounded() -> None:
    assert Example(1, box=(0.3333, 0.1, 0.6667000001, 0.9)).box
