"""An upright RGB picture and a model's `Preprocess` → the array which that model takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.image.part import WHOLE, Part
from lookalike.image.resize import Box, Pixels, Resample, resized

Fit = Literal["squash", "crop", "pad"]
Channels = Literal["RGB", "BGR"]
Layout = Literal["NCHW", "NHWC"]
Values = Literal["float32", "uint8"]
Triple = tuple[float, float, float]
Input = NDArray[Any]
"""What a model takes: of float32 or uint8, as its `Preprocess.values` says."""


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How a picture becomes the input of one model; it travels with the weights.

    ``size`` is the side of the square input in pixels. ``fit`` says how a picture that is no
    square gets there: ``squash`` ignores the proportions, ``crop`` resizes the short side to
    ``short_side`` (``size`` where that is None or less) and cuts the centre, ``pad`` keeps all
    of the picture and fills the rest with the mean colour, which is zero for the model.
    ``mean`` and ``std`` are in RGB order on the 0..255 scale, whatever the order of ``channels``.
    A model whose ``values`` are ``uint8`` takes the pixels as they are and does that part itself.
    """

    size: int
    fit: Fit
    resample: Resample
    channels: Channels
    layout: Layout
    mean: Triple
    std: Triple
    short_side: int | None = None
    values: Values = "float32"

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one picture as the model takes it."""
        return (3, self.size, self.size) if self.layout == "NCHW" else (self.size, self.size, 3)

    @property
    def near(self) -> int:
        """How many pixels a side should keep when a picture is decoded at a reduced scale.

        Twice what the model sees: the resizing that follows then hides what the reduction did.
        """
        return 2 * max(self.size, self.short_side or 0)


def to_input(image: Image.Image, preprocess: Preprocess, *, out: Input | None = None) -> Input:
    """Resize and normalise one picture; into ``out`` where that is given.

    Returns a contiguous array of shape (3, size, size) for NCHW and (size, size, 3) for NHWC:
    float32 holding ``(value - mean) / std`` with values of 0..255, or those values as uint8 where
    the model takes them so. Resizing is done on 8 bits with a full-support filter, as the
    published models' own pipelines do it; pictures read with `Preprocess.near` give the default
    model's vector within a cosine of 0.998 on photographs.
    """
    return _values(_fit(image, preprocess), preprocess, out)


def small_input(image: Image.Image, preprocess: Preprocess, left: float, side: float) -> Input:
    """As `to_input`, of a picture that shows this one small, and else the mean colour: from
    ``left`` on, and as far from the top, with that ``side``, as fractions of the model's square."""
    canvas = _empty(preprocess)
    first, length = round(left * preprocess.size), max(1, round(side * preprocess.size))
    whole = Image.fromarray(_fit(image, preprocess))
    small = resized(whole, (length, length), preprocess.resample)
    canvas[first : first + length, first : first + length] = small
    return _values(canvas, preprocess, None)


def _values(pixels: Pixels, preprocess: Preprocess, out: Input | None) -> Input:
    """The pixels (size, size, 3) of the model's square as it takes them."""
    scale, shift = _scale_and_shift(preprocess)
    if preprocess.channels == "BGR":
        pixels, scale, shift = pixels[:, :, ::-1], scale[::-1], shift[::-1]
    filled = np.empty(preprocess.shape, preprocess.values) if out is None else out
    if preprocess.values == "uint8":
        filled[...] = pixels if preprocess.layout == "NHWC" else pixels.transpose(2, 0, 1)
    elif preprocess.layout == "NHWC":
        _fill_rows(filled, pixels, scale, shift)
    else:
        _fill_planes(filled, pixels, scale, shift)
    return filled


def _fit(image: Image.Image, preprocess: Preprocess) -> Pixels:
    """A picture as the pixels (size, size, 3) of the model's square."""
    image = image if image.mode == "RGB" else image.convert("RGB")
    if preprocess.fit == "crop":
        return _crop(image, preprocess)
    if preprocess.fit == "pad":
        return _pad(image, preprocess)
    return resized(image, (preprocess.size, preprocess.size), preprocess.resample)


def seen(size: tuple[int, int], preprocess: Preprocess) -> Part:
    """The part of a picture, of that width and height, which fills the square that a model takes.

    It reaches beyond the picture where that is padded: to -0.5 and 2 for one half as high as wide.
    """
    wide, high = size
    if preprocess.fit == "crop":
        left, top, right, bottom = _middle(size, preprocess)
        return left / wide, top / high, (right - left) / wide, (bottom - top) / high
    if preprocess.fit == "pad":
        left, top, wide, high = _inner(size, preprocess)
        return -left / wide, -top / high, preprocess.size / wide, preprocess.size / high
    return WHOLE


def _crop(image: Image.Image, preprocess: Preprocess) -> Pixels:
    # The wanted square is mapped back onto the picture and resized from there in one step, so
    # that a 1 x 20000 strip never becomes a picture of 224 x 4480000 first.
    target = (preprocess.size, preprocess.size)
    return resized(image, target, preprocess.resample, box=_middle(image.size, preprocess))


def _middle(original: tuple[int, int], preprocess: Preprocess) -> Box:
    """The square of a picture that is cut, in its pixels. Rounding is torchvision's: the long side
    down, the margin to the nearest."""
    size, least = preprocess.size, min(original)
    short = max(size, preprocess.short_side or size)
    scaled = [short * side // least for side in original]
    near_edge, far_edge = zip(*map(_window, scaled, original, (size, size)), strict=True)
    return (*near_edge, *far_edge)


def _window(scaled: int, original: int, size: int) -> tuple[float, float]:
    """Where the middle ``size`` pixels of a scaled side begin and end on the original side."""
    start = round((scaled - size) / 2)
    unit = original / scaled
    return start * unit, min(float(original), (start + size) * unit)


def _pad(image: Image.Image, preprocess: Preprocess) -> Pixels:
    left, top, wide, high = _inner(image.size, preprocess)
    canvas = _empty(preprocess)
    inner = resized(image, (wide, high), preprocess.resample)
    canvas[top : top + high, left : left + wide] = inner
    return canvas


def _empty(preprocess: Preprocess) -> Pixels:
    """The model's square in its mean colour."""
    canvas = np.empty((preprocess.size, preprocess.size, 3), np.uint8)
    canvas[...] = [round(value) for value in preprocess.mean]
    return canvas


def _inner(original: tuple[int, int], preprocess: Preprocess) -> tuple[int, int, int, int]:
    """Where a padded picture lies in the model's square: left, top, width and height in pixels."""
    size = preprocess.size
    scale = size / max(original)
    wide, high = (max(1, round(side * scale)) for side in original)
    return (size - wide) // 2, (size - high) // 2, wide, high


@lru_cache(maxsize=32)
def _scale_and_shift(preprocess: Preprocess) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    scale = 1.0 / np.asarray(preprocess.std, np.float64)
    shift = -np.asarray(preprocess.mean, np.float64) * scale
    return scale.astype(np.float32), shift.astype(np.float32)


def _fill_rows(
    filled: Input, pixels: Pixels, scale: NDArray[np.float32], shift: NDArray[np.float32]
) -> None:
    # Whole rows at a time: NumPy is eight times slower over an innermost side of three.
    high, wide = pixels.shape[:2]
    filled[...] = pixels
    rows = filled.reshape(high, -1)
    rows *= np.tile(scale, wide)
    rows += np.tile(shift, wide)


def _fill_planes(
    filled: Input, pixels: Pixels, scale: NDArray[np.float32], shift: NDArray[np.float32]
) -> None:
    for channel, plane in enumerate(filled):
        np.multiply(pixels[:, :, channel], scale[channel], out=plane)
        np.add(plane, shift[channel], out=plane)
