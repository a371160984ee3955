"""The server as it really runs: ports, Ctrl-C, indexing beside it, uploads that leave no trace."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lookalike import Library, folder
from lookalike.errors import InputError
from lookalike.web import background, server
from lookalike.web.background import BackgroundIndexing
from lookalike.web.guard.door import TOKEN_FILE, Door
from tests.pictures import encode, make_jpeg, textured
from tests.served import Running, form

interrupts = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows sends Ctrl-C to the whole console, this test included"
)


@pytest.fixture
def run() -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(*arguments: Any, **options: Any) -> Running:
        started.append(Running(*arguments, **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    Library.open(tmp_path / "library", create=True).close()
    return tmp_path / "library"


def patiently(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not found():
        assert time.monotonic() < deadline, "waited for a minute"
        time.sleep(0.05)


@interrupts
@pytest.mark.slow
def test_it_serves_while_it_indexes_and_stops_at_ctrl_c(
    run: Callable[..., Running], empty: Path, tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    for seed in range(3):
        (tmp_path / "pictures" / f"{seed}.jpg").write_bytes(make_jpeg(textured(seed=seed)))
    running = run(empty, tmp_path / "pictures")
    patiently(lambda: running.ask("GET", "/api/stats")[1]["images"] == 3)
    status, answer = running.ask("POST", "/api/search", **form(make_jpeg(textured(seed=1))))
    assert status == 200
    assert answer["hits"][0]["relative"] == "1.jpg"
    code, _, errors = running.interrupt()
    assert (code, errors) == (0, "")


@interrupts
@pytest.mark.slow
def test_an_upload_of_megabytes_is_written_nowhere(
    run: Callable[..., Running], empty: Path
) -> None:
    running = run(empty)
    large = encode(textured(1400, 1000), "BMP")
    assert len(large) > 4_000_000
    status, answer = running.ask("POST", "/api/search", **form(large, "../../large.bmp"))
    assert (status, answer["query"]["size"]) == (200, len(large))
    code, out, errors = running.interrupt()
    assert (code, errors) == (0, "")
    written = out.splitlines()
    assert written[0] == "written"
    # the streams to a decoder's process are open files, too: numbers, and what nobody reads
    files = [name for name in written[1:] if not name.isdigit() and name != os.devnull]
    assert [name for name in files if not Path(name).is_relative_to(empty)] == []


@pytest.mark.slow
def test_what_the_server_itself_refuses_is_a_problem_too(
    run: Callable[..., Running], empty: Path
) -> None:
    running = run(empty)
    host, _, port = running.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(
            b"POST /api/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"
        )
        head, _, body = _everything(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == 413
    assert running.ask("GET", "/healthz")[0] == 200


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A library of two pictures of 12 MB each."""
    (tmp_path / "pictures").mkdir()
    for seed in range(2):
        (tmp_path / "pictures" / f"{seed}.bmp").write_bytes(encode(textured(2400, 1700), "BMP"))
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(tmp_path / "pictures")
    return tmp_path / "library"


def _export_begun(running: Running) -> socket.socket:
    """A download of both that is under way, and waits to be read."""
    body = b'{"images": [1, 2], "format": "zip"}'
    host, _, port = running.address.partition(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
    connection.settimeout(30)
    connection.connect((host, int(port)))
    connection.sendall(
        b"POST /api/export HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    assert connection.recv(12) == b"HTTP/1.1 200"
    return connection


@interrupts
@pytest.mark.slow
def test_at_the_end_a_download_is_finished_and_nothing_else_begun(
    run: Callable[..., Running], large: Path
) -> None:
    running = run(large)
    connection = _export_begun(running)
    running.process.send_signal(signal.SIGTERM)
    while (refused := running.ask_whole("GET", "/api/stats"))[0] != 503:
        pass  # the signal is on its way
    _, answer, headers = refused
    assert "is ending" in answer["detail"]
    assert (headers["Connection"], headers["Retry-After"]) == ("close", "5")
    assert running.process.poll() is None
    with connection:
        _, _, rest = _everything(connection).partition(b"\r\n\r\n")
    assert rest.endswith(b"0\r\n\r\n")  # whole
    assert len(rest) > 24_000_000
    out, err = running.process.communicate(timeout=30)
    assert (running.process.returncode, err) == (0, "")
    written = [Path(name) for name in out.splitlines()[1:]]
    assert [name for name in written if not name.is_relative_to(large)] == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors as Linux shows them")
def test_bad_clients_leave_nothing_behind(run: Callable[..., Running], empty: Path) -> None:
    running = run(empty)
    host, _, port = running.address.partition(":")
    place = Path("/proc", str(running.process.pid))

    def count() -> tuple[int, int]:
        return len(list((place / "fd").iterdir())), len(list((place / "task").iterdir()))

    def behave_badly() -> None:
        head = b"POST /api/search HTTP/1.1\r\nHost: localhost\r\n"
        for sent in (
            b"",
            b"GET / HTTP/1.1\r\nHost: lo",
            head + b"Content-Length: 900000\r\n\r\n" + b"x" * 90_000,
            head + b"Transfer-Encoding: chunked\r\n\r\nffff\r\nxx",
            b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20,
        ):
            with socket.create_connection((host, int(port)), timeout=30) as connection:
                connection.sendall(sent)

    running.ask("GET", "/api/stats")
    behave_badly()
    for _ in range(8):
        behave_badly()
    patiently(lambda: running.ask("GET", "/healthz")[0] == 200)
    before, changes = count(), True
    while changes:
        time.sleep(1)
        changes, before = before != count(), count()
    for _ in range(20):
        behave_badly()
    patiently(lambda: count()[0] <= before[0] and count()[1] == before[1])
    assert running.ask("GET", "/healthz")[0] == 200


def _everything(connection: socket.socket) -> bytes:
    chunks = []
    while chunk := connection.recv(2**18):
        chunks.append(chunk)
    return b"".join(chunks)


def test_a_port_in_use_is_said_in_one_sentence(tmp_path: Path) -> None:
    other = socket.create_server(("127.0.0.1", 0))
    port = other.getsockname()[1]
    library = Library.open(tmp_path, create=True)
    with other, library, pytest.raises(InputError) as caught:
        server.serve(library, "127.0.0.1", port)
    expected = f"Port {port} is in use on 127.0.0.1: choose another with --port."
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("no.such.host.invalid", 0, "no host"),
        ("a" * 80 + ".example", 0, "no host"),
        ("203.0.113.1", 0, "not an address of this machine"),
        ("127.0.0.1", 70_000, "no port 70000"),
        ("127.0.0.1", -1, "no port -1"),
    ],
)
def test_addresses_that_cannot_be_used(host: str, port: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        server.listen(host, port).close()


@pytest.mark.slow
def test_on_all_addresses_the_page_is_named_by_one_that_works(
    run: Callable[..., Running], empty: Path
) -> None:
    running = run(empty, host="0.0.0.0")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{43}", running.url)
    assert running.ask("GET", "/healthz")[0] == 200
    assert running.ask("GET", "/api/stats")[0] == 401
    token = running.url.partition("token=")[2]
    assert (empty / TOKEN_FILE).read_text() == f"{token}\n"
    status, _, _ = running.ask_whole(
        "GET", "/api/stats", headers={"Authorization": f"Bearer {token}"}
    )
    assert status == 200


def test_nobody_is_trusted_without_a_name(tmp_path: Path) -> None:
    with Library.open(tmp_path, create=True) as library:
        with pytest.raises(InputError, match="--allow-host"):
            server.serve(library, "0.0.0.0", 0, door=Door(open=True))
        assert not (tmp_path / TOKEN_FILE).exists()


@pytest.mark.slow
def test_names_hold_beyond_this_machine(run: Callable[..., Running], empty: Path) -> None:
    door = {"open": True, "hosts": ["photos.example"]}
    running = run(empty, host="0.0.0.0", door=door)
    statuses = {
        host: running.ask_whole("GET", "/api/stats", headers={"Host": host})[0]
        for host in ("photos.example", "PHOTOS.example:81", "localhost", "evil.example", "0.0.0.0")
    }
    assert list(statuses.values()) == [200, 200, 200, 421, 421]


def test_trouble_with_indexing_is_kept_and_harms_nobody(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", create=True) as library:
        indexing = BackgroundIndexing(library, [tmp_path / "missing"])
        indexing.start()
        patiently(lambda: indexing.trouble() is not None)
        assert "missing" in (indexing.trouble() or "")
        indexing.stop()
        assert library.stats().images == 0


def test_indexing_stops_when_it_is_told_to(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for seed in range(60):
        (tmp_path / "pictures" / f"{seed}.jpg").write_bytes(make_jpeg(textured(seed=seed)))
    with Library.open(tmp_path / "library", create=True) as library:
        indexing = BackgroundIndexing(library, [tmp_path / "pictures"])
        indexing.start()
        patiently(lambda: library.stats().images > 0)
        indexing.stop()
        assert 0 < library.stats().images < 60
        assert indexing.trouble() is None
        assert "indexing" not in {thread.name for thread in threading.enumerate()}


def test_what_takes_long_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reading, on = threading.Event(), threading.Event()
    real = folder.Walk

    def walk(*arguments: Any, **options: Any) -> Any:
        reading.set()
        on.wait(60)  # as a disk in the net that has gone away
        return real(*arguments, **options)

    monkeypatch.setattr(folder, "Walk", walk)
    monkeypatch.setattr(background, "_PATIENCE", 0.2)
    with Library.open(tmp_path / "library", create=True) as library:
        indexing = BackgroundIndexing(library, [tmp_path])
        indexing.start()
        assert reading.wait(60)
        (left,) = (thread for thread in threading.enumerate() if thread.name == "indexing")
        assert left.daemon
        with caplog.at_level("WARNING"):
            indexing.stop()
        assert left.is_alive()
        on.set()
        left.join(60)
        assert not left.is_alive()
    assert "did not end within 0.2 seconds" in caplog.text


def test_without_folders_nothing_is_started(tmp_path: Path) -> None:
    with Library.open(tmp_path, create=True) as library:
        indexing = BackgroundIndexing(library, [])
        indexing.start()
        indexing.stop()
        assert indexing.trouble() is None
