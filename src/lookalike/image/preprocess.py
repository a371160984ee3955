"""An upright RGB picture and a model's `Preprocess` → the float32 array which that model takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Fit = Literal["squash", "crop", "pad"]
Resample = Literal["bicubic", "bilinear", "lanczos"]
Channels = Literal["RGB", "BGR"]
Layout = Literal["NCHW", "NHWC"]
Triple = tuple[float, float, float]

_FILTERS = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
}


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How a picture becomes the input of one model; it travels with the weights.

    ``size`` is the side of the square input in pixels. ``fit`` says how a picture that is no
    square gets there: ``squash`` ignores the proportions, ``crop`` resizes the short side to
    ``short_side`` (``size`` where that is None or less) and cuts the centre, ``pad`` keeps all
    of the picture and fills the rest with the mean colour, which is zero for the model.
    ``mean`` and ``std`` are in RGB order on the 0..255 scale, whatever the order of ``channels``.
    """

    size: int
    fit: Fit
    resample: Resample
    channels: Channels
    layout: Layout
    mean: Triple
    std: Triple
    short_side: int | None = None

    @property
    def near(self) -> int:
        """How many pixels a side should keep when a picture is decoded at a reduced scale.

        Twice what the model sees: the resizing that follows then hides what the reduction did.
        """
        return 2 * max(self.size, self.short_side or 0)


def to_input(image: Image.Image, preprocess: Preprocess) -> NDArray[np.float32]:
    """Resize and normalise one picture.

    Returns a contiguous float32 array of shape (3, size, size) for NCHW and (size, size, 3) for
    NHWC, holding ``(value - mean) / std`` with values of 0..255. Resizing is done by Pillow on
    8 bits with a full-support filter, as the published models' own pipelines do it; pictures read
    with ``near`` at twice the size give the same array within a cosine of 0.999, and far sooner.
    """
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    pixels = np.asarray(_fit(rgb, preprocess))
    return _normalise(pixels, preprocess)


def _fit(image: Image.Image, preprocess: Preprocess) -> Image.Image:
    if preprocess.fit == "crop":
        return _crop(image, preprocess)
    if preprocess.fit == "pad":
        return _pad(image, preprocess)
    side = (preprocess.size, preprocess.size)
    return image.resize(side, _FILTERS[preprocess.resample])


def _crop(image: Image.Image, preprocess: Preprocess) -> Image.Image:
    # The wanted square is mapped back onto the picture and resized from there in one step, so
    # that a 1 x 20000 strip never becomes a picture of 224 x 4480000 first. Rounding is
    # torchvision's: the long side down, the margin to the nearest.
    size, least = preprocess.size, min(image.size)
    short = max(size, preprocess.short_side or size)
    scaled = [short * side // least for side in image.size]
    near_edge, far_edge = zip(*map(_window, scaled, image.size, (size, size)), strict=True)
    box = (*near_edge, *far_edge)
    return image.resize((size, size), _FILTERS[preprocess.resample], box=box)


def _window(scaled: int, original: int, size: int) -> tuple[float, float]:
    """Where the middle ``size`` pixels of a scaled side begin and end on the original side."""
    start = round((scaled - size) / 2)
    unit = original / scaled
    return start * unit, min(float(original), (start + size) * unit)


def _pad(image: Image.Image, preprocess: Preprocess) -> Image.Image:
    size = preprocess.size
    scale = size / max(image.size)
    wide, high = (max(1, round(side * scale)) for side in image.size)
    red, green, blue = (round(value) for value in preprocess.mean)
    canvas = Image.new("RGB", (size, size), (red, green, blue))
    resized = image.resize((wide, high), _FILTERS[preprocess.resample])
    canvas.paste(resized, ((size - wide) // 2, (size - high) // 2))
    return canvas


@lru_cache(maxsize=32)
def _scale_and_shift(preprocess: Preprocess) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    scale = 1.0 / np.asarray(preprocess.std, np.float64)
    shift = -np.asarray(preprocess.mean, np.float64) * scale
    return scale.astype(np.float32), shift.astype(np.float32)


def _normalise(pixels: NDArray[np.uint8], preprocess: Preprocess) -> NDArray[np.float32]:
    scale, shift = _scale_and_shift(preprocess)
    if preprocess.channels == "BGR":
        pixels, scale, shift = pixels[:, :, ::-1], scale[::-1], shift[::-1]
    if preprocess.layout == "NHWC":
        # Whole rows at a time: NumPy is eight times slower over an innermost side of three.
        rows = pixels.astype(np.float32, order="C").reshape(pixels.shape[0], -1)
        rows *= np.tile(scale, pixels.shape[1])
        rows += np.tile(shift, pixels.shape[1])
        return rows.reshape(pixels.shape)
    planes = np.empty((3, *pixels.shape[:2]), np.float32)
    for channel in range(3):
        np.multiply(pixels[:, :, channel], scale[channel], out=planes[channel])
    planes += shift[:, None, None]
    return planes
