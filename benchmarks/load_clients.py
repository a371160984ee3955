"""Photographs, an address → clients that search with them, for Locust; `benchmarks.load` runs it.

    LOOKALIKE_QUERIES=DIR LOOKALIKE_TOLD=FILE \\
        locust -f benchmarks/load_clients.py --headless --host URL --users 64 --run-time 60s

A client sends one photograph after the other and waits for the answer. ``search`` are answers,
``refused`` are what the server's limits promise: 503 or 429 with the seconds to wait, which the
client does. Everything else is an error, as is an answer in which the picture that was sent, which
the library holds, is not the first.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import time
from http import HTTPStatus
from pathlib import Path

from locust import FastHttpUser, constant, events, task
from locust.env import Environment

_QUERIES = sorted(Path(os.environ["LOOKALIKE_QUERIES"]).glob("*.jpg"))
_PAUSE = float(os.environ.get("LOOKALIKE_PAUSE", "0"))  # seconds between two searches of a client
_PROMISED = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}
_numbers = itertools.count()


class Searcher(FastHttpUser):
    """One client with a connection of its own."""

    wait_time = constant(_PAUSE)
    connection_timeout = 60.0
    network_timeout = 60.0

    def on_start(self) -> None:
        """Each client has an order of its own."""
        self._random = random.Random(next(_numbers))

    @task
    def search(self) -> None:
        """Ask for what is like one photograph."""
        picture = self._random.choice(_QUERIES)
        files = {"image": (picture.name, picture.read_bytes(), "image/jpeg")}
        with self.client.post(
            "/api/search", files=files, name="search", catch_response=True
        ) as answer:
            pause = 0.0
            if answer.status_code in _PROMISED and "Retry-After" in answer.headers:
                answer.request_meta["name"] = "refused"
                pause = float(answer.headers["Retry-After"])
                answer.success()
            elif trouble := _trouble(answer.status_code, answer.text or "", picture):
                answer.failure(trouble)
            else:
                answer.success()
        time.sleep(pause)


def _trouble(status: int, text: str, picture: Path) -> str | None:
    """What is wrong with an answer, if anything is."""
    if status != HTTPStatus.OK:
        return f"status {status}: {text[:200]}"
    first = json.loads(text)["hits"][0]
    return None if first["score"] > 0.99 else f"{picture.name} was not found"


@events.quitting.add_listener
def tell(environment: Environment, **_: object) -> None:
    """Write how many answers took how many milliseconds, and what errors said how often."""
    stats = environment.stats
    told = {
        "milliseconds": {name: entry.response_times for (name, _), entry in stats.entries.items()},
        "errors": {str(one.error): one.occurrences for one in stats.errors.values()},
    }
    Path(os.environ["LOOKALIKE_TOLD"]).write_text(json.dumps(told), "utf-8")
