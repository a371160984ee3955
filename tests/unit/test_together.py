"""`lookalike.stores.embedded.together`: every piece once, by several threads, errors and all."""

from __future__ import annotations

import threading
import time

import pytest

from lookalike.stores.embedded import together as room
from lookalike.stores.embedded.together import together


@pytest.mark.parametrize("pieces", [0, 1, 2, 3, 1000])
def test_every_piece_is_done_once(pieces: int) -> None:
    done: list[int] = []
    together(done.append, pieces)
    assert sorted(done) == list(range(pieces))


def test_several_threads_are_at_work_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "CORES", 3)
    room._pool.cache_clear()
    meeting = threading.Barrier(3, timeout=10)
    met: list[int] = []
    together(lambda _piece: met.append(meeting.wait()), 3)
    assert sorted(met) == [0, 1, 2]
    room._pool.cache_clear()


def test_an_error_comes_out_when_nobody_is_at_work_any_more() -> None:
    ended: list[int] = []

    def work(piece: int) -> None:
        if piece == 1:
            raise ValueError("the second piece")
        time.sleep(0.05)
        ended.append(piece)

    with pytest.raises(ValueError, match="the second piece"):
        together(work, 3)
    before = list(ended)
    time.sleep(0.1)
    assert ended == before


def test_many_may_ask_at_once() -> None:
    done: list[list[int]] = [[] for _ in range(8)]

    def ask(number: int) -> None:
        together(done[number].append, 100)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [sorted(one) for one in done] == [list(range(100))] * 8


def test_nobody_waits_for_threads_that_are_busy_for_others() -> None:
    busy, free = threading.Barrier(room.CORES + 1, timeout=10), threading.Event()

    def hold() -> None:
        busy.wait()
        free.wait(10)

    held = [room._pool().submit(hold) for _ in range(room.CORES)]
    busy.wait()
    done: list[int] = []
    asking = threading.Thread(target=lambda: together(done.append, 5))
    asking.start()
    asking.join(5)
    ended = not asking.is_alive()
    free.set()
    for one in held:
        one.result(10)
    asking.join(10)
    assert ended
    assert done == [0, 1, 2, 3, 4]
