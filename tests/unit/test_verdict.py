"""Synthetic embeddings → what is usual among them, and where the levels of a verdict begin."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from lookalike import verdict
from lookalike.verdict import NOT_JUDGED, NOTHING, SAME, STRONG, WEAK, Cutoffs, Usual
from lookalike.verdict.kept import file_in
from lookalike.verdict.usual import Doubles, Ids, Rows

DIM = 64


def kinds(spread: float, *, number: int = 20, each: int = 20, seed: int = 0) -> Rows:
    """Unit vectors (number * each, DIM) in groups around as many centres."""
    random = np.random.default_rng(seed)
    centres = np.repeat(_unit(random.standard_normal((number, DIM))), each, axis=0)
    return _unit(centres + spread * _unit(random.standard_normal(centres.shape)))


def _unit(rows: Doubles) -> Rows:
    units: Rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return units


def best_of(rows: Rows, queries: Rows, but: Ids | None = None, k: int = 3) -> tuple[Doubles, Ids]:
    scores = queries @ rows.T
    if but is not None:
        scores[np.arange(len(queries)), but] = -2
    ids = np.argsort(-scores, axis=1)[:, :k]
    return np.take_along_axis(scores, ids, 1).astype(np.float64), ids.astype(np.int64)


def usual_of(rows: Rows) -> Usual:
    every = np.arange(len(rows), dtype=np.int64)
    scores, ids = best_of(rows, rows, every)
    usual = Usual(every, rows, len(rows))
    near = usual.crowding(ids.ravel(), rows[ids.ravel()]).reshape(ids.shape)
    return usual.told(scores, near)


def verdicts(usual: Usual, rows: Rows, queries: Rows) -> list[str]:
    """What the best answer to each query deserves."""
    scores, ids = best_of(rows, queries)
    return [
        usual.cutoffs(best[0], usual.crowding(some, rows[some])).verdict(best[0])
        for best, some in zip(scores.tolist(), ids, strict=True)
    ]


@pytest.mark.parametrize("spread", [0.3, 0.6, 0.9])
def test_what_is_of_a_kind_is_found_and_what_is_of_none_is_not(spread: float) -> None:
    everything = kinds(spread, each=25)
    held = np.arange(len(everything)) % 25 < 5
    rows, known = everything[~held], everything[held]
    strangers = kinds(spread, number=40, each=2, seed=1)
    usual = usual_of(rows)
    found = verdicts(usual, rows, known)
    assert np.mean([one != NOTHING for one in found]) >= 0.9
    assert np.mean([one == NOTHING for one in verdicts(usual, rows, strangers)]) >= 0.9


def test_a_score_is_worth_less_where_pictures_are_alike() -> None:
    crowded, roomy = usual_of(kinds(0.3)), usual_of(kinds(0.9))
    first = np.array([0, 1, 2])
    dense = crowded.cutoffs(0.5, crowded.crowding(first, crowded.rows[first]))
    loose = roomy.cutoffs(0.5, roomy.crowding(first, roomy.rows[first]))
    assert dense.weak is not None
    assert loose.weak is not None
    assert dense.weak > loose.weak + 0.1


def test_a_crowd_of_copies_does_not_raise_what_is_asked_of_others() -> None:
    rows = kinds(0.6)
    copied = np.concatenate([rows, np.repeat(rows[:1], 30, axis=0)])
    usual = usual_of(copied)
    near = usual.crowding(np.array([0, 1]), copied[[0, 1]])
    alone = usual_of(rows).crowding(np.array([0, 1]), rows[[0, 1]])
    assert near[0] == pytest.approx(alone[0], abs=1e-6)
    assert near[1] < 0.97


def test_answers_after_a_first_may_be_somewhat_farther_away() -> None:
    usual, some = usual_of(kinds(0.6)), np.array([0, 1, 2])
    without = usual.cutoffs(0.0, usual.crowding(some, usual.rows[some]))
    after = usual.cutoffs(0.99, usual.crowding(some, usual.rows[some]))
    assert after.weak is not None
    assert without.weak is not None
    assert after.weak < without.weak
    assert after.strong == without.strong


def test_few_pictures_are_not_judged_but_the_same_one_is() -> None:
    rows = kinds(0.6, number=1, each=verdict.FEWEST - 1)
    usual = Usual(np.arange(len(rows)), rows, len(rows))
    cutoffs = usual.cutoffs(0.9, usual.crowding(np.array([0]), rows[:1]))
    assert [cutoffs.verdict(score) for score in (0.999, 0.9, 0.1)] == [SAME, NOT_JUDGED, NOT_JUDGED]


def test_the_same_picture_is_nearer_than_a_library_has_others() -> None:
    rows = kinds(0.25)  # its pictures have others at up to .98
    assert usual_of(rows).same > usual_of(kinds(0.9)).same == 0.93


def test_levels_are_in_order_and_scores_meet_them() -> None:
    cutoffs = Cutoffs(0.95, 0.8, 0.6)
    told = [cutoffs.verdict(score) for score in (0.95, 0.94, 0.8, 0.79, 0.6, 0.59, -1.0)]
    assert told == [SAME, STRONG, STRONG, WEAK, WEAK, NOTHING, NOTHING]
    assert cutoffs.for_share(0.8).verdict(0.75) == WEAK
    assert cutoffs.for_share(0.8).verdict(0.74) == NOTHING
    assert Cutoffs(0.95).for_share(0.5) == Cutoffs(1.9)


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (0.99, "The best answer is the same picture or a copy: its score is 0.99."),
        (0.85, "is one that things of one kind have here: that begins at 0.80."),
        (0.7, "is more than chance here, which ends at 0.60, but less than the 0.80"),
        (0.3, "There is probably nothing like it here: the best score, 0.30,"),
    ],
)
def test_each_verdict_has_its_sentence(score: float, words: str) -> None:
    cutoffs = Cutoffs(0.95, 0.8, 0.6)
    sentence = verdict.reason(cutoffs.verdict(score), score, cutoffs)
    assert words in sentence
    assert sentence.endswith(".")
    assert sentence.count(". ") == 0


def test_too_few_pictures_are_told_as_such() -> None:
    assert "Fewer than 30 pictures" in verdict.reason(NOT_JUDGED, 0.5, Cutoffs(0.97))


def test_what_is_usual_comes_back_from_the_cache(tmp_path: Path) -> None:
    usual = usual_of(kinds(0.6))
    verdict.save(tmp_path, "a model", usual)
    found = verdict.load(tmp_path, "a model")
    assert found is not None
    assert (found.drawn, found.weak, found.strong, found.same) == (
        usual.drawn, usual.weak, usual.strong, usual.same,
    )  # fmt: skip
    assert np.array_equal(found.ids, usual.ids)
    assert np.abs(found.rows - usual.rows).max() < 1e-3
    assert verdict.load(tmp_path, "another model") is None


def test_a_damaged_cache_is_told_and_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert verdict.load(tmp_path, "a model") is None
    assert not caplog.records
    verdict.save(tmp_path, "a model", usual_of(kinds(0.6)))
    file_in(tmp_path).write_bytes(file_in(tmp_path).read_bytes()[:100])
    with caplog.at_level(logging.WARNING):
        assert verdict.load(tmp_path, "a model") is None
    assert "damaged" in caplog.text
