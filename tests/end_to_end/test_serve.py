"""`lookalike serve` with and without a token → what it prints, whom it lets in, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.running import POSIX, checked, refused, start

TOKEN = "correct-horse-battery-staple-9"

Serving = tuple[subprocess.Popen[bytes], str, list[str]]


@pytest.fixture
def serve(shared: Path) -> Iterator[Callable[..., Serving]]:
    """Starts a server; tells its process, the address that it printed, and the lines before."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: str, **options: Any) -> Serving:
        silent = ("--log-level", "error", "--port", "0")
        process = start("serve", *silent, "--library", shared, *arguments, **options)
        started.append(process)
        assert process.stdout is not None
        lines = []
        while not (line := process.stdout.readline().decode()).startswith("Lookalike is on "):
            assert line, process.communicate()
            lines.append(line)
        return process, line.removeprefix("Lookalike is on ").partition(" (")[0], lines

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def stats(address: str, token: str | None = None) -> int:
    """The status of a question."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    asked = urllib.request.Request(address.partition("?")[0] + "api/stats", headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return 0 if json.load(answer)["images"] != 13 else int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@POSIX
def test_on_this_machine_nothing_is_asked_for(serve: Callable[..., Serving]) -> None:
    process, address, lines = serve()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
    assert lines == []
    assert stats(address) == 200
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert checked(process.returncode, out, err, 0).err == ""


@POSIX
def test_a_second_ctrl_c_waits_for_nothing(serve: Callable[..., Serving]) -> None:
    process, address, _ = serve()
    host, _, port = address.removeprefix("http://").rstrip("/").partition(":")
    body = b'{"images": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], "format": "zip"}'
    with socket.socket() as download:  # a download that nobody reads to its end
        download.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**14)
        download.settimeout(30)
        download.connect((host, int(port)))
        head = "POST /api/export HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
        download.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        assert download.recv(12) == b"HTTP/1.1 200"
        process.send_signal(signal.SIGINT)
        while stats(address) != 503:
            pass
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert checked(process.returncode, out, err, 130).err == "Stopped.\n"


@POSIX
def test_other_machines_are_asked_for_a_token(serve: Callable[..., Serving], shared: Path) -> None:
    process, address, lines = serve("--host", "0.0.0.0")
    (line,) = lines
    assert line.startswith("Other machines can connect, so it asks for a token")
    base, _, token = address.partition("?token=")
    assert (shared / "access-token").read_text().strip() == token
    assert (stats(base), stats(base, token)) == (401, 200)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    _, again, _ = serve("--host", "0.0.0.0")
    assert again.partition("?token=")[2] == token  # bookmarks stay good
    (shared / "access-token").unlink()


def test_a_token_that_is_given_is_asked_for_here_as_well(
    serve: Callable[..., Serving], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    environment = {**os.environ, "LOOKALIKE_TOKEN": TOKEN}
    for how in ({"env": environment}, {}):
        arguments = [] if how else ["--token-file", str(tmp_path / "token")]
        _, address, lines = serve(*arguments, **how)
        assert lines == ["It asks for the token that you gave.\n"]
        assert "token" not in address
        assert (stats(address), stats(address, TOKEN), stats(address, TOKEN + "x")) == (
            401,
            200,
            401,
        )


@pytest.mark.parametrize(
    ("arguments", "token", "words"),
    [
        ([], "short", "LOOKALIKE_TOKEN has 5 letters"),
        (["--trust-everyone-who-connects"], TOKEN, "choose one"),
        (["--host", "0.0.0.0", "--trust-everyone-who-connects"], None, "--allow-host"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    shared: Path, arguments: list[str], token: str | None, words: str
) -> None:
    environment = os.environ if token is None else {**os.environ, "LOOKALIKE_TOKEN": token}
    message = refused("serve", "--port", "0", "--library", shared, *arguments, env=environment)
    assert words in message
    assert not (shared / "access-token").exists()
