"""`VectorStore`: what every engine does alike. A new engine is one more row of ``ENGINES``."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from lookalike.errors import InputError, LibraryError
from lookalike.stores.base import (
    MOST_CHOICES,
    Catalogue,
    Choice,
    Embedding,
    Filter,
    Hit,
    KnownFile,
    MarkChange,
    Record,
    SkippedFile,
    VectorStore,
)
from lookalike.stores.embedded import EmbeddedStore, builder
from tests.records import ROOT, open_store, record, records, relatives, shaped, units

DIM = 24
Engine = Callable[[Path], AbstractContextManager[VectorStore]]


class _Celled(EmbeddedStore):
    """The embedded store as it is where it is large: what has been kept lies in cells at once."""

    def upsert(self, records: Sequence[Record], embeddings: Embedding) -> None:
        super().upsert(records, embeddings)
        self.save_caches()


@contextmanager
def _celled(folder: Path) -> Iterator[VectorStore]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder, "EXACT_BYTES", 0)
        with shaped(_Celled(folder, create=True), DIM) as opened:
            yield opened


ENGINES: dict[str, Engine] = {
    "embedded": lambda folder: open_store(folder, DIM),
    "embedded, in cells": _celled,
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
    ids, blocks = zip(*store.embedding_blocks(), strict=True)
    assert np.array_equal(np.concatenate(blocks), units(2, DIM))
    assert np.concatenate(ids).tolist() == [1, 2]
    known, versions = store.versions()
    assert known.tolist() == sorted(np.concatenate(ids).tolist()) == [1, 2]
    assert len(versions) == 2
    assert [some.tolist() for some, _ in store.embedding_blocks(np.array([2, 9]))] == [[2]]
    store.save_caches()
    assert store.size() > 0
    store.close()
    with pytest.raises(LibraryError, match="open it again"):
        store.count()


@pytest.mark.parametrize("engine", CATALOGUES)
def test_what_is_known_of_files_comes_in_order_of_path(engine: str, tmp_path: Path) -> None:
    store = CATALOGUES[engine](tmp_path / "library")
    names = ["a/z.jpg", "b-.jpg", "b/1.jpg", "b/c/2.jpg", "b0.jpg", "B/3.jpg"]
    kept = [record(name, size=len(name), mtime_ns=7) for name in names]
    kept.append(record("b/1.jpg", ROOT + " too"))
    skipped = [
        SkippedFile(ROOT, "b/broken.jpg", 5, 6, "is cut short", "much"),
        SkippedFile(ROOT, "aa.jpg", 5, 6, "is cut short", "less"),
    ]
    store.commit(kept, units(len(kept), DIM), skipped)
    ids = {one.relative: one.id for one in store.records(ROOT)}
    digests = {one.relative: one.digest for one in kept if one.root == ROOT}
    wanted: list[KnownFile] = [
        (os.fsencode(name), len(name), 7, ids[name], digests[name]) for name in sorted(names)
    ]
    wanted.insert(2, (b"aa.jpg", 5, -1, 0, None))
    wanted.insert(5, (b"b/broken.jpg", 5, 6, 0, None))
    assert list(store.known_files(ROOT, tried_with="much")) == wanted
    assert [row[0] for row in store.known_files(ROOT, "b")] == [
        b"b/1.jpg", b"b/broken.jpg", b"b/c/2.jpg"
    ]  # fmt: skip
    assert [row[2] for row in store.known_files(ROOT) if not row[3]] == [-1, -1]
    assert relatives(store.records(ROOT, "b")) == ["b/1.jpg", "b/c/2.jpg"]
    assert list(store.known_files("/nowhere")) == []
    store.close()


@pytest.mark.parametrize("engine", CATALOGUES)
def test_pictures_are_found_by_their_contents(engine: str, tmp_path: Path) -> None:
    store = CATALOGUES[engine](tmp_path)
    assert store.contents() == {}
    some = [record(f"{name}.jpg", digest=name[0]) for name in ("a1", "a2", "b1", "c1")]
    store.upsert(some, units(4, DIM))
    assert store.contents() == {"a": 2, "b": 1, "c": 1}
    found = store.find_contents({"a", "c", "gone"})
    assert sorted(relatives(found)) == ["a1.jpg", "a2.jpg", "c1.jpg"]
    assert store.find_contents(()) == []
    store.close()


@pytest.mark.parametrize("engine", CATALOGUES)
def test_embeddings_of_some_come_with_their_ids(engine: str, tmp_path: Path) -> None:
    store = CATALOGUES[engine](tmp_path)
    rows = units(600, DIM)
    store.upsert(records(600), rows)
    ids = [one.id for one in store.records()]
    wanted = np.array([-1, *ids[5:590], 10**9])
    found = dict(
        pair
        for some, block in store.embedding_blocks(wanted)
        for pair in zip(some.tolist(), block, strict=True)
    )
    assert sorted(found) == ids[5:590]
    assert np.array_equal(found[ids[7]], rows[7])
    store.close()


@pytest.mark.parametrize("engine", CATALOGUES)
def test_what_is_no_duplicate_is_kept_by_content(engine: str, tmp_path: Path) -> None:
    store = CATALOGUES[engine](tmp_path / "library")
    assert store.apart() == []
    store.set_apart([("b", "a"), ("c", "c"), ("a", "b")])
    assert store.apart() == [("a", "b"), ("c", "c")]
    store.commit(records(1), units(1, DIM))
    store.delete([one.id for one in store.records()])
    store.set_apart([("c", "c"), ("x", "y")], apart=False)
    assert store.apart() == [("a", "b")]
    store.close()
    again = CATALOGUES[engine](tmp_path / "library")
    assert again.apart() == [("a", "b")]
    again.close()


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


# --- filters -------------------------------------------------------------------------------------

CAMERAS = [None, "Acme Box 1", "ACME box 2", "ÉCLAIR Ⅱ", "Größe 100%", "under_score"]
FORMATS = ["JPEG", "PNG", "HEIF"]
COUNT = 600


def _properties(number: int) -> dict[str, object]:
    taken = datetime(2023, 1, 1, 12) + timedelta(days=number, minutes=number)
    return {
        "format": FORMATS[number % 3],
        "taken": None if number % 5 == 0 else taken.isoformat(),
        "camera": CAMERAS[number % len(CAMERAS)],
        "width": 100 + number,
        "height": 1000 - number,
    }


@pytest.fixture
def collection(store: VectorStore) -> VectorStore:
    """Six hundred pictures below two roots, in clusters, every fourth equal to the one before."""
    places = [(ROOT, "a"), (ROOT, "ab"), (ROOT, "a/b"), (ROOT + "2", "a")]
    some = [
        record(f"{places[at % 4][1]}/{at:05}.jpg", places[at % 4][0], **_properties(at))
        for at in range(COUNT)
    ]
    rows = units(12, DIM)[np.arange(COUNT) // 4 % 12] + 0.2 * units(COUNT, DIM, seed=1)
    rows[3::4] = rows[2::4]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    order = np.random.default_rng(5).permutation(COUNT)
    store.upsert([some[at] for at in order], rows[order].astype(np.float32))
    return store


def passes(one: Record, wanted: Filter) -> bool:
    """The meaning of a filter once more, in Python and a picture at a time."""
    taken, camera = one.taken or "", one.camera
    ends = wanted.taken_to
    return all(
        (
            wanted.folder is None or Path(one.path).is_relative_to(wanted.folder),
            not wanted.formats or one.format in wanted.formats,
            wanted.taken_from is None or (taken != "" and taken >= wanted.taken_from),
            ends is None or (taken != "" and taken[: len(ends)] <= ends),
            wanted.camera is None
            or (camera is not None and wanted.camera.casefold() in camera.casefold()),
            wanted.min_side is None or min(one.width, one.height) >= wanted.min_side,
            wanted.ids is None or one.id in wanted.ids,
        )
    )


def brute_force(
    store: VectorStore, query: Embedding, wanted: Filter, without: tuple[int, ...] = ()
) -> list[tuple[int, float]]:
    """Ids and scores of all that pass, best first, without asking the store to search."""
    found, rows = store.embeddings()
    kept = [at for at, one in enumerate(found) if passes(one, wanted) and one.id not in without]
    return [(found[kept[at]].id, score) for at, score in exactly(rows[kept], query, COUNT)]


def found_by(hits: list[Hit]) -> list[tuple[int, float]]:
    return [(hit.record.id, hit.score) for hit in hits]


FILTERS: dict[str, tuple[Filter, int]] = {
    "none": (Filter(camera="no such camera"), 0),
    "a few": (Filter(taken_from="2023-02", taken_to="2023-02-04"), 4),
    "one in a hundred": (Filter(min_side=547), 7),
    "half": (Filter(formats=("JPEG", "PNG"), folder=ROOT), 300),
    "all": (Filter(), COUNT),
    "all, by folder": (Filter(folder=os.path.abspath(os.sep)), COUNT),  # noqa: PTH100
    "by ids": (Filter(ids=frozenset([3, 500, 10**9, 0])), 2),
    "by no ids": (Filter(ids=frozenset()), 0),
    "composed": (
        Filter(ROOT, ("PNG",), "2023-03", "2024-05-01T12:40", "acme", 200, frozenset(range(500))),
        23,
    ),
}


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("k", [1, 30, COUNT + 1])
def test_a_filtered_search_is_that_of_brute_force(
    collection: VectorStore, name: str, k: int
) -> None:
    wanted, number = FILTERS[name]
    for query in units(3, DIM, seed=9):
        truth = brute_force(collection, query, wanted)
        assert len(truth) == number
        assert found_by(collection.search(query, k, where=wanted)) == truth[:k]
        assert found_by(collection.search(query, k, where=wanted, exact=True)) == truth[:k]


@pytest.mark.parametrize("k", [1, 30, COUNT])
def test_an_exact_search_is_that_of_brute_force(collection: VectorStore, k: int) -> None:
    for query in units(5, DIM, seed=9):
        truth = brute_force(collection, query, Filter())
        assert found_by(collection.search(query, k, exact=True)) == truth[:k]


def test_a_store_says_how_it_answers(
    collection: VectorStore, request: pytest.FixtureRequest
) -> None:
    index = collection.search_index()
    assert index.saved + index.waiting == COUNT
    assert 0 < index.recall <= 1
    # Without cells, the tests of exact and filtered searches would show nothing for this engine.
    in_cells = request.node.callspec.params["store"] == "embedded, in cells"
    assert (0 < index.probes < index.cells) == in_cells


def test_a_filter_and_what_is_left_out(collection: VectorStore) -> None:
    wanted = Filter(formats=("PNG",), folder=ROOT)
    query = units(1, DIM, seed=9)[0]
    every = brute_force(collection, query, wanted)
    out = (every[0][0], every[3][0], 10**9)
    truth = brute_force(collection, query, wanted, out)
    assert len(truth) == len(every) - 2
    assert found_by(collection.search(query, 9, without=out, where=wanted)) == truth[:9]
    gone = [one for one, _ in every]
    assert collection.search(query, 9, without=gone, where=wanted) == []


def test_filters_follow_every_change(collection: VectorStore) -> None:
    wanted = Filter(camera="box")
    query = units(1, DIM, seed=9)[0]
    first, second, *_ = collection.search(query, 9, where=wanted)
    collection.delete([first.record.id])
    changed = dataclasses.replace(second.record, camera="another")
    row = collection.embedding(second.record.id)
    assert row is not None
    collection.upsert([changed, record("new.jpg", camera="Boxer")], np.stack([row, query]))
    truth = brute_force(collection, query, wanted)
    assert found_by(collection.search(query, COUNT, where=wanted)) == truth
    assert len(truth) == 200 - 2 + 1


def test_equal_scores_within_a_filter_are_in_order_of_path(store: VectorStore) -> None:
    roots = [ROOT + " 3", ROOT, ROOT + "-2"]
    names = ["x.jpg", "a/x.jpg", "a b.jpg", "B.jpg"]
    some = [
        record(name, root, format=FORMATS[at % 2])
        for at, name in enumerate(names)
        for root in roots
    ]
    store.upsert(some, np.repeat(units(1, DIM), len(some), axis=0))
    order = [(one.root, one.relative) for one in store.records() if one.format == "JPEG"]
    for k in (1, 4, 99):
        hits = store.search(units(1, DIM)[0], k, where=Filter(formats=("JPEG",)))
        assert [(hit.record.root, hit.record.relative) for hit in hits] == order[:k]


def passed(store: VectorStore, wanted: Filter) -> list[str]:
    """The names of all that pass, in order of path: their scores are equal where they share an
    embedding."""
    return sorted(hit.record.relative for hit in store.search(units(1, DIM)[0], 99, where=wanted))


def keep_alike(store: VectorStore, some: list[Record]) -> None:
    store.upsert(some, np.repeat(units(1, DIM), len(some), axis=0))


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [
        ("2024", None, "2024-01-01T00:00:00 2024-05-31T18:00:00 2024-05-31T23:59:59 2025"),
        (None, "2023", "2023-12-31T23:59:59"),
        ("2024-05-31", "2024-05-31", "2024-05-31T18:00:00 2024-05-31T23:59:59"),
        ("2024-05", "2024-05", "2024-05-31T18:00:00 2024-05-31T23:59:59"),
        ("2024-05-31T18:00", "2024-05-31T18", "2024-05-31T18:00:00"),
        ("2024-05-31T18:00:01", "2024-05-31T23:59:59", "2024-05-31T23:59:59"),
        ("2024-05-31T18:01", "2024-05-31T18:01", ""),
        ("2025", "2024", ""),
        ("0001", "9999", "2023 2024-01 2024-05-31T1 2024-05-31T2 2025"),
    ],
)
def test_dates_are_included_and_pictures_without_one_are_not(
    store: VectorStore, first: str | None, last: str | None, wanted: str
) -> None:
    moments = ["2023-12-31T23:59:59", "2024-01-01T00:00:00", "2024-05-31T18:00:00"]
    moments += ["2024-05-31T23:59:59", "2025-01-01T00:00:00"]
    some = [record(f"{moment}.jpg", taken=moment) for moment in moments]
    keep_alike(store, [*some, record("undated.jpg")])
    names = passed(store, Filter(taken_from=first, taken_to=last))
    assert len(names) == len(wanted.split())
    for name, beginning in zip(names, wanted.split(), strict=True):
        assert name.startswith(beginning)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("canon", "1 2"),
        ("CANON EOS R6", "1"),
        ("éclair", "3"),
        ("ÉCLAIR", "3"),
        ("GRÖSSE", "4"),
        ("größe", "4"),
        ("оптика", "5"),
        ("%", "6"),
        ("_", "7"),
        ("a%n", ""),
        ("a_on", ""),
        ("'", "8"),
        ("", "1 2 3 4 5 6 7 8"),
        ("r6 canon", ""),
    ],
)
def test_a_part_of_the_camera_s_name_is_enough_in_any_case(
    store: VectorStore, text: str, wanted: str
) -> None:
    names = [
        "Canon EOS R6",
        "canon ixus",
        "Éclair 16",
        "Größe X",
        "ОПТИКА 3",
        "100% M",
        "a_b",
        "O'D",
    ]
    some = [record(f"{at}", camera=name) for at, name in enumerate(names, start=1)]
    keep_alike(store, [*some, record("none")])
    assert passed(store, Filter(camera=text)) == wanted.split()


@pytest.mark.parametrize(
    ("formats", "wanted"),
    [
        (("JPEG",), "1"),
        (("jpeg", "Png"), "1 2"),
        (("jpg", "tif", "heic"), "1 3 4"),
        (("GIF",), ""),
        ((), "1 2 3 4"),
        (("JPEG' OR '1'='1",), ""),
    ],
)
def test_formats_go_by_the_names_that_people_use(
    store: VectorStore, formats: tuple[str, ...], wanted: str
) -> None:
    kinds = ["JPEG", "PNG", "TIFF", "HEIF"]
    keep_alike(store, [record(f"{at}", format=kind) for at, kind in enumerate(kinds, start=1)])
    assert passed(store, Filter(formats=formats)) == wanted.split()


def test_both_sides_are_held_to_the_size(store: VectorStore) -> None:
    sides = [(100, 300), (300, 100), (200, 200), (300, 199)]
    some = [record(f"{wide}x{high}", width=wide, height=high) for wide, high in sides]
    keep_alike(store, some)
    assert passed(store, Filter(min_side=200)) == ["200x200"]
    assert passed(store, Filter(min_side=100)) == sorted(one.relative for one in some)
    assert passed(store, Filter(min_side=301)) == []


@pytest.mark.parametrize(
    ("below", "wanted"),
    [
        (("one",), "a/1 a/b/2 ab/3 a.jpg a-b/4 A/5"),
        (("one", "a"), "a/1 a/b/2"),
        (("one", "a", "b"), "a/b/2"),
        (("one", "a", "b", "2"), ""),
        (("one", "ab"), "ab/3"),
        (("one", "a-b"), "a-b/4"),
        (("one", "b"), ""),
        (("on",), ""),
        (("one more",), "a/6"),
        (("deep",), "7 8"),
        (("deep", "er"), "7"),
        (("deep", "x"), "8"),
        (("nowhere",), ""),
        ((), "a/1 a/b/2 ab/3 a.jpg a-b/4 A/5 a/6 7 8"),
        (("..",), "a/1 a/b/2 ab/3 a.jpg a-b/4 A/5 a/6 7 8"),
        (("one", ".", "x", "..", "ab"), "ab/3"),
    ],
)
def test_folders_are_roots_parts_of_roots_or_hold_roots(
    store: VectorStore, below: tuple[str, ...], wanted: str
) -> None:
    one = os.path.join(ROOT, "one")  # noqa: PTH118 - a root is a str
    some = [record(name, one) for name in ("a/1", "a/b/2", "ab/3", "a.jpg", "a-b/4", "A/5")]
    some.append(record("a/6", one + " more"))
    some.append(record("7", os.path.join(ROOT, "deep", "er")))  # noqa: PTH118
    some.append(record("8", os.path.join(ROOT, "deep", "x")))  # noqa: PTH118
    keep_alike(store, some)
    folder = os.path.join(ROOT, *below)  # noqa: PTH118
    for name in (folder, folder + os.sep):
        assert passed(store, Filter(folder=name)) == sorted(wanted.split())


@pytest.mark.skipif(os.name == "nt", reason="names of any bytes and / as a root are POSIX's")
def test_folders_of_any_bytes_and_the_root_of_all(store: VectorStore) -> None:
    odd, even = os.fsdecode(b"/m\xfcnchen"), os.fsdecode(b"/m\xfc")
    some = [record(os.fsdecode(b"\xff/1"), odd), record(os.fsdecode(b"\xff\xfe/2"), odd)]
    some += [record("3", even), record("tmp/4", "/"), record("tmp5", "/")]
    keep_alike(store, some)

    def numbers(folder: bytes) -> str:
        return "".join(name[-1] for name in passed(store, Filter(folder=os.fsdecode(folder))))

    assert sorted(numbers(b"/m\xfcnchen")) == ["1", "2"]
    assert numbers(b"/m\xfcnchen/\xff") == "1"
    assert numbers(b"/m\xfcnchen/\xff\xfe/") == "2"
    assert numbers(b"/m\xfc") == "3"
    assert numbers(b"/tmp") == "4"
    assert sorted(numbers(b"/")) == ["1", "2", "3", "4", "5"]


# ---- stretches of all answers


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("k", [1, 7, COUNT + 1])
def test_stretches_put_together_are_all_answers(collection: VectorStore, name: str, k: int) -> None:
    wanted, number = FILTERS[name]
    query = units(1, DIM, seed=9)[0]
    without = (3, 200, 10**9)
    truth = brute_force(collection, query, wanted, without)
    found: list[tuple[int, float]] = []
    at: int | None = 0
    while at is not None and len(found) < 20:
        part = collection.answers(query, k, offset=at, without=without, where=wanted)
        assert (part.offset, part.total) == (at, len(truth))
        assert len(part.hits) == min(k, max(0, len(truth) - at))
        found += found_by(list(part.hits))
        at = part.next
    assert found == truth[: len(found)]
    assert at is not None or len(found) == len(truth) >= number - 2


@pytest.mark.parametrize("offset", [0, 1, 2, 3, 298, COUNT - 1, COUNT, 10**9])
@pytest.mark.parametrize("k", [1, 2, 30])
def test_a_stretch_may_begin_and_end_among_equal_scores(
    collection: VectorStore, offset: int, k: int
) -> None:
    found, rows = collection.embeddings()
    query = rows[next(at for at, one in enumerate(found) if one.relative.startswith("a/b/"))]
    truth = brute_force(collection, query, Filter())
    assert truth[0][1] == truth[1][1]
    part = collection.answers(query, k, offset=offset)
    assert found_by(list(part.hits)) == truth[offset : offset + k]
    assert part.next == (offset + k if offset + k < COUNT else None)


def test_a_stretch_of_pictures_that_are_all_equal_is_in_order_of_path(store: VectorStore) -> None:
    store.upsert(records(90), np.repeat(units(1, DIM), 90, axis=0))
    part = store.answers(units(1, DIM)[0], 5, offset=40)
    assert relatives(hit.record for hit in part.hits) == [f"{at:05}.jpg" for at in range(40, 45)]
    assert (part.total, part.next) == (90, 45)


def test_answers_of_an_empty_store(store: VectorStore) -> None:
    none = store.answers(units(1, DIM)[0], 5, distribution=True)
    assert (none.hits, none.total, none.next) == ((), 0, None)
    assert none.distribution is not None
    assert sum(none.distribution.counts) == 0


def _folded(
    ranked: list[tuple[int, float]], alike: dict[int, int]
) -> list[tuple[int, float, list[tuple[int, float]]]]:
    """Answers in order, those that show the same in the first of them, once more in Python."""
    groups: dict[object, list[tuple[int, float]]] = {}
    for image, score in ranked:
        groups.setdefault(alike.get(image, str(image)), []).append((image, score))
    return [(*first, rest) for first, *rest in groups.values()]


@pytest.mark.parametrize("name", ["all", "half", "composed", "none"])
@pytest.mark.parametrize("k", [1, 7, COUNT + 1])
def test_folded_stretches_put_together_are_all_answers(
    collection: VectorStore, name: str, k: int
) -> None:
    wanted = FILTERS[name][0]
    query = units(1, DIM, seed=9)[0]
    ids = [one.id for one in collection.records()]
    # every second picture in some group: equal ones, far ones, and one whose others are gone
    alike = {image: number % 60 for number, image in enumerate(ids[::2])}
    alike |= {ids[1]: 1000, 10**9: 1000}
    truth = _folded(brute_force(collection, query, wanted, (3,)), alike)
    pictures = sum(1 + len(copies) for *_, copies in truth)
    found: list[tuple[int, float, list[tuple[int, float]]]] = []
    at: int | None = 0
    while at is not None and len(found) < 20:
        part = collection.answers(query, k, offset=at, without=(3,), where=wanted, fold=alike)
        assert (part.total, part.folded) == (len(truth), pictures - len(truth))
        found += [(hit.record.id, hit.score, found_by(list(hit.copies))) for hit in part.hits]
        at = part.next
    assert found == truth[: len(found)]
    assert at is not None or len(found) == len(truth)


@pytest.mark.parametrize("offset", [0, 1, 2, 149, 298])
def test_a_folded_stretch_may_begin_among_equal_scores(
    collection: VectorStore, offset: int
) -> None:
    found, rows = collection.embeddings()
    query = rows[next(at for at, one in enumerate(found) if one.relative.startswith("a/b/"))]
    alike = {one.id: number // 2 for number, one in enumerate(found)}
    truth = _folded(brute_force(collection, query, Filter()), alike)
    part = collection.answers(query, 5, offset=offset, fold=alike)
    assert [(hit.record.id, hit.score, found_by(list(hit.copies))) for hit in part.hits] == truth[
        offset : offset + 5
    ]


def test_nothing_to_fold_changes_nothing(collection: VectorStore) -> None:
    query = units(1, DIM, seed=9)[0]
    plain = collection.answers(query, 9, offset=4, distribution=True)
    folded = collection.answers(query, 9, offset=4, distribution=True, fold={})
    assert (plain.folded, folded.folded) == (None, 0)
    assert dataclasses.replace(folded, folded=None) == plain


@pytest.mark.parametrize("name", FILTERS)
def test_the_distribution_counts_every_exact_score(collection: VectorStore, name: str) -> None:
    wanted = FILTERS[name][0]
    collection.upsert([record("a/none.jpg")], np.zeros((1, DIM), np.float32))
    query = collection.embeddings()[1][10]
    truth = [score for _, score in brute_force(collection, query, wanted, (3,))]
    told = collection.answers(query, 1, where=wanted, without=(3,), distribution=True).distribution
    assert told is not None
    assert (told.low, told.high, len(told.counts)) == (-1.0, 1.0, 200)
    bins = [min((round(score * 10**6) + 10**6) // 10**4, 199) for score in truth]
    assert list(told.counts) == [bins.count(at) for at in range(200)]
    assert collection.answers(query, 1, where=wanted).distribution is None


def test_the_distribution_beside_folded_answers_counts_these(collection: VectorStore) -> None:
    query = units(1, DIM, seed=9)[0]
    alike = {one.id: number % 40 for number, one in enumerate(collection.records())}
    truth = _folded(brute_force(collection, query, Filter()), alike)
    told = collection.answers(query, 1, distribution=True, fold=alike).distribution
    bins = [min((round(score * 10**6) + 10**6) // 10**4, 199) for _, score, _ in truth]
    assert told is not None
    assert list(told.counts) == [bins.count(at) for at in range(200)]


def test_scores_at_the_edges_of_bins(store: VectorStore) -> None:
    """What single precision cannot tell apart is told by the exact score, to six decimals."""
    edges = np.round(np.arange(-1, 1.005, 0.01), 2)
    near = np.clip(np.concatenate([edges, edges + 1e-6, edges - 1e-6]), -1, 1)
    rows = np.zeros((len(near), DIM))
    rows[:, 0], rows[:, 1] = near, np.sqrt(1 - near**2)
    store.upsert(records(len(near)), rows.astype(np.float32))
    query = np.eye(DIM, dtype=np.float32)[0]
    told = store.answers(query, len(near), distribution=True)
    bins = [min((round(hit.score * 10**6) + 10**6) // 10**4, 199) for hit in told.hits]
    assert told.distribution is not None
    assert list(told.distribution.counts) == [bins.count(at) for at in range(200)]


# ---- by numbers, and without a query


def truth_of(store: VectorStore, wanted: Filter) -> list[Record]:
    return [one for one in store.records() if passes(one, wanted)]


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("k", [1, 7, COUNT + 1])
def test_a_list_is_what_passes_in_order_of_path(collection: VectorStore, name: str, k: int) -> None:
    store, (wanted, number) = cast(Catalogue, collection), FILTERS[name]
    truth = truth_of(store, wanted)
    assert store.listed(wanted).tolist() == [one.id for one in truth]
    found: list[Record] = []
    at: int | None = 0
    while at is not None and len(found) < 20:
        part = store.listing(wanted, k, offset=at)
        assert (part.offset, part.total) == (at, number)
        found += part.records
        at = part.next
    assert found == truth[: len(found)]
    assert at is not None or len(found) == number


def test_a_list_follows_every_change(collection: VectorStore) -> None:
    store = cast(Catalogue, collection)
    before = store.listed(Filter())
    store.delete(before[:3].tolist())
    store.upsert([record("0.jpg")], units(1, DIM))
    assert store.listed(Filter())[1:].tolist() == before[3:].tolist()
    moved = store.get(int(before[10]))
    assert moved is not None
    store.relocate([(moved, dataclasses.replace(moved, root=ROOT + "2", relative="z.jpg"))])
    assert store.listed(Filter())[-1] == before[10]
    assert store.listing(Filter(), 5, offset=10**9).records == ()


@pytest.mark.parametrize("name", ["all", "half", "composed", "none"])
@pytest.mark.parametrize("k", [1, 7, COUNT + 1])
def test_a_ranking_is_the_first_answers_by_numbers(
    collection: VectorStore, name: str, k: int
) -> None:
    store, wanted = cast(Catalogue, collection), FILTERS[name][0]
    query = store.embeddings()[1][10]
    ids = [one.id for one in store.records()]
    alike = {image: number % 60 for number, image in enumerate(ids[::2])} | {ids[1]: 1000}
    for fold in (None, {}, alike):
        hits = store.answers(query, k, without=(3,), where=wanted, fold=fold)
        told = store.ranking(query, k, without=(3,), where=wanted, fold=fold)
        rows = zip(told.ids.tolist(), told.scores.tolist(), told.distances.tolist(), strict=True)
        assert list(rows) == [(hit.record.id, hit.score, hit.distance) for hit in hits.hits]
        assert told.total == hits.total


@pytest.mark.parametrize("engine", CATALOGUES)
def test_labels_are_the_folders_and_tags_of_all(engine: str, tmp_path: Path) -> None:
    with CATALOGUES[engine](tmp_path) as store:  # type: ignore[attr-defined]
        assert (len(store.naming().ids), store.naming().folders) == (0, ())
        some = [record(name) for name in ("b/1.jpg", "a/2.jpg", "3.jpg", "b/c/4.jpg")]
        store.upsert(some, units(4, DIM))
        store.change_marks([MarkChange((some[0].digest, some[3].digest), add=("tree",))])
        labels = store.naming()
        known = {one.id: one for one in store.records()}
        assert labels.ids.tolist() == sorted(known)
        for image, number in zip(labels.ids.tolist(), labels.inside.tolist(), strict=True):
            assert labels.folders[number] == str(Path(known[image].path).parent)
        assert list(labels.folders) == [
            str(Path(ROOT, *at)) for at in ((), ("a",), ("b",), ("b", "c"))
        ]
        bearing = [known[image].relative for image in labels.ids[labels.bearers].tolist()]
        assert (sorted(bearing), labels.tags, set(labels.borne.tolist())) == (
            ["b/1.jpg", "b/c/4.jpg"], ("tree",), {0}
        )  # fmt: skip


# ---- facets


FACETS: dict[str, Filter] = {
    **{name: wanted for name, (wanted, _) in FILTERS.items()},
    "a part of a root": Filter(folder=os.path.join(ROOT, "a")),  # noqa: PTH118 - a str
    "no folder that is known": Filter(folder=ROOT + "3", formats=("PNG",)),
    "one of two cameras": Filter(camera="acme", min_side=300),
    "one day": Filter(taken_from="2023-03-04", taken_to="2023-03-04"),
}


@pytest.mark.parametrize("name", FACETS)
def test_each_choice_gives_what_it_is_said_to(collection: VectorStore, name: str) -> None:
    wanted = FACETS[name]
    facets = cast(Catalogue, collection).facets(wanted)
    every = list(collection.records())

    def passing(**other: object) -> int:
        changed = dataclasses.replace(wanted, **other)  # type: ignore[arg-type]
        return sum(passes(one, changed) for one in every)

    assert facets.images == passing()
    for choice in facets.folders:
        assert choice.images == passing(folder=choice.value)
    for choice in facets.formats:
        assert choice.images == passing(formats=(choice.value,))
    for choice in facets.cameras:
        assert choice.images == passing(camera=choice.value)
    for choice in facets.taken:
        assert choice.images == passing(taken_from=choice.value, taken_to=choice.value)
    for choice in facets.sides:
        assert choice.images == passing(min_side=choice.value)


def _values(choices: tuple[Choice, ...]) -> list[str | int]:
    return [choice.value for choice in choices]


def test_every_choice_that_gives_anything_is_told(collection: VectorStore) -> None:
    facets = cast(Catalogue, collection).facets(Filter())
    every = list(collection.records())
    assert facets.images == COUNT
    assert sorted(_values(facets.formats)) == sorted(FORMATS)
    assert set(_values(facets.cameras)) == {one.camera for one in every if one.camera}
    assert _values(facets.taken) == sorted({one.taken[:7] for one in every if one.taken})
    assert _values(facets.sides) == [256, 512]
    below = [os.path.join(ROOT, name) for name in ("a", "ab")]  # noqa: PTH118 - a str
    other = os.path.join(ROOT + "2", "a")  # noqa: PTH118 - a str
    assert _values(facets.folders) == sorted([ROOT, ROOT + "2", *below, other])


def test_the_folders_are_the_way_to_the_chosen_one_and_what_lies_in_it(store: VectorStore) -> None:
    names = ("top.jpg", "a/1.jpg", "a/b/2.jpg", "a/b/c/3.jpg", "a/b/c/d/4.jpg", "ab/5.jpg")
    away = os.path.join(ROOT, "ab", "disk")  # noqa: PTH118 - a root in another, as decision 22 has it
    store.upsert([*map(record, names), record("x/6.jpg", away)], units(7, DIM))

    def folders(*chosen: str) -> dict[str, int]:
        place = os.path.join(ROOT, *chosen) if chosen else None  # noqa: PTH118 - a str
        found = cast(Catalogue, store).facets(Filter(folder=place)).folders
        return {os.path.relpath(str(choice.value), ROOT): choice.images for choice in found}

    disk, inside = os.path.join("ab", "disk"), os.path.join("ab", "disk", "x")  # noqa: PTH118
    deep, deeper = os.path.join("a", "b"), os.path.join("a", "b", "c")  # noqa: PTH118
    plain = {".": 7, "a": 4, "ab": 2, disk: 1}
    assert folders() == {**plain, inside: 1}
    assert folders("a") == {".": 7, "a": 4, deep: 3, disk: 1}
    assert folders("a", "b") == {".": 7, "a": 4, deep: 3, deeper: 2, disk: 1}
    assert folders("ab") == {".": 7, "ab": 2, disk: 1}
    assert folders("nowhere") == {".": 7, disk: 1}


def test_facets_follow_every_change(collection: VectorStore) -> None:
    store = cast(Catalogue, collection)
    assert store.facets(Filter(formats=("TIFF",))).images == 0
    store.upsert([record("new/a.jpg", format="TIFF")], units(1, DIM))
    assert store.facets(Filter(formats=("TIFF",))).images == 1
    old = store.find(ROOT, "new/a.jpg")
    assert old is not None
    store.relocate([(old, dataclasses.replace(old, relative="newer/a.jpg"))])
    newer = os.path.join(ROOT, "newer")  # noqa: PTH118 - a str
    assert Choice(newer, 1) in store.facets(Filter()).folders
    store.delete([old.id])
    assert store.facets(Filter()).images == COUNT


def test_facets_of_an_empty_store_and_of_odd_names(store: VectorStore) -> None:
    nothing = cast(Catalogue, store).facets(Filter())
    assert (nothing.images, nothing.folders, nothing.cameras, nothing.sides) == (0, (), (), ())
    names = ["b, c", "é", "É", "", None]
    some = [record(f"{at}.jpg", camera=name) for at, name in enumerate(names)]
    store.upsert(some, units(len(some), DIM))
    told = cast(Catalogue, store).facets(Filter()).cameras
    assert told == (Choice("É", 2), Choice("é", 2), Choice("b, c", 1))


def test_of_many_cameras_and_folders_the_most_frequent_are_told(store: VectorStore) -> None:
    number = MOST_CHOICES + 50
    some = [record(f"{at:03}/a.jpg", camera=f"<{at:03}>") for at in range(number)]
    some += [record("000/b.jpg", camera=f"<{number - 1}>")]
    store.upsert(some, units(len(some), DIM))
    told = cast(Catalogue, store).facets(Filter())
    assert told.cameras[0] == Choice(f"<{number - 1}>", 2)
    assert len(told.cameras) == len(told.folders) == MOST_CHOICES
    assert told.folders[0] == Choice(ROOT, number + 1)
