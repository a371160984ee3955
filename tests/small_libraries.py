"""Nothing → a model of eight numbers, pictures on disk, an encoder that counts: quick indexing."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from lookalike import models
from lookalike.encoder import Encoder
from tests.pictures import encode
from tests.small_models import Array, linear_graph

DIM, SIDE = 8, 8

CARD = f"""
name = "tiny"
dim = {DIM}
size = {SIDE}
fit = "squash"
resample = "bilinear"
channels = "RGB"
layout = "NCHW"
mean = [127.0, 127.0, 127.0]
std = [64.0, 64.0, 64.0]
output = "vectors"
pooling = "none"
licence = "CC0-1.0"
"""


def tiny_model(folder: Path, *, seed: int = 0, name: str = "tiny") -> Path:
    """A custom model that multiplies 8 x 8 pixels by a random matrix: half a millisecond."""
    matrix = np.random.default_rng(seed).standard_normal((3 * SIDE * SIDE, DIM), np.float32)
    file = linear_graph(folder / f"{name}.onnx", matrix, shape=("n", 3, SIDE, SIDE))
    file.with_suffix(".toml").write_text(CARD.replace("tiny", name), "utf-8")
    return file


def picture(seed: int, kind: str = "PNG") -> bytes:
    """A file with a picture of 12 x 10 pixels, another for each seed."""
    from PIL import Image

    pixels = np.random.default_rng(seed).integers(0, 256, (10, 12, 3), np.uint8)
    return encode(Image.fromarray(pixels), kind)


def write(folder: Path, *names: str, seed: int = 0) -> None:
    """Pictures with these names, each with a content of its own, told by name and seed."""
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture(int.from_bytes(os.fsencode(f"{name}{seed}"), "big")))


class CountingEncoder(Encoder):
    """The real encoder; ``batches`` tells how many pictures it was given at a time."""

    batches: list[int]

    def encode(self, batch: Array) -> Array:
        self.batches.append(len(batch))
        return super().encode(batch)

    @property
    def seen(self) -> int:
        """How many pictures have been encoded since the last time this was asked."""
        number = sum(self.batches)
        self.batches.clear()
        return number


def counting_encoder(model: Path) -> CountingEncoder:
    """A custom model, ready to count."""
    encoder = CountingEncoder.load(models.find(str(model)), threads=1)
    assert isinstance(encoder, CountingEncoder)
    encoder.batches = []
    return encoder
