"""A library that is served and indexed → what 64 clients get who search with uploads.

    python -m benchmarks.load              five minutes, then ten at a lower rate
    python -m benchmarks.load --quick      a tenth of that

Locust sends the requests, from this machine and over the loopback address alone. One client by
itself tells the median without load. While the 64 ask, `lookalike index` takes pictures into the
library and `lookalike forget` takes them out again, over and over. The server's memory, threads and
file descriptors are noted every second; slopes are those of a line through the second half.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import flowers
from benchmarks.measuring import Figures, MissingError, Settings, alone, lookalike, memory, show
from benchmarks.serving import served

_CLIENTS = 64
_LOW_RATE = 6.0  # requests a second of all clients together
_COMING = 2000  # pictures that come and go
_QUERIES = 500
_HERE = Path(__file__).parent


def measure(settings: Settings) -> Figures:
    """Latencies, refusals and errors of the clients, and what the server took for them."""
    library = settings.scratch / "served.library"
    shutil.copytree(flowers.library(settings), library)
    pictures = settings.pictures()
    queries = _copies(pictures[:_QUERIES], settings.scratch / "queries")
    coming = _copies(
        pictures[: _COMING // 10 if settings.quick else _COMING], settings.scratch / "coming", b"!"
    )
    short, long, longer = (10, 30, 60) if settings.quick else (30, 300, 600)
    with served(library) as server:
        clients = Clients(server.url, queries, settings.scratch / "told.json")
        clients.ask(users=_CLIENTS, seconds=short // 2)  # every thread has its connections then
        single = clients.ask(users=1, seconds=short)
        before = _look(server.process, 0.0)
        with _indexing(library, coming) as rounds, _watched(server.process) as looks:
            heavy = clients.ask(users=_CLIENTS, seconds=long)
        with _indexing(library, coming), _watched(server.process) as low_looks:
            low = clients.ask(users=_CLIENTS, seconds=longer, pause=_CLIENTS / _LOW_RATE)
        time.sleep(5)
        after = _look(server.process, 0.0)
    figures: Figures = {
        "load_alone_p50_ms": single.quantile(0.5),
        "load_alone_p99_ms": single.quantile(0.99),
        **_told("load", heavy, looks, long),
        "load_p99_vs_alone_p50": heavy.quantile(0.99) / single.quantile(0.5),
        "load_indexed": len(rounds) * sum(1 for _ in coming.iterdir()),
        **_told("load_low", low, low_looks, longer),
        "load_threads_left": after.threads - before.threads,
        "load_files_left": after.files - before.files,
    }
    show("Load", ["", ""], [[name, value] for name, value in figures.items()])
    for said, times in [*heavy.errors.items(), *low.errors.items()]:
        print(f"  error, {times} times: {said}")
    return figures


def _copies(pictures: Sequence[Path], folder: Path, added: bytes = b"") -> Path:
    """Copies in a folder; what is ``added`` at the end makes them other contents."""
    folder.mkdir()
    for picture in pictures:
        (folder / picture.name).write_bytes(picture.read_bytes() + added)
    return folder


def _told(name: str, asked: Asked, looks: Sequence[Look], seconds: float) -> Figures:
    half = looks[len(looks) // 2 :]
    return {
        f"{name}_answers": asked.number,
        f"{name}_answers_per_s": asked.number / seconds,
        f"{name}_refused": asked.refused,
        f"{name}_errors": sum(asked.errors.values()),
        f"{name}_p50_ms": asked.quantile(0.5),
        f"{name}_p99_ms": asked.quantile(0.99),
        f"{name}_anonymous_mb": max(look.anonymous for look in looks),
        f"{name}_mb_per_minute": 60 * _slope(half, [look.anonymous for look in half]),
        f"{name}_threads": max(look.threads for look in looks),
        f"{name}_files": max(look.files for look in looks),
    }


# ---- the clients


@dataclass(frozen=True, slots=True)
class Asked:
    """What clients got: how many answers took how many milliseconds, refusals, and errors."""

    answers: Mapping[int, int]
    refused: int
    errors: Mapping[str, int]

    @property
    def number(self) -> int:
        """How many answers there were."""
        return sum(self.answers.values())

    def quantile(self, share: float) -> float:
        """The least time in milliseconds that this share of the answers did not exceed."""
        times = sorted(self.answers)
        reached = np.cumsum([self.answers[one] for one in times])
        return float(times[int(np.searchsorted(reached, share * self.number))])


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients of a server that ask with the photographs of a folder."""

    url: str
    queries: Path
    told: Path

    def ask(self, *, users: int, seconds: int, pause: float = 0.0) -> Asked:
        """So many at once, each with a pause after every answer. Raises MissingError."""
        command = [
            *(sys.executable, "-m", "locust", "-f", str(_HERE / "load_clients.py"), "--headless"),
            *("--host", self.url.rstrip("/"), "--users", str(users), "--spawn-rate", str(users)),
            *("--run-time", f"{seconds}s", "--stop-timeout", "60", "--exit-code-on-error", "0"),
        ]
        given = {
            "LOOKALIKE_QUERIES": str(self.queries),
            "LOOKALIKE_TOLD": str(self.told),
            "LOOKALIKE_PAUSE": str(pause),
        }
        done = subprocess.run(
            command, env={**os.environ, **given}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise MissingError(f"Locust ended with {done.returncode}: {done.stderr[-300:]}")
        found = json.loads(self.told.read_text("utf-8"))
        times = {
            name: {int(ms): number for ms, number in taken.items()}
            for name, taken in found["milliseconds"].items()
        }
        refused = sum(times.get("refused", {}).values())
        return Asked(times.get("search", {}), refused, found["errors"])


# ---- what goes on beside them


@contextmanager
def _indexing(library: Path, folder: Path) -> Iterator[list[float]]:
    """Pictures come into the library and go again as long as the block; when each came."""
    came: list[float] = []
    done = threading.Event()

    def go_on() -> None:
        while not done.is_set():
            lookalike("index", folder, "--library", library, "--json", "--wait", "60")
            came.append(time.monotonic())
            lookalike("forget", folder, "--library", library, "--wait", "60")

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield came
    finally:
        done.set()
        thread.join()


@dataclass(frozen=True, slots=True)
class Look:
    """What a process held at a moment: seconds since the first look, anonymous memory in MB,
    threads, file descriptors."""

    at: float
    anonymous: float
    threads: int
    files: int


@contextmanager
def _watched(process: int) -> Iterator[list[Look]]:
    """A look at a process every second as long as the block."""
    looks: list[Look] = []
    done = threading.Event()

    def go_on() -> None:
        started = time.monotonic()
        while not done.wait(1.0):
            looks.append(_look(process, time.monotonic() - started))

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield looks
    finally:
        done.set()
        thread.join()


def _look(process: int, at: float) -> Look:
    """Raises MissingError where the system does not tell."""
    proc, taken = Path("/proc") / str(process), memory(process).anonymous
    if taken is None:
        raise MissingError("Only Linux tells what a process holds.")
    threads, files = (sum(1 for _ in (proc / name).iterdir()) for name in ("task", "fd"))
    return Look(at, taken, threads, files)


def _slope(looks: Sequence[Look], values: Sequence[float]) -> float:
    """How much a value grows in a second, by the line that fits best."""
    return float(np.polyfit([look.at for look in looks], values, 1)[0])


if __name__ == "__main__":
    sys.exit(alone(measure))
