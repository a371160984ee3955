"""benchmarks.calibration: it fits and tests on cases of known odds, and reads resource files."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from benchmarks import calibration, judged
from lookalike import models
from lookalike.words import Labels


def cases(seed: int, number: int = 2000, names: tuple[str, ...] = ("a", "b")) -> calibration.Cases:
    """Labels that are right as often as a sharpness of .8 and a logit of 7 for nothing say."""
    random = np.random.default_rng(seed)
    logits = random.normal(6, 3, (number, 5))
    sums = np.logaddexp.reduce(calibration._SHARPNESS[:, None, None] * logits, axis=2).T
    best, share = logits.max(1), np.exp(logits.max(1) - np.logaddexp.reduce(logits, axis=1))
    odds = np.exp(0.8 * best - np.logaddexp(np.logaddexp.reduce(0.8 * logits, axis=1), 7))
    return calibration.Cases(
        np.array([names[at % len(names)] for at in range(number)]),
        np.arange(number),
        best,
        random.random(number) < odds,
        sums,
        share,
    )


def test_what_is_fitted_is_what_it_was_made_with() -> None:
    some = cases(0)
    sharpness, nothing = calibration._fit(some)
    assert calibration._SHARPNESS[sharpness] == pytest.approx(0.8, abs=0.1)
    assert nothing == pytest.approx(7, abs=0.6)
    held = calibration._held_out(some)
    assert calibration._error(held, some.right) < 0.04
    assert calibration._error(some.share, some.right) > 0.2
    assert calibration._brier(held, some.right) < calibration._brier(some.share, some.right)


def test_a_collection_is_told_from_what_was_fitted_to_the_others() -> None:
    some = cases(1)
    here = some.collection == "a"
    some.right[here] = True
    assert calibration._held_out(some)[here].mean() < 0.9
    assert calibration._held_out(some)[~here].mean() > some.right[~here].mean() + 0.1


def test_the_error_weighs_stretches_by_their_number() -> None:
    found = np.array([0.05, 0.05, 0.95, 0.95])
    right = np.array([False, False, True, False])
    assert calibration._error(found, right) == pytest.approx((2 * 0.05 + 0.9) / 4)


def test_judged_labels_are_labels_of_the_model_and_no_one_is_both() -> None:
    names = set(Labels.load(models.find(models.DEFAULT_MODEL)).names)
    some = judged.judged()
    assert len({(one.collection, one.picture) for one in some}) == len(some) > 800
    for one in some:
        assert one.right | one.wrong <= names
        assert not one.right & one.wrong


def test_pictures_are_taken_out_of_resource_files() -> None:
    names, places = b"", []
    for text in ("photos", "a.webp", "b.png"):
        places.append(len(names))
        names += struct.pack(">HI", len(text), 0) + text.encode("utf-16-be")
    plain, packed = b"plain", struct.pack(">I", 6) + zlib.compress(b"packed")
    data = struct.pack(">I", len(plain)) + plain + struct.pack(">I", len(packed)) + packed
    tree = struct.pack(">IHIIQ", 0, 2, 1, 1, 0)
    tree += struct.pack(">IHIIQ", places[0], 2, 2, 2, 0)
    tree += struct.pack(">IHIIQ", places[1], 0, 0, 0, 0)
    tree += struct.pack(">IHIIQ", places[2], 1, 0, 4 + len(plain), 0)
    begins = (20, 20 + len(tree), 20 + len(tree) + len(data))
    content = struct.pack(">4s4I", b"qres", 2, *begins) + tree + data + names
    assert sorted(judged._resources(content)) == [("a.webp", b"plain"), ("b.png", b"packed")]
    assert list(judged._resources(b"else" + content[4:])) == []
