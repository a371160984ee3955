"""A picture and a box of it → the pixels in that box, as a picture of its own."""

from __future__ import annotations

import math

from PIL import Image

Part = tuple[float, float, float, float]
"""Left, top, width and height of a part, as fractions of the upright picture's width and height."""

WHOLE: Part = (0.0, 0.0, 1.0, 1.0)


def cut(image: Image.Image, part: Part) -> Image.Image:
    """The part of a picture, at least one pixel of it: what the box touches belongs to it."""
    across, down = _sides(image.size, part)
    return image.crop((across[0], down[0], across[1], down[1]))


def touched(size: tuple[int, int], part: Part) -> Part:
    """What `cut` takes of a picture of that width and height: the part up to whole pixels."""
    (left, right), (top, bottom) = _sides(size, part)
    wide, high = size
    return left / wide, top / high, (right - left) / wide, (bottom - top) / high


def part_of(outer: Part, inner: Part) -> Part:
    """A part of a part, as a part of the whole picture."""
    left, top, wide, high = outer
    return left + inner[0] * wide, top + inner[1] * high, inner[2] * wide, inner[3] * high


def near_of_whole(near: int, part: Part) -> int:
    """How many pixels a side of the whole picture should keep so that the part keeps ``near``.

    That is ``near`` doubled as often as it takes: a box that changes a little asks for the same.
    """
    return near << math.ceil(math.log2(1 / min(part[2:])))


def _sides(size: tuple[int, int], part: Part) -> tuple[tuple[int, int], tuple[int, int]]:
    left, top, wide, high = part
    return _edges(left, wide, size[0]), _edges(top, high, size[1])


def _edges(start: float, length: float, side: int) -> tuple[int, int]:
    # Fractions of pixels that a division left over are no pixels: 0.1 * 30 is 3.0000000000000004.
    first = min(side - 1, math.floor(round(start * side, 6)))
    last = math.ceil(round((start + length) * side, 6))
    return first, max(first + 1, min(side, last))
