"""Small photographs, or none → large pictures to measure with, in a folder that is thrown away."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def mosaic(photographs: Sequence[Path], size: tuple[int, int], tile: int) -> Image.Image:
    """Photographs side by side, each brought to a square of ``tile`` pixels."""
    whole = Image.new("RGB", size)
    columns = -(-size[0] // tile)
    for number in range(columns * -(-size[1] // tile)):
        with Image.open(photographs[number % len(photographs)]) as opened:
            side = min(opened.size)
            square = opened.convert("RGB").resize((tile, tile), box=(0, 0, side, side))
        whole.paste(square, (number % columns * tile, number // columns * tile))
    return whole


def synthetic(seed: int, size: tuple[int, int]) -> Image.Image:
    """Clouds of colour with detail at every scale, half as strong at each finer one: the spectrum
    that photographs have (Field, 1987), with none of their things."""
    random = np.random.default_rng(seed)
    whole = np.zeros((size[1], size[0], 3), np.float32)
    strength, cells = 128.0, 4
    while cells <= min(size):
        coarse = (random.standard_normal((cells, cells, 3)) * 64 + 128).clip(0, 255)
        octave = Image.fromarray(coarse.astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)
        whole += (np.asarray(octave, np.float32) - 128) * (strength / 128)
        strength, cells = strength / 2, cells * 2
    return Image.fromarray((whole + 128).clip(0, 255).astype(np.uint8))


def jpeg(picture: Image.Image, *, progressive: bool = False) -> bytes:
    """A JPEG as cameras write it: quality 90, colours at half the resolution."""
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=90, subsampling="4:2:0", progressive=progressive)
    return held.getvalue()


def png(picture: Image.Image) -> bytes:
    """A PNG, packed quickly."""
    held = io.BytesIO()
    picture.save(held, "PNG", compress_level=1)
    return held.getvalue()


def renamed_jpeg(content: bytes, number: int) -> bytes:
    """The same picture as another file: a comment goes behind the first marker."""
    comment = str(number).encode()
    return content[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + content[2:]


def renamed_png(content: bytes, number: int) -> bytes:
    """The same picture as another file: a text goes behind the header."""
    chunk = b"tEXtNumber\0" + str(number).encode()
    packed = (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    return content[:33] + packed + content[33:]
