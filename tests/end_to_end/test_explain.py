"""The real command `lookalike explain`: what it prints, writes and refuses."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
from PIL import Image

from lookalike import Example, Library
from tests.end_to_end.running import refused, run

ONE, TWO = "buildings/eiffel tower 01.png", "buildings/eiffel tower 02.png"
BED = "flowers/bed 01.png"


def test_it_prints_what_python_says(photographs: Path, shared: Path, tmp_path: Path) -> None:
    one, two, bed = (photographs / name for name in (ONE, TWO, BED))
    sheet = tmp_path / "why.png"
    arguments = ("explain", one, two, "--library", shared)
    more = ("--box", "0.25,0.25,0.5,0.5", "--unlike", bed)
    done = run(*arguments, *more, "--json", "--save", sheet)
    with Library.open(shared) as library:
        asked = [Example(one, box=(0.25, 0.25, 0.5, 0.5)), Example(bed, -0.5)]
        why = asdict(library.explain(asked, two))
    told = done.json["explanation"]
    assert told["score"] == why["score"]
    assert told["method"] == why["method"]
    shares = [list(row) for row in why["picture"]["shares"]]
    assert told["picture"] == {"shares": shares, "covers": list(why["picture"]["covers"])}
    assert [list(one["covers"]) for one in why["query"]] == [one["covers"] for one in told["query"]]
    assert done.json["picture"] == str(two)
    with Image.open(sheet) as saved:
        assert saved.width == 3 * 480 + 4 * 16


def test_as_text_it_is_a_grid_of_numbers_for_each_picture(photographs: Path, shared: Path) -> None:
    one, two = photographs / ONE, photographs / TWO
    lines = run("explain", one, two, "--library", shared).out.splitlines()
    score = float(lines[0].split()[3].rstrip("."))
    assert [line for line in lines if "png" in line] == [str(two), str(one)]
    for begin in (3, 12):
        rows = [[float(word) for word in line.split()] for line in lines[begin : begin + 7]]
        assert [len(row) for row in rows] == [7] * 7
        assert sum(map(sum, rows)) == pytest.approx(score, abs=49 * 0.0006)


def test_what_it_refuses(photographs: Path, shared: Path, tmp_path: Path) -> None:
    one = photographs / ONE
    nowhere = tmp_path / "no" / "why.png"
    message = refused("explain", one, one, "--library", shared, "--save", nowhere)
    assert message.endswith("why.png cannot be written: No such file or directory.")
