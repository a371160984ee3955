"""Real photographs and the real command: how good its answers are, and that there are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from scripts.gather_samples import gather
from tests.end_to_end.running import index, run, search


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The photographs that packages bring, more than a hundred."""
    folder = tmp_path_factory.mktemp("samples")
    gather(folder)
    return folder


@pytest.fixture(scope="module")
def asked_with(samples: Path) -> dict[str, Path]:
    """Pictures that are not in the library: one of a kind that it lacks, one of the campus."""
    aside = samples.parent / "asked"
    aside.mkdir(exist_ok=True)
    moved = {"cat": samples / "animals/cat.png", "campus": samples / "campus/unseen 01.png"}
    return {name: file.rename(aside / f"{name}.png") for name, file in moved.items()}


@pytest.fixture(scope="module")
def library(
    samples: Path, asked_with: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    assert asked_with
    place = tmp_path_factory.mktemp("verdicts") / "library"
    index(samples, place)
    return place


def test_a_kind_that_is_not_there_is_told_in_one_sentence(
    library: Path, asked_with: dict[str, Path]
) -> None:
    answer = search(asked_with["cat"], library).json
    assert answer["verdict"] == "probably nothing"
    assert answer["reason"].startswith("There is probably nothing like it here: the best score, ")
    assert {hit["verdict"] for hit in answer["hits"]} == {"probably nothing"}
    told = run("search", asked_with["cat"], "--library", library, "-k", "3").out.splitlines()
    assert told[0] == answer["reason"]
    assert told[2].split()[3] == "-"


def test_another_photograph_of_a_place_is_found(library: Path, asked_with: dict[str, Path]) -> None:
    answer = search(asked_with["campus"], library).json
    assert answer["verdict"] == "strong"
    assert answer["hits"][0]["verdict"] == "strong"
    assert answer["hits"][-1]["verdict"] == "probably nothing"
    first = run("search", asked_with["campus"], "--library", library, "-k", "3").out.splitlines()
    assert first[0].split() == ["score", "distance", "verdict", "picture"]
    assert first[1].split()[3] == "strong"


def test_a_copy_is_the_same_picture(samples: Path, library: Path, tmp_path: Path) -> None:
    with Image.open(samples / "people/astronaut.png") as opened:
        opened.convert("RGB").resize((400, 400)).save(tmp_path / "copy.jpg", quality=80)
    answer = search(tmp_path / "copy.jpg", library).json
    assert answer["verdict"] == "the same picture"
    assert answer["hits"][0]["path"].endswith("astronaut.png")
    assert [hit["verdict"] for hit in answer["hits"]].count("the same picture") == 1


@pytest.mark.parametrize("how", [("--fold",), ("--offset", "3"), ("--neighbours", "5")])
def test_other_ways_of_searching_are_judged_too(
    library: Path, asked_with: dict[str, Path], how: tuple[str, ...]
) -> None:
    answer = search(asked_with["cat"], library, *how).json
    assert answer["verdict"] == "probably nothing"
    assert all(hit["verdict"] == "probably nothing" for hit in answer["hits"])


def test_few_pictures_are_not_judged(photographs: Path, tmp_path: Path) -> None:
    index(photographs / "flowers", tmp_path / "library")
    answer = search(photographs / "animals" / "cat.png", tmp_path / "library").json
    assert answer["verdict"] == "not judged"
    assert "Fewer than 30 pictures" in answer["reason"]
