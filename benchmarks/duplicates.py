"""Photographs and copies made of them → what is found, of each kind, and what is found wrongly.

A hundred photographs of the flowers are drawn, and twelve copies made of each; they lie in one
folder with all the flowers, most of which look like others of their species. A copy counts as found
where it is in one group with the photograph that it was made of. Of what is reported, the pairs of
a copy and the best of its group are counted.

imagededup is measured on the same folder where ``LOOKALIKE_HASH_PYTHON`` names a Python that has
it. Its hashes need neither PyTorch nor the network::

    python -m venv hashes
    hashes/bin/pip install imagededup==0.3.3.post2 --no-deps
    hashes/bin/pip install numpy pillow scipy scikit-learn PyWavelets tqdm matplotlib
    LOOKALIKE_HASH_PYTHON=hashes/bin/python python -m benchmarks.duplicates
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from benchmarks.measuring import ROOT, Figures, Settings, alone, run, show, timed
from lookalike import Library

PYTHON = "LOOKALIKE_HASH_PYTHON"
_PHOTOGRAPHS = 100
_SEED = 20
_DISTANCES = (0, 4, 10)  # bits by which imagededup's hashes may differ; 10 is its own choice

Found = set[tuple[str, str]]
"""Pairs of names of files, the first one before the second."""


def measure(settings: Settings) -> Figures:
    """Recall by kind, and precision, of Lookalike and of imagededup's hashes."""
    folder = make(settings)
    found: dict[str, Found] = {}
    place = settings.scratch / "duplicates.library"
    with Library.open(place, create=True) as library:
        library.index(folder)
        count = library.count()
        first = timed(library.duplicates)
        again = timed(library.duplicates)
        found["Lookalike"] = set(pairs(library))
    if python := os.environ.get(PYTHON):
        found |= _imagededup(python, folder, settings.scratch)
    _show(found, folder, count)
    wrong = sorted(pair for pair in found["Lookalike"] if not is_copy(*pair))
    print(f"\n  Found in {first:.1f} s, asked again {again:.2f} s; reported and not made by us:")
    print("\n".join(f"    {one} {other}" for one, other in wrong))
    right = recalls(found["Lookalike"], folder)
    return {
        "duplicates_s": round(first, 1),
        "duplicates_again_s": round(again, 2),
        "duplicates_recall_min": min(right.values()),
        "duplicates_precision": round(precision(found["Lookalike"]), 4),
    }


# ---- the copies


def make(settings: Settings) -> Path:
    """A folder with all flowers, and copies of some: ``<photograph> <kind>.jpg``."""
    folder = settings.scratch / "duplicates"
    if folder.is_dir():
        return folder
    folder.mkdir()
    pictures = settings.pictures()
    for picture in pictures:
        shutil.copyfile(picture, folder / picture.name)
    chance = random.Random(_SEED)
    # Photographs with even numbers were looked at most while the thresholds were chosen.
    odd = [picture for picture in pictures if int(picture.stem[-5:]) % 2]
    for picture in chance.sample(odd, 20 if settings.quick else _PHOTOGRAPHS):
        with Image.open(picture) as opened:
            image = opened.convert("RGB")
        for kind, copying in KINDS.items():
            copy, quality = copying(image, chance)
            copy.save(folder / f"{picture.stem} {kind}.jpg", "JPEG", quality=quality)
    return folder


Copying = Callable[[Image.Image, random.Random], tuple[Image.Image, int]]


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


def _turned(how: Image.Transpose) -> Copying:
    return lambda image, _: (image.transpose(how), 90)


def _captioned(image: Image.Image, _: random.Random) -> tuple[Image.Image, int]:
    copy = image.copy()
    draw = ImageDraw.Draw(copy)
    top = round(copy.height * 0.88)
    draw.rectangle((0, top, copy.width, copy.height), fill="black")
    draw.text((8, top + 4), "In the garden, 2024", fill="white", font_size=20)
    return copy, 90


def _bordered(image: Image.Image, _: random.Random) -> tuple[Image.Image, int]:
    return ImageOps.expand(image, round(min(image.size) * 0.06), "white"), 90


KINDS: dict[str, Copying] = {
    "JPEG 90": _quality(90),
    "JPEG 50": _quality(50),
    "JPEG 20": _quality(20),
    "scaled to 50 %": _scaled(0.5),
    "scaled to 25 %": _scaled(0.25),
    "cropped to 90 %": _cropped(0.9),
    "cropped to 75 %": _cropped(0.75),
    "cropped to 60 %": _cropped(0.6),
    "turned by 90": _turned(Image.Transpose.ROTATE_90),
    "mirrored": _turned(Image.Transpose.FLIP_LEFT_RIGHT),
    "caption": _captioned,
    "border": _bordered,
}


# ---- what is found


def pairs(library: Library) -> Iterator[tuple[str, str]]:
    """All pairs of pictures that lie in one group."""
    for group in library.duplicates(look=False).groups:
        records = [group.best, *(copy.record for copy in group.copies)]
        yield from combinations(sorted(Path(one.path).name for one in records), 2)


def is_copy(one: str, other: str) -> bool:
    """Whether both were made of one photograph, or are it."""
    return _made_of(one) == _made_of(other)


def _made_of(name: str) -> str:
    return name.removesuffix(".jpg").split(" ")[0]


def recalls(found: Found, folder: Path) -> dict[str, float]:
    """For each kind, the part of the copies that were found with their photograph."""
    made: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    for copy in folder.glob("* *.jpg"):
        photograph, _, kind = copy.stem.partition(" ")
        ends = sorted([copy.name, f"{photograph}.jpg"])
        made[kind].append((ends[0], ends[1]) in found)
    return {kind: sum(right) / len(right) for kind, right in made.items()}


def precision(found: Found) -> float:
    """The part of the pairs that are copies made here."""
    return sum(is_copy(*pair) for pair in found) / max(len(found), 1)


def _imagededup(python: str, folder: Path, scratch: Path) -> dict[str, Found]:
    """The pairs by imagededup's perceptual hash, for some distances."""
    result = scratch / "hashes.json"
    script = ROOT / "benchmarks" / "peer_imagededup_hash.py"
    run(python, script, folder, result, *map(str, _DISTANCES))
    told = json.loads(result.read_text("utf-8"))
    return {
        f"pHash, {distance} bits": {(one, other) for one, other in told[str(distance)]}
        for distance in _DISTANCES
    }


def _show(found: dict[str, Found], folder: Path, count: int) -> None:
    by_kind = {name: recalls(some, folder) for name, some in found.items()}
    rows: list[tuple[object, ...]] = [
        (kind, *(right[kind] for right in by_kind.values())) for kind in KINDS
    ]
    rows.append(("precision of pairs", *map(precision, found.values())))
    rows.append(("pairs", *map(len, found.values())))
    show(f"recall by kind, among {count:,} pictures", ("copies", *found), rows)


if __name__ == "__main__":
    sys.exit(alone(measure))
