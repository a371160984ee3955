"""A large library of clustered vectors → times and memory of searches with neighbours.

    python -m benchmarks.around [--quick] [--scratch FOLDER]

The library is that of `benchmarks.million`. The first search with neighbours finds out who is near
whom; after that some pictures are added, and it follows. Both run in processes of their own. Memory
is what no file stands behind, looked at ten times a second: what lies in files can leave it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import filling, million
from benchmarks.clusters import Mixture
from benchmarks.measuring import Figures, Sample, Settings, alone, in_child, memory, show, timed
from lookalike import Library

_NEIGHBOURS = 10
_MORE = 1000
_ASKED = 20


def measure(settings: Settings) -> Figures:
    """The figures of a million; in a quick run of a few ten thousand."""
    folder = million.library(settings)
    figures: Figures = {}
    for task in (first, again, followed):
        found, weight = in_child(task, folder)
        figures |= {f"around_{name}": value for name, value in found.items()}
        if weight.peak is not None:
            figures[f"around_{task.__name__}_peak_mb"] = round(weight.peak)
    show("Searches with ten neighbours", ("figure", "value"), list(figures.items()))
    return figures


def first(folder: Path) -> dict[str, float]:
    """The search that finds out who is near whom, and those after it."""
    with Library.open(folder) as library:
        seconds, anonymous = _watched(lambda: _search(library, 1))
        numbers = np.linspace(1, library.count(), _ASKED).astype(int).tolist()
        later = Sample(tuple(timed(partial(_search, library, at)) for at in numbers))
        return {
            "pictures": library.count(),
            "made_s": round(seconds, 1),
            "made_anonymous_mb": round(anonymous),
            "search_ms": round(later.scaled(1000).median, 1),
        }


def again(folder: Path) -> dict[str, float]:
    """The first search of another process."""
    with Library.open(folder) as library:
        seconds, anonymous = _watched(lambda: _search(library, 1))
        return {"opened_s": round(seconds, 2), "opened_anonymous_mb": round(anonymous)}


def followed(folder: Path) -> dict[str, float]:
    """The search after pictures were added."""
    with Library.open(folder) as library:
        count = library.count()
    with filling.fill(folder, Mixture(seed=9).chunks(_MORE), first=count) as store:
        store.save_caches()
    with Library.open(folder) as library:
        seconds, anonymous = _watched(lambda: _search(library, 1))
        return {"followed_s": round(seconds, 1), "followed_anonymous_mb": round(anonymous)}


def _search(library: Library, number: int) -> Any:
    return library.search(number, neighbours=_NEIGHBOURS)


def _watched(task: Callable[[], object]) -> tuple[float, float]:
    """Seconds that a task takes, and the most anonymous memory in MB meanwhile."""
    done, most = threading.Event(), [0.0]

    def watch() -> None:
        while not done.wait(0.1):
            most[0] = max(most[0], memory().anonymous or 0)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        return timed(task), most[0]
    finally:
        done.set()
        watching.join()


if __name__ == "__main__":
    sys.exit(alone(measure))
