"""Photographs → a folder with copies of some, made in known ways, among others that look like them.

The photographs are all flowers of some species, so that the others of a species are look-alikes,
and the samples that packages bring: rows of shots of one scene, stereo pairs, views of a town from
a plane that overlap. Every file is named after the photograph that it shows: ``f01234.jpg`` is one,
``f01234 mirrored.jpg`` a copy of it.
"""

from __future__ import annotations

import csv
import random
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from benchmarks.measuring import Settings
from scripts.gather_samples import gather

SEED = 2026
"""Of the figures that are quoted; the method was never changed by what came out here."""

TUNED = 7
"""Of what it was changed by: flowers of species with even numbers, and no samples."""

_OF_SPECIES = 1000  # flowers of whole species, at least,
_FLOWERS = 100  # of which so many are copied,
_SAMPLES = 30  # and of the samples

Photographs = dict[str, Path]
"""Files by the names that they get."""


def make(settings: Settings, seed: int = SEED) -> Path:
    """The folder, which is made by whoever needs it first. Raises MissingError."""
    folder = settings.scratch / f"copies.{seed}"
    if not folder.is_dir():
        aside = settings.scratch / "copies.new"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        chance = random.Random(seed)
        less = 10 if settings.quick else 1
        flowers = _flowers(settings, chance, _OF_SPECIES // less, odd=seed != TUNED)
        _fill(aside, flowers, _FLOWERS // less, chance)
        if seed != TUNED:
            _fill(aside, _samples(settings.scratch), _SAMPLES // less, chance)
        aside.rename(folder)
    return folder


def made_of(name: str) -> str:
    """The photograph that a file shows, by the file's name."""
    return Path(name).stem.split(" ")[0]


def kind_of(name: str) -> str:
    """How a copy was made; empty for a photograph."""
    return Path(name).stem.partition(" ")[2]


def _fill(folder: Path, photographs: Photographs, copied: int, chance: random.Random) -> None:
    for name, file in photographs.items():
        shutil.copyfile(file, folder / f"{name}{file.suffix}")
    for name in chance.sample(sorted(photographs), min(copied, len(photographs))):
        with Image.open(photographs[name]) as opened:
            image = opened.convert("RGB")
        for kind, copying in KINDS.items():
            copy, quality = copying(image, chance)
            copy.save(folder / f"{name} {kind}.jpg", "JPEG", quality=quality)


def _flowers(settings: Settings, chance: random.Random, least: int, *, odd: bool) -> Photographs:
    """All flowers of some species, those with odd or with even numbers."""
    files = {file.name: file for file in settings.pictures(every=True)}
    species = defaultdict(list)
    assert settings.flowers is not None  # or there were no pictures
    with (settings.flowers / "labels.csv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if int(row["label"]) % 2 == odd:
                species[row["label"]].append(row["filename"])
    chosen: Photographs = {}
    for label in chance.sample(sorted(species), len(species)):
        if len(chosen) < least:
            chosen |= {f"f{name[-9:-4]}": files[name] for name in species[label]}
    return chosen


def _samples(scratch: Path) -> Photographs:
    """The samples that packages bring. Raises ModuleNotFoundError where they are not here."""
    return {f"s{at:05}": file for at, file in enumerate(gather(scratch / "samples"))}


# ---- the copies

Copying = Callable[[Image.Image, random.Random], tuple[Image.Image, int]]
"""A photograph → a copy of it, and the quality of its JPEG."""


def _quality(quality: int) -> Copying:
    return lambda image, _: (image, quality)


def _scaled(part: float) -> Copying:
    def copying(image: Image.Image, _: random.Random) -> tuple[Image.Image, int]:
        size = round(image.width * part), round(image.height * part)
        return image.resize(size, Image.Resampling.LANCZOS), 90

    return copying


def _cropped(part: float) -> Copying:
    def copying(image: Image.Image, chance: random.Random) -> tuple[Image.Image, int]:
        wide, high = round(image.width * part), round(image.height * part)
        left, top = chance.randint(0, image.width - wide), chance.randint(0, image.height - high)
        return image.crop((left, top, left + wide, top + high)), 90

    return copying


def _turned(image: Image.Image, chance: random.Random) -> tuple[Image.Image, int]:
    how = chance.choice([Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270])
    return image.transpose(how), 90


def _mirrored(image: Image.Image, _: random.Random) -> tuple[Image.Image, int]:
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 90


def _captioned(image: Image.Image, chance: random.Random) -> tuple[Image.Image, int]:
    """Words on a strip over the upper or the lower eighth, or on the picture itself."""
    copy = image.copy()
    draw = ImageDraw.Draw(copy)
    top = round(copy.height * chance.choice([0.0, 0.88]))
    if chance.random() < 0.5:
        draw.rectangle((0, top, copy.width, top + round(copy.height * 0.12)), fill="black")
    size = max(round(copy.height * 0.08), 8)
    draw.text((8, top + size // 4), "In the garden, 2024", fill="white", font_size=size)
    return copy, 90


def _bordered(image: Image.Image, chance: random.Random) -> tuple[Image.Image, int]:
    wide = round(min(image.size) * chance.uniform(0.03, 0.08))
    return ImageOps.expand(image, wide, chance.choice(["white", "black"])), 90


KINDS: dict[str, Copying] = {
    "JPEG 90": _quality(90),
    "JPEG 50": _quality(50),
    "JPEG 20": _quality(20),
    "scaled to 50 %": _scaled(0.5),
    "scaled to 25 %": _scaled(0.25),
    "cropped to 90 %": _cropped(0.9),
    "cropped to 75 %": _cropped(0.75),
    "cropped to 60 %": _cropped(0.6),
    "turned by 90": _turned,
    "mirrored": _mirrored,
    "caption": _captioned,
    "border": _bordered,
}
