"""Embeddings and what is said of them → views in which that tells, and what they are worth."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.evaluate import average_precisions
from lookalike.stores.base import Embedding
from lookalike.views import (
    Moments,
    Projection,
    direction,
    discriminant,
    held_out,
    odds,
    told_apart,
    whitened,
)
from tests.maps import clustered
from tests.records import units

DIM = 40
LOUD = 6  # directions that say nothing and drown the others


def kinds(classes: int, each: int, seed: int = 0) -> tuple[Embedding, np.ndarray]:
    """Unit vectors whose classes differ in quiet directions only."""
    chance = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((classes, DIM))
    centres[:, :LOUD] = 0
    numbers = np.repeat(np.arange(classes), each)
    rows = 0.9 * centres[numbers] + chance.standard_normal((len(numbers), DIM))
    rows[:, :LOUD] += 12 * chance.standard_normal((len(numbers), LOUD))
    rows[:, 0] += 30  # the mean is not zero
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), numbers


def mean_average_precision(rows: Embedding, numbers: np.ndarray) -> float:
    return float(average_precisions(rows, numbers).mean())


def plain_of(rows: Embedding) -> Projection:
    return whitened(Moments.of([rows], DIM))


# ---- moments and whitening


def test_moments_are_those_of_all_blocks_together() -> None:
    rows = units(500, DIM)
    found = Moments.of([rows[:120], rows[120:121], rows[121:]], DIM)
    assert found.count == 500
    np.testing.assert_allclose(found.mean, rows.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found.covariance, np.cov(rows.T, bias=True), atol=1e-6)


def test_half_whitening_leaves_the_root_of_each_deviation() -> None:
    rows, _ = kinds(10, 100)
    projection = plain_of(rows)
    assert projection.axes == DIM
    before = np.sort(np.linalg.eigvalsh(np.cov(rows.T, bias=True)))[::-1]
    after = ((rows - projection.mean) @ projection.matrix).var(axis=0)
    np.testing.assert_allclose(after, np.sqrt(before), rtol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(projection.of(rows), axis=1), 1, atol=1e-5)


def test_whitening_finds_kinds_better_than_the_embeddings_do() -> None:
    rows, numbers = kinds(12, 40)
    before = mean_average_precision(rows, numbers)
    assert mean_average_precision(plain_of(rows).of(rows), numbers) > before + 0.05


@pytest.mark.parametrize("count", [0, 1, 2, 3, 20])
def test_few_pictures_make_a_view_all_the_same(count: int) -> None:
    rows = units(count, DIM)
    projection = plain_of(rows)
    assert projection.axes == (DIM if count < 3 else min(count - 1, 16))
    found = projection.of(rows)
    assert np.isfinite(found).all()


def test_what_lies_at_the_mean_becomes_zeros() -> None:
    projection = plain_of(units(200, DIM))
    assert not projection.of(projection.mean).any()


# ---- classes


def test_a_discriminant_finds_new_pictures_of_its_classes() -> None:
    rows, numbers = kinds(12, 30)
    others, theirs = kinds(12, 30, seed=5)
    plain = plain_of(rows)
    view = discriminant(rows, numbers, plain, 0.3)
    assert view.axes == 11 + plain.axes
    learned = mean_average_precision(view.of(others), theirs)
    assert learned > mean_average_precision(plain.of(others), theirs) + 0.1


def test_what_classes_say_nothing_of_is_still_seen() -> None:
    rows, numbers = kinds(12, 30)
    plain = plain_of(rows)
    two = numbers < 2
    view = discriminant(rows[two], numbers[two], plain, 1.0)
    rest, theirs = view.of(rows[~two]), numbers[~two] - 2
    assert mean_average_precision(rest, theirs) > 0.6 * mean_average_precision(
        plain.of(rows[~two]), theirs
    )


def test_held_out_pictures_tell_whether_a_view_helps() -> None:
    rows, numbers = kinds(12, 30)
    plain = plain_of(rows)
    good = held_out(rows, numbers, plain, average_precisions)
    assert good.after > good.before + 0.2
    at_random = np.random.default_rng(3).permutation(numbers)
    bad = held_out(rows, at_random, plain, average_precisions)
    assert bad.after < bad.before + 0.02
    assert 0 < good.error < 0.02


def test_equal_pictures_of_a_class_do_no_harm() -> None:
    rows = np.repeat(units(3, DIM), 4, axis=0)
    view = discriminant(rows, np.repeat(np.arange(3), 4), plain_of(rows), 0.3)
    assert np.isfinite(view.matrix).all()


# ---- what is liked


def test_the_direction_leads_to_the_liked_and_away_from_the_others() -> None:
    liked, unliked = units(3, DIM), units(2, DIM, seed=1)
    found = direction(liked, unliked)
    expected = liked.mean(axis=0) - 0.5 * unliked.mean(axis=0)
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-6)
    assert not direction(liked[:1], np.repeat(liked[:1], 2, axis=0) * 2).any()


def test_what_has_something_in_common_is_told_apart_and_what_has_not_is_not() -> None:
    seen = clustered(12, 30, DIM)
    assert told_apart(seen[:6], seen[30:33], seen[60:]) > 0.9
    at_random = np.random.default_rng(0).permutation(seen)
    assert told_apart(at_random[:30], at_random[30:60], at_random[60:]) < 0.6


# ---- how likely it is liked


def likes(marks: int, seed: int, share: float = 0.05) -> tuple[Embedding, Embedding, np.ndarray]:
    """Pictures that are marked as liked, all others, and which of these are liked, too."""
    chance = np.random.default_rng(seed)
    true = np.arange(2000) < 2000 * share
    centre = np.random.default_rng(seed + 1).standard_normal(DIM)
    rows = chance.standard_normal((len(true), DIM)) + 0.8 * true[:, None] * centre
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return rows[:marks], rows[marks:], true[marks:]


@pytest.mark.parametrize("marks", [5, 20])
def test_who_is_told_that_pictures_are_liked_likes_so_many_or_more(marks: int) -> None:
    told, liked = [], []
    for seed in range(20):
        marked, rest, true = likes(marks, seed)
        found = odds(marked, rest[:0], rest[::2])
        scores = rest @ direction(marked, rest[:0])
        best = np.argsort(-scores)[:120]
        told.append(found.of(scores[best]))
        liked.append(true[best])
    every, which = np.concatenate(told), np.concatenate(liked)
    assert -0.25 < np.mean(every) - np.mean(which) < 0.05
    assert np.mean(which[every > 0.7]) > 0.8
    assert np.mean(which[every < 0.2]) < 0.4


def test_what_is_liked_is_likelier_the_higher_it_scores_and_never_sure() -> None:
    marked, rest, true = likes(4, 1)
    found = odds(marked, rest[~true][:3], rest)
    told = found.of([-1.0, -0.1, 0.0, 0.2, 0.5, 1.0])
    assert (np.diff(told) >= 0).all()
    assert 0 <= told[0] < 0.01
    assert told[-1] == 0.8  # four in five: as if one more had been marked, and not liked


def test_pictures_that_are_all_the_same_tell_nothing_and_break_nothing() -> None:
    same = np.repeat(units(1, DIM), 30, axis=0)
    told = odds(same[:3], same[:0], same[3:]).of([0.0, 1.0])
    assert np.isfinite(told).all()
