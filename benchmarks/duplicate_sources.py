"""The copies of `benchmarks.copies` → how many are found with candidates from one source only.

This is the one benchmark that reaches inside: no user can choose where candidates come from.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from benchmarks import copies
from benchmarks.duplicates import by_groups, precision, recalls
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
    folder = copies.make(settings)
    place = settings.scratch / "sources.library"
    columns: dict[str, dict[str, float]] = {}
    with Library.open(place, create=True) as library:
        library.index(folder)
        library.duplicates()  # reads the pictures
        for name, (same, alike) in _SOURCES.items():
            vars(search).update(SAME=same, ALIKE=alike)
            _forget(place)
            seconds = timed(library.duplicates)
            pairs = by_groups(library.duplicates(look=False)).pairs
            columns[name] = recalls(pairs, folder)
            columns[name] |= {"precision of pairs": precision(pairs), "seconds": seconds}
    rows = [(row, *(found[row] for found in columns.values())) for row in columns["both"]]
    show("recall by where candidates come from", ("copies", *columns), rows)
    return {
        f"sources_{name.replace(', ', '_')}_s": round(found["seconds"], 1)
        for name, found in columns.items()
    }


def _forget(library: Path) -> None:
    """Drop the comparisons, but not the sketches."""
    (library / "cache" / "duplicates" / "pairs.json").unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(alone(measure))
