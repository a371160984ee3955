"""A picture and a size → its pixels at that size, with the vector instructions of the processor.

Both ways compute the same: each side by itself, by a filter as wide as the reduction asks for, on
whole numbers of 8 bits. Pillow is there on every machine and uses no vector instructions, which
takes five times as long; cykooz.resizer does, and has no builds for a few kinds of machine.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Resample = Literal["bicubic", "bilinear", "lanczos"]
Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]

_BETWEEN = 1 << 23  # pixels that may lie between the one side and the other

_PILLOW = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
}
_VECTORISED = {"bicubic": "catmull_rom", "bilinear": "bilinear", "lanczos": "lanczos3"}


def resized(
    image: Image.Image, size: tuple[int, int], resample: Resample, box: Box | None = None
) -> Pixels:
    """An RGB picture, or the ``box`` of it, → its pixels (height, width, 3) at ``size``.

    ``box`` is left, top, right and bottom in pixels of the picture, which need not be whole.
    """
    if box is None and (half := _halfway(image.size, size)) not in (image.size, size):
        image = Image.fromarray(resized(image, half, resample))
    vectorised = _vectorised()
    if vectorised is None:
        return np.asarray(image.resize(size, _PILLOW[resample], box=box))
    target = Image.new("RGB", size)
    kind = getattr(vectorised.FilterType, _VECTORISED[resample])
    options = vectorised.ResizeOptions(resize_alg=vectorised.ResizeAlg.convolution(kind))
    if box is not None:
        options.crop_box = vectorised.CropBox(*_inside(image, box))
    vectorised.Resizer().resize_pil(image, target, options)
    return np.asarray(target)


def _halfway(old: tuple[int, int], new: tuple[int, int]) -> tuple[int, int]:
    """The size after the side that is reduced, if the other is enlarged so much that a picture of
    both at their longest would take too much; else the size as it is."""
    if max(old[0], new[0]) * max(old[1], new[1]) <= _BETWEEN:
        return old
    return min(old[0], new[0]), min(old[1], new[1])


def _inside(image: Image.Image, box: Box) -> Box:
    """The box as left, top, width and height, never beyond the picture by a rounded digit."""
    left, top, right, bottom = box
    return left, top, min(right - left, image.width - left), min(bottom - top, image.height - top)


@cache
def _vectorised() -> ModuleType | None:
    try:
        return import_module("cykooz_resizer")
    except ImportError:  # no build for this kind of machine; pyproject.toml names those that have
        return None
