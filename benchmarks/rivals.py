"""Unit vectors → engines that find the closest ones, all asked in the same way.

Each engine is built and asked in a process of its own, so that the threads of one never wait in
the way of another, and its memory is its own. ``ask`` takes one query (dim,) and returns the
numbers of k rows, best first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.filling import fill, row_of
from benchmarks.measuring import Memory, memory

Vectors = NDArray[np.float32]
Ask = Callable[[Vectors, int], NDArray[np.int64]]
_PROBED = 16  # cells of an IVF that one query looks into
_BATCH = 4096  # rows that are handed over at once


def build(name: str, vectors: Path, folder: Path) -> float:
    """Make an engine's files from a saved matrix (n, dim), and open it → seconds."""
    started = time.perf_counter()
    _open(name, vectors, folder)
    return time.perf_counter() - started


def ask(
    name: str, vectors: Path, folder: Path, queries: Vectors, k: int
) -> tuple[list[float], NDArray[np.int64]]:
    """Each query (n, dim) by itself → its seconds, and the rows found (n, k)."""
    engine = _open(name, vectors, folder)
    seconds, found = [], []
    for query in queries:
        started = time.perf_counter()
        rows = engine(query, k)
        seconds.append(time.perf_counter() - started)
        found.append(rows)
    return seconds, np.stack(found)


def weigh() -> Memory:
    """The memory of the process that an engine lives in."""
    return memory()


@cache
def _open(name: str, vectors: Path, folder: Path) -> Ask:
    return ENGINES[name](vectors, folder)


def _numpy(vectors: Path, _folder: Path) -> Ask:
    matrix = np.load(vectors)

    def search(query: Vectors, k: int) -> NDArray[np.int64]:
        scores = matrix @ query
        best = np.argpartition(scores, -k)[-k:]
        return best[np.argsort(-scores[best])]

    return search


def _faiss_flat(vectors: Path, _folder: Path) -> Ask:
    import faiss

    matrix = np.load(vectors)
    index = faiss.IndexFlatIP(matrix.shape[1])
    index.add(matrix)
    return _of_faiss(index)


def _faiss_ivf(vectors: Path, _folder: Path) -> Ask:
    import faiss

    matrix = np.load(vectors)
    cells = cells_for(len(matrix))
    index = faiss.index_factory(matrix.shape[1], f"IVF{cells},Flat", faiss.METRIC_INNER_PRODUCT)
    index.train(matrix)
    index.add(matrix)
    index.nprobe = _PROBED
    return _of_faiss(index)


def _of_faiss(index: Any) -> Ask:
    def search(query: Vectors, k: int) -> NDArray[np.int64]:
        rows: NDArray[np.int64] = index.search(query[None], k)[1][0]
        return rows

    return search


def _lancedb(vectors: Path, folder: Path) -> Ask:
    return _of_lancedb(_lance_table(vectors, folder), lambda search: search)


def _lancedb_ivf(vectors: Path, folder: Path) -> Ask:
    table = _lance_table(vectors, folder)
    table.create_index(
        metric="dot",
        vector_column_name="vector",
        index_type="IVF_HNSW_SQ",
        num_partitions=max(1, cells_for(table.count_rows()) // 16),
    )
    return _of_lancedb(table, lambda search: search.nprobes(_PROBED).refine_factor(4))


def _of_lancedb(table: Any, wish: Callable[[Any], Any]) -> Ask:
    def search(query: Vectors, k: int) -> NDArray[np.int64]:
        asked = table.search(query, vector_column_name="vector").distance_type("dot")
        rows: NDArray[np.int64] = (
            wish(asked).select(["row", "_distance"]).limit(k).to_arrow()["row"].to_numpy()
        )
        return rows

    return search


def _lance_table(vectors: Path, folder: Path) -> Any:
    import lancedb
    import pyarrow

    matrix = np.load(vectors, mmap_mode="r")

    def batches() -> Any:
        for start in range(0, len(matrix), _BATCH):
            part = np.ascontiguousarray(matrix[start : start + _BATCH])
            column = pyarrow.FixedSizeListArray.from_arrays(part.reshape(-1), matrix.shape[1])
            numbers = pyarrow.array(np.arange(start, start + len(part)))
            yield pyarrow.RecordBatch.from_arrays([numbers, column], ["row", "vector"])

    kind = pyarrow.list_(pyarrow.float32(), matrix.shape[1])
    schema = pyarrow.schema([("row", pyarrow.int64()), ("vector", kind)])
    return lancedb.connect(folder).create_table("vectors", batches(), schema=schema)


def _lookalike(vectors: Path, folder: Path) -> Ask:
    """The store as `Library` uses it: every answer is a list of hits with their records."""
    store = fill(folder, [np.load(vectors, mmap_mode="r")])
    store.save_caches()

    def search(query: Vectors, k: int) -> NDArray[np.int64]:
        return np.array([row_of(hit.record) for hit in store.search(query, k)])

    return search


ENGINES: Mapping[str, Callable[[Path, Path], Ask]] = {
    "Lookalike": _lookalike,
    "numpy": _numpy,
    "faiss flat": _faiss_flat,
    "faiss IVF": _faiss_ivf,
    "LanceDB flat": _lancedb,
    "LanceDB IVF-HNSW-SQ": _lancedb_ivf,
}
"""Lookalike, the exact search of NumPy, and what else a Python program would install for it."""


def cells_for(rows: int) -> int:
    """How many cells an IVF gets: a cell holds about as many rows as there are cells, halved."""
    return int(2 * rows**0.5)
