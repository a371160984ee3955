"""`lookalike map`: folders of pictures → what the command prints, for people and tools."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.end_to_end.running import index, run
from tests.maps import write_folders


@pytest.fixture
def pictures(tmp_path: Path, library: Path) -> Path:
    folder = tmp_path / "pictures"
    write_folders(folder, "boats", "cats")
    index(folder, library)
    return folder


def test_the_map_in_words_and_for_programs(pictures: Path, library: Path) -> None:
    said = run("map", "--library", library)
    assert "24 pictures on the map" in said.out
    assert said.err == ""
    answer = run("map", "--library", library, "--json").json
    assert (answer["method"], answer["waiting"], len(answer["points"])) == ("neighbours", 0, 24)
    assert {one["path"] for one in answer["points"]} == {
        str(file) for file in pictures.rglob("*.png")
    }
    lines = run("map", "--library", library, "--csv").out.splitlines()
    rows = list(csv.DictReader(lines))
    assert [row["path"] for row in rows] == [one["path"] for one in answer["points"]]
    assert [float(row["x"]) for row in rows] == [one["x"] for one in answer["points"]]
    plain = run("map", "--library", library, "--method", "components", "--json").json
    assert plain["method"] == "components"


def test_an_empty_library_says_so(tmp_path: Path, library: Path) -> None:
    write_folders(tmp_path / "pictures", "boats", each=1)
    index(tmp_path / "pictures", library)
    run("forget", "--library", library, tmp_path / "pictures")
    assert "no pictures" in run("map", "--library", library).out


def test_one_form_at_a_time(library: Path) -> None:
    assert "Give one of" in run("map", "--library", library, "--csv", "--json", status=2).err
