"""Commands killed, or cut off from power, at random moments: scripts/kill_indexing.py, in small."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.kill_indexing import cut, kill
from tests.forks import Forks
from tests.power import record
from tests.trials import TRIALS, Judge, Place, make_models

SEED = 2026
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork, and no SIGKILL"),
]


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with Forks() as made:
        yield made


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path.resolve())
    make_models(made)
    return made


def judge_of(name: str, place: Place, forks: Forks) -> Judge:
    return Judge(next(one for one in TRIALS if one.name == name), place, forks)


def test_migrations_that_are_killed_lose_nothing(place: Place, forks: Forks) -> None:
    kill(judge_of("migrations", place, forks), random.Random(SEED), forks)


def test_a_command_that_is_killed_or_cut_off_loses_nothing(place: Place, forks: Forks) -> None:
    judge = judge_of("index after changes", place, forks)
    kill(judge, random.Random(SEED), forks)
    judge.begin()
    recording = record(judge.trial.command(place), place.library, place.out)
    for number in range(2):
        cut(judge, recording, random.Random(f"{SEED} {number}"))
