"""`lookalike.parts`: features of regions → parts, and the scores of these → a box."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from lookalike.parts import MIDDLES, PARTS, Window, best, box_of, middle, pooled, scores

DIM = 5


def maps(high: int = 7, wide: int = 7, seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).random((2, high, wide, DIM), np.float32)


def unit(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    lengths: npt.NDArray[np.float32] = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / lengths


def test_the_pyramid_is_the_whole_and_windows_of_two_sizes() -> None:
    assert PARTS[0] == Window(0, 0, 7)
    assert [one.side for one in PARTS] == [7] + [3] * 9 + [2] * 36
    assert len(set(PARTS)) == 46
    assert PARTS[1:4] == (Window(0, 0, 3), Window(0, 2, 3), Window(0, 4, 3))
    assert all(one.top + one.side <= 7 and one.left + one.side <= 7 for one in PARTS)


def test_a_part_is_the_mean_of_its_cells() -> None:
    found = maps()
    rows = pooled(found)
    assert rows.shape == (2, 46, DIM)
    assert rows.dtype == np.float32
    for number, one in enumerate(PARTS):
        cells = found[:, one.top : one.top + one.side, one.left : one.left + one.side]
        np.testing.assert_allclose(rows[:, number], unit(cells.mean((1, 2))), atol=1e-6)


@pytest.mark.parametrize(("high", "wide"), [(14, 14), (1, 1), (4, 9), (16, 16)])
def test_other_grids_become_the_same_cells(high: int, wide: int) -> None:
    found = maps(high, wide)
    rows = pooled(found)
    assert rows.shape == (2, 46, DIM)
    first = found[:, : -(-high * 2 // 7), : -(-wide * 2 // 7)]
    if (high, wide) == (14, 14):
        np.testing.assert_allclose(rows[:, 10], unit(first.mean((1, 2))), atol=1e-5)
    even = pooled(np.broadcast_to(found[:, :1, :1], found.shape))
    np.testing.assert_allclose(even[:, 1:], np.repeat(even[:, :1], 45, axis=1), atol=1e-5)


def test_features_of_nothing_stay_zeros() -> None:
    assert not pooled(np.zeros((1, 7, 7, DIM), np.float32)).any()


def test_what_is_shown_small_lies_in_the_middle() -> None:
    assert [(one.left, one.side) for one in MIDDLES] == [(0, 1), (2 / 7, 3 / 7), (2 / 7, 2 / 7)]
    found = maps()
    np.testing.assert_allclose(middle(found, MIDDLES[0]), pooled(found)[:, 0], atol=1e-6)
    np.testing.assert_allclose(
        middle(found, MIDDLES[1]), unit(found[:, 2:5, 2:5].mean((1, 2))), atol=1e-6
    )


def test_a_part_is_compared_with_the_query_in_its_own_size() -> None:
    shown = np.eye(DIM, dtype=np.float32)[:3]
    rows = np.broadcast_to(shown[1], (1, 46, DIM))  # all look like the query in the middle size
    found = scores(shown, rows)
    assert found.shape == (1, 46)
    assert [one.side for one, score in zip(PARTS, found[0], strict=True) if score == 1] == [3] * 9
    assert best(shown, rows).tolist() == [1]


def test_a_box_lies_around_what_was_found() -> None:
    found = np.zeros(46, np.float32)
    at = PARTS.index(Window(4, 2, 2))
    found[at] = 1
    box = box_of(found)
    assert box is not None
    np.testing.assert_allclose(box, (2 / 7, 4 / 7, 2 / 7, 2 / 7), atol=1e-5)
    found[PARTS.index(Window(4, 3, 2))] = 1  # as like it, one cell to the right
    box = box_of(found)
    assert box is not None
    np.testing.assert_allclose(box, (2.5 / 7, 4 / 7, 2 / 7, 2 / 7), atol=1e-5)


def test_what_is_far_from_the_best_has_no_say_in_the_box() -> None:
    found = np.zeros(46, np.float32)
    found[PARTS.index(Window(0, 0, 2))] = 1
    found[PARTS.index(Window(5, 5, 2))] = 0.999
    box = box_of(found)
    assert box is not None
    np.testing.assert_allclose(box, (0, 0, 2 / 7, 2 / 7), atol=1e-5)


def test_the_whole_picture_needs_no_box() -> None:
    found = np.zeros(46, np.float32)
    found[0] = 1
    assert box_of(found) is None
