"""A million clustered vectors → recall, times and memory of a library of that size.

The library is filled through its store, as indexing fills it; nothing but the pictures is missing.
Truth is computed from the vectors while they go in. What is asked later is asked in fresh
processes: their first answer and their memory are their own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import filling
from benchmarks.clusters import Mixture
from benchmarks.measuring import Figures, Sample, Settings, alone, in_child, memory, show, timed
from lookalike.stores.base import Filter
from lookalike.stores.embedded import EmbeddedStore

Vectors = NDArray[np.float32]
K = 30
QUERIES = 200  # of which the true neighbours are known
_COLD = 100  # queries of a fresh process that are told apart from those after them
_MORE = 1000  # pictures that are added


def measure(settings: Settings) -> Figures:
    """The figures of a million; in a quick run of a few ten thousand."""
    folder = library(settings)
    built: dict[str, float] = json.loads((folder / "built.json").read_text("utf-8"))
    figures: Figures = {"million_pictures": built.pop("pictures")}
    figures |= {f"million_{name}": value for name, value in built.items()}
    asked, weight = in_child(ask, folder)
    figures |= {f"million_{name}": value for name, value in asked.items()}
    if weight.private is not None and weight.anonymous is not None:
        # after an exact search, which reads everything, too
        figures["million_private_mb"] = round(weight.private, 1)
        figures["million_anonymous_mb"] = round(weight.anonymous, 1)
    figures |= _from_the_shell(folder)
    figures |= {f"million_{name}": value for name, value in in_child(filtered, folder)[0].items()}
    figures |= {f"million_{name}": value for name, value in in_child(add, folder)[0].items()}
    show(
        f"{built_count(figures):,} clustered vectors of {Mixture().dim}, k {K}",
        ("figure", "value"),
        [(name, value) for name, value in figures.items()],
    )
    return figures


def built_count(figures: Figures) -> int:
    """How many pictures the library was built with."""
    return int(float(str(figures["million_pictures"])))


def library(settings: Settings) -> Path:
    """The folder of the library, which is made the first time it is asked for."""
    folder = settings.scratch / "million"
    if not (folder / "built.json").is_file():
        built, weight = in_child(build, folder, 60_000 if settings.quick else 1_000_000)
        if weight.peak is not None:
            built["build_peak_mb"] = round(weight.peak, 1)
        (folder / "built.json").write_text(json.dumps(built), "utf-8")
    return folder


def build(folder: Path, count: int) -> dict[str, float]:
    """Fill the library and its search cache; keeps the queries and their truth beside it."""
    mixture = Mixture()
    queries = mixture.queries(QUERIES)
    truth = Truth(queries)
    started = time.perf_counter()
    with filling.fill(folder, truth.watching(mixture.chunks(count))) as store:
        filled = time.perf_counter() - started - truth.seconds
        cached = timed(store.save_caches)
        index = store.search_index()
        size = store.size()
    np.savez(folder / "truth.npz", queries=queries, rows=truth.rows, scores=truth.scores)
    return {
        "pictures": count,
        "fill_s": round(filled, 1),
        "build_s": round(cached, 1),
        "cells": index.cells,
        "probes": index.probes,
        "recall_told": round(index.recall, 4),
        "bytes_per_picture": round(size / count, 1),
    }


class Truth:
    """Keeps the true neighbours of queries while vectors pass by."""

    def __init__(self, queries: Vectors) -> None:
        self._queries = queries
        self.scores = np.full((len(queries), K), -2.0, np.float32)
        self.rows = np.zeros((len(queries), K), np.int64)
        self.seconds = 0.0  # spent here, and in making the vectors

    def watching(self, chunks: Iterator[Vectors]) -> Iterator[Vectors]:
        """The same chunks."""
        first = 0
        while True:
            started = time.perf_counter()
            chunk = next(chunks, None)
            if chunk is not None:
                self._see(chunk, first)
                first += len(chunk)
            self.seconds += time.perf_counter() - started
            if chunk is None:
                return
            yield chunk

    def _see(self, chunk: Vectors, first: int) -> None:
        scores = np.concatenate([self.scores, self._queries @ chunk.T], axis=1)
        places = np.arange(first, first + len(chunk))
        rows = np.concatenate([self.rows, np.tile(places, (len(self.rows), 1))], axis=1)
        best = np.argpartition(scores, -K, axis=1)[:, -K:]
        self.scores = np.take_along_axis(scores, best, 1)
        self.rows = np.take_along_axis(rows, best, 1)


def ask(folder: Path) -> dict[str, float]:
    """One client, one query after the other; then some exact searches."""
    known = np.load(folder / "truth.npz")
    others = Mixture(seed=7).queries(1000)[QUERIES:]
    opened = time.perf_counter()
    with EmbeddedStore(folder) as store:
        store.search(known["queries"][0], K)
        first = time.perf_counter() - opened
        cold = _each(store, others[:_COLD])
        warm = _each(store, others[_COLD:])
        recall = _recall(store, known["queries"], known["rows"])
        weight = memory()
        exact = Sample(tuple(timed(lambda: store.search(others[0], K, exact=True)) for _ in "123"))
    told = {
        "open_and_search_s": first,
        "p50_ms": 1e3 * warm.median,
        "p95_ms": 1e3 * warm.quantile(0.95),
        "first_hundred_p50_ms": 1e3 * cold.median,
        "exact_ms": 1e3 * exact.median,
        "recall30": recall,
    }
    if weight.private is not None:
        told["searching_private_mb"] = weight.private
    return {name: round(value, 4) for name, value in told.items()}


def _each(store: EmbeddedStore, queries: Vectors) -> Sample:
    seconds = []
    for query in queries:
        started = time.perf_counter()
        store.search(query, K)
        seconds.append(time.perf_counter() - started)
    return Sample(tuple(seconds))


def _recall(store: EmbeddedStore, queries: Vectors, truth: NDArray[np.int64]) -> float:
    right = 0
    for query, rows in zip(queries, truth, strict=True):
        found = {filling.row_of(hit.record) for hit in store.search(query, K)}
        right += len(found & set(rows.tolist()))
    return right / truth.size


def _from_the_shell(folder: Path) -> dict[str, float]:
    """A fresh Python that imports the store, opens the library and answers once."""
    code = (
        "import sys, numpy as np\n"
        "from lookalike.stores.embedded import EmbeddedStore\n"
        "with EmbeddedStore(__import__('pathlib').Path(sys.argv[1])) as store:\n"
        "    store.search(np.load(sys.argv[1] + '/truth.npz')['queries'][1], 30)\n"
    )
    command = [sys.executable, "-c", code, str(folder)]
    taken = Sample(tuple(timed(lambda: subprocess.run(command, check=True)) for _ in range(5)))
    return {"million_first_answer_s": round(taken.median, 3)}


def filtered(folder: Path) -> dict[str, float]:
    """Searches that are restricted to some of the pictures, beside brute force over those."""
    queries = np.load(folder / "truth.npz")["queries"][:3]
    figures: dict[str, float] = {}
    agree = True
    with EmbeddedStore(folder) as store:
        count = store.count()
        for name, every in (("0.01", 10_000), ("1", 100), ("50", 2)):
            where = Filter(ids=frozenset(range(1, count + 1, every)))
            seconds = []
            for query in queries:
                started = time.perf_counter()
                hits = store.search(query, K, where=where)
                seconds.append(time.perf_counter() - started)
                agree &= _is_true(folder, query, [hit.record.id for hit in hits], every)
            figures[f"filter_{name}_percent_ms"] = round(1e3 * Sample(tuple(seconds)).median, 1)
    return {**figures, "filters_exact": float(agree)}


def _is_true(folder: Path, query: Vectors, found: Sequence[int], every: int) -> bool:
    """Whether the ids are the best among every so-manieth, by a plain read of the database."""
    import sqlite3

    best: list[tuple[float, int]] = []
    connection = sqlite3.connect(folder / "library.sqlite")
    rows = connection.execute(
        "SELECT image, vector FROM embeddings WHERE (image - 1) % ? = 0", (every,)
    )
    while block := rows.fetchmany(8192):
        vectors = np.frombuffer(b"".join(row[1] for row in block), np.float32)
        scores = vectors.reshape(len(block), -1) @ query
        top = np.argsort(-scores)[:K]
        best += [(float(scores[at]), int(block[at][0])) for at in top]
        best = sorted(best, reverse=True)[:K]
    connection.close()
    # a tie within single precision may go either way
    least = best[-1][0] - 1e-6
    return len(found) == len(best) and set(found) >= {
        one for score, one in best if score > least + 2e-6
    }


def add(folder: Path) -> dict[str, float]:
    """New pictures: committed, saved in the cache, and found."""
    mixture = Mixture(seed=7)
    count = 1_000_000_000  # a place in the mixture that no other vector has
    (new,) = (chunk[:_MORE] for chunk in mixture.chunks(_MORE, first=count - count % 8192))
    with EmbeddedStore(folder) as store:
        store.search(new[0], K)
        started = time.perf_counter()
        store.commit([filling.record(count + row) for row in range(len(new))], new)
        hits = store.search(new[-1], K)
        seen = time.perf_counter() - started
        store.save_caches()
        kept = time.perf_counter() - started
    found = filling.row_of(hits[0].record) == count + _MORE - 1
    return {
        "add1000_seen_s": round(seen, 3),
        "add1000_s": round(kept, 3),
        "add1000_found": float(found),
    }


if __name__ == "__main__":
    sys.exit(alone(measure))
