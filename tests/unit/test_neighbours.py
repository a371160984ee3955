"""Unit vectors → who is near whom, followed as they come and go, and what that does to scores."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lookalike import neighbours
from lookalike.neighbours import MOST, Graph, Smoothed, best_of, near, shared
from lookalike.stores.base import Embedding, Ids
from tests.maps import clustered
from tests.records import units

DIM = 32


def graph_of(rows: Embedding, first: int = 1) -> Graph:
    """The rows as pictures with the ids from ``first`` on, and versions the same times ten."""
    ids = np.arange(first, first + len(rows))
    return Graph.of(ids, 10 * ids, rows)


def by_force(rows: Embedding, count: int) -> tuple[near.Numbers, Embedding]:
    """The neighbours of every row and their cosines, one at a time."""
    scores = rows @ rows.T
    np.fill_diagonal(scores, -np.inf)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :count].astype(np.int32)
    return order, np.take_along_axis(scores, order, 1)


# ---- who is near whom


def test_all_are_compared_where_there_are_few() -> None:
    rows = units(300, DIM)
    graph = graph_of(rows)
    order, cosines = by_force(rows, MOST)
    np.testing.assert_array_equal(graph.near, order)
    np.testing.assert_allclose(graph.cosines, cosines, atol=1e-6)


def test_many_are_sought_in_cells_and_nearly_all_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(near, "EXACT", 1000)
    rows = clustered(60, 60, DIM)
    order, _ = by_force(rows, 10)
    found = graph_of(rows).near[:, :10]
    shared = [len(set(one) & set(other)) for one, other in zip(found, order, strict=True)]
    assert np.mean(shared) > 9.8


@pytest.mark.parametrize("count", [0, 1, 2, MOST, MOST + 1])
def test_there_may_be_fewer_than_there_is_room_for(count: int) -> None:
    graph = graph_of(units(count, DIM))
    known = max(0, min(count - 1, MOST))
    assert ((graph.near >= 0).sum(axis=1) == known).all()
    assert (graph.cosines[graph.near < 0] == 0).all()


# ---- as pictures come and go


def same(one: Graph, other: Graph) -> None:
    """Both hold the same pictures with the same neighbours, whatever the order of their rows."""
    assert sorted(one.ids.tolist()) == sorted(other.ids.tolist())
    order, others = np.argsort(one.ids), np.argsort(other.ids)

    def named(graph: Graph, rows: Ids) -> Ids:
        names: Ids = np.append(graph.ids, -1)[graph.near[rows]]
        return names

    np.testing.assert_allclose(one.cosines[order], other.cosines[others], atol=1e-6)
    np.testing.assert_array_equal(named(one, order), named(other, others))


@pytest.mark.parametrize(("size", "gone", "fresh"), [(200, 20, 15), (40, 15, 3), (10, 4, 30)])
def test_a_changed_graph_is_what_it_would_be_from_nothing(size: int, gone: int, fresh: int) -> None:
    rows, more = units(size, DIM), units(fresh, DIM, seed=1)
    chance = np.random.default_rng(2)
    stays = np.sort(chance.choice(size, size - gone, replace=False))
    ids = np.arange(1000, 1000 + fresh)
    before = graph_of(rows)
    changed = before.changed(stays, ids, 10 * ids, more)
    left = np.arange(1, size + 1)[stays]
    all_ids = np.concatenate([left, ids])
    same(changed, Graph.of(all_ids, 10 * all_ids, np.concatenate([rows[stays], more])))
    same(before, graph_of(rows))  # what was there before is still whole


def test_only_what_is_affected_is_sought_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sought: list[int] = []
    real = near.nearest

    def noting(rows: Embedding, some: near.Numbers, *rest: object) -> object:
        sought.append(len(some))
        return real(rows, some, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("lookalike.neighbours.graph.nearest", noting)
    rows = clustered(20, 60, DIM)
    graph = graph_of(rows)
    graph.changed(np.arange(1, len(rows)), np.array([5000]), np.array([1]), clustered(1, 1, DIM))
    assert sought[0] == len(rows)
    assert 0 < sought[1] < 70  # those of the cluster that lost one, and the new one


def test_what_stands_is_told_by_ids_and_versions() -> None:
    graph = graph_of(units(5, DIM))
    found = graph.standing(np.array([2, 3, 4, 9]), np.array([20, 31, 40, 90]))
    assert graph.ids[found.rows].tolist() == [2, 4]
    assert found.missing.tolist() == [3, 9]
    found = graph.standing(np.empty(0, np.int64), np.empty(0, np.int64))
    assert (len(found.rows), len(found.missing)) == (0, 0)


# ---- scores


def mean_of(graph: Graph, row: int, count: int) -> Embedding:
    """What a picture stands for, spelled out."""
    total = graph.rows[row].astype(float)
    for other, cosine in zip(graph.near[row, :count], graph.cosines[row, :count], strict=True):
        if other >= 0:
            total += max(float(cosine), 0.0) ** 2 * graph.rows[other]
    return np.asarray(total / np.linalg.norm(total), np.float32)


@pytest.mark.parametrize("count", [0, 1, 10])
@pytest.mark.parametrize("size", [1, 7, 400])
def test_a_picture_stands_for_the_mean_of_itself_and_its_neighbours(count: int, size: int) -> None:
    graph = graph_of(units(size, DIM))
    smoothed = Smoothed.of(graph, count)
    expected = np.stack([mean_of(graph, row, count) for row in range(size)])
    np.testing.assert_allclose(smoothed.rows(), expected, atol=1e-5)
    query = units(1, DIM, seed=9)[0]
    np.testing.assert_allclose(smoothed.scores(query), expected @ query, atol=1e-5)


def test_a_query_is_expanded_as_the_pictures_are() -> None:
    graph = graph_of(clustered(8, 20, DIM))
    smoothed = Smoothed.of(graph, 10)
    # a picture that leaves itself out is expanded to what it stands for
    found = smoothed.expanded(graph.rows[33], without=[int(graph.ids[33])])
    np.testing.assert_allclose(found, mean_of(graph, 33, 10), atol=1e-5)
    assert np.array_equal(Smoothed.of(graph, 0).expanded(graph.rows[33]), graph.rows[33])


def test_a_chain_of_neighbours_is_followed() -> None:
    """What is alike step by step is found though its ends are not."""
    angles = np.linspace(0, 1.2, 13)
    chain = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    # nearer to one end than the tenth is
    strangers = np.repeat([[np.cos(0.9), 0, np.sin(0.9)]], 6, axis=0)
    graph = graph_of(np.concatenate([chain, strangers]).astype(np.float32))
    query = graph.rows[0]
    alone = Smoothed.of(graph, 0)
    assert alone.scores(query)[13] > alone.scores(query)[10]
    around = Smoothed.of(graph, 5)
    scores = around.scores(around.expanded(query, without=[1]))
    assert scores[10] > scores[13]


# ---- the cache


def test_arrays_are_kept_and_known_again(tmp_path: Path) -> None:
    graph = graph_of(units(20, DIM))
    neighbours.save(tmp_path, "one", "now", {"rows": graph.rows, "ids": graph.ids})
    found = neighbours.load(tmp_path, "one", "now")
    assert found is not None
    np.testing.assert_array_equal(found["rows"], graph.rows)
    assert neighbours.load(tmp_path, "one", "later") is None
    assert neighbours.load(tmp_path, "other", "now") is None
    neighbours.save(tmp_path, "one", "later", {"rows": graph.rows[:3]})
    later = neighbours.load(tmp_path, "one", "later")
    assert later is not None
    assert later["rows"].shape == (3, DIM)
    np.testing.assert_array_equal(found["rows"], graph.rows)  # who has it open keeps it
    assert len(list(neighbours.folder_in(tmp_path).iterdir())) == 2
    neighbours.drop(tmp_path, "one")
    assert list(neighbours.folder_in(tmp_path).iterdir()) == []


def test_a_damaged_cache_is_told_and_left_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    neighbours.save(tmp_path, "one", "now", {"rows": units(20, DIM)})
    (note,) = neighbours.folder_in(tmp_path).glob("*.json")
    (file,) = neighbours.folder_in(tmp_path).glob("*/rows.npy")
    file.write_bytes(file.read_bytes()[:100])
    assert neighbours.load(tmp_path, "one", "now") is None
    assert "sought anew" in caplog.text
    note.write_text(json.dumps({"method": 1}))
    assert neighbours.load(tmp_path, "one", "now") is None


def test_what_cannot_be_kept_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "neighbours").write_text("in the way")
    neighbours.save(tmp_path, "one", "now", {"rows": units(2, DIM)})
    assert "not kept" in caplog.text


# --- the best of blocks --------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 7, 100])
@pytest.mark.parametrize("k", [1, 5, 60])
def test_the_best_of_blocks_are_those_of_all_at_once(step: int, k: int) -> None:
    rows, ids = units(50, 8), np.arange(50) * 3 + 2
    rows[20], rows[31] = rows[10], 0  # one is there twice, and one stands for nothing
    asked = np.array([0, 10, 31, 49])
    blocks = ((ids[at : at + step], rows[at : at + step]) for at in range(0, 50, step))
    found, scores = best_of(rows[asked], ids[asked], blocks, k)
    every = rows[asked] @ rows.T
    every[:, 31] = every[np.arange(4), asked] = -np.inf
    expected = -np.sort(-every, axis=1)[:, :k]
    assert found.shape == scores.shape == (4, k)
    there = found != -1
    assert there.sum(axis=1).tolist() == [min(k, number) for number in (48, 48, 49, 48)]
    np.testing.assert_allclose(scores[there], expected[expected > -np.inf], atol=1e-6)
    row = np.nonzero(there)[0]
    np.testing.assert_allclose(every[row, (found[there] - 2) // 3], scores[there], atol=1e-6)
    assert found[1, 0] == ids[20]


def test_what_two_answers_share() -> None:
    one, other = np.array([[1, 2, 3], [4, 5, -1]]), np.array([[3, 9, 1], [5, -1, -1]])
    np.testing.assert_allclose(shared(one, other), [2 / 3, 1 / 2])
