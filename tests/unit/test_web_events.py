"""`/api/events`: what is told while a library is indexed, and what listening costs the others."""

from __future__ import annotations

import contextlib
import http.client
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from lookalike import Library
from lookalike.errors import LibraryError
from lookalike.web import events
from lookalike.web.state import MOST_LISTENERS
from tests.pictures import make_jpeg, textured
from tests.served import Running

Connection = http.client.HTTPConnection


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for seed in range(40):
        (pictures / f"{seed}.jpg").write_bytes(make_jpeg(textured(seed=seed)))
    Library.open(tmp_path / "library", create=True).close()
    started = Running(tmp_path / "library", pictures)
    yield started
    started.stop()


@contextlib.contextmanager
def listening(running: Running, **headers: str) -> Iterator[http.client.HTTPResponse]:
    connection = Connection(running.address, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", "/api/events", headers=headers)
        yield connection.getresponse()


def events_of(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """The events of a stream, with the fields of each; comments and settings are passed over."""
    fields: dict[str, Any] = {}
    for line in response:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif "event" in fields:
            yield {**fields, "data": json.loads(fields["data"])}
            fields = {}


@pytest.mark.slow
def test_a_run_is_told_from_its_beginning_to_its_end(running: Running) -> None:
    with listening(running) as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/event-stream")
        assert response.headers["Cache-Control"] == "no-store"
        told = []
        for event in events_of(response):
            assert event["event"] == "progress"
            told.append(event)
            if event["data"]["images"] == 40 and event["data"]["indexing"] is None:
                break
    counts = [event["data"]["images"] for event in told]
    assert counts == sorted(counts)
    assert all(event["data"]["trouble"] is None for event in told)
    status, stats = running.ask("GET", "/api/stats")
    assert (status, stats["images"], stats["indexing"]) == (200, 40, None)
    # whoever connects again is told only what it has not heard
    with listening(running, **{"Last-Event-ID": told[-1]["id"]}) as response:
        assert response.readline() == b"retry: 2000\n"
        assert response.readline() == b"\n"
        assert response.readline() == b": nothing new\n"


@pytest.mark.slow
def test_those_who_listen_leave_the_others_their_threads(running: Running) -> None:
    with contextlib.ExitStack() as stack:
        # held: what nobody holds is closed, which the server notices
        held = [stack.enter_context(listening(running)) for _ in range(MOST_LISTENERS)]
        assert [response.status for response in held] == [200] * MOST_LISTENERS
        with listening(running) as refused:
            assert refused.status == 503
            assert refused.headers["Content-Type"] == "application/problem+json"
            assert int(refused.headers["Retry-After"]) > 0
            assert "/api/stats" in json.loads(refused.read())["detail"]
        times = []
        for _ in range(50):
            begun = time.perf_counter()
            assert running.ask("GET", "/healthz")[0] == 200
            times.append(time.perf_counter() - begun)
        assert sorted(times)[25] < 1
        for response in held:
            response.close()
    deadline = time.monotonic() + 30
    while True:  # places are given on once it is noticed that somebody has left
        with listening(running) as response:
            if response.status == 200:
                break
        assert time.monotonic() < deadline
        time.sleep(0.5)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C would reach this test, too")
def test_the_server_ends_at_once_though_somebody_listens(running: Running) -> None:
    with listening(running) as response:
        assert response.readline() == b"retry: 2000\n"
        status, _, complaints = running.interrupt()
        assert (status, "cut off" in complaints) == (0, False)


def test_a_library_that_cannot_be_read_ends_the_stream_with_a_problem() -> None:
    def look() -> dict[str, Any]:
        raise LibraryError("The library has been closed: open it again.")

    *_, last = events.stream(look, Event())
    assert last.startswith("event: problem\ndata: ")
    problem = json.loads(last.partition("data: ")[2])
    assert problem["detail"] == "The library has been closed: open it again."


def test_a_stream_ends_after_a_while_and_with_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_LOOK", 0.01)
    monkeypatch.setattr(events, "_HEARTBEAT", 0.05)
    monkeypatch.setattr(events, "_LONGEST", 0.3)
    parts = list(events.stream(lambda: {"images": 1}, Event()))
    assert [part.startswith("id: ") for part in parts].count(True) == 1
    assert parts.count(": nothing new\n\n") in range(2, 7)
    ended = Event()
    ended.set()
    assert list(events.stream(lambda: {"images": 1}, ended)) == ["retry: 2000\n\n"]
