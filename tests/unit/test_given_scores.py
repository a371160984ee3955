"""Scores in place of cosines, and views: what every catalogue does with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lookalike.errors import LibraryReadOnlyError
from lookalike.stores.base import Catalogue, Filter, Scores, View, ViewNote
from lookalike.stores.embedded import EmbeddedStore, schema
from tests.records import open_store, record, records, relatives, units

DIM, COUNT = 8, 300


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Catalogue]:
    opened = open_store(tmp_path / "library", DIM)
    opened.upsert(records(COUNT), units(COUNT, DIM))
    yield opened
    opened.close()


def some_scores(seed: int = 0, count: int = COUNT) -> Scores:
    """Scores of the pictures, in no order; many are equal."""
    chance = np.random.default_rng(seed)
    ids = chance.permutation(np.arange(1, count + 1))
    return Scores(ids, chance.integers(-20, 20, count) / 20)


def expected(store: Catalogue, scores: Scores, ids: set[int]) -> list[tuple[str, float]]:
    """Some pictures in their order, once more in Python."""
    values = dict(zip(scores.ids.tolist(), scores.values.tolist(), strict=True))
    found = [one for one in store.records() if one.id in ids & values.keys()]
    found.sort(key=lambda one: -values[one.id])  # which leaves equal ones in order of path
    return [(one.relative, round(values[one.id], 6)) for one in found]


@pytest.mark.parametrize("saved", [False, True])
def test_pictures_are_ranked_by_scores_in_stretches(store: Catalogue, saved: bool) -> None:
    if saved:
        store.save_caches()
    store.upsert([record("later.jpg")], units(1, DIM, seed=1))
    store.delete([7, 8])
    scores = some_scores(count=COUNT + 1)
    truth = expected(store, scores, set(range(COUNT + 2)) - {3})
    found: list[tuple[str, float]] = []
    for offset in range(0, COUNT, 37):
        part = store.answers(scores, 37, offset=offset, without=[3], distribution=True)
        assert part.total == len(truth) == COUNT - 2
        assert part.distribution is not None
        assert sum(part.distribution.counts) == part.total
        found += [(hit.record.relative, hit.score) for hit in part.hits]
        for hit in part.hits:
            assert hit.distance == pytest.approx((2 - 2 * hit.score) ** 0.5, abs=1e-6)
    assert found == truth


def test_filters_and_folding_hold_for_scores(store: Catalogue) -> None:
    scores = some_scores()
    only = Filter(folder=f"{records(1)[0].root}")
    assert store.answers(scores, 5, where=only).total == COUNT
    assert store.answers(scores, 5, where=Filter(formats=("PNG",))).hits == ()
    part = store.answers(scores, COUNT, fold={1: 1, 2: 1, 3: 1})
    assert (part.folded, part.total) == (2, COUNT - 2)
    (group,) = [hit for hit in part.hits if hit.copies]
    assert {group.record.id, *(one.record.id for one in group.copies)} == {1, 2, 3}
    assert all(one.score <= group.score for one in group.copies)


def test_a_picture_without_a_score_is_no_answer(store: Catalogue) -> None:
    scores = Scores(np.array([5, 10**9, 2]), np.array([0.25, 1.0, 0.5]))
    part = store.answers(scores, 9)
    assert relatives(hit.record for hit in part.hits) == ["00001.jpg", "00004.jpg"]
    none = Scores(np.empty(0, np.int64), np.empty(0))
    assert store.answers(none, 9).total == 0


def view_of(name: str, axes: int = 3, *, focus: bool = False) -> View:
    note = ViewNote(name, "model", "2026-01-02T03:04:05+00:00", {"kind": "classes", "after": 0.5})
    direction = units(1, axes)[0] if focus else None
    return View(note, units(1, DIM)[0], units(DIM, axes, seed=2), direction)


def test_views_are_kept_whole(store: Catalogue, tmp_path: Path) -> None:
    assert (store.views(), store.view("one")) == ([], None)
    for name, focus in (("two", False), ("one", True), ("two", True)):
        store.keep_view(view_of(name, 3 + focus, focus=focus))
    assert [note.name for note in store.views()] == ["one", "two"]
    with EmbeddedStore(tmp_path / "library") as other:
        found = other.view("two")
    assert found is not None
    kept = view_of("two", 4, focus=True)
    assert found.note == kept.note
    np.testing.assert_array_equal(found.mean, kept.mean)
    np.testing.assert_array_equal(found.matrix, kept.matrix)
    np.testing.assert_array_equal(found.focus, kept.focus)
    assert store.drop_view("one")
    assert not store.drop_view("one")
    assert [note.name for note in store.views()] == ["two"]


def test_a_library_without_a_place_for_views_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "library"
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[: schema.WITH_VIEWS - 1])
        open_store(folder, DIM).close()
        with EmbeddedStore(folder) as old:
            assert (old.views(), old.view("one")) == ([], None)
    with EmbeddedStore(folder) as store:
        store.keep_view(view_of("one"))
        assert len(store.views()) == 1


def test_a_view_cannot_be_kept_where_nothing_can_be_written(
    store: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = store._database  # type: ignore[attr-defined]
    monkeypatch.setattr(database, "read_only", True)
    with pytest.raises(LibraryReadOnlyError):
        store.keep_view(view_of("one"))
