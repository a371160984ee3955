"""What a header says → how many bytes of memory it takes to read the picture, an estimate.

The figures per pixel were measured on pictures of each kind; they hold what the decoder keeps,
the picture as it comes out of it, and the copy that is made on the way to RGB before a picture is
reduced.
"""

from __future__ import annotations

from PIL import Image, ImageFile, JpegImagePlugin, TiffImagePlugin

# Pillow holds a picture in blocks of 16 MB, of which the C library keeps what is free for later,
# for each thread; blocks of more than 32 MB it gives back to the system at once.
Image.core.set_block_size(64 << 20)  # type: ignore[attr-defined]

# Formats whose decoders take their memory as soon as they are made, and all of it.
_AT_ONCE = {"WEBP": 16, "AVIF": 14, "HEIF": 9, "RAW": 8}
_BYTES = {"1": 2, "L": 1, "P": 5, "RGB": 4, "CMYK": 4, "RGBX": 4, "I": 24, "F": 24}
_TRANSPARENT = {"1": 10, "L": 9, "P": 9, "RGB": 12}
_ANY_OTHER = 8
_COEFFICIENT = 2


def at_once(kind: str, size: tuple[int, int], length: int) -> int:
    """Bytes for a picture of this kind and size whose file has this length; 0 for other kinds."""
    each = _AT_ONCE.get(kind, 0)
    return size[0] * size[1] * each + length if each else 0


def of_opened(
    opened: ImageFile.ImageFile, size: tuple[int, int], length: int, near: int | None
) -> int:
    """Bytes for a picture that Pillow has opened, but not loaded.

    ``size`` is that of the whole picture; ``opened`` may be set to give a reduced one. ``near``
    is as in `lookalike.image.read`.
    """
    table = _TRANSPARENT if "transparency" in opened.info else _BYTES
    pixels = opened.size[0] * opened.size[1]
    each = table.get(opened.mode, _ANY_OTHER)
    if not near or min(opened.size) < 2 * near:
        each += 4  # it is not reduced before it is converted, or turned upright
    if isinstance(opened, JpegImagePlugin.JpegImageFile):
        return pixels * each + _coefficients(opened, size)
    if isinstance(opened, TiffImagePlugin.TiffImageFile):
        each += 4 if opened.tag_v2.get(274, 1) != 1 else 0
        return pixels * each + (_strip(opened) + length if opened.tag_v2.get(259, 1) != 1 else 0)
    return pixels * each


def _coefficients(opened: JpegImagePlugin.JpegImageFile, size: tuple[int, int]) -> int:
    """A progressive JPEG is kept whole until its last scan, whatever the scale it is read at."""
    if "progressive" not in opened.info:
        return 0
    sampled = [across * down for _, across, down, _ in opened.layer]
    return int(size[0] * size[1] * _COEFFICIENT * sum(sampled) / max(sampled))


def _strip(opened: TiffImagePlugin.TiffImageFile) -> int:
    """A strip or tile is unpacked as a whole; besides, libtiff maps the whole file."""
    tags = opened.tag_v2
    wide, high = int(tags[256]), int(tags[257])  # as it lies, not as it is turned
    if 322 in tags:
        wide, high = int(tags[322]), int(tags.get(323, high))
    else:
        high = min(int(tags.get(278, high)), high)
    return wide * high * sum(tags.get(258, (8,))) // 8
