"""A library of embeddings → the verdicts on its answers, whatever is asked for and however."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lookalike.library import Filter
from lookalike.library.judging import OF_WORDS, Judging, Sought
from lookalike.stores.base import Record
from lookalike.stores.embedded import EmbeddedStore
from lookalike.verdict import FEWEST, NOT_JUDGED, NOTHING, SAME, STRONG
from lookalike.verdict.kept import file_in
from lookalike.verdict.usual import Rows
from tests.unit.test_verdict import kinds

GROUPS, EACH = 12, 10
ROWS = kinds(0.5, number=GROUPS, each=EACH)
STRANGERS = kinds(0.5, number=20, each=1, seed=1)


def records(number: int, start: int = 0) -> list[Record]:
    return [
        Record("/r", f"{one // EACH}/{one}.jpg", 1, 1, f"{one:064x}", 9, 9, "JPEG")
        for one in range(start, start + number)
    ]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path, create=True) as store:
        store.set(dim=str(ROWS.shape[1]))
        store.reshape(ROWS.shape[1])
        store.upsert(records(len(ROWS)), ROWS)
        yield store


def middle(group: int) -> Rows:
    """A picture of a kind that is as near to each of these."""
    total = ROWS[group * EACH : (group + 1) * EACH].sum(axis=0)
    unit: Rows = total / np.float32(np.linalg.norm(total))
    return unit


def sought(judging: Judging, store: EmbeddedStore, query: Rows, k: int = 10) -> list[str | None]:
    judged = judging.judged(store.search(query, k), Sought(query))
    return [judged.verdict, *(hit.verdict for hit in judged)]


def test_each_hit_and_the_whole_are_judged(store: EmbeddedStore) -> None:
    judging = Judging(store)
    whole, *hits = sought(judging, store, middle(0), 20)
    assert whole == hits[0] == STRONG
    assert hits[-1] == NOTHING
    told = [sought(judging, store, query)[0] for query in STRANGERS]
    assert np.mean([one == NOTHING for one in told]) >= 0.9
    assert sought(judging, store, ROWS[5])[0] == SAME


def test_a_reason_is_one_sentence_with_the_best_score(store: EmbeddedStore) -> None:
    query = STRANGERS[0]
    hits = store.search(query, 5)
    judged = Judging(store).judged(hits, Sought(query))
    assert judged.reason is not None
    assert judged.reason.startswith("There is probably nothing like it here: the best score, ")
    assert f"{hits[0].score:.2f}" in judged.reason


def test_words_are_not_judged(store: EmbeddedStore) -> None:
    judged = Judging(store).judged(store.search(ROWS[0], 3), OF_WORDS)
    assert {judged.verdict, *(hit.verdict for hit in judged)} == {NOT_JUDGED}
    assert judged.reason == OF_WORDS


def test_levels_are_those_of_the_whole_library_whatever_is_left_out(store: EmbeddedStore) -> None:
    judging, query = Judging(store), middle(0)
    every = {
        hit.record.id: hit.verdict
        for hit in judging.judged(store.search(query, 120), Sought(query))
    }
    where = Filter(folder="/r/3")
    hits = store.search(query, 10, where=where)
    filtered = judging.judged(hits, Sought(query, where=where))
    assert {hit.record.id: hit.verdict for hit in filtered}.items() <= every.items()
    assert filtered.verdict == NOTHING
    later = judging.judged(store.answers(query, 5, offset=60).hits, Sought(query), offset=60)
    assert {hit.record.id: hit.verdict for hit in later}.items() <= every.items()
    assert later.verdict == STRONG


def test_another_ranking_is_judged_by_the_plain_cosines(store: EmbeddedStore) -> None:
    judging, query = Judging(store), middle(0)
    plain = judging.judged(store.search(query, 30), Sought(query))
    turned = judging.judged(list(reversed(store.search(query, 30))), Sought(query, plain=False))
    assert [hit.verdict for hit in reversed(turned)] == [hit.verdict for hit in plain]
    assert turned.verdict == plain.verdict
    assert turned.reason is not None
    assert turned.reason.startswith("By the plain cosines, the best score")


def test_few_pictures_are_not_judged_until_there_are_more(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path, create=True) as store:
        store.set(dim=str(ROWS.shape[1]))
        store.reshape(ROWS.shape[1])
        store.upsert(records(FEWEST - 1), ROWS[: FEWEST - 1])
        judging = Judging(store)
        assert sought(judging, store, STRANGERS[0])[0] == NOT_JUDGED
        assert sought(judging, store, ROWS[0])[0] == SAME
        store.upsert(records(1, FEWEST - 1), ROWS[FEWEST - 1 : FEWEST])
        assert sought(judging, store, STRANGERS[0])[0] == NOTHING


def test_what_is_usual_is_kept_and_found_out_anew_when_the_library_has_changed(
    store: EmbeddedStore,
) -> None:
    Judging(store).renew()
    kept = file_in(store.folder / "cache")
    before = kept.read_bytes()
    store.delete([1, 2, 3])
    Judging(store).renew()
    assert kept.read_bytes() == before
    other = kinds(0.9, number=GROUPS, each=EACH, seed=5)
    store.upsert(records(len(other)), other)  # the same files, with other content
    judging = Judging(store)
    judging.renew()
    assert kept.read_bytes() != before


def test_a_kind_that_came_later_is_found_at_once(store: EmbeddedStore) -> None:
    judging, query = Judging(store), STRANGERS[0]
    assert sought(judging, store, query)[0] == NOTHING
    random = np.random.default_rng(3)
    alike = np.stack([query] * 3) + 0.05 * random.standard_normal((3, len(query)))
    alike = (alike / np.linalg.norm(alike, axis=1, keepdims=True)).astype(np.float32)
    store.upsert(records(3, 1000), alike)
    assert sought(judging, store, query)[0] != NOTHING


def test_an_empty_library_has_nothing_to_judge(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path, create=True) as store:
        store.set(dim=str(ROWS.shape[1]))
        store.reshape(ROWS.shape[1])
        judging = Judging(store)
        judging.renew()
        assert judging.judged((), Sought(ROWS[0])).verdict == NOT_JUDGED
