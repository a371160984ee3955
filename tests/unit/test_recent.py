"""`lookalike.stores.embedded.recent`: what was compared for one stretch serves the next."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lookalike.errors import LibraryError
from lookalike.stores.base import Embedding
from lookalike.stores.embedded import recent
from lookalike.stores.embedded.recent import Recent
from lookalike.stores.embedded.scores import Ids, Scored
from tests.records import open_store, record, records, relatives, units

DIM = 16
QUERY, OTHER = units(2, DIM)
IDS = np.arange(1, 5, dtype=np.int64)


def compared() -> Scored:
    return Scored(IDS, np.array([0.5, -np.inf, 0.25, 0.75], np.float32))


def never() -> Scored:
    raise LibraryError("compared once more")


def test_the_same_question_is_not_compared_again() -> None:
    kept = Recent()
    found = kept.scores(QUERY, 7, (3,), None, compared)
    assert found.ids.tolist() == [1, 4]  # one is not there any more, one is left out
    assert kept.scores(QUERY.copy(), 7, (3,), None, never) is found


@pytest.mark.parametrize(
    ("query", "revision", "without", "among"),
    [
        (OTHER, 7, (3,), IDS[:2]),
        (QUERY, 8, (3,), IDS[:2]),
        (QUERY, 7, (), IDS[:2]),
        (QUERY, 7, (3,), IDS[1:3]),
        (QUERY, 7, (3,), None),
    ],
)
def test_what_differs_is_another_question(
    query: Embedding, revision: int, without: tuple[int, ...], among: Ids | None
) -> None:
    kept = Recent()
    kept.scores(QUERY, 7, (3,), IDS[:2], compared)
    kept.scores(QUERY, 7, (3,), IDS[:2].copy(), never)
    with pytest.raises(LibraryError, match="once more"):
        kept.scores(query, revision, without, among, never)


def test_the_last_questions_are_kept_and_no_more_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Recent()
    several = units(9, DIM)
    for query in several:
        kept.scores(query, 7, (), None, compared)
    for query in several[1:]:
        kept.scores(query, 7, (), None, never)
    with pytest.raises(LibraryError, match="once more"):
        kept.scores(several[0], 7, (), None, never)
    monkeypatch.setattr(recent, "_BYTES", 10)
    kept.scores(several[5], 7, (), None, never)
    with pytest.raises(LibraryError, match="once more"):
        kept.scores(several[8], 7, (), None, never)
    kept.scores(several[5], 7, (), None, never)


def test_stretches_follow_what_the_library_becomes(tmp_path: Path) -> None:
    rows = units(40, DIM)
    with open_store(tmp_path / "library", DIM) as store:
        store.upsert(records(40), rows)
        before = store.answers(rows[0], 5, offset=10)
        assert store.answers(rows[0], 5, offset=10) == before
        store.upsert([record("a/new.jpg")], rows[:1])
        now = store.answers(rows[0], 41)
        twins = [hit.record for hit in now.hits[:2]]
        assert (now.total, relatives(twins)) == (41, ["00000.jpg", "a/new.jpg"])
        store.delete([twin.id for twin in twins])
        assert store.answers(rows[0], 1).total == 39
