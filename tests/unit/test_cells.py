"""Cells of like embeddings: what they say of themselves is what a search through them finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from lookalike import kmeans
from lookalike.stores.base import Embedding
from lookalike.stores.embedded import EmbeddedStore, builder, cells
from lookalike.stores.embedded.cells import Cells, K, Truth
from tests.records import open_store, records, units

DIM = 48
COUNT = 12_000
CENTRES = 300


@pytest.fixture(autouse=True)
def _celled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of any size is divided into cells."""
    monkeypatch.setattr(builder, "EXACT_BYTES", 0)


def unit(rows: Embedding) -> Embedding:
    made: Embedding = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return made


def mixture(count: int, seed: int, noise: float = 0.35, centres: int = CENTRES) -> Embedding:
    """Unit vectors (count, DIM) around centres, some of which have many more than others."""
    chance = np.random.default_rng([seed, 17])
    weights = 1 / np.sqrt(np.arange(1, centres + 1))
    chosen = chance.choice(centres, count, p=weights / weights.sum())
    spread = chance.normal(size=(count, DIM)).astype(np.float32)
    return unit(units(centres, DIM)[chosen] + np.float32(noise / DIM**0.5) * spread)


def library(folder: Path, rows: Embedding) -> EmbeddedStore:
    """A store whose picture number n has row n - 1, divided into cells."""
    store = open_store(folder, rows.shape[1])
    store.upsert(records(len(rows)), rows)
    store.save_caches()
    return store


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    """A library of clusters. Read it, never change it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder, "EXACT_BYTES", 0)
        with library(tmp_path_factory.mktemp("clustered") / "library", mixture(COUNT, 1)) as store:
            yield store


def measured(store: EmbeddedStore, rows: Embedding, queries: Embedding, k: int) -> float:
    """The share of the true k nearest that a search finds: a hit counts by its score, so that one
    of several equal pictures is as good as another."""
    found = 0
    for query in queries:
        least = np.partition(rows @ query, -k)[-k]
        found += sum(hit.score >= least - 2e-6 for hit in store.search(query, k))
    return found / (k * len(queries))


def of(store: EmbeddedStore) -> Cells:
    with store._snapshot() as (_, view):
        assert view.cells is not None
        return view.cells


def test_the_recall_that_is_told_is_what_others_measure(clustered: EmbeddedStore) -> None:
    rows, queries = mixture(COUNT, 1), mixture(150, 2)
    told = clustered.search_index()
    assert told.cells == int(2 * COUNT**0.5)
    assert 0 < told.probes < 0.3 * told.cells
    assert told.recall > 0.99
    assert measured(clustered, rows, queries, 30) == pytest.approx(told.recall, abs=0.005)
    assert measured(clustered, rows, queries[:30], 100) > 0.99


def test_what_is_said_of_the_librarys_own_pictures_is_so(clustered: EmbeddedStore) -> None:
    rows, found = mixture(COUNT, 1), 0
    for own in range(0, 3000, 30):
        query = rows[own]
        hits = clustered.search(query, 30, without=[own + 1])
        scores = rows @ query
        scores[own] = -1
        least = np.partition(scores, -30)[-30]
        found += sum(hit.score >= least - 2e-6 for hit in hits)
    assert found / 3000 == pytest.approx(clustered.search_index().recall, abs=0.003)


def test_more_hits_need_more_cells_and_beyond_what_was_measured_all(
    clustered: EmbeddedStore,
) -> None:
    found = of(clustered)
    chosen = [found.enough(k) for k in (1, 30, 31, 100, 101, 1000)]
    assert chosen[0] == chosen[1] > 0
    assert chosen[2] == chosen[3]
    assert chosen[4] == chosen[5]
    growing = [probes or len(found) for probes in chosen]
    assert growing == sorted(growing)
    assert found.enough(1001) == found.enough(10**9) == 0
    query = mixture(1, 3)[0]
    assert clustered.search(query, 1001) == clustered.search(query, 1001, exact=True)


def test_a_search_that_leaves_many_out_looks_further(clustered: EmbeddedStore) -> None:
    query = mixture(1, 4)[0]
    best = clustered.search(query, 1030, exact=True)
    rest = clustered.search(query, 30, without=[hit.record.id for hit in best[:1000]])
    assert rest == best[1000:]


def test_where_there_are_no_clusters_all_rows_are_compared(tmp_path: Path) -> None:
    rows = units(4000, 128)
    with library(tmp_path / "library", rows) as store:
        told = store.search_index()
        assert (told.cells, told.probes, told.recall) == (0, 0, 1.0)
        assert measured(store, rows, units(20, 128, seed=1), 30) == 1


@pytest.mark.parametrize("noise", [0.6, 0.9, 1.2])
def test_where_clusters_are_faint_the_recall_is_honest(tmp_path: Path, noise: float) -> None:
    rows = mixture(5000, 5, noise)
    with library(tmp_path / "library", rows) as store:
        found = measured(store, rows, mixture(200, 6, noise), 30)
        assert found > store.search_index().recall - 0.01
        assert found > 0.98


# --- odd libraries -------------------------------------------------------------------------------


def _duplicates() -> Embedding:
    """Thousands of one picture, many of some, among others."""
    rows = mixture(6000, 7)
    rows[1000:4000] = rows[0]
    rows[4000:4500] = rows[1]
    return rows


def _all_equal() -> Embedding:
    return np.repeat(units(1, DIM), 3000, axis=0)


def _zeros() -> Embedding:
    return np.zeros((500, DIM), np.float32)


def _some_zeros() -> Embedding:
    rows = mixture(3000, 8)
    rows[::3] = 0
    return rows


def _one_number() -> Embedding:
    rows = np.ones((2000, 1), np.float32)
    rows[::2] = -1
    return rows


def _opposite() -> Embedding:
    rows = mixture(2000, 9)
    return np.concatenate([rows, -rows])


ODD = [
    *(_duplicates, _all_equal, _zeros, _some_zeros, _one_number, _opposite),
    *(lambda: units(1, DIM), lambda: units(2, DIM), lambda: units(15, DIM)),
    *(lambda: units(17, 3), lambda: units(33, 1), lambda: units(1000, 2)),
]


@pytest.mark.parametrize("make", ODD)
def test_odd_libraries_are_answered_as_well(tmp_path: Path, make: Callable[[], Embedding]) -> None:
    rows = make()
    chance = np.random.default_rng(3)
    others = unit(chance.normal(size=(4, rows.shape[1])).astype(np.float32))
    with library(tmp_path / "library", rows) as store:
        told = store.search_index()
        assert 0 <= told.recall <= 1
        assert (told.saved, told.waiting) == (len(rows), 0)
        for k in (1, 30, 100, len(rows)):
            for query in (*rows[:: max(1, len(rows) // 6)], *others):
                hits = store.search(query, k)
                assert len(hits) == min(k, len(rows))
                truth = np.sort(rows.astype(float) @ query.astype(float))[::-1][: len(hits)]
                scores = np.array([hit.score for hit in hits])
                assert np.mean(scores >= truth - 2e-6) >= 0.9
        for query in others[:2]:
            hits = store.search(query, len(rows) + 5, exact=True)
            assert len({hit.record.id for hit in hits}) == len(rows)


def test_equal_pictures_come_in_order_of_path(tmp_path: Path) -> None:
    with library(tmp_path / "library", _duplicates()) as store:
        hits = store.search(_duplicates()[0], 50)
        names = ["00000.jpg", *(f"{number:05}.jpg" for number in range(1000, 1049))]
        assert [hit.record.relative for hit in hits] == names
        assert hits == store.search(_duplicates()[0], 50, exact=True)


# --- the parts -----------------------------------------------------------------------------------


def test_every_row_is_in_the_cell_of_its_nearest_centroid() -> None:
    rows = mixture(5000, 10)
    centroids = kmeans.train(rows, 60)
    assert centroids.shape == (60, DIM)
    np.testing.assert_allclose(np.linalg.norm(centroids, axis=1), 1, atol=1e-5)
    products = rows @ centroids.T
    chosen = products[np.arange(len(rows)), kmeans.assign(rows, centroids)]
    np.testing.assert_allclose(chosen, products.max(axis=1), atol=1e-6)
    assert chosen.mean() > 0.9 * products.max(axis=1).mean()


def test_training_is_repeatable_gathers_what_is_alike_and_can_be_ended() -> None:
    rows = mixture(5000, 11)
    centroids = kmeans.train(rows, 60)
    np.testing.assert_array_equal(centroids, kmeans.train(rows, 60))
    begun = kmeans.train(rows, 60, lambda: True)

    def closeness(chosen: Embedding) -> float:
        return float((rows @ chosen.T).max(axis=1).mean())

    assert closeness(centroids) > closeness(begun) + 0.05
    one_each = kmeans.train(rows[:60], 60)
    np.testing.assert_allclose((rows[:60] @ one_each.T).max(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("blocks", [1, 7, 40])
def test_true_neighbours_are_found_however_the_rows_pass_by(blocks: int) -> None:
    rows = mixture(4000, 12, centres=50)
    centroids = kmeans.train(rows, 150)
    belongs = kmeans.assign(rows, centroids)
    own = np.arange(0, 4000, 40)
    truth = Truth(own, rows[own], len(rows))
    for part in np.array_split(np.arange(4000), blocks):
        truth.see(part, rows[part], belongs[part])
    judged = truth.judge(centroids)

    nearest = np.argsort(-(rows[own] @ centroids.T), axis=1)
    scores = rows[own] @ rows.T
    scores[np.arange(100), own] = -np.inf
    top = np.argsort(-scores, axis=1, kind="stable")[:, : K[0]]
    seen = np.array([np.isin(belongs[best], near[: judged.probes[0]])
                     for best, near in zip(top, nearest, strict=True)])  # fmt: skip
    assert seen[1::2].mean() == pytest.approx(judged.recall)
    assert seen[::2].mean() >= 0.998
    assert 0 < judged.probes[0] <= judged.probes[1]


def test_the_nearest_cells_are_the_nearest() -> None:
    centroids = units(40, DIM)
    found = Cells(centroids, np.zeros(3, np.int32), 1.0)
    query = units(1, DIM, seed=5)[0]
    for count in (1, 7, 40):
        best = np.sort(np.argsort(-(centroids @ query))[:count])
        np.testing.assert_array_equal(found.nearest(query, count), best)


@pytest.mark.parametrize("rows", [1, 15, 1000, 10**6, 10**9])
def test_numbers_of_cells_and_samples_stay_within_bounds(rows: int) -> None:
    number = cells.number_for(rows)
    assert 16 <= number <= 4096
    size = cells.sample_size(number, 1280)
    assert number <= size
    assert 4 * 1280 * size <= 200 << 20
