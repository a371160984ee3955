"""A camera's RAW file → an upright RGB picture: its own preview, or the sensor at half size."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.util import find_spec
from typing import IO, Any, NamedTuple

import numpy as np
from PIL import Image

from lookalike.errors import ImageError
from lookalike.image.metadata import Metadata

_log = logging.getLogger(__name__)

# LibRaw's ``flip``: 3 is half a turn, 5 a quarter counter-clockwise, 6 a quarter clockwise.
_TURNS = {
    3: Image.Transpose.ROTATE_180,
    5: Image.Transpose.ROTATE_90,
    6: Image.Transpose.ROTATE_270,
}
_SRGB_GAMMA = (2.4, 12.92)


class NotRawError(ImageError):
    """LibRaw does not know the file; it may be a picture of another kind."""


class Developed(NamedTuple):
    """A RAW file as a picture; ``width`` and ``height`` are those of the upright sensor area."""

    image: Image.Image
    width: int
    height: int
    about: Metadata | None


ReadPreview = Callable[[bytes], tuple[Image.Image, Metadata | None]]


def develop(
    stream: IO[bytes],
    *,
    check: Callable[[int, int], None],
    read_preview: ReadPreview,
    near: int | None,
) -> Developed:
    """Read a RAW file with LibRaw.

    The embedded preview is used where it is large enough (both sides at least ``near``, or half
    the sensor's): it is what the camera and every viewer show. Otherwise the sensor's values are
    developed at half size with the camera's white balance. ``check`` is called with the sensor's
    size before anything is unpacked;
    ``read_preview`` reads a JPEG file. ``about`` is what the preview says, None without one.

    Raises ImageError where rawpy is missing, NotRawError where LibRaw does not know the file, and
    rawpy's own errors where it cannot be read.
    """
    stream.seek(0)
    with _rawpy().RawPy() as raw:
        _open(raw, stream)
        sizes = raw.sizes
        check(max(sizes.width, sizes.raw_width), max(sizes.height, sizes.raw_height))
        upright = _upright(sizes)
        found = _preview(raw, read_preview, upright, near)
        image, about = found if found is not None else (_demosaic(raw), None)
    return Developed(image, *upright, about)


def is_possible() -> bool:
    """Whether camera RAW can be read on this machine."""
    return find_spec("rawpy") is not None


def _rawpy() -> Any:
    try:
        import rawpy
    except ImportError as error:
        raise ImageError('is camera RAW, which needs rawpy: pip install "rawpy>=0.24"') from error
    return rawpy


def _open(raw: Any, stream: IO[bytes]) -> None:
    try:
        raw.open_buffer(stream)
    except _rawpy().LibRawFileUnsupportedError as error:
        raise NotRawError("cannot be decoded as RAW: LibRaw does not know this camera") from error


def _upright(sizes: Any) -> tuple[int, int]:
    wide, high = int(sizes.width), int(sizes.height)
    return (high, wide) if sizes.flip in (5, 6) else (wide, high)


def _preview(
    raw: Any, read_preview: ReadPreview, upright: tuple[int, int], near: int | None
) -> tuple[Image.Image, Metadata | None] | None:
    try:
        thumb = raw.extract_thumb()
        if isinstance(thumb.data, bytes):
            image, about = read_preview(thumb.data)
        else:
            image, about = Image.fromarray(np.ascontiguousarray(thumb.data)).convert("RGB"), None
    except (_rawpy().LibRawError, ImageError, OSError, ValueError, TypeError) as error:
        _log.debug("no usable preview in a RAW file: %s", error)
        return None
    if not _large_enough(image.size, upright, near):
        return None
    return _turned(image, upright, raw.sizes.flip), about


def _large_enough(size: tuple[int, int], upright: tuple[int, int], near: int | None) -> bool:
    return min(size) >= (near or min(upright)) or 2 * max(size) >= max(upright)


def _turned(image: Image.Image, upright: tuple[int, int], flip: int) -> Image.Image:
    # LibRaw writes the orientation into previews that have no EXIF of their own; one that lies
    # on its side nevertheless had an EXIF block without it.
    lies = (image.width > image.height) != (upright[0] > upright[1])
    turn = _TURNS.get(flip)
    return image.transpose(turn) if lies and turn is not None else image


def _demosaic(raw: Any) -> Image.Image:
    pixels = raw.postprocess(half_size=True, use_camera_wb=True, output_bps=8, gamma=_SRGB_GAMMA)
    return Image.fromarray(np.ascontiguousarray(pixels))
