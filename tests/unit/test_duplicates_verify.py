"""`lookalike.duplicates`: two sketches → whether one picture lies in the other, and where."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from lookalike.duplicates import windows
from lookalike.duplicates.neighbours import hashes, nearest
from lookalike.duplicates.sketch import ORIENTATIONS, SIDE, oriented, sketch_of
from lookalike.duplicates.verify import Known, Placed, Whole
from tests.copies import COPIES, bordered, cropped, scaled, scene
from tests.pictures import plain


def known(picture: Image.Image) -> Known:
    return Known.of(sketch_of(picture), *picture.size)


def found(whole: Image.Image, part: Image.Image) -> Placed | None:
    return Whole(known(whole)).find(known(part))


def test_a_sketch_is_grey_and_square() -> None:
    sketch = sketch_of(plain((255, 0, 0), (300, 100)))
    assert sketch.shape == (SIDE, SIDE)
    assert sketch.dtype == np.uint8
    assert np.unique(sketch).tolist() == [76]  # red's share of grey


def test_a_small_picture_has_a_sketch_too() -> None:
    assert sketch_of(plain(size=(1, 3))).shape == (SIDE, SIDE)


def test_the_orientations_are_all_there_are() -> None:
    square = np.arange(9, dtype=np.float32).reshape(3, 3)
    assert len({oriented(square, one).tobytes() for one in range(ORIENTATIONS)}) == ORIENTATIONS
    assert np.array_equal(oriented(square, 0), square)
    assert np.array_equal(oriented(square, 4), square[:, ::-1])


def test_windows_are_means_of_what_they_cover() -> None:
    grey = np.repeat(np.arange(SIDE, dtype=np.float32)[None], SIDE, axis=0)
    half = np.array([[0.25, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 0.5]])
    cells = windows.seen(windows.sums(grey), half, 4)
    assert cells.shape == (2, 4, 4)
    np.testing.assert_allclose(cells[0, 0], [19.5, 27.5, 35.5, 43.5], atol=1e-4)
    np.testing.assert_allclose(cells[1, 0], [7.5, 23.5, 39.5, 55.5], atol=1e-4)


def test_windows_may_begin_and_end_anywhere() -> None:
    chance = np.random.default_rng(7)
    grey = chance.uniform(0, 255, (SIDE, SIDE)).astype(np.float32)
    sides = chance.uniform(0.4, 1, (20, 2))
    some = np.concatenate([chance.uniform(0, 1, (20, 2)) * (1 - sides), sides], axis=1)
    across = windows.means(some[:, 0], some[:, 2], 16)
    down = windows.means(some[:, 1], some[:, 3], 16)
    expected = down @ grey @ across.transpose(0, 2, 1)
    np.testing.assert_allclose(windows.seen(windows.sums(grey), some, 16), expected, atol=2e-3)


def test_the_waves_of_all_windows_are_those_of_each() -> None:
    grey = np.random.default_rng(8).uniform(0, 255, (SIDE, SIDE)).astype(np.float32)
    shape = windows.shape_of(1.3)
    every = np.concatenate(windows.places(shape))
    cells = windows.seen(windows.sums(grey), every, windows.COARSE)
    expected = windows.waves(cells.reshape(len(every), -1))
    np.testing.assert_allclose(windows.vectors(grey, shape), expected, atol=1e-3)
    assert np.array_equal(windows.place(shape, 40), every[40])


def test_several_pictures_are_found_as_each_by_itself() -> None:
    original = scene(11)
    parts = [known(scaled(cropped(original, 0.8))), known(scene(12)), known(original)]
    whole = Whole(known(original))
    assert whole.find_all(parts * 4) == [whole.find(part) for part in parts] * 4
    assert [one is not None for one in whole.find_all(parts)] == [True, False, True]


@pytest.mark.parametrize("ratio", [0.4, 1.0, 1.5, 2.5])
def test_windows_leave_no_place_out(ratio: float) -> None:
    for some in windows.places(windows.shape_of(ratio)):
        assert (some[:, :2] >= 0).all()
        assert (some[:, :2] + some[:, 2:] <= 1 + 1e-9).all()
        for axis in (0, 1):
            starts = np.unique(some[:, axis])
            steps = np.diff([0, *starts])
            assert steps.max(initial=0) <= some[0, axis + 2] / windows.COARSE + 1e-9
            assert starts[-1] == pytest.approx(1 - some[0, axis + 2])


@pytest.mark.parametrize("name", COPIES)
def test_every_kind_of_copy_is_found(name: str) -> None:
    original = scene(1)
    copy = COPIES[name][0](original)
    one_way, other_way = found(original, copy), found(copy, original)
    best = max(filter(None, (one_way, other_way)), key=lambda one: one.agreement)
    assert best.agreement > 0.75
    assert (one_way if "border" not in name else other_way) == best


def test_the_place_of_a_crop_is_told() -> None:
    original = scene(2)
    placed = found(original, scaled(cropped(original, 0.6, 0.8), 0.5))
    assert placed is not None
    assert placed.orientation == 0
    assert placed.window == pytest.approx((0.32, 0.32, 0.6, 0.6), abs=0.01)


def test_a_part_does_not_hold_the_whole() -> None:
    original = scene(3)
    assert found(cropped(original, 0.6), original) is None


def test_pictures_of_the_like_are_no_copies() -> None:
    pictures = [known(scene(seed)) for seed in range(12)]
    for at, one in enumerate(pictures):
        whole = Whole(one)
        assert [other for other in pictures[:at] if whole.find(other)] == []


def test_a_long_strip_is_no_copy() -> None:
    original = scene(5)
    assert found(original, original.crop((0, 100, 480, 140))) is None
    assert found(plain(size=(4000, 1)), plain(size=(1, 4000))) is None


def test_nothing_to_see_is_no_copy_of_nothing() -> None:
    assert found(plain((200, 200, 200)), plain((90, 90, 90))) is None
    assert found(plain(), plain()) is None


def test_a_hash_knows_its_picture_in_every_orientation() -> None:
    original = scene(4, (300, 300))
    sketches = [sketch_of(original)]
    sketches += [sketch_of(original.transpose(turn)) for turn in Image.Transpose]
    made = hashes(sketches.__getitem__, len(sketches))
    assert made.shape == (8, ORIENTATIONS, windows.WAVES)
    assert (made[0, 0] @ made.transpose(0, 2, 1)).max(axis=1) == pytest.approx(1, abs=1e-3)


def test_the_nearest_are_those_with_the_largest_products(monkeypatch: pytest.MonkeyPatch) -> None:
    from lookalike.duplicates import neighbours

    monkeypatch.setattr(neighbours, "_ROWS", 7)
    monkeypatch.setattr(neighbours, "_AMONG", 9)
    rows = np.random.default_rng(5).normal(size=(40, 6)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    fresh = np.arange(3, 40, 2)
    got = {
        (int(a), int(b))
        for pairs in nearest(fresh, rows, rows[:, None], most=3, least=0.3)
        for a, b in pairs
    }
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -1)
    wanted = {
        (min(int(row), int(other)), max(int(row), int(other)))
        for row in fresh
        for other in np.argsort(-cosines[row])[:3]
        if cosines[row, other] >= 0.3
    }
    assert got == wanted


@pytest.mark.parametrize("shade", ["white", "black", "gray"])
def test_a_border_is_told(shade: str) -> None:
    original = scene(9)
    framed = ImageOps.expand(original, 20, shade)
    placed = found(framed, original)
    assert placed is not None
    assert placed.framed
    letterbox = Image.new("RGB", (480, 420), shade)
    letterbox.paste(original, (0, 50))
    placed = found(letterbox, original)
    assert placed is not None
    assert placed.framed


def test_what_a_crop_leaves_out_is_no_border() -> None:
    placed = found(scene(10), cropped(scene(10), 0.8))
    assert placed is not None
    assert not placed.framed
    thing = Image.new("RGB", (480, 320), "white")  # as in a catalogue
    thing.paste(scene(10, (200, 160)), (140, 80))
    placed = found(thing, thing.crop((60, 40, 420, 280)))
    assert placed is not None
    assert not placed.framed


def test_what_is_drawn_over_a_copy_is_told() -> None:
    original = scene(13)
    captioned, worse = COPIES["caption"][0](original), COPIES["recompressed"][0](original)
    drawn, same = found(original, captioned), found(original, worse)
    assert drawn is not None
    assert same is not None
    assert drawn.spoiled > 0.05 > same.spoiled


def test_strangers_with_little_inside_the_same_border_are_no_copies() -> None:
    first, second = (
        ImageOps.expand(scene(seed).filter(ImageFilter.GaussianBlur(25)), 24, "white")
        for seed in (6, 7)
    )
    assert Whole(known(first)).find(known(second), thorough=True) is None


def test_a_border_that_strangers_share_makes_no_copies_of_them() -> None:
    first, second = (bordered(scene(seed)) for seed in (6, 7))
    assert Whole(known(first)).find(known(second), thorough=True) is None
