"""Sockets that behave badly, and more requests than there are places → the server stays up."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, Response, request

from lookalike.web import problems
from lookalike.web.guard import dispatch
from lookalike.web.guard.clients import client_of
from lookalike.web.guard.dispatch import Dispatcher
from lookalike.web.guard.engine import Engine
from lookalike.web.guard.limits import Limits, Patience
from lookalike.web.guard.refusals import MIMETYPE
from lookalike.web.server import listen

QUICK = Patience(head=0.3, idle=0.3, window=0.4, slowest=1000, stop=20)
LARGE = 20 * 2**20


class Served:
    """A small app on a real server in this process. Its searches wait until they are let go."""

    def __init__(self, limits: Limits, welcome: Callable[[Any], bool] = lambda _: True) -> None:
        self.go = threading.Event()
        self.entered = threading.Semaphore(0)
        app = Flask(__name__)
        app.post("/api/search")(self._search)
        app.get("/api/images/1/file")(self._file)
        app.get("/healthz")(lambda: {"status": "ok"})
        self.dispatcher = Dispatcher(
            limits,
            listeners=1,
            exports=1,
            client=lambda peer, headers: client_of(
                peer, headers.get("X_FORWARDED_FOR"), {"127.0.0.1"}
            ),
        )
        listening = listen("127.0.0.1", 0)
        self.engine = Engine(
            app,
            listening,
            limits,
            self.dispatcher,
            largest=LARGE,
            too_large=problems.too_large,
            welcome=welcome,
        )
        self.port = listening.getsockname()[1]
        self.thread = threading.Thread(target=self.engine.run)
        self.thread.start()
        self._opened = contextlib.ExitStack()

    def _search(self) -> dict[str, int]:
        self.entered.release()
        size = len(request.get_data())
        assert self.go.wait(30)
        return {"size": size}

    def _file(self) -> Response:
        return Response((b"x" * 2**16 for _ in range(LARGE // 2**16)), content_type="image/bmp")

    def connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        return self._opened.enter_context(contextlib.closing(connection))

    def socket(self, sent: bytes = b"") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self._opened.enter_context(connection)
        connection.sendall(sent)
        return connection

    def begin(self, body: bytes = b"?") -> http.client.HTTPConnection:
        """A search, whose answer is not yet asked for."""
        connection = self.connect()
        connection.request("POST", "/api/search", body)
        return connection

    def health(self) -> int:
        connection = self.connect()
        connection.request("GET", "/healthz", headers={"Connection": "close"})
        with connection.getresponse() as answer:
            return answer.status

    def stop(self) -> None:
        self.go.set()
        self.engine.end()
        self._opened.close()
        self.thread.join(30)
        assert not self.thread.is_alive()
        self.engine.close()


@pytest.fixture
def start() -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def make(limits: Limits, **how: Any) -> Served:
        started.append(Served(limits, **how))
        return started[-1]

    yield make
    for one in started:
        one.stop()


def patiently(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "waited for twenty seconds"
        time.sleep(0.01)


def closed(connection: socket.socket) -> bool:
    """Whether the other side has closed, as a reader finds out."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


def problem(answer: http.client.HTTPResponse, status: int) -> str:
    """The sentence of a refusal, which says when it is worth another try."""
    assert answer.status == status
    assert answer.headers["Content-Type"] == MIMETYPE
    assert int(answer.headers["Retry-After"]) >= 1
    found = json.loads(answer.read())
    assert found["status"] == status
    return str(found["detail"])


def test_beyond_what_runs_and_waits_the_answer_is_503_at_once(
    start: Callable[..., Served],
) -> None:
    served = start(Limits(running=1, waiting=1))
    first = served.begin()
    assert served.entered.acquire(timeout=20)
    second = served.begin()
    patiently(lambda: len(served.dispatcher.lanes["costly"].waiting) == 1)
    third = served.begin()
    said = problem(third.getresponse(), 503)
    assert said == "As many searches wait as may: try again in a moment."
    third.request("GET", "/healthz")  # other lanes are free, and the connection is good
    assert third.getresponse().status == 200
    served.go.set()
    for connection in (first, second):
        assert json.loads(connection.getresponse().read()) == {"size": 1}
    patiently(lambda: not served.dispatcher.busy)
    assert served.dispatcher.refused == {503: 1}
    assert served.dispatcher.lanes["costly"].refused == 1


def test_who_leaves_gives_the_place_to_another(start: Callable[..., Served]) -> None:
    served = start(Limits(running=1, waiting=1))
    first = served.begin()
    assert served.entered.acquire(timeout=20)
    second = served.begin()
    patiently(lambda: len(served.dispatcher.lanes["costly"].waiting) == 1)
    second.close()
    third = served.begin()
    patiently(lambda: len(served.engine.channels) == 2)  # the second is gone
    served.go.set()
    assert first.getresponse().status == third.getresponse().status == 200
    patiently(lambda: not served.dispatcher.busy)
    assert served.entered.acquire(timeout=20)
    assert not served.entered.acquire(blocking=False)  # nobody worked for the second


def test_requests_sent_ahead_are_answered_in_order(start: Callable[..., Served]) -> None:
    served = start(Limits(running=1, waiting=0))
    holding = served.begin()
    assert served.entered.acquire(timeout=20)
    search = b"POST /api/search HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    health = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with served.socket(health + search + search + health + last) as connection:
        said = b""
        while chunk := connection.recv(65536):
            said += chunk
    assert [int(one[:3]) for one in said.split(b"HTTP/1.1 ")[1:]] == [200, 503, 503, 200, 200]
    served.go.set()
    assert holding.getresponse().status == 200


def test_an_address_that_asks_for_more_than_its_share_gets_429(
    start: Callable[..., Served],
) -> None:
    served = start(Limits(rate=1))
    statuses = []
    connection = served.connect()
    for number in range(40):
        headers = {"X-Forwarded-For": "203.0.113.5" if number < 36 else "203.0.113.6"}
        connection.request("GET", "/healthz", headers=headers)
        answer = connection.getresponse()
        statuses.append(answer.status)
        if answer.status == 429:
            assert "more than its share" in problem(answer, 429)
        else:
            answer.read()
    assert statuses[:30] == [200] * 30
    assert 429 in statuses[30:36]
    assert statuses[36:] == [200] * 4
    assert served.dispatcher.refused[429] >= 1


def test_this_machine_is_not_held_back_unless_that_is_asked_for(
    start: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "RATE", 1)
    served = start(Limits())
    assert {served.health() for _ in range(40)} == {200}


def test_slow_and_silent_clients_are_let_go(start: Callable[..., Served]) -> None:
    served = start(Limits(patience=QUICK))
    silent = served.socket()
    drip = served.socket(b"GET /healthz HTTP/1.1\r\nHost: ")
    head = b"POST /api/search HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    upload = served.socket(head + b"x" * 100)
    kept = served.connect()
    kept.request("GET", "/healthz")
    kept.getresponse().read()

    def feed() -> None:  # a byte now and then is no sign of life
        with contextlib.suppress(OSError):
            while True:
                drip.sendall(b"x")
                upload.sendall(b"x")
                time.sleep(0.1)

    feeding = threading.Thread(target=feed)
    feeding.start()
    assert all(map(closed, (silent, drip, upload)))
    assert closed(kept.sock)
    feeding.join(20)
    patiently(lambda: not served.engine.channels)
    assert served.engine.cut == {"head": 2, "body": 1, "idle": 1}
    assert served.health() == 200


def test_who_does_not_read_takes_no_worker_away(start: Callable[..., Served]) -> None:
    served = start(Limits(patience=QUICK))
    lane = served.dispatcher.lanes["originals"]
    ask = b"GET /api/images/1/file HTTP/1.1\r\nHost: x\r\n\r\n"
    for _ in range(lane.most_running):
        served.socket(ask)
    patiently(lambda: lane.running == lane.most_running)
    assert served.health() == 200
    held = max(one.total_outbufs_len for one in served.engine.channels)
    assert held < 2 * 2**20, "an answer is made only as far as it is read"
    patiently(lambda: lane.running == 0 and not served.engine.channels)
    assert served.engine.cut == {"sending": lane.most_running}
    quick = served.connect()
    quick.request("GET", "/api/images/1/file")
    assert len(quick.getresponse().read()) == LARGE


@pytest.mark.parametrize("chunked", [False, True])
def test_uploads_are_bounded_all_together(start: Callable[..., Served], chunked: bool) -> None:
    served = start(Limits(running=2, uploads=5_000_000))
    served.go.set()
    body = b"x" * 3_000_000
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    head = f"POST /api/search HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{length}\r\n\r\n".encode()
    sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    first = served.socket(head + sent[:-5])
    patiently(lambda: served.engine.room.taken >= 2_900_000)
    second = served.socket(head + sent)
    assert _read(second).startswith(b"HTTP/1.1 503 ")  # once its body is there, and forgotten
    first.sendall(sent[-5:])
    assert b'{"size":3000000}' in _read(first)
    patiently(lambda: served.engine.room.taken == 0)
    assert served.dispatcher.refused == {503: 1}


def test_an_upload_that_breaks_off_leaves_nothing(start: Callable[..., Served]) -> None:
    served = start(Limits())
    head = b"POST /api/search HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n"
    broken = [served.socket(head + b"x" * 200_000) for _ in range(5)]
    patiently(lambda: served.engine.room.taken == 15_000_000)
    for connection in broken:
        connection.close()
    patiently(lambda: served.engine.room.taken == 0 and not served.engine.channels)
    assert not served.dispatcher.busy
    assert served.health() == 200


def test_bodies_of_strangers_are_not_held(start: Callable[..., Served]) -> None:
    served = start(Limits(), welcome=lambda headers: "AUTHORIZATION" in headers)
    served.go.set()
    connection = served.begin(b"x" * 1_000_000)
    assert json.loads(connection.getresponse().read()) == {"size": 0}
    connection.request("POST", "/api/search", b"x" * 1_000_000, {"Authorization": "x"})
    assert json.loads(connection.getresponse().read()) == {"size": 1_000_000}


def test_bytes_without_sense_are_answered_or_dropped(
    start: Callable[..., Served], caplog: pytest.LogCaptureFixture
) -> None:
    served = start(Limits(patience=Patience(head=0.2)))
    chance = random.Random(6)
    starts = [b"", b"GET ", b"GET / HTTP/1.1\r\n", b"POST /api/search HTTP/1.1\r\nContent-Length: "]
    for number in range(60):
        sent = starts[number % len(starts)] + chance.randbytes(chance.randrange(200)) + b"\r\n\r\n"
        with served.socket(sent) as connection:
            said = _read(connection)
        assert said == b"" or said.startswith((b"HTTP/1.0 4", b"HTTP/1.1 4", b"HTTP/1.0 5")), sent
    for sent in (
        b"GET /healthz HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"POST /api/search HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api/search HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 3_000_000,
    ):
        with served.socket(sent) as connection:
            head, _, body = _read(connection).partition(b"\r\n\r\n")
        assert head[9:10] in b"45"
        assert MIMETYPE.encode() in head
        assert json.loads(body)["detail"]
    assert served.health() == 200
    assert caplog.text == ""


def test_crowds_of_idle_connections_keep_nobody_out(start: Callable[..., Served]) -> None:
    served = start(Limits(connections=8))
    for _ in range(30):
        served.socket()
    assert served.health() == 200
    assert len(served.engine.channels) <= 9
    assert served.engine.cut["making room"] >= 20


def test_at_the_end_what_runs_is_finished_and_what_comes_is_not_begun(
    start: Callable[..., Served],
) -> None:
    served = start(Limits(running=1, waiting=1))
    running = served.begin()
    assert served.entered.acquire(timeout=20)
    waiting = served.begin()
    patiently(lambda: len(served.dispatcher.lanes["costly"].waiting) == 1)
    served.engine.end()
    late = served.begin()
    answer = late.getresponse()
    assert answer.headers["Connection"] == "close"
    assert "is ending" in problem(answer, 503)
    served.go.set()
    for connection in (running, waiting):
        assert connection.getresponse().read() == b'{"size":1}\n'
    served.thread.join(20)
    assert not served.thread.is_alive()


def test_what_takes_too_long_at_the_end_is_cut_off(
    start: Callable[..., Served], caplog: pytest.LogCaptureFixture
) -> None:
    served = start(Limits(patience=Patience(stop=0.2)))
    served.begin()
    assert served.entered.acquire(timeout=20)
    served.engine.end()
    served.thread.join(20)
    assert not served.thread.is_alive()
    assert "cut off" in caplog.text


def _read(connection: socket.socket) -> bytes:
    said = b""
    with connection:
        while chunk := connection.recv(65536):
            said += chunk
    return said
