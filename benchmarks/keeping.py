"""A large library → how long a copy of it takes, and what searches and the writer notice of it.

    python -m benchmarks.keeping [--quick] [--scratch FOLDER]

The library holds 100,000 clustered vectors of the default model. While it is copied, another
process adds pictures and a third searches without a pause; both are then asked the same without a
copy being made.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import filling
from benchmarks.clusters import Mixture
from benchmarks.measuring import Figures, Sample, Settings, alone, child, show, timed
from lookalike import Library

_ADDED = 64  # pictures in one commit of the process that writes
_PAUSE = 0.1  # seconds between two commits


def measure(settings: Settings) -> Figures:
    """Seconds of a backup and of a restore, and searches in milliseconds with and without."""
    folder, copy = settings.scratch / "keeping", settings.scratch / "keeping.backup"
    with filling.fill(folder, Mixture().chunks(20_000 if settings.quick else 100_000)) as store:
        store.save_caches()
    figures: Figures = {"keeping_library_mb": round(_size(folder) / 1e6)}
    alone_s, _, _ = _beside(folder, lambda: _pause(5.0))
    seconds, searches, added = _beside(folder, lambda: _backup(folder, copy))
    with Library.open(folder) as library:
        quiet_s = timed(lambda: library.backup(copy, force=True))
        held = library.count()
    figures |= {
        "keeping_backup_s": round(quiet_s, 1),
        "keeping_backup_beside_s": round(seconds, 1),
        "keeping_copy_mb": round(copy.stat().st_size / 1e6),
        "keeping_searches": len(searches.values),
        "keeping_search_ms": round(1000 * searches.median, 1),
        "keeping_search_p99_ms": round(1000 * searches.quantile(0.99), 1),
        "keeping_search_slowest_ms": round(1000 * max(searches.values), 1),
        "keeping_added_beside": added,
    }
    _, calm, _ = _beside(folder, lambda: _pause(alone_s))
    figures |= {
        "keeping_search_calm_ms": round(1000 * calm.median, 1),
        "keeping_search_calm_slowest_ms": round(1000 * max(calm.values), 1),
    }
    figures |= _restored(settings.scratch, copy, held)
    show("A copy of a library", ("figure", "value"), list(figures.items()))
    return figures


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("library.sqlite*"))


def _pause(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def _backup(folder: Path, copy: Path) -> float:
    with Library.open(folder) as library:
        return timed(lambda: library.backup(copy, force=True))


def _beside(folder: Path, task: Callable[[], float]) -> tuple[float, Sample, int]:
    """What a task returns; the seconds of searches in another process while it runs, and how many
    pictures a third has added."""
    stop = folder / "stop"
    stop.unlink(missing_ok=True)
    with child() as searching, child() as writing, ThreadPoolExecutor(1) as here:
        searches = searching.submit(search, folder, stop)
        added = writing.submit(add, folder, stop)
        time.sleep(3.0)  # both are under way
        (folder / "begun").touch()
        seconds = here.submit(task).result()
        stop.touch()
        values, number = searches.result(), added.result()
    (folder / "begun").unlink()
    return seconds, Sample(tuple(values)), number


def search(folder: Path, stop: Path) -> list[float]:
    """Seconds of one search after the other, from ``begun`` on."""
    taken = []
    with Library.open(folder) as library:
        number = 0
        while not stop.exists():
            number = (number + 7919) % 15_000
            seconds = timed(lambda: library.search(number + 1, k=30))  # noqa: B023
            if (folder / "begun").exists():
                taken.append(seconds)
    return taken


def add(folder: Path, stop: Path) -> int:
    """Commit some pictures every tenth of a second."""
    with Library.open(folder) as library:
        first = library.count() + 1_000_000 * int(time.time())
    added = 0
    while not stop.exists():
        chunks = Mixture(seed=int(time.time() * 1000) % 100_000).chunks(_ADDED)
        with filling.fill(folder, chunks, first=first + added):
            pass
        added += _ADDED
        time.sleep(_PAUSE)
    return added


def _restored(scratch: Path, copy: Path, held: int) -> Figures:
    folder = scratch / "restored"
    fresh = timed(lambda: Library.restore(copy, folder))
    replaced = timed(lambda: Library.restore(copy, folder, force=True))
    with Library.open(folder) as library:
        assert library.count() == held
        assert all(one.good for one in library.check() if "/vectors" not in one.text)
    shutil.rmtree(folder)
    return {"keeping_restore_s": round(fresh, 1), "keeping_replace_s": round(replaced, 1)}


if __name__ == "__main__":
    sys.exit(alone(measure))
