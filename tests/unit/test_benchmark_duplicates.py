"""`benchmarks.duplicates`: what a method tells → recall by kind, precision, groups."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from PIL import Image

from benchmarks import copies, duplicates
from tests.copies import scene


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photographs with all their copies, and one without."""
    names = [f"{shown} {kind}.jpg" for shown in ("f1", "s2") for kind in copies.KINDS]
    for name in ["f1.jpg", "s2.png", "f3.jpg", *names]:
        (tmp_path / name).touch()
    return tmp_path


def test_recall_is_that_of_each_kind_with_its_photograph(folder: Path) -> None:
    pairs = {
        ("f1 border.jpg", "f1.jpg"), ("s2 border.jpg", "s2.png"), ("f1 caption.jpg", "f1.jpg"),
        ("s2 caption.jpg", "s2 mirrored.jpg"),
    }  # fmt: skip
    right = duplicates.recalls(pairs, folder)
    assert (right["border"], right["caption"], right["mirrored"]) == (1.0, 0.5, 0.0)
    assert right.keys() == copies.KINDS.keys()


def test_pairs_of_strangers_cost_precision() -> None:
    assert duplicates.precision({("f1 border.jpg", "f1.jpg"), ("f1.jpg", "f3.jpg")}) == 0.5
    assert duplicates.precision(set()) == 0


def test_what_hangs_together_is_a_group() -> None:
    groups = duplicates._connected([("a", "b"), ("c", "d"), ("b", "c"), ("e", "f")])
    assert sorted(map(sorted, groups)) == [["a", "b", "c", "d"], ["e", "f"]]


@pytest.mark.parametrize("kind", copies.KINDS)
def test_a_copy_is_what_its_kind_says(kind: str) -> None:
    original = scene(1, (300, 200))
    copy, quality = copies.KINDS[kind](original, random.Random(3))
    assert isinstance(copy, Image.Image)
    assert quality in {20, 50, 90}
    sides = {
        "scaled to 50 %": (150, 100), "scaled to 25 %": (75, 50), "cropped to 90 %": (270, 180),
        "cropped to 75 %": (225, 150), "cropped to 60 %": (180, 120), "turned by 90": (200, 300),
    }  # fmt: skip
    if kind == "border":
        assert copy.width - 300 == copy.height - 200 > 0
    else:
        assert copy.size == sides.get(kind, (300, 200))
