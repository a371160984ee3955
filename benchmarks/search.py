"""The same vectors and queries → Lookalike's store beside NumPy, faiss and LanceDB.

Twice: the flowers, asked with mirrored and cropped photographs which are not among them, and a
hundred thousand clustered vectors. Every engine lives in a process of its own; they are asked in
turns, some queries each. Lookalike's time is that of its whole answer, with the records of the
hits; the others return row numbers.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmarks import flowers, rivals
from benchmarks.clusters import Mixture
from benchmarks.measuring import Figures, Memory, MissingError, Sample, Settings, alone, child, show
from lookalike import Library
from lookalike.encoder import Encoder
from lookalike.image import to_input
from lookalike.models import DEFAULT_MODEL, find

Vectors = NDArray[np.float32]
K = 30
_TURN = 50  # queries before it is the next engine's turn


def measure(settings: Settings) -> Figures:
    """Medians, 95th percentiles, recall and memory of every engine; our ratio to the exact one."""
    figures: Figures = {}
    try:
        vectors, queries = _flowers(settings)
        figures |= compare("flowers", vectors, queries, settings.scratch / "search-flowers")
    except MissingError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
    mixture, count = Mixture(), 10_000 if settings.quick else 100_000
    vectors = np.concatenate(list(mixture.chunks(count)))
    folder = settings.scratch / "search-clustered"
    figures |= compare("clustered", vectors, mixture.queries(200), folder)
    return figures


def compare(name: str, vectors: Vectors, queries: Vectors, folder: Path) -> Figures:
    """Build every engine over the vectors, and ask all of them the same."""
    folder.mkdir(parents=True)
    matrix = folder / "matrix.npy"
    np.save(matrix, vectors)
    asked = _ask_all(matrix, queries)
    shutil.rmtree(folder)
    rows: list[dict[str, float | str]] = []
    for engine, (built, taken, found, memory) in asked.items():
        row: dict[str, float | str] = {"engine": engine, "build_s": round(built, 2)}
        row["p50_ms"] = round(1e3 * taken.median, 3)
        row["p95_ms"] = round(1e3 * taken.quantile(0.95), 3)
        row["recall30"] = round(recall(vectors, queries, found), 4)
        if memory.anonymous is not None:
            row["anonymous_mb"] = round(memory.anonymous, 1)
        rows.append(row)
    show(
        f"{name}: {len(vectors):,} vectors of {vectors.shape[1]}, {len(queries)} queries, k {K}",
        list(rows[0]),
        [list(row.values()) for row in rows],
    )
    ours, exact = asked["Lookalike"][1], asked["numpy"][1]
    return {
        f"search_{name}": rows,
        f"search_{name}_ms": round(1e3 * ours.median, 3),
        f"search_{name}_p95_ms": round(1e3 * ours.quantile(0.95), 3),
        f"search_{name}_vs_numpy": round(ours.median / exact.median, 3),
    }


Asked = tuple[float, Sample, NDArray[np.int64], Memory]


def _ask_all(matrix: Path, queries: Vectors) -> dict[str, Asked]:
    with ExitStack() as open_processes:
        processes = {name: open_processes.enter_context(child()) for name in rivals.ENGINES}
        places = {name: matrix.parent / name for name in processes}
        built = {
            name: process.submit(rivals.build, name, matrix, places[name]).result()
            for name, process in processes.items()
        }
        seconds: dict[str, list[float]] = {name: [] for name in processes}
        found: dict[str, list[NDArray[np.int64]]] = {name: [] for name in processes}
        for start in range(-_TURN, len(queries), _TURN):
            part = queries[max(start, 0) : max(start, 0) + _TURN]
            for name, process in processes.items():
                job = process.submit(rivals.ask, name, matrix, places[name], part, K)
                if start >= 0:  # the first turn warms up
                    took, rows = job.result()
                    seconds[name] += took
                    found[name].append(rows)
                else:
                    job.result()
        memory = {
            name: process.submit(rivals.weigh).result() for name, process in processes.items()
        }
    return {
        name: (built[name], Sample(tuple(seconds[name])), np.concatenate(found[name]), memory[name])
        for name in processes
    }


def recall(vectors: Vectors, queries: Vectors, found: NDArray[np.int64]) -> float:
    """The share of rows found that are as close as the k-th closest: ties are as good."""
    right = 0
    for query, rows in zip(queries, found, strict=True):
        scores = vectors @ query
        least = np.partition(scores, -K)[-K]
        right += int((scores[rows] >= least - 1e-6).sum())
    return right / found.size


# ---- the flowers


def _flowers(settings: Settings) -> tuple[Vectors, Vectors]:
    with Library.open(flowers.library(settings)) as library:
        vectors = library.embeddings()[1]
    pictures = settings.pictures()
    step = len(pictures) // (60 if settings.quick else 200)
    card = find(DEFAULT_MODEL)
    inputs = [to_input(_seen_otherwise(file), card.preprocess) for file in pictures[::step]]
    return vectors, Encoder.load(card).encode(np.stack(inputs))


def _seen_otherwise(file: Path) -> Image.Image:
    with Image.open(file) as opened:
        wide, high = opened.size
        box = (wide // 10, high // 10, wide - wide // 10, high - high // 10)
        return ImageOps.mirror(opened.convert("RGB").crop(box))


if __name__ == "__main__":
    sys.exit(alone(measure))
