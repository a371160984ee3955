"""A picture and a box of it → the pixels in that box, as a picture of its own."""

from __future__ import annotations

import math

from PIL import Image

Part = tuple[float, float, float, float]
"""Left, top, width and height of a part, as fractions of the upright picture's width and height."""


def cut(image: Image.Image, part: Part) -> Image.Image:
    """The part of a picture, at least one pixel of it: what the box touches belongs to it."""
    left, top, wide, high = part
    across = _edges(left, wide, image.width)
    down = _edges(top, high, image.height)
    return image.crop((across[0], down[0], across[1], down[1]))


def near_of_whole(near: int, part: Part) -> int:
    """How many pixels a side of the whole picture should keep so that the part keeps ``near``.

    That is ``near`` doubled as often as it takes: a box that changes a little asks for the same.
    """
    return near << math.ceil(math.log2(1 / min(part[2:])))


def _edges(start: float, length: float, side: int) -> tuple[int, int]:
    # Fractions of pixels that a division left over are no pixels: 0.1 * 30 is 3.0000000000000004.
    first = min(side - 1, math.floor(round(start * side, 6)))
    last = math.ceil(round((start + length) * side, 6))
    return first, max(first + 1, min(side, last))
