"""`VectorStore`: what every engine does alike. A new engine is one more row of ``ENGINES``."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from lookalike.errors import InputError, LibraryError
from lookalike.stores.base import Catalogue, Embedding, Hit, Record, SkippedFile, VectorStore
from tests.records import ROOT, open_store, record, records, relatives, units

DIM = 24
Engine = Callable[[Path], AbstractContextManager[VectorStore]]
ENGINES: dict[str, Engine] = {
    "embedded": lambda folder: open_store(folder, DIM),
}
CATALOGUES: dict[str, Callable[[Path], Catalogue]] = {
    "embedded": lambda folder: open_store(folder, DIM),
}


@pytest.mark.parametrize("engine", CATALOGUES)
def test_a_catalogue_has_all_that_a_library_asks_for(engine: str, tmp_path: Path) -> None:
    store = CATALOGUES[engine](tmp_path / "library")
    assert {name for name in dir(Catalogue) if not name.startswith("_")} <= set(dir(store))
    assert (store.folder, store.read_only, store.dim) == (tmp_path / "library", False, DIM)
    assert (store.is_empty(), store.sample(3), store.problems()) == (True, [], [])
    store.set(model="a model")
    odd = SkippedFile(ROOT, "odd.jpg", 1, 2, "is odd")
    store.commit(records(2), units(2, DIM), [odd])
    assert (store.is_empty(), store.count_skipped(), store.skipped()) == (False, 1, [odd])
    assert store.settings()["model"] == "a model"
    assert len(store.sample(3)) == 2
    store.save_caches()
    assert store.size() > 0
    store.close()
    with pytest.raises(LibraryError, match="open it again"):
        store.count()


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorStore]:
    with ENGINES[request.param](tmp_path / "library") as opened:
        yield opened


def id_of(store: VectorStore, relative: str) -> int:
    return next(one.id for one in store.records() if one.relative == relative)


def answers(hits: list[Hit]) -> list[tuple[str, float]]:
    return [(hit.record.relative, hit.score) for hit in hits]


def exactly(rows: Embedding, query: Embedding, k: int) -> list[tuple[int, float]]:
    """The k best rows by cosine in double precision, equal ones in their order."""
    wide, one = rows.astype(np.float64), query.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1) * np.linalg.norm(one)
    scores = np.round(wide @ one / np.where(lengths > 0, lengths, 1), 6)
    return [(int(at), float(scores[at])) for at in np.argsort(-scores, kind="stable")[:k]]


# --- keeping -------------------------------------------------------------------------------------


def test_what_is_kept_comes_back_whole(store: VectorStore) -> None:
    one = Record(
        ROOT, "a/b c.jpg", 123, 1_700_000_000_123_456_789, "ab" * 32, 640, 480, "HEIF",
        "2024-02-29T10:11:12", "Acme Box 1", 47.375, -8.54,
    )  # fmt: skip
    row = units(1, DIM)
    store.upsert([one], row)
    (kept,) = store.records()
    assert kept.id > 0
    assert kept == store.get(kept.id)
    assert kept == dataclasses.replace(one, id=kept.id)
    embedding = store.embedding(kept.id)
    assert embedding is not None
    assert embedding.dtype == np.float32
    np.testing.assert_array_equal(embedding, row[0])


def test_an_empty_store(store: VectorStore) -> None:
    assert store.count() == 0
    assert list(store.records()) == []
    found, embeddings = store.embeddings()
    assert found == []
    assert embeddings.shape == (0, DIM)
    assert embeddings.dtype == np.float32
    assert store.search(units(1, DIM)[0], 5) == []
    assert store.get(1) is None
    assert store.embedding(1) is None
    assert store.delete([1, 2]) == 0


def test_a_known_key_is_replaced_and_keeps_its_id(store: VectorStore) -> None:
    rows = units(4, DIM)
    store.upsert([record("a.jpg"), record("b.jpg")], rows[:2])
    before = id_of(store, "a.jpg")
    store.upsert([record("c.jpg"), record("a.jpg", size=99, camera="new")], rows[2:])
    assert store.count() == 3
    assert id_of(store, "a.jpg") == before
    replaced = store.get(before)
    assert replaced is not None
    assert (replaced.size, replaced.camera) == (99, "new")
    np.testing.assert_array_equal(store.embedding(before), rows[3])
    assert answers(store.search(rows[3], 1)) == [("a.jpg", 1.0)]
    assert answers(store.search(rows[0], 1)) != [("a.jpg", 1.0)]


def test_the_same_path_below_another_root_is_another_picture(store: VectorStore) -> None:
    store.upsert([record("a.jpg"), record("a.jpg", ROOT + "2")], units(2, DIM))
    assert [one.root for one in store.records()] == [ROOT, ROOT + "2"]


def test_a_picture_may_stand_in_one_batch_twice_and_the_last_counts(store: VectorStore) -> None:
    rows = units(2, DIM)
    store.upsert([record("a.jpg", size=1), record("a.jpg", size=2)], rows)
    assert [one.size for one in store.records()] == [2]
    assert answers(store.search(rows[1], 9)) == [("a.jpg", 1.0)]


def test_deleted_pictures_are_gone_from_everywhere(store: VectorStore) -> None:
    rows = units(5, DIM)
    store.upsert(records(5), rows)
    ids = [one.id for one in store.records()]
    store.search(rows[0], 1)
    assert store.delete([ids[1], ids[3], 10**9]) == 2
    assert store.delete([ids[1]]) == 0
    assert store.count() == 3
    assert store.get(ids[1]) is None
    assert store.embedding(ids[3]) is None
    assert {hit.record.id for hit in store.search(rows[1], 9)} == {ids[0], ids[2], ids[4]}
    found, embeddings = store.embeddings()
    assert [one.id for one in found] == [ids[0], ids[2], ids[4]]
    np.testing.assert_array_equal(embeddings, rows[[0, 2, 4]])


@pytest.mark.parametrize("number", [0, -1, 10**18, 10**30, -(10**30)])
def test_a_number_that_is_no_id(store: VectorStore, number: int) -> None:
    store.upsert(records(2), units(2, DIM))
    assert store.get(number) is None
    assert store.embedding(number) is None
    assert store.delete([number]) == 0
    assert len(store.search(units(1, DIM)[0], 9, without=[number])) == 2


def test_ids_are_never_used_twice(store: VectorStore) -> None:
    seen: set[int] = set()
    for _ in range(3):
        store.upsert(records(4), units(4, DIM))
        ids = {one.id for one in store.records()}
        assert not ids & seen
        seen |= ids
        assert store.delete(ids) == 4


@pytest.mark.parametrize("rows", [units(3, DIM), units(2, DIM + 1), units(1, DIM)[0]])
def test_embeddings_that_do_not_fit_keep_nothing(store: VectorStore, rows: Embedding) -> None:
    with pytest.raises(InputError, match="do not fit 2 pictures"):
        store.upsert(records(2), rows)
    assert store.count() == 0


def test_nothing_is_kept_without_complaint(store: VectorStore) -> None:
    store.upsert([], np.empty((0, DIM), np.float32))
    assert store.count() == 0


# --- order ---------------------------------------------------------------------------------------


def test_records_and_embeddings_are_in_order_of_path(store: VectorStore) -> None:
    names = ["b.jpg", "a/z.jpg", "a-b.jpg", "a.jpg", "B.jpg", "é.jpg", "🦊.jpg", "a/b/c.jpg"]
    rows = units(len(names), DIM)
    for at, name in enumerate(names):
        store.upsert([record(name)], rows[at : at + 1])
    order = sorted(names, key=os.fsencode)
    assert relatives(store.records()) == order
    found, embeddings = store.embeddings()
    assert relatives(found) == order
    assert embeddings.dtype == np.float32
    np.testing.assert_array_equal(embeddings, rows[[names.index(name) for name in order]])


def test_equal_scores_are_in_the_order_of_the_records_also_over_roots(store: VectorStore) -> None:
    roots = [ROOT, ROOT + "-2", ROOT + " 3"]
    some = [record(name, root) for name in ("x.jpg", "a/x.jpg", "a b.jpg") for root in roots]
    row = units(1, DIM)
    store.upsert(some, np.repeat(row, len(some), axis=0))
    wanted = [(one.root, one.relative) for one in store.records()]
    assert wanted == sorted(wanted)
    hits = store.search(row[0], 99)
    assert [(hit.record.root, hit.record.relative) for hit in hits] == wanted
    assert {hit.score for hit in hits} == {1.0}
    assert store.search(row[0], 4) == hits[:4]


@pytest.mark.skipif(os.name == "nt", reason="names of any bytes are POSIX's")
def test_paths_of_any_bytes(store: VectorStore) -> None:
    names = [b"caf\xe9.jpg", b"\xff/\xfe.jpg", b"two\nlines.jpg", b"\xf0\x9f\xa6\x8a.jpg"]
    root = os.fsdecode(b"/m\xfcnchen")
    store.upsert([record(os.fsdecode(name), root) for name in names], units(4, DIM))
    found = list(store.records())
    assert [os.fsencode(one.relative) for one in found] == sorted(names)
    assert {os.fsencode(one.root) for one in found} == {b"/m\xfcnchen"}
    assert os.fsencode(found[-1].path) == b"/m\xfcnchen/\xff/\xfe.jpg"


# --- search --------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 7, 60, 1000])
def test_search_is_exact(store: VectorStore, k: int) -> None:
    rows, queries = units(60, DIM, seed=1), units(8, DIM, seed=2)
    store.upsert(records(60), rows)
    for query in [*queries, *rows[:3]]:
        hits = store.search(query, k)
        wanted = exactly(rows, query, k)
        assert [(int(hit.record.relative[:5]), hit.score) for hit in hits] == wanted
        assert hits[0].record == store.get(hits[0].record.id)


def test_distance_is_that_of_the_unit_vectors(store: VectorStore) -> None:
    rows = units(20, DIM)
    store.upsert(records(20), rows)
    store.upsert([record("opposite.jpg")], -rows[:1])
    hits = store.search(rows[0], 99)
    for hit in hits:
        wanted = np.linalg.norm(rows[0].astype(np.float64) - store.embedding(hit.record.id))
        assert hit.distance == pytest.approx(wanted, abs=1e-6)
        assert hit.distance == pytest.approx(np.sqrt(2 - 2 * hit.score), abs=2e-3)
    assert (hits[0].score, hits[0].distance) == (1.0, 0.0)
    assert (hits[-1].record.relative, hits[-1].score, hits[-1].distance) == (
        "opposite.jpg",
        -1.0,
        2.0,
    )


def test_many_ties_at_the_end_are_cut_in_order_of_path(store: VectorStore) -> None:
    rows = np.repeat(units(3, DIM), 40, axis=0)
    shuffled = np.random.default_rng(3).permutation(120)
    some = records(120)
    store.upsert([some[at] for at in shuffled], rows[shuffled])
    for k in (5, 40, 41, 63, 120):
        hits = store.search(rows[50], k)
        got = [(int(hit.record.relative[:5]), hit.score) for hit in hits]
        assert got == exactly(rows, rows[50], k)


def test_without_leaves_out_and_fills_up(store: VectorStore) -> None:
    rows = units(10, DIM)
    store.upsert(records(10), rows)
    ids = [one.id for one in store.records()]
    every = store.search(rows[4], 10)
    out = {ids[4], every[1].record.id, 10**9}
    left = [hit for hit in every if hit.record.id not in out]
    assert store.search(rows[4], 3, without=out) == left[:3]
    assert store.search(rows[4], 99, without=tuple(out)) == left
    assert store.search(rows[4], 99, without=ids) == []


def test_k_of_nothing_and_k_of_more_than_all(store: VectorStore) -> None:
    store.upsert(records(3), units(3, DIM))
    query = units(1, DIM, seed=9)[0]
    assert store.search(query, 0) == []
    assert len(store.search(query, 10**6)) == 3


def test_vectors_of_zeros_score_zero(store: VectorStore) -> None:
    rows = units(3, DIM)
    rows[1] = 0
    store.upsert(records(3), rows)
    hits = {hit.record.relative: hit for hit in store.search(rows[0], 9)}
    assert (hits["00001.jpg"].score, hits["00001.jpg"].distance) == (0.0, 1.0)
    nothing = store.search(np.zeros(DIM, np.float32), 9)
    assert answers(nothing) == [(f"{at:05}.jpg", 0.0) for at in range(3)]


def test_a_query_in_double_precision_and_with_strides(store: VectorStore) -> None:
    rows = units(5, DIM)
    store.upsert(records(5), rows)
    strided = np.repeat(rows[2].astype(np.float64), 2)[::2]
    assert store.search(strided, 5) == store.search(rows[2], 5)


def test_answers_follow_every_change(store: VectorStore) -> None:
    chance = np.random.default_rng(7)
    living: dict[str, Embedding] = {}
    for step in range(40):
        names = [f"{chance.integers(30):05}.jpg" for _ in range(4)]
        if step % 3 == 2 and living:
            gone = set(names) & living.keys()
            store.delete([one.id for one in store.records() if one.relative in gone])
            living = {name: row for name, row in living.items() if name not in gone}
        else:
            rows = units(4, DIM, seed=step)
            store.upsert([record(name) for name in names], rows)
            living |= dict(zip(names, rows, strict=True))
        order = sorted(living)
        query = units(1, DIM, seed=100 + step)[0]
        wanted = exactly(np.stack([living[name] for name in order]), query, 5)
        assert answers(store.search(query, 5)) == [(order[at], score) for at, score in wanted]
