"""The flowers → pictures a second: Lookalike end to end, its encoder alone, the paper's pipeline.

Each of them is a process of its own, and they work in turns on one slice of the pictures after the
other; Lookalike with its default model, and once more with the same network in float32. *End
to end* is `Library.index`: walk, read, hash, decode, resize, encode, commit to SQLite, write the
matrix. *The encoder alone* has its input ready in memory and uses the cores in whichever way is
quickest here: one batch spread over them, or a batch for each of them.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import flowers, paper
from benchmarks.machine import cores
from benchmarks.measuring import Figures, Sample, Settings, alone, child, show, timed
from lookalike import Library
from lookalike.encoder import Encoder
from lookalike.image import Input, read, to_input
from lookalike.models import DEFAULT_MODEL, find

MODEL, FLOAT32 = DEFAULT_MODEL, "efficientnet-lite0"
_READY = 400  # arrays that the encoder has ready of each slice: 0.24 GB in float32
_ON_PAPER = 13  # pictures of each slice that the paper's pipeline sees
_PAIRS = (("index", "encoder"), ("index_float32", "encoder_float32"))
_NAMES = tuple(name for pair in _PAIRS for name in pair)


class Way(NamedTuple):
    """How the encoder uses the cores: ``side_by_side``, a batch for each, or one over all."""

    side_by_side: bool
    batch: int

    def __str__(self) -> str:
        form = "a batch for each core" if self.side_by_side else "one batch over all cores"
        return f"{form}, {self.batch} pictures each"


WAYS = (*(Way(False, n) for n in (4, 8, 16, 32)), *(Way(True, n) for n in (1, 2, 4, 8, 16)))


def measure(settings: Settings) -> Figures:
    """Rates and ratios by slice, and the whole command once."""
    pictures = settings.pictures()
    folder = settings.scratch / "indexing"
    slices = _slices(pictures, folder / "pictures", 4)
    way, rates = _in_turns(folder, slices)
    shutil.rmtree(folder)
    whole = flowers.index(settings)
    return _figures(rates, way, len(pictures), whole.seconds, whole.peak)


def _in_turns(folder: Path, slices: Sequence[Path]) -> tuple[Way, dict[str, Sample]]:
    """Each slice is seen by the encoder, by Lookalike, by the encoder once more, by both in
    float32, and by the paper."""
    graph, features = paper.make_graph(folder / "vgg16.onnx"), folder / "features"
    features.mkdir()
    rates: dict[str, list[float]] = {name: [] for name in ("paper", *_NAMES)}
    with child() as ours, child() as encoder, child() as old:
        way = encoder.submit(best_way, slices[0]).result()
        first = _some(slices[0], folder / "first")
        for model in (MODEL, FLOAT32):
            ours.submit(index, folder / model, model, first).result()
        old.submit(paper.extract, graph, _files(slices[0])[:2], features).result()

        def encoded(part: Path, model: str) -> float:
            return encoder.submit(encode_ready, part, model, way).result()

        for part in slices:
            files = _files(part)
            for model, (end_to_end, alone_) in zip((MODEL, FLOAT32), _PAIRS, strict=True):
                before = encoded(part, model)
                took = ours.submit(index, folder / model, model, part).result()
                rates[end_to_end].append(len(files) / took)
                after = encoded(part, model)
                rates[alone_].append(2 * min(_READY, len(files)) / (before + after))
            seen = files[:_ON_PAPER]
            took = old.submit(paper.extract, graph, seen, features).result()
            rates["paper"].append(len(seen) / took)
    return way, {name: Sample(tuple(values)) for name, values in rates.items()}


def _figures(
    rates: dict[str, Sample], way: Way, count: int, seconds: float, peak: float | None
) -> Figures:
    ours, encoder, old = rates["index"], rates["encoder"], rates["paper"]
    vs_encoder, vs_paper = ours.over(encoder), ours.over(old)
    float32, float32_encoder = rates["index_float32"], rates["encoder_float32"]
    show(
        f"Indexing {count:,} flowers, pictures a second, by slice: median (least to most)",
        ("", "pictures/s", "Lookalike's ratio to it"),
        [
            ("Lookalike, end to end", ours, ""),
            (f"its encoder alone ({way})", encoder, vs_encoder),
            ("the paper's pipeline", old, vs_paper),
            ("Lookalike in float32", float32, ours.over(float32)),
            ("its encoder alone", float32_encoder, ours.over(float32_encoder)),
            ("the whole command, with its start", count / seconds, ""),
        ],
    )
    figures: Figures = {
        "index_per_s": round(ours.median, 1),
        "encoder_per_s": round(encoder.median, 1),
        "encoder_way": str(way),
        "paper_per_s": round(old.median, 2),
        "index_vs_encoder": round(vs_encoder.median, 3),
        "index_vs_encoder_least": round(min(vs_encoder.values), 3),
        "index_vs_paper": round(vs_paper.median, 1),
        "index_vs_paper_least": round(min(vs_paper.values), 1),
        "index_float32_per_s": round(float32.median, 1),
        "encoder_float32_per_s": round(float32_encoder.median, 1),
        "index_float32_vs_encoder": round(float32.over(float32_encoder).median, 3),
        "index_float32_vs_paper": round(float32.over(old).median, 1),
        "index_vs_float32": round(ours.over(float32).median, 2),
        "index_command_s": round(seconds, 2),
        "index_command_per_s": round(count / seconds, 1),
        "index_command_vs_encoder": round(count / seconds / encoder.median, 3),
    }
    if peak is not None:
        figures["index_flowers_peak_mb"] = round(peak, 1)
    return figures


# ---- what the processes do


def index(library: Path, model: str, folder: Path) -> float:
    """Index one folder into a library that stays open → seconds."""
    return timed(lambda: _library(library, model).index(folder))


@cache
def _library(folder: Path, model: str) -> Library:
    return Library.open(folder, model=model, create=True)


def best_way(folder: Path) -> Way:
    """The quickest way to use the cores here, by trying each five times in turns."""
    ready = _ready(folder, MODEL)[:128]
    taken = {way: [_encode(ready, MODEL, way)][:0] for way in WAYS}
    for _ in range(5):
        for way in WAYS:
            taken[way].append(_encode(ready, MODEL, way))
    return min(WAYS, key=lambda way: min(taken[way]))


def encode_ready(folder: Path, model: str, way: Way) -> float:
    """Encode the arrays of a folder's pictures, which are made before → seconds."""
    return _encode(_ready(folder, model), model, way)


def _encode(ready: Input, model: str, way: Way) -> float:
    encoder = _encoder(model, 1 if way.side_by_side else cores())
    batches = [ready[at : at + way.batch] for at in range(0, len(ready), way.batch)]
    if not way.side_by_side:
        return timed(lambda: [encoder.encode(batch) for batch in batches])
    with ThreadPoolExecutor(cores()) as pool:
        return timed(lambda: list(pool.map(encoder.encode, batches)))


@cache
def _encoder(model: str, threads: int) -> Encoder:
    return Encoder.load(find(model), threads=threads)


@lru_cache(maxsize=2)
def _ready(folder: Path, model: str) -> Input:
    preprocess = find(model).preprocess
    pictures = (read(file, near=preprocess.near).image for file in _files(folder)[:_READY])
    return np.stack([to_input(picture, preprocess) for picture in pictures])


# ---- the pictures


def _slices(pictures: Sequence[Path], folder: Path, number: int) -> list[Path]:
    """Copies of the pictures in folders, so that each can be indexed by itself."""
    parts = [folder / f"slice {part + 1}" for part in range(number)]
    for part in parts:
        part.mkdir(parents=True)
    for at, picture in enumerate(pictures):
        shutil.copyfile(picture, parts[at * number // len(pictures)] / picture.name)
    return parts


def _some(part: Path, target: Path) -> Path:
    """A few pictures to begin with, so that the model is loaded before anything is measured;
    they are other files than any that follow, or their embeddings would be taken over."""
    target.mkdir()
    for file in _files(part)[:8]:
        (target / file.name).write_bytes(file.read_bytes() + b"\0")
    return target


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jpg"))


if __name__ == "__main__":
    sys.exit(alone(measure))
