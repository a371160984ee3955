"""Libraries with labels, and what packages bring → collections of embeddings with their kinds."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from lookalike import Library, evaluate, image, models
from lookalike.encoder import Encoder
from scripts.gather_samples import gather

Vectors = NDArray[np.float32]

_CUTS = 8  # of each photograph of `shots`


@dataclass(frozen=True, eq=False)
class Collection:
    """Embeddings (n, dim), and the kind of each."""

    rows: Vectors
    kinds: NDArray[np.str_]

    def of(self, chosen: NDArray[Any]) -> Collection:
        """Some of it."""
        return Collection(self.rows[chosen], self.kinds[chosen])

    def half(self, which: int) -> Collection:
        """Every second kind."""
        names = np.unique(self.kinds)
        return self.of(np.isin(self.kinds, names[which::2]))


def read(given: str) -> tuple[str, Collection]:
    """A library, with a file of labels after ``=`` → its name and what is in it."""
    place, _, labels = given.partition("=")
    with Library.open(place) as library:
        records, rows = library.embeddings()
    kinds = (
        evaluate.assign_labels(records, evaluate.read_labels(labels))
        if labels
        else [Path(record.relative).parent.as_posix() for record in records]
    )
    there = np.array([kind is not None for kind in kinds])
    return Path(place).name, Collection(rows[there], np.array([str(one) for one in kinds])[there])


def made() -> dict[str, Collection]:
    """`shots`, and `digits` where they are there."""
    encoder = Encoder.load(models.find("efficientnet-lite0-int8"))
    found = {"shots": _collection(encoder, _shots())}
    if find_spec("sklearn"):
        found["digits"] = _collection(encoder, _digits())
    return found


def _collection(encoder: Encoder, pictures: Iterator[tuple[Image.Image, str]]) -> Collection:
    rows, kinds = [], []
    for some in _sixteen(pictures):
        pixels = [image.to_input(one, encoder.card.preprocess) for one, _ in some]
        rows.append(encoder.encode(np.stack(pixels)))
        kinds += [kind for _, kind in some]
    return Collection(np.concatenate(rows), np.array(kinds))


def _sixteen(
    pictures: Iterator[tuple[Image.Image, str]],
) -> Iterator[list[tuple[Image.Image, str]]]:
    while some := list(itertools.islice(pictures, 16)):
        yield some


def _shots() -> Iterator[tuple[Image.Image, str]]:
    chance = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for file in gather(Path(folder)):
            picture = Image.open(file).convert("RGB")
            picture.thumbnail((512, 512))
            for _ in range(_CUTS):
                yield _shot(picture, chance), file.name


def _shot(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    part = chance.uniform(0.45, 0.8)
    left, top = chance.uniform(0, 1 - part, 2) * picture.size
    wide, high = part * picture.width, part * picture.height
    cut = picture.crop((int(left), int(top), int(left + wide), int(top + high)))
    cut = ImageEnhance.Brightness(cut).enhance(chance.uniform(0.7, 1.3))
    return cut.rotate(chance.uniform(-6, 6), Image.Resampling.BICUBIC)


def _digits() -> Iterator[tuple[Image.Image, str]]:
    from sklearn.datasets import load_digits  # type: ignore[import-untyped]

    held = load_digits()
    for pixels, kind in zip(held.images, held.target, strict=True):
        drawn = Image.fromarray((255 - pixels * 15.9).astype(np.uint8))
        yield drawn.resize((128, 128), Image.Resampling.BICUBIC).convert("RGB"), str(kind)


def parts(every: Mapping[str, Collection]) -> list[str]:
    """What a mixed collection is of: the first, and the photographs of packages."""
    return [next(iter(every)), "shots"]


def mixed(every: Mapping[str, Collection]) -> Collection:
    """As many of each, as in a folder of all sorts; what else there is stays foreign."""
    chance = np.random.default_rng(0)
    names = parts(every)
    least = min(len(every[name].rows) for name in names)
    some = {
        name: every[name].of(chance.permutation(len(every[name].rows))[:least]) for name in names
    }
    kinds = [np.char.add(f"{name}: ", one.kinds) for name, one in some.items()]
    return Collection(np.concatenate([one.rows for one in some.values()]), np.concatenate(kinds))
