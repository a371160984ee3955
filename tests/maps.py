"""Nothing → vectors in a few clusters, and folders of pictures that are alike within each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from lookalike.stores.base import Embedding
from tests.pictures import encode


def clustered(clusters: int, each: int, dim: int = 32, seed: int = 0) -> Embedding:
    """Unit vectors (clusters * each, dim), those of a cluster next to each other."""
    chance = np.random.default_rng(seed)
    centres = np.repeat(chance.standard_normal((clusters, dim)), each, axis=0)
    rows = centres + 0.2 * chance.standard_normal(centres.shape)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32)


def write_folders(
    base: Path, *names: str, each: int = 12, first: int = 0, noise: float = 12
) -> None:
    """In each folder as many small pictures, which vary around one that the name stands for."""
    for name in names:
        kind = np.random.default_rng(int.from_bytes(name.encode(), "big"))
        pixels = kind.integers(0, 256, (8, 8, 3))
        folder = base / name
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(first, first + each):
            own = np.random.default_rng([number, len(name)]).normal(0, noise, pixels.shape)
            varied = (pixels + own).clip(0, 255).astype(np.uint8)
            picture = Image.fromarray(varied).resize((64, 64), Image.Resampling.NEAREST)
            (folder / f"{number:03}.png").write_bytes(encode(picture, "PNG"))
