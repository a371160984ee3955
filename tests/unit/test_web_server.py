"""The server as it really runs: ports, Ctrl-C, indexing beside it, uploads that leave no trace."""

from __future__ import annotations

import json
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
    status, answer = running.ask("POST", "/api/search", **form(large, "large.bmp"))
    assert (status, answer["query"]["size"]) == (200, len(large))
    code, out, errors = running.interrupt()
    assert (code, errors) == (0, "")
    written = out.splitlines()
    assert written[0] == "written"
    assert [name for name in written[1:] if not Path(name).is_relative_to(empty)] == []


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


def _everything(connection: socket.socket) -> bytes:
    content = b""
    while chunk := connection.recv(65536):
        content += chunk
    return content


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
    assert running.url.startswith("http://127.0.0.1:")
    assert running.ask("GET", "/healthz")[0] == 200


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
