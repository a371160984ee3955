"""Judged labels, and where their pictures are → the embeddings and labels of those that are here.

``judged_labels.csv`` has a line for each picture: which of its likely labels are right and which
are wrong, as told by one judge who saw the picture and the labels in the order of the alphabet,
without their probabilities. Right is what names a thing that the picture shows: another breed or
species is wrong, and so is a thing that only looks alike.

The pictures come with packages, of which none is in this repository: the sample photographs with
those that `make demo` takes, photographs and drawings with Debian's (``gcompris-qt-data`` 3.1,
``mate-backgrounds`` 1.26, ``lomiri-wallpapers-16.04`` and ``-20.04`` of 20.04, and
``tuxpaint-stamps-default`` 2022.06; below /usr/share, or where LOOKALIKE_SHARE says), and the
flowers as ever.
"""

from __future__ import annotations

import csv
import io
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import MissingError, Settings
from lookalike import image
from lookalike.encoder import Encoder
from lookalike.models import ModelCard
from scripts.gather_samples import gather

FILE = Path(__file__).parent / "judged_labels.csv"
SHARE = "LOOKALIKE_SHARE"
_SIDE = 224


@dataclass(frozen=True, slots=True)
class Judged:
    """One picture: its place in its collection, and what of its likely labels is right or wrong."""

    collection: str
    picture: str
    right: frozenset[str]
    wrong: frozenset[str]


def judged() -> list[Judged]:
    """All that were judged, in order of collection and picture."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return [
            Judged(row["collection"], row["picture"], _names(row["right"]), _names(row["wrong"]))
            for row in csv.DictReader(file)
        ]


def _names(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split(";")))


def collections(settings: Settings) -> dict[str, Path | None]:
    """Each collection with the folder of its pictures; None where it is not here."""
    share = Path(os.environ.get(SHARE, "/usr/share"))
    samples = settings.scratch / "samples"
    gather(samples)
    found: dict[str, Path | None] = {
        "samples": samples,
        "gcompris": _unpacked(share / "gcompris-qt" / "rcc", settings.scratch / "gcompris"),
        "stamps": share / "tuxpaint" / "stamps",
        "wallpapers": share / "backgrounds",
        "flowers": settings.flowers and settings.flowers / "images",
    }
    return {name: at if at and at.is_dir() else None for name, at in found.items()}


def encoded(card: ModelCard, folder: Path, some: list[Judged]) -> NDArray[np.float32]:
    """The embeddings (n, dim) of judged pictures below a folder. Raises MissingError."""
    encoder = Encoder.load(card)
    rows = []
    for one in some:
        path = folder / one.picture
        if not path.is_file():
            raise MissingError(f"{path} is not here: another release of its package has others.")
        picture = image.read(path, max_pixels=10**9, near=_SIDE).image
        rows.append(encoder.encode(image.to_input(picture, card.preprocess)[np.newaxis])[0])
    return np.stack(rows)


# ---- Qt's resource files


def _unpacked(files: Path, folder: Path) -> Path:
    """The pictures in all resource files, each in a folder with the name of its file."""
    for file in sorted(files.glob("*.rcc")):
        for name, content in _resources(file.read_bytes()):
            if name.endswith((".webp", ".jpg", ".png")):
                target = folder / file.stem / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
    return folder


def _resources(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The names and contents of a resource file's files (Qt's ``rcc``), whatever folder in it they
    are in; those that are packed in another way than by zlib are left out."""
    file = io.BytesIO(content)
    magic, version, tree, data, names = struct.unpack(">4s4I", file.read(20))
    size = 14 if version == 1 else 22  # from version 2 on each entry has a time
    if magic != b"qres":
        return
    folders = [(0, 1)]
    while folders:
        first, count = folders.pop()
        for number in range(first, first + count):
            at = tree + number * size
            name, flags, one, other = struct.unpack_from(">IHII", content, at)
            if flags & 2:
                folders.append((other, one))
                continue
            begin = data + other
            (length,) = struct.unpack_from(">I", content, begin)
            held = content[begin + 4 : begin + 4 + length]
            (letters,) = struct.unpack_from(">H", content, names + name)
            text = content[names + name + 6 :][: 2 * letters].decode("utf-16-be")
            if not flags & 4:
                yield text, zlib.decompress(held[4:]) if flags & 1 else held
