"""A folder that is followed → how soon what is saved is found, and what following takes when idle.

    python -m benchmarks.following [--quick] [--scratch FOLDER]

The real command follows 10,000 small pictures, by events and by looking every 30 seconds. Then the
whole tree is renamed, and as many files come at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import Figures, Sample, Settings, alone, show
from benchmarks.pictures import jpeg, renamed_jpeg, synthetic
from lookalike import Library
from lookalike.models import DEFAULT_MODEL

_IDLE = 60.0  # seconds
_SAVED = 15  # files, one after the other
_PATIENCE = 1800.0


def measure(settings: Settings) -> Figures:
    """Seconds from saved to found, the share of a core when idle, seconds of a burst and a move."""
    count = 500 if settings.quick else 10_000
    top, library = settings.scratch / "followed", settings.scratch / "following"
    _write(top, count)
    with Library.open(library, model=DEFAULT_MODEL, create=True) as made:
        made.index(top)
    idle = 5.0 if settings.quick else _IDLE
    figures: Figures = {"following_files": count}
    with _following(top, library) as (process, seen):
        seen("report")
        time.sleep(2.0)
        figures["following_idle_events_percent"] = _share(process.pid, idle)
        found = _found(top, library)
        figures |= {
            "following_found_s": round(found.median, 2),
            "following_found_slowest_s": round(max(found.values), 2),
        }
        figures |= _moved(top, count, seen)
        figures |= _burst(top, count, seen)
    with _following(top, library, "--poll", "30") as (process, seen):
        seen("report")
        figures["following_idle_polling_percent"] = _share(process.pid, idle)
    show("A folder that is followed", ("figure", "value"), list(figures.items()))
    return figures


def _write(top: Path, count: int) -> None:
    """Pictures of 64 x 64 pixels, each with a content of its own, a hundred in a folder."""
    content = jpeg(synthetic(1, (64, 64)))
    for number in range(count):
        file = top / f"{number // 100:03}" / f"{number:05}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(renamed_jpeg(content, number))


Seen = Callable[[str], dict[str, object]]


@contextmanager
def _following(
    top: Path, library: Path, *options: str
) -> Iterator[tuple[subprocess.Popen[str], Seen]]:
    command = [sys.executable, "-m", "lookalike", "watch", str(top), "--library", str(library)]
    with subprocess.Popen(
        [*command, "--json", *options], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = process.stdout

        def seen(kind: str) -> dict[str, object]:
            """The next event of a kind."""
            while True:
                event: dict[str, object] = json.loads(lines.readline())
                if event["event"] == kind:
                    return event

        try:
            yield process, seen
        finally:
            process.terminate()
            process.wait(60)


def _share(process: int, seconds: float) -> float:
    """What a process takes of one core, in hundredths."""
    before = _ticks(process)
    time.sleep(seconds)
    return round(100 * (_ticks(process) - before) / os.sysconf("SC_CLK_TCK") / seconds, 2)


def _ticks(process: int) -> int:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _found(top: Path, library: Path) -> Sample:
    """Seconds from when a file is whole until a search finds it, in a process that has the library
    open all the while."""
    taken = []
    with Library.open(library) as opened:
        for number in range(_SAVED):
            file = top / "saved" / f"{number}.jpg"
            file.parent.mkdir(exist_ok=True)
            time.sleep(1.0)
            file.write_bytes(jpeg(synthetic(1000 + number, (800, 600))))
            started = time.monotonic()
            while time.monotonic() - started < _PATIENCE:
                if opened.records() and opened._store.find(
                    str(top.resolve()), f"saved/{number}.jpg"
                ):
                    break
                time.sleep(0.01)
            hits = opened.search(file, k=1)
            assert hits[0].path == str(file.resolve())
            taken.append(time.monotonic() - started)
    return Sample(tuple(taken))


def _moved(top: Path, count: int, seen: Seen) -> Figures:
    """All folders become folders of another: nothing is encoded again."""
    started = time.monotonic()
    (top / "all").mkdir()
    for folder in sorted(top.iterdir()):
        if folder.name not in ("all", "saved"):
            folder.rename(top / "all" / folder.name)
    moved = added = 0
    while moved < count:
        report = seen("report")
        moved += int(str(report["moved"]))
        added += int(str(report["added"]))
    assert added <= _SAVED
    return {"following_moved": moved, "following_moved_s": round(time.monotonic() - started, 1)}


def _burst(top: Path, count: int, seen: Seen) -> Figures:
    """As many files come as there are, of contents that are known: the events count."""
    content = jpeg(synthetic(1, (64, 64)))
    started = time.monotonic()
    for number in range(count):
        file = top / "burst" / f"{number // 100:03}" / f"{number:05}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(renamed_jpeg(content, number))
    written, added = time.monotonic() - started, 0
    while added < count:
        added += int(str(seen("report")["added"]))
    return {
        "following_burst": added,
        "following_burst_written_s": round(written, 1),
        "following_burst_s": round(time.monotonic() - started, 1),
    }


if __name__ == "__main__":
    sys.exit(alone(measure))
