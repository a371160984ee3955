"""Many large pictures, many threads: never more bytes in flight than there is room for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from lookalike.indexing import reading
from lookalike.indexing.room import Room
from tests.indexer import Indexer
from tests.pictures import encode, textured


class Watched(Room):
    """A room that notes how much of it is taken at the most, and by how many at once."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.now: list[int] = []
        self.most, self.largest, self.together = 0, 0, 0
        self._guard = threading.Lock()

    @contextmanager
    def taken(self, wanted: int) -> Iterator[None]:
        with super().taken(wanted):
            with self._guard:
                self.now.append(wanted)
                self.most = max(self.most, sum(self.now))
                self.largest = max(self.largest, wanted)
                self.together = max(self.together, len(self.now))
            try:
                yield
            finally:
                with self._guard:
                    self.now.remove(wanted)


def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it has not come about within ten seconds")


@pytest.mark.parametrize("fits", [0.5, 1, 2.5])
def test_large_pictures_in_flight_stay_within_the_room(
    indexer: Indexer, monkeypatch: pytest.MonkeyPatch, fits: float
) -> None:
    picture = textured(600, 500)
    for number in range(24):
        kind = ("PNG", "WEBP", "TIFF")[number % 3]
        (indexer.top / f"{number:02}").write_bytes(encode(picture, kind) + bytes([number]))
    weight = 16 * 600 * 500
    room = Watched(int(fits * weight))
    monkeypatch.setattr(reading, "Room", lambda: room)
    monkeypatch.setattr(reading, "usable_cores", lambda: 4)
    monkeypatch.setattr(reading, "_AT_ONCE", 1)
    assert indexer.index().added == 24
    assert room.largest >= weight
    assert room.most <= max(fits * weight, room.largest)
    assert indexer.names() == [f"{number:02}" for number in range(24)]


def test_who_came_first_goes_first_and_small_ones_do_not_pass() -> None:
    room, order = Room(10), []
    inside, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with room.taken(6):
            inside.set()
            go_on.wait(10)

    def then(name: str, wanted: int) -> None:
        with room.taken(wanted):
            order.append(name)

    with ThreadPoolExecutor(3) as pool:
        pool.submit(first)
        inside.wait(10)
        waiting = []
        try:
            for name, wanted in (("large", 11), ("small", 1)):
                waiting.append(pool.submit(then, name, wanted))
                until(lambda: len(room._queue) == len(waiting))
        finally:
            go_on.set()
        for one in waiting:
            one.result(10)
    assert order == ["large", "small"]


def test_room_is_given_back_when_reading_fails() -> None:
    room = Room(10)
    with pytest.raises(ValueError, match="broken"), room.taken(10):
        raise ValueError("broken")
    with room.taken(10):
        pass
