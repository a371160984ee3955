"""An RGB picture and a side → a small WebP file without metadata."""

from __future__ import annotations

import io

from PIL import Image

_QUALITY = 80
_METHOD = 2
_LARGEST_SIDE = 16383


def thumbnail(image: Image.Image, side: int) -> bytes:
    """Make a WebP file whose longest side is at most ``side`` pixels; never enlarged.

    Nothing but pixels is written: no EXIF, no place, no profile (the pixels are sRGB).
    """
    scale = min(1.0, min(side, _LARGEST_SIDE) / max(image.size))
    wide, high = (max(1, round(edge * scale)) for edge in image.size)
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    small = rgb.resize((wide, high), Image.Resampling.LANCZOS, reducing_gap=3.0)
    small.info.clear()
    out = io.BytesIO()
    small.save(out, "WEBP", quality=_QUALITY, method=_METHOD)
    return out.getvalue()
