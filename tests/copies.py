"""A picture → the copies of it that people make, as pictures and as files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from tests.pictures import make_jpeg

Copying = Callable[[Image.Image], Image.Image]


def scene(seed: int, size: tuple[int, int] = (480, 320)) -> Image.Image:
    """A made-up photograph: shades, and things of many sizes that lie about in it."""
    chance = np.random.default_rng(seed)
    picture = Image.effect_noise(size, 12).convert("RGB")
    draw = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y = chance.integers(0, size[0]), chance.integers(0, size[1])
        wide, high = chance.integers(8, size[0] // 4, 2)
        colour = tuple(int(value) for value in chance.integers(0, 256, 3))
        shape = draw.ellipse if chance.random() < 0.5 else draw.rectangle
        shape((x - wide // 2, y - high // 2, x + wide // 2, y + high // 2), fill=colour)
    return picture


def recompressed(picture: Image.Image, quality: int = 30) -> Image.Image:
    """Once through JPEG."""
    return Image.open(io.BytesIO(make_jpeg(picture, quality=quality))).convert("RGB")


def scaled(picture: Image.Image, part: float = 0.25) -> Image.Image:
    """Smaller."""
    return picture.resize((round(picture.width * part), round(picture.height * part)))


def cropped(picture: Image.Image, part: float = 0.6, at: float = 0.3) -> Image.Image:
    """A part of both sides, ``at`` so much of the room that there is."""
    wide, high = round(picture.width * part), round(picture.height * part)
    left, top = round((picture.width - wide) * at), round((picture.height - high) * at)
    return picture.crop((left, top, left + wide, top + high))


def captioned(picture: Image.Image) -> Image.Image:
    """With words on a black strip over its lower end."""
    made = picture.copy()
    draw = ImageDraw.Draw(made)
    top = round(made.height * 0.87)
    draw.rectangle((0, top, made.width, made.height), fill="black")
    draw.text((12, top + 4), "A day at the sea, 2024", fill="white", font_size=24)
    return made


def bordered(picture: Image.Image) -> Image.Image:
    """With a white border all around."""
    return ImageOps.expand(picture, round(min(picture.size) * 0.06), "white")


TURNED_LEFT = Image.Transpose.ROTATE_90
UPSIDE_DOWN = Image.Transpose.ROTATE_180
TURNED_RIGHT = Image.Transpose.ROTATE_270
MIRRORED = Image.Transpose.FLIP_LEFT_RIGHT
FLIPPED = Image.Transpose.FLIP_TOP_BOTTOM

COPIES: dict[str, tuple[Copying, tuple[str, ...]]] = {
    # name: how it is made, and how it differs
    "recompressed": (recompressed, ("recompressed",)),
    "scaled": (scaled, ("resized",)),
    "crop 90": (lambda one: cropped(one, 0.9), ("cropped",)),
    "crop 60": (lambda one: cropped(one, 0.6), ("cropped",)),
    "crop to a square": (lambda one: one.crop((90, 0, 410, 320)), ("cropped",)),
    "crop and scale": (lambda one: scaled(cropped(one, 0.7), 0.5), ("cropped", "resized")),
    "left": (lambda one: one.transpose(TURNED_LEFT), ("turned",)),
    "upside down": (lambda one: one.transpose(UPSIDE_DOWN), ("turned",)),
    "right": (lambda one: one.transpose(TURNED_RIGHT), ("turned",)),
    "mirrored": (lambda one: one.transpose(MIRRORED), ("mirrored",)),
    "flipped": (lambda one: one.transpose(FLIPPED), ("mirrored",)),
    "across": (lambda one: one.transpose(Image.Transpose.TRANSPOSE), ("mirrored", "turned")),
    "caption": (captioned, ("edited",)),
    "border": (bordered, ("bordered",)),
}


def write(folder: Path, name: str, picture: Image.Image, quality: int = 90) -> Path:
    """A JPEG file with the picture."""
    file = folder / f"{name}.jpg"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(make_jpeg(picture, quality=quality))
    return file
