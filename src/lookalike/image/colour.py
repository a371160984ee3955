"""A decoded picture of any mode and colour profile → RGB of 8 bits in sRGB, composited on white."""

from __future__ import annotations

import io
import logging
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_log = logging.getLogger(__name__)

_WHITE = (255, 255, 255)
_DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
_SPACES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}
_NEARLY_SRGB = 2


def to_srgb(image: Image.Image, near: int | None = None) -> Image.Image:
    """Convert a decoded picture to RGB.

    Modes: 1, L, LA, La, P, PA, RGB, RGBA, RGBa, RGBX, CMYK, YCbCr, HSV, LAB, and the deep greys
    I;16, I and F. An embedded profile is converted to sRGB (relative colorimetric with black
    point compensation); one that is broken, or of another kind than the picture, is passed over
    with a debug record. Transparent parts show white. With ``near``, both sides are first
    reduced by the largest whole factor that keeps them at ``near`` pixels or more.
    """
    profile = image.info.get("icc_profile")
    flat = _reduced(_plain(image), near)
    if flat.mode not in ("LA", "RGBA"):
        return _profiled(flat, profile)
    alpha = flat.getchannel("A")
    colours = _profiled(flat.convert("L" if flat.mode == "LA" else "RGB"), profile)
    canvas = Image.new("RGB", flat.size, _WHITE)
    canvas.paste(colours, mask=alpha)
    return canvas


def _plain(image: Image.Image) -> Image.Image:
    """Any mode → one of L, LA, RGB, RGBA, CMYK and LAB."""
    if image.mode in _DEEP:
        return _eight_bits(image)
    if image.mode in ("P", "PA"):
        return image.convert("RGBA" if _has_alpha(image) else "RGB")
    if image.mode in ("1", "L", "RGB") and _has_alpha(image):
        return image.convert("RGBA" if image.mode == "RGB" else "LA")
    target = {"1": "L", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB"}
    return image.convert(target[image.mode]) if image.mode in target else image


def _has_alpha(image: Image.Image) -> bool:
    if image.mode == "PA":
        return True
    key = image.info.get("transparency")
    if image.mode == "P":
        return isinstance(key, int | bytes)
    return isinstance(key, tuple if image.mode == "RGB" else int)


def _reduced(image: Image.Image, near: int | None) -> Image.Image:
    factor = min(image.size) // near if near else 1
    return image.reduce(factor) if factor > 1 else image


def _eight_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    tags: Any = getattr(image, "tag_v2", {})
    if image.mode in ("I", "F"):
        grey = _by_range(values)
    else:
        bits = int(tags.get(258, (16,))[0])
        grey = np.right_shift(values, bits - 8).astype(np.uint8)
    if tags.get(262) == 0:
        grey = 255 - grey
    picture = Image.fromarray(grey)
    key = image.info.get("transparency")
    if isinstance(key, int):
        picture.putalpha(Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8)))
    return picture


def _by_range(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Numbers without a scale of their own → 0..255.

    Floats within 0..1 are fractions of white; numbers within 0..255 and 0..65535 are taken to be
    of 8 and of 16 bits; any others are stretched from their least to their greatest.
    """
    numbers = values.astype(np.float32)
    finite = numbers[np.isfinite(numbers)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    ceilings = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0)
    white = next((ceiling for ceiling in ceilings if high <= ceiling), None)
    if low < 0 or white is None:
        numbers -= low
        white = (high - low) or 1.0
    numbers *= 255.0 / white
    tidy = np.nan_to_num(numbers, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
    return np.clip(np.rint(tidy), 0, 255).astype(np.uint8)


def _profiled(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode == "LAB":
        return _from_lab().apply(image)
    if not isinstance(profile, bytes) or not profile:
        return image.convert("RGB") if image.mode != "RGB" else image
    mode = _SPACES.get(profile[16:20])
    if mode == "RGB" and image.mode == "L":
        image = image.convert("RGB")
    transform = _transform(profile) if mode == image.mode else None
    if transform is not None:
        return transform.apply(image)
    return image.convert("RGB") if image.mode != "RGB" else image


@lru_cache(maxsize=32)
def _transform(profile: bytes) -> ImageCms.ImageCmsTransform | None:
    """The way from a profile to sRGB; None where there is nothing to do, or nothing can be done.

    Little CMS copies its one-pixel cache for every call, so threads may share a transform.
    """
    mode = _SPACES[profile[16:20]]
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = _build(source, mode)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        _log.debug("colour profile passed over: %s", error)
        return None
    return None if _changes_nothing(transform, mode) else transform


def _build(source: ImageCms.ImageCmsProfile, mode: str) -> ImageCms.ImageCmsTransform:
    transform = ImageCms.buildTransform(
        source,
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
        mode,
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if not isinstance(transform, ImageCms.ImageCmsTransform):
        raise ImageCms.PyCMSError("no transform for this profile")
    return transform


@lru_cache(maxsize=1)
def _from_lab() -> ImageCms.ImageCmsTransform:
    return _build(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB")


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    # What sRGB profiles call themselves differs from maker to maker; what they do does not.
    if mode == "CMYK":
        return False
    probe = _probe() if mode == "RGB" else Image.linear_gradient("L")
    before = np.asarray(probe.convert("RGB"), np.int16)
    after = np.asarray(transform.apply(probe), np.int16)
    return int(np.abs(before - after).max()) <= _NEARLY_SRGB


@lru_cache(maxsize=1)
def _probe() -> Image.Image:
    steps = np.linspace(0, 255, 12).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    return Image.fromarray(cube.reshape(12, 144, 3))
