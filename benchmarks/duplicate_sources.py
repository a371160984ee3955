"""The copies of `benchmarks.duplicates` → how many are found with candidates from one source only.

This is the one benchmark that reaches inside: no user can choose where candidates come from.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from benchmarks import duplicates
from benchmarks.measuring import Figures, Settings, alone, show, timed
from lookalike import Library

search = importlib.import_module("lookalike.duplicates.search")  # not the function

_SOURCES = {  # neighbours by hash, by embedding
    "both": (search.SAME, search.ALIKE),
    "hash": (search.SAME, 0),
    "embedding": (0, search.ALIKE),
    "embedding, 12": (0, 12),
    "both, 12": (12, 12),
}


def measure(settings: Settings) -> Figures:
    """Recall by kind for each source, and the seconds that it takes."""
    folder = duplicates.make(settings)
    place = settings.scratch / "sources.library"
    seconds, recalls = {}, {}
    with Library.open(place, create=True) as library:
        library.index(folder)
        library.duplicates()  # reads the pictures
        for name, (same, alike) in _SOURCES.items():
            vars(search).update(SAME=same, ALIKE=alike)
            _forget(place)
            seconds[name] = timed(library.duplicates)
            recalls[name] = duplicates.recalls(set(duplicates.pairs(library)), folder)
    rows: list[tuple[object, ...]] = [
        (kind, *(found[kind] for found in recalls.values())) for kind in duplicates.KINDS
    ]
    rows.append(("seconds", *seconds.values()))
    show("recall by where candidates come from", ("copies", *recalls), rows)
    return {f"sources_{name.split(',')[0]}_s": round(took, 1) for name, took in seconds.items()}


def _forget(library: Path) -> None:
    """Drop the comparisons, but not the sketches."""
    (library / "cache" / "duplicates" / "pairs.json").unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(alone(measure))
