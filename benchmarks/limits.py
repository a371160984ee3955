"""This machine → what it can do at most: operations, bytes from memory and to the disk, writes that
last.

The other figures are held against these: no search reads its vectors faster than the memory
gives them, no network computes faster than a matrix product in the same runtime. Of each the best
round counts, for it is a limit that is looked for. NumPy's product is measured, too: its library
may know less of a new processor.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import cores
from benchmarks.measuring import Figures, Sample, Settings, alone, show, timed
from lookalike.encoder import runtime

_SIDE = 2048  # of the matrices that are multiplied
_BLOCK = 64 << 20  # bytes that each core reads: far more than any cache
_PAGE = 4096
_WRITTEN = 256 << 20  # bytes of one long write


def measure(settings: Settings) -> Figures:
    """Operations a second, bytes a second and milliseconds of a lasting write."""
    rounds = 5 if settings.quick else 15
    work = 2 * _SIDE**3 / 1e9
    product = _several(_product(settings.scratch), rounds).per(work)
    of_numpy = _several(_product_of_numpy(), rounds).per(work)
    total = cores() * _BLOCK
    reads = _several(_read(), rounds).per(total / 1e9)
    writes = _several(_lasting_write(settings.scratch, bytes(_PAGE)), rounds).scaled(1e3)
    long = _lasting_write(settings.scratch, bytes(_WRITTEN))
    flow = _several(long, 3 if settings.quick else 5).per(_WRITTEN / 1e9)
    show(
        "What this machine does at most",
        ("", "median (least to most)"),
        [
            (f"product of {_SIDE} x {_SIDE} float32, ONNX Runtime, 1e9 operations/s", product),
            ("the same, NumPy", of_numpy),
            ("reading from memory on all cores, GB/s", reads),
            ("a write of 4 kB that is on the disk, ms", writes),
            ("writing to the disk, GB/s", flow),
        ],
    )
    return {
        "limit_gflops": round(max(product.values), 1),
        "limit_numpy_gflops": round(max(of_numpy.values), 1),
        "limit_memory_gb_per_s": round(max(reads.values), 2),
        "limit_lasting_write_ms": round(min(writes.values), 3),
        "limit_write_gb_per_s": round(max(flow.values), 3),
    }


def _several(task: Callable[[], object], rounds: int) -> Sample:
    task()
    return Sample(tuple(timed(task) for _ in range(rounds)))


def _matrices() -> list[NDArray[np.float32]]:
    random = np.random.default_rng(0)
    return [random.standard_normal((_SIDE, _SIDE), np.float32) for _ in range(2)]


def _product_of_numpy() -> Callable[[], object]:
    a, b = _matrices()
    return lambda: a @ b


def _product(folder: Path) -> Callable[[], object]:
    """A product with a constant, as the layers of a network are; both cores in one run."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    a, b = _matrices()
    form = (TensorProto.FLOAT, ("n", _SIDE))
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["a", "b"], ["c"])],
        "product",
        [helper.make_tensor_value_info("a", *form)],
        [helper.make_tensor_value_info("c", *form)],
        [numpy_helper.from_array(b, "b")],
    )
    opsets = [helper.make_opsetid("", 13)]
    file = folder / "product.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), file)
    session = runtime().InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"a": a})


def _read() -> Callable[[], object]:
    """Every core takes the inner product of a block with a small vector that stays in its cache:
    one pass over memory, as an exact search makes it."""
    query = np.ones(1280, np.float32)
    rows = _BLOCK // query.nbytes
    blocks = [np.ones((rows, len(query)), np.float32) for _ in range(cores())]
    start = threading.Barrier(len(blocks))
    pool = ThreadPoolExecutor(len(blocks))

    def read(block: NDArray[np.float32]) -> float:
        start.wait()
        return float(np.vecdot(block, query).sum())

    return lambda: list(pool.map(read, blocks))


def _lasting_write(folder: Path, content: bytes) -> Callable[[], object]:
    file = folder / "lasting"

    def write() -> None:
        with file.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())

    return write


if __name__ == "__main__":
    sys.exit(alone(measure))
