"""`lookalike serve` as a service runs it → a log that machines read and people can trust."""

from __future__ import annotations

import http.client
import json
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.end_to_end.running import PATIENCE, POSIX, checked, start

ID = "seen-by-a-user.1"


@contextmanager
def serving(library: Path, *options: str) -> Iterator[tuple[str, list[str]]]:
    """The address of a server, and the lines of its log once the block has ended."""
    log: list[str] = []
    with start("serve", "--port", "0", "--library", library, *options) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().decode().split("http://")[1].split("/")[0]
            yield address, log
            process.send_signal(signal.SIGTERM)
            done = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    log += checked(process.returncode, *done, 0).err.splitlines()


def ask(address: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    with closing(http.client.HTTPConnection(address, timeout=PATIENCE)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def ready(address: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while ask(address, "/readyz")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@POSIX
def test_a_service_tells_of_each_request_in_a_line(shared: Path) -> None:
    with serving(shared) as (address, log):
        ready(address)
        _, headers, body = ask(address, "/api/images?sample=1", **{"X-Request-Id": ID})
        (picture,) = json.loads(body)["images"]
        assert headers["X-Request-Id"] == ID
        ask(address, picture["thumbnail"])
        ask(address, f"/nowhere%0aERROR/{quote(picture['relative'])}?{picture['id']}")
    rows: list[dict[str, Any]] = [json.loads(line) for line in log]
    asked = [row for row in rows if "route" in row and row["route"] != "/readyz"]
    assert [(row["route"], row["status"], row["level"]) for row in asked] == [
        ("/api/images", 200, "INFO"),
        ("(none)", 404, "INFO"),
    ]
    assert asked[0]["request"] == ID
    assert any(row["message"].startswith("Ready to answer after ") for row in rows)
    for told in (picture["relative"], picture["path"], "nowhere"):
        assert told not in "".join(log)


@POSIX
def test_text_for_people_and_all_for_who_debugs(shared: Path) -> None:
    with serving(shared, "--log-format", "text", "--log-level", "debug") as (address, log):
        ask(address, "/healthz", **{"X-Request-Id": ID})
    (line,) = [line for line in log if "/healthz" in line]
    assert " DEBUG   GET /healthz 200 in " in line
    assert line.endswith(f" ms [{ID}]")
