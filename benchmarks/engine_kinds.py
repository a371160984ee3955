"""A matrix of unit vectors → the files of an engine, and the engine, all asked in the same way.

Engines that keep less than the vectors are asked for more rows than are wanted, and these are
ranked again with the vectors as they are, mapped from a file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]

K = 30
_CANDIDATES = 100  # rows that are ranked again
_BLOCK = 20_000  # rows that are handed over at once


class Open(Protocol):
    """An engine that has been built and opened."""

    def ask(self, query: Vectors, effort: int) -> Rows:
        """The numbers of the K rows closest to a query (dim,), best first."""

    def add(self, rows: Vectors, first: int) -> None:
        """Add rows (n, dim), numbered from ``first`` on, and keep them on the disk."""


@dataclass(frozen=True, slots=True)
class Engine:
    """``build`` writes files into a folder from a matrix (n, dim), ``open`` opens them.

    ``efforts`` rise; ``package`` is what has to be installed.
    """

    build: Callable[[Vectors, Path], None]
    open: Callable[[Vectors, Path], Open]
    efforts: tuple[int, ...]
    package: str


def blocks(matrix: Vectors) -> Iterator[Vectors]:
    """A matrix (n, dim) in parts that fit into memory."""
    for start in range(0, len(matrix), _BLOCK):
        yield np.asarray(matrix[start : start + _BLOCK])


def _best(matrix: Vectors, query: Vectors, candidates: Rows) -> Rows:
    """The K best of some rows, by the vectors as they are."""
    candidates = np.sort(candidates[candidates >= 0])
    scores = matrix[candidates] @ query
    return candidates[np.argsort(-scores)[:K]]


class _Exact:
    """All rows, which lie in a file; what is added is written behind them, here into another."""

    def __init__(self, matrix: Vectors, folder: Path) -> None:
        self._matrix, self._file = matrix, folder / "added"

    def ask(self, query: Vectors, effort: int) -> Rows:
        scores = self._matrix @ query
        best = np.argpartition(scores, -K)[-K:]
        return best[np.argsort(-scores[best])]

    def add(self, rows: Vectors, first: int) -> None:
        with self._file.open("ab") as file:
            file.write(rows.tobytes())
            file.flush()
            os.fsync(file.fileno())


class _Usearch:
    """A graph in a mapped file; to add to it, it is read, and written anew beside the old one."""

    def __init__(self, matrix: Vectors, folder: Path) -> None:
        from usearch.index import Index

        self._matrix, self._file = matrix, folder / "graph"
        self._index: Any = Index.restore(self._file, view=True)

    def ask(self, query: Vectors, effort: int) -> Rows:
        self._index.expansion_search = effort
        keys = self._index.search(query, max(K, min(effort, _CANDIDATES))).keys
        return _best(self._matrix, query, keys.astype(np.int64))

    def add(self, rows: Vectors, first: int) -> None:
        from usearch.index import Index

        index: Any = Index.restore(self._file)
        index.add(np.arange(first, first + len(rows)), rows)
        index.save(self._file.with_suffix(".new"))
        self._file.with_suffix(".new").replace(self._file)


def _build_usearch(matrix: Vectors, folder: Path, *, kind: str) -> None:
    from usearch.index import Index

    index = Index(ndim=matrix.shape[1], metric="ip", dtype=kind, connectivity=16, expansion_add=128)
    for number, block in enumerate(blocks(matrix)):
        index.add(np.arange(len(block)) + number * _BLOCK, block)
    index.save(folder / "graph")


class _Faiss:
    def __init__(self, matrix: Vectors, folder: Path) -> None:
        import faiss

        self._matrix, self._file = matrix, folder / "index"
        self._index = faiss.read_index(str(self._file))

    def ask(self, query: Vectors, effort: int) -> Rows:
        if hasattr(self._index, "nprobe"):
            self._index.nprobe = effort
        else:
            self._index.hnsw.efSearch = effort
        found: Rows = self._index.search(query[None], _CANDIDATES)[1][0]
        return _best(self._matrix, query, found)

    def add(self, rows: Vectors, first: int) -> None:
        import faiss

        self._index.add(rows)
        faiss.write_index(self._index, str(self._file.with_suffix(".new")))
        self._file.with_suffix(".new").replace(self._file)


def _build_faiss(matrix: Vectors, folder: Path, *, kind: str) -> None:
    import faiss

    factory = kind.format(cells=int(2 * len(matrix) ** 0.5))
    index = faiss.index_factory(matrix.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
    if not index.is_trained:
        step = max(1, len(matrix) // (64 * int(2 * len(matrix) ** 0.5)))
        index.train(np.ascontiguousarray(matrix[::step]))
    for block in blocks(matrix):
        index.add(block)
    faiss.write_index(index, str(folder / "index"))


class _Turbovec:
    """Codes of 4 bits, all of which are looked at."""

    def __init__(self, matrix: Vectors, folder: Path) -> None:
        from turbovec import TurboQuantIndex

        self._matrix, self._file = matrix, folder / "codes"
        self._index = TurboQuantIndex.load(str(self._file))

    def ask(self, query: Vectors, effort: int) -> Rows:
        found = self._index.search(query[None], effort)[1]
        return _best(self._matrix, query, np.asarray(found)[0].astype(np.int64))

    def add(self, rows: Vectors, first: int) -> None:
        self._index.add(rows)
        self._index.sync(str(self._file))


def _build_turbovec(matrix: Vectors, folder: Path) -> None:
    from turbovec import TurboQuantIndex

    index = TurboQuantIndex(matrix.shape[1], 4)
    for block in blocks(matrix):
        index.add(block)
    index.sync(str(folder / "codes"))


class _Zvec:
    def __init__(self, matrix: Vectors, folder: Path) -> None:
        import zvec

        self._zvec = zvec
        self._collection = zvec.open(str(folder / "vectors"))

    def ask(self, query: Vectors, effort: int) -> Rows:
        wanted = self._zvec.Query("v", vector=query, param=self._zvec.HnswQueryParam(ef=effort))
        return np.array([int(one.id) for one in self._collection.query(wanted, topk=K)])

    def add(self, rows: Vectors, first: int) -> None:
        _insert(self._zvec, self._collection, rows, first)
        self._collection.flush()


def _build_zvec(matrix: Vectors, folder: Path) -> None:
    import zvec

    kind = zvec.HnswIndexParam(zvec.MetricType.IP, m=16, ef_construction=128)
    vector = zvec.VectorSchema("v", zvec.DataType.VECTOR_FP32, matrix.shape[1], kind)
    schema = zvec.CollectionSchema("vectors", vectors=vector)
    collection = zvec.create_and_open(str(folder / "vectors"), schema)
    for number, block in enumerate(blocks(matrix)):
        _insert(zvec, collection, block, number * _BLOCK)
    collection.optimize()
    collection.flush()
    collection.close()


def _insert(zvec: Any, collection: Any, rows: Vectors, first: int) -> None:
    for start in range(0, len(rows), 500):
        part = enumerate(rows[start : start + 500], first + start)
        collection.insert([zvec.Doc(id=str(n), vectors={"v": row}) for n, row in part])


class _LanceDB:
    def __init__(self, matrix: Vectors, folder: Path) -> None:
        import lancedb

        self._table = lancedb.connect(folder).open_table("vectors")

    def ask(self, query: Vectors, effort: int) -> Rows:
        asked = self._table.search(query, vector_column_name="vector").distance_type("dot")
        asked = asked.nprobes(effort).refine_factor(4).select(["row", "_distance"]).limit(K)
        rows: Rows = asked.to_arrow()["row"].to_numpy()
        return rows

    def add(self, rows: Vectors, first: int) -> None:
        self._table.add(_arrow(rows, first))
        with suppress(AttributeError):  # older ones do it by themselves
            self._table.optimize()


def _build_lancedb(matrix: Vectors, folder: Path, *, kind: str) -> None:
    import lancedb
    import pyarrow

    column = pyarrow.list_(pyarrow.float32(), matrix.shape[1])
    schema = pyarrow.schema([("row", pyarrow.int64()), ("vector", column)])
    batches = (_arrow(block, number * _BLOCK) for number, block in enumerate(blocks(matrix)))
    table = lancedb.connect(folder).create_table("vectors", batches, schema=schema)
    table.create_index(
        metric="dot",
        vector_column_name="vector",
        index_type=kind,
        num_partitions=max(1, int(len(matrix) ** 0.5)),
    )


def _arrow(rows: Vectors, first: int) -> Any:
    import pyarrow

    flat = np.ascontiguousarray(rows).reshape(-1)
    column = pyarrow.FixedSizeListArray.from_arrays(flat, rows.shape[1])
    numbers = pyarrow.array(np.arange(first, first + len(rows)))
    return pyarrow.RecordBatch.from_arrays([numbers, column], ["row", "vector"])


def _nothing(_matrix: Vectors, _folder: Path) -> None:
    """Exact search needs no index."""


_GRAPH = (32, 64, 128, 256, 512, 1024)
_CELLS = (4, 8, 16, 32, 64, 128)
_FEW = (50, 100, 200, 400)

ENGINES: Mapping[str, Engine] = {
    "numpy": Engine(_nothing, _Exact, (0,), "numpy"),
    "usearch-f16": Engine(partial(_build_usearch, kind="f16"), _Usearch, _GRAPH, "usearch"),
    "usearch-i8": Engine(partial(_build_usearch, kind="i8"), _Usearch, _GRAPH, "usearch"),
    "zvec": Engine(_build_zvec, _Zvec, _GRAPH, "zvec"),
    "faiss-ivf-flat": Engine(
        partial(_build_faiss, kind="IVF{cells},Flat"), _Faiss, _CELLS, "faiss"
    ),
    "faiss-ivf-sq8": Engine(partial(_build_faiss, kind="IVF{cells},SQ8"), _Faiss, _CELLS, "faiss"),
    "faiss-hnsw-sq8": Engine(partial(_build_faiss, kind="HNSW32,SQ8"), _Faiss, _GRAPH, "faiss"),
    "turbovec": Engine(_build_turbovec, _Turbovec, _FEW, "turbovec"),
    "lancedb-ivf-rq": Engine(partial(_build_lancedb, kind="IVF_RQ"), _LanceDB, _CELLS, "lancedb"),
    "lancedb-ivf-sq": Engine(
        partial(_build_lancedb, kind="IVF_HNSW_SQ"), _LanceDB, _CELLS, "lancedb"
    ),
}
