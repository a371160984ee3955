"""The real command with several pictures and parts of pictures: what it answers and refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from lookalike import Example, Library
from tests.end_to_end.running import refused, run, search

ONE, TWO = "buildings/eiffel tower 01.png", "buildings/eiffel tower 02.png"
BED, CAT = "flowers/bed 01.png", "animals/cat.png"


def test_like_and_unlike_are_those_of_python(photographs: Path, shared: Path) -> None:
    one, two, bed = (photographs / name for name in (ONE, TWO, BED))
    done = search(
        one, shared, "--like", f"{two}@0.5", "--unlike", bed, "--box", "0.25,0.25,0.5,0.5"
    )
    with Library.open(shared) as library:
        box = (0.25, 0.25, 0.5, 0.5)
        asked = [Example(one, box=box), Example(two, 0.5), Example(bed, -0.5)]
        expected = library.search(asked)
    assert done.paths == [hit.path for hit in expected]
    assert done.scores == [hit.score for hit in expected]
    assert done.json["query"] == [
        {"picture": str(one), "weight": 1, "box": [0.25, 0.25, 0.5, 0.5]},
        {"picture": str(two), "weight": 0.5},
        {"picture": str(bed), "weight": -0.5},
    ]


def test_image_may_be_left_out_or_come_from_standard_input(photographs: Path, shared: Path) -> None:
    one, two = photographs / ONE, photographs / TWO
    arguments = ("--like", one, "--like", two, "--library", shared, "--json")
    by_options = run("search", *arguments)
    by_image = search(one, shared, "--like", two)
    assert by_options.json["hits"] == by_image.json["hits"]
    assert set(by_image.paths[:2]) == {str(one), str(two)}
    by_input = search("-", shared, "--like", two, input=one.read_bytes())
    assert by_input.paths == by_image.paths
    assert by_input.json["query"][0] == {"picture": "-", "weight": 1}
    only_a_box = search(one, shared, "--box", "0,0,1,1")
    assert only_a_box.json["hits"] == search(one, shared).json["hits"]


def test_a_part_finds_the_picture_it_was_cut_from(
    photographs: Path, shared: Path, tmp_path: Path
) -> None:
    cat = Image.open(photographs / CAT).convert("RGB")
    both = Image.new("RGB", (cat.width * 2, cat.height), (90, 140, 200))
    both.paste(cat, (cat.width, 0))
    both.save(tmp_path / "both.png")
    found = search(tmp_path / "both.png", shared, "--box", "0.5,0,0.5,1")
    assert found.paths[0] == str(photographs / CAT)
    assert found.scores[0] > 0.99
    whole = search(tmp_path / "both.png", shared)
    assert whole.scores[whole.paths.index(str(photographs / CAT))] < 0.9


def test_a_name_that_ends_like_a_weight_is_a_name_where_there_is_such_a_file(
    photographs: Path, shared: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "cat@0.5"
    shutil.copy(photographs / CAT, odd)
    done = run("search", "--like", odd, "--library", shared, "--json")
    assert done.json["query"] == [{"picture": str(odd), "weight": 1}]
    done = run("search", "--like", f"{odd}@.25", "--library", shared, "--json")
    assert done.json["query"] == [{"picture": str(odd), "weight": 0.25}]


def test_what_has_no_answer_gets_one_sentence(photographs: Path, shared: Path) -> None:
    cat = photographs / CAT
    library = ("--library", shared)
    assert refused("search", "--unlike", cat, *library).startswith("No picture is wanted")
    message = refused("search", cat, "--unlike", f"{cat}@1", *library)
    assert message.startswith("The wanted and the unwanted pictures cancel each other out")
    message = refused("search", cat, "--like", f"{cat}@1.5", *library)
    assert message == "A weight is a number from -1 to 1."
    message = refused("search", cat, "--box", "0.5,0,0.6,1", *library)
    assert message.startswith("The box reaches beyond the picture")
    message = refused("search", cat, "--like", photographs / "none.jpg", *library)
    assert "none.jpg" in message


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("x", "--box", "1,2,3"), "is not four numbers such as 0.25,0.25,0.5,0.5."),
        (("x", "--box", "a,b,c,d"), "is not four numbers such as 0.25,0.25,0.5,0.5."),
        (("--like", "x", "--box", "0,0,1,1"), "--box is a part of IMAGE: give an IMAGE."),
        (("--words", "x", "--box", "0,0,1,1"), "--box is a part of IMAGE: give an IMAGE."),
        (("--without-words", "x"), "Give one IMAGE, or words with --words."),
    ],
)
def test_wrong_usage_is_told(arguments: tuple[str, ...], sentence: str) -> None:
    done = run("search", *arguments, status=2)
    assert sentence in done.err.splitlines()[-1]
