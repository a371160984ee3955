"""`lookalike.image.part`: a picture and a box → the pixels in it."""

from __future__ import annotations

import pytest

from lookalike.image import WHOLE, Part, cut, near_of_whole, part_of, touched
from tests.pictures import BLUE, GREEN, RED, WHITE, plain, quadrants


@pytest.mark.parametrize(
    ("part", "colour"),
    [
        ((0.0, 0.0, 0.5, 0.5), RED),
        ((0.5, 0.0, 0.5, 0.5), GREEN),
        ((0.0, 0.5, 0.5, 0.5), BLUE),
        ((0.5, 0.5, 0.5, 0.5), WHITE),
    ],
)
def test_a_box_is_cut_where_it_lies(part: Part, colour: tuple[int, int, int]) -> None:
    found = cut(quadrants(96, 64), part)
    assert found.size == (48, 32)
    assert found.getcolors() == [(48 * 32, colour)]


@pytest.mark.parametrize(
    ("size", "part", "expected"),
    [
        ((10, 10), (0.1, 0.2, 0.3, 0.4), (3, 4)),  # 0.1 + 0.3 is a little more than 0.4
        ((10, 10), (0.15, 0.0, 0.2, 1.0), (3, 10)),  # what it touches belongs to it
        ((10, 10), (0.9999, 0.9999, 0.0001, 0.0001), (1, 1)),
        ((1, 1), (0.3, 0.3, 0.2, 0.2), (1, 1)),
        ((3, 1000), (0.0, 0.5, 1.0, 0.0001), (3, 1)),
        ((7, 5), (0.0, 0.0, 1.0, 1.0), (7, 5)),
        ((7, 5), (0.3333, 0.0, 0.66670001, 1.0), (5, 5)),
    ],
)
def test_a_box_has_whole_pixels_and_one_at_least(
    size: tuple[int, int], part: Part, expected: tuple[int, int]
) -> None:
    assert cut(plain(size=size), part).size == expected


@pytest.mark.parametrize(
    ("least", "near"), [(1.0, 448), (0.9, 896), (0.5, 896), (0.49, 1792), (0.0001, 448 * 2**14)]
)
def test_a_picture_is_read_so_near_that_the_part_has_enough(least: float, near: int) -> None:
    assert near_of_whole(448, (0.0, 0.0, 1.0, least)) == near
    assert near_of_whole(448, (0.0, 0.0, least, 1.0)) == near
    assert near * least >= 448


def test_what_is_cut_is_told_up_to_whole_pixels() -> None:
    assert touched((10, 20), (0.15, 0.0, 0.2, 1.0)) == (0.1, 0.0, 0.3, 1.0)
    assert touched((96, 64), (0.5, 0.5, 0.5, 0.5)) == (0.5, 0.5, 0.5, 0.5)
    assert touched((1, 1), (0.3, 0.3, 0.2, 0.2)) == WHOLE


def test_a_part_of_a_part_lies_in_the_whole() -> None:
    assert part_of((0.5, 0.25, 0.5, 0.5), (0.5, 0.0, 0.25, 1.0)) == (0.75, 0.25, 0.125, 0.5)
    assert part_of(WHOLE, (0.1, 0.2, 0.3, 0.4)) == (0.1, 0.2, 0.3, 0.4)
    assert part_of((0.1, 0.2, 0.3, 0.4), WHOLE) == (0.1, 0.2, 0.3, 0.4)
