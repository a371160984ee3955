"""benchmarks.engines and benchmarks.encoders: in small, with what is installed everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import encoders, engines
from benchmarks.engine_kinds import Engine, K, Rows, Vectors
from benchmarks.measuring import Settings


class Half:
    """An engine that finds everything once the effort is 2; below, only half of it."""

    def __init__(self, matrix: Vectors, _folder: Path) -> None:
        self.matrix = matrix

    def ask(self, query: Vectors, effort: int) -> Rows:
        order = np.argsort(-(self.matrix @ query))
        return order[:K] if effort >= 2 else order[K // 2 : K // 2 + K]

    def add(self, rows: Vectors, first: int) -> None:
        raise AssertionError("nothing is added here")


def test_the_least_effort_that_finds_enough_is_taken(tmp_path: Path) -> None:
    file, queries = engines._vectors(tmp_path, 200)
    whole = np.load(file)
    truth = engines.exact(whole, queries)
    engine = Engine(lambda _matrix, _folder: None, Half, (1, 2, 3), "numpy")
    opened = engine.open(whole[:200], tmp_path)
    assert engines._least_effort(engine, opened, whole[:200], queries, truth) == 2
    lazy = Engine(engine.build, Half, (0, 1), "numpy")
    assert engines._least_effort(lazy, opened, whole[:200], queries, truth) == 1
    found = np.stack([opened.ask(query, 1) for query in queries])
    assert engines._share(whole, queries, truth, found) == 0.5


def test_an_engine_is_built_asked_and_extended_in_processes_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = engines.measure(Settings(tmp_path), rows=300, engines=["numpy"])
    assert figures["engine_numpy_recall30"] == 1
    assert {"engine_numpy_p95_ms", "engine_numpy_disk_mb"} <= set(figures)
    added = (tmp_path / "numpy" / "added").stat().st_size
    assert added == 1000 * 1280 * 4
    assert "300 vectors of 1280" in capsys.readouterr().out


def test_a_way_to_encode_keeps_the_order_of_the_pictures() -> None:
    pictures = np.arange(1, 8, dtype=np.float32)[:, None] * np.array([[1, 0, 2]], np.float32)
    pictures[:, 1] = np.arange(7)
    for workers, batch in ((1, 7), (2, 2), (3, 1)):
        way = encoders.Way(lambda some: some * 2, workers, batch)
        lengths = np.linalg.norm(pictures, axis=1, keepdims=True)
        assert np.allclose(way.encode(pictures), pictures / lengths)


def test_the_published_graph_is_run_as_the_encoder_runs_it() -> None:
    from lookalike.encoder import Encoder
    from lookalike.weights import fetch

    random = np.random.default_rng(0)
    pictures = random.standard_normal((3, 3, 224, 224), np.float32)
    way = encoders._onnxruntime(fetch(encoders.CARD), 2, 2)
    expected = Encoder.load(encoders.CARD).encode(pictures)
    assert np.sum(way.encode(pictures) * expected, axis=1).min() > 0.9999
