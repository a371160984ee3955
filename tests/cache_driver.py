"""Orders on standard input → a process of its own at a library's search cache; answers in JSON.

``python -m tests.cache_driver LIBRARY``. Every library counts as large: it is divided into cells.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

from benchmarks.measuring import memory
from lookalike.stores.embedded import EmbeddedStore, builder, matrix
from tests.records import records, units

DIM = 32


def obey(store: EmbeddedStore, order: list[Any]) -> Any:
    """Carry out one order, and tell what came of it."""
    what, *values = order
    if what == "search":
        seed, k, exact = values
        hits = store.search(units(1, store.dim, seed=seed)[0], k, exact=exact)
        return [[hit.record.relative, hit.score] for hit in hits]
    if what == "upsert":
        count, seed = values
        return store.upsert(records(count), units(count, store.dim, seed=seed))
    if what == "delete":
        names = set(values[0])
        return store.delete([one.id for one in store.records() if one.relative in names])
    if what == "memory":
        now = memory()
        return [now.anonymous, now.peak]
    if what == "save":
        return store.save_caches()
    index = store.search_index()
    return [index.saved, index.waiting, index.probes]


def main(folder: Path) -> None:
    """Obey until standard input ends."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    for room in (builder, matrix):
        vars(room)["EXACT_BYTES"] = 0
    with EmbeddedStore(folder) as store:
        sys.stdout.write("open\n")
        sys.stdout.flush()
        for line in sys.stdin:
            sys.stdout.write(json.dumps(obey(store, json.loads(line))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
