"""Clustered vectors of 1,280 numbers → what each engine needs to build, keep, open, ask and extend.

    python -m benchmarks.engines [--rows 100000] [--engines usearch-f16 numpy ...]

Each engine is built in one process and asked in another. Its effort, the knob that trades time for
recall, is the least of a ladder that reaches a recall of `ENOUGH` on queries of their own; the
other queries are measured. Engines that keep less than the vectors are asked for more rows than
are wanted, and these are ranked again with the vectors as they are, mapped from a file. An engine
whose package is not installed is named and left out. Not part of `make bench`.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clusters import Mixture
from benchmarks.engine_kinds import ENGINES, Engine, K, Open, Rows, Vectors, blocks
from benchmarks.measuring import Figures, Sample, Settings, alone, in_child, memory, show, timed

ENOUGH = 0.99
_TUNING, _ASKED = 100, 300  # queries
_ADDED = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What one engine did: times in seconds, memory in MB, ``found`` (queries, K)."""

    first_answer: float
    effort: int
    seconds: Sample
    found: Rows
    private: float | None
    anonymous: float | None
    add: float


def measure(
    settings: Settings, *, rows: int = 100_000, engines: Sequence[str] | None = None
) -> Figures:
    """A row of the table for each engine."""
    rows = 5000 if settings.quick else rows
    file, queries = _vectors(settings.scratch, rows)
    truth = exact(np.load(file, mmap_mode="r"), queries)
    figures: Figures = {}
    table = []
    for name in engines or ENGINES:
        engine = ENGINES[name]
        if importlib.util.find_spec(engine.package) is None:
            print(f"benchmarks: {name} is left out: {engine.package} is missing.", file=sys.stderr)
            continue
        folder = settings.scratch / name
        folder.mkdir()
        (built, _), weight = in_child(_build, name, file, folder)
        size = _megabytes(folder)
        asked, _ = in_child(_ask, name, file, folder, queries, truth)
        matrix = np.load(file, mmap_mode="r")
        right = _share(matrix, queries[_TUNING:], truth[_TUNING:], asked.found)
        taken = asked.seconds.scaled(1e3)
        values = (built, weight.peak, taken.median, taken.quantile(0.95), right, asked.effort)
        held = (asked.private, asked.anonymous, size, asked.first_answer * 1e3, asked.add)
        table.append((name, *values, *held))
        figures |= _figures(name, table[-1])
    show(f"{rows:,} vectors of {queries.shape[1]}, k {K}, {_ASKED} queries", _HEADER, table)
    return figures


_HEADER = (
    *("", "build, s", "peak, MB", "p50, ms", "p95, ms", "recall", "effort", "private, MB"),
    *("anonymous, MB", "disk, MB", "first, ms", "add 1,000, s"),
)
_NAMES = (
    *("build_s", "build_peak_mb", "p50_ms", "p95_ms", "recall30", "effort", "private_mb"),
    *("anonymous_mb", "disk_mb", "first_answer_ms", "add1000_s"),
)


def _figures(name: str, row: tuple[Any, ...]) -> Figures:
    named = zip(_NAMES, row[1:], strict=True)
    label = name.replace("-", "_")
    return {f"engine_{label}_{n}": round(v, 4) for n, v in named if v is not None}


def _vectors(scratch: Path, rows: int) -> tuple[Path, Vectors]:
    """The matrix of ``rows`` and what is added later, in a file; and the queries."""
    file, mixture = scratch / f"vectors-{rows}.npy", Mixture()
    total = rows + _ADDED
    held = np.lib.format.open_memmap(file, "w+", np.float32, (total, mixture.dim))
    done = 0
    for chunk in mixture.chunks(total):
        held[done : done + len(chunk)] = chunk
        done += len(chunk)
    held.flush()
    return file, mixture.queries(_TUNING + _ASKED)


def exact(matrix: Vectors, queries: Vectors) -> Vectors:
    """The score of the K-th closest row for each query (n,); the added rows are no answers."""
    best = np.full((len(queries), K), -2, np.float32)
    for block in blocks(matrix[: len(matrix) - _ADDED]):
        both = np.concatenate([best, queries @ block.T], axis=1)
        best = np.partition(both, -K, axis=1)[:, -K:]
    kth: Vectors = best.min(axis=1)
    return kth


def _share(matrix: Vectors, queries: Vectors, truth: Vectors, found: Rows) -> float:
    """The share of the rows found that are as close as the K-th closest."""
    right = [
        (np.asarray(matrix[np.sort(rows)]) @ query >= least - 1e-6).sum()
        for query, rows, least in zip(queries, found, truth, strict=True)
    ]
    return float(np.sum(right)) / found.size


def _megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


# ---- in a process of its own


def _open_file(file: Path) -> Vectors:
    """The rows that are built with, mapped; the rest is added later."""
    whole: Vectors = np.load(file, mmap_mode="r")
    return whole[: len(whole) - _ADDED].view(np.ndarray)


def _build(name: str, file: Path, folder: Path) -> tuple[float, str]:
    matrix = _open_file(file)
    return timed(lambda: ENGINES[name].build(matrix, folder)), name


def _ask(name: str, file: Path, folder: Path, queries: Vectors, truth: Vectors) -> Asked:
    engine, matrix = ENGINES[name], _open_file(file)
    importlib.import_module(engine.package)
    started = time.perf_counter()
    opened = engine.open(matrix, folder)
    opened.ask(queries[0], engine.efforts[0])
    first_answer = time.perf_counter() - started
    effort = _least_effort(engine, opened, matrix, queries[:_TUNING], truth[:_TUNING])
    seconds, found = [], []
    for query in queries[_TUNING:]:
        started = time.perf_counter()
        rows = opened.ask(query, effort)
        seconds.append(time.perf_counter() - started)
        found.append(rows)
    held = memory()
    more = np.asarray(np.load(file, mmap_mode="r")[len(matrix) :])
    added = timed(lambda: opened.add(more, len(matrix)))
    sample = Sample(tuple(seconds))
    return Asked(first_answer, effort, sample, np.stack(found), held.private, held.anonymous, added)


def _least_effort(
    engine: Engine, opened: Open, matrix: Vectors, queries: Vectors, truth: Vectors
) -> int:
    for effort in engine.efforts:
        found = np.stack([opened.ask(query, effort) for query in queries])
        if _share(matrix, queries, truth, found) >= ENOUGH:
            return effort
    return engine.efforts[-1]


def main(arguments: Sequence[str] | None = None) -> int:
    """The options of this benchmark before those that all have."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--engines", nargs="+", choices=ENGINES)
    own, others = options.parse_known_args(arguments)
    return alone(partial(measure, rows=own.rows, engines=own.engines), others)


if __name__ == "__main__":
    sys.exit(main())
