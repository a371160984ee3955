"""`lookalike.folder.answers`: who keeps silent is given up, who answers or computes is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest

from lookalike import folder
from lookalike.errors import FolderError, FolderSilentError
from lookalike.folder import Patience, answers
from lookalike.indexing.crew import Crew


@pytest.fixture
def free() -> Iterator[threading.Event]:
    """What silent folders wait for; set in the end, so that no thread stays."""
    event = threading.Event()
    yield event
    event.set()


# --- asking --------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 3000])
def test_answers_come_in_their_order(count: int) -> None:
    assert list(Patience().heard("a", iter(range(count)))) == list(range(count))


def test_errors_come_after_the_answers_before_them() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise FolderError("gone")

    heard = Patience().heard("a", failing())
    assert next(heard) == 1
    with pytest.raises(FolderError, match="gone"):
        next(heard)


def test_a_silent_folder_is_told_and_given_up(
    free: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "_EVERY", 0.3)
    told: list[tuple[str, float]] = []
    patience = Patience(1.0, lambda *what: told.append(what))
    began = time.monotonic()
    with pytest.raises(
        FolderSilentError, match="The folder drive has not answered for 1 second: see that"
    ):
        patience.ask("drive", free.wait)
    assert 1.0 <= time.monotonic() - began < 3.0
    assert {where for where, _ in told} == {"drive"}
    assert 1 <= len(told) <= 3
    assert [seconds for _, seconds in told] == sorted(seconds for _, seconds in told)


def test_slow_answers_are_answers() -> None:
    def slow() -> Iterator[int]:
        for number in range(4):
            folder.about("drive")
            time.sleep(0.3)
            yield number

    assert list(Patience(0.6).heard("drive", slow())) == [0, 1, 2, 3]


def test_whoever_computes_or_waits_for_a_turn_is_not_held() -> None:
    def compute() -> int:
        end, rounds = time.monotonic() + 1.0, 0
        while time.monotonic() < end:
            rounds += 1
        return rounds

    def wait() -> str:
        with folder.elsewhere():
            time.sleep(1.0)
        return "done"

    if hasattr(time, "pthread_getcpuclockid"):
        assert Patience(0.5).ask("drive", compute) > 0
    assert Patience(0.5).ask("drive", wait) == "done"


def test_whoever_takes_answers_slowly_does_not_blame_the_folder() -> None:
    heard = Patience(0.4).heard("drive", iter(range(5000)))
    assert next(heard) == 0
    time.sleep(1.0)
    assert list(heard) == list(range(1, 5000))


def test_a_thread_that_is_left_behind_ends_with_its_answer(free: threading.Event) -> None:
    asked: list[int] = []

    def questions() -> Iterator[int]:
        for number in range(10_000):
            asked.append(number)
            if number == 256:
                free.wait()
            yield number

    with pytest.raises(FolderSilentError):
        list(Patience(0.3).heard("drive", questions()))
    free.set()
    for thread in threading.enumerate():
        if thread.name == "ask":
            thread.join(5)
    assert len(asked) < 1000


# --- what a person waits for ---------------------------------------------------------------------


def test_two_wait_for_a_silent_folder_and_others_are_refused(
    free: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "_MOMENT", 0.2)
    refused: list[float] = []

    def ask(number: int) -> None:
        began = time.monotonic()
        with pytest.raises(FolderSilentError):
            folder.within("drive", free.wait, 1.0)
        refused.append(time.monotonic() - began)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    ask(2)
    assert refused[0] < 0.2
    assert folder.within("another", lambda: "here") == "here"
    for thread in threads:
        thread.join()
    assert min(refused[1:]) >= 1.0
    free.set()
    time.sleep(0.1)  # those who were left behind
    assert folder.within("drive", lambda: "here") == "here"


# --- threads that read ---------------------------------------------------------------------------


def test_a_crew_gives_results_and_errors() -> None:
    def fail() -> int:
        raise TimeoutError("as a network drive may say")

    with Crew(2, Patience()) as crew:
        coming = [crew.submit(partial(pow, number, 2)) for number in range(20)]
        failing = crew.submit(fail)
        assert [crew.result(one) for one in coming] == [n * n for n in range(20)]
        with pytest.raises(TimeoutError, match="as a network"):
            crew.result(failing)


def test_a_crew_leaves_behind_who_is_held(
    free: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.indexing.crew._GRACE", 0.3)
    patience = Patience(0.5)
    done: list[int] = []

    def read(number: int) -> None:
        with patience.asking("drive"):
            if number == 1:
                free.wait()
        done.append(number)

    began = time.monotonic()
    with Crew(2, patience) as crew:
        coming = [crew.submit(partial(read, number)) for number in range(100)]
        with pytest.raises(FolderSilentError):
            list(map(crew.result, coming))
    assert time.monotonic() - began < 3
    assert 1 not in done
    with pytest.raises(FolderSilentError), patience.asking("drive"):
        pytest.fail("the run is over")
