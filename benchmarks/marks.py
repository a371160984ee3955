"""Pictures, with and without marks → what favourites and tags cost: searches, answers and counts.

    python -m benchmarks.marks

A library of 8,189 vectors of full length is searched over REST; counts and filters are asked of
100,000 pictures with short vectors, for no vector matters there. Every eighth and every tenth of
these are marked, with one of a hundred tags each, half of them favourites.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from flask.testing import FlaskClient

from benchmarks import filling
from benchmarks.measuring import Figures, Settings, alone, alternate, show
from lookalike import Filter, Library
from lookalike.library import MarkCounts
from lookalike.stores.base import MarkChange
from lookalike.stores.embedded import EmbeddedStore
from lookalike.web import create_app

_SHORT = 8  # numbers of a vector where none matters
_TAGS = 100


def measure(settings: Settings) -> Figures:
    """Milliseconds without marks and with them, measured in turns."""
    few, many, rounds = (500, 2_000, 5) if settings.quick else (8_189, 100_000, 60)
    top = settings.scratch / "marks"
    told = _searched(top / "few", few, rounds) | _counted(top / "many", many, rounds)
    names = {name.removesuffix("_marked_ms").removesuffix("_plain_ms"): None for name in told}
    show(
        f"Marks, in ms: {few:,} pictures are searched, {many:,} counted",
        ["", "without", "with"],
        [[name, told.get(f"{name}_plain_ms"), told.get(f"{name}_marked_ms")] for name in names],
    )
    return {**told}


def _searched(top: Path, count: int, rounds: int) -> dict[str, float]:
    """A search over REST, with 30 and with 1,000 hits."""
    tasks: dict[str, Callable[[], object]] = {}
    for kind, step in (("plain", 0), ("marked", 8)):
        vectors = np.random.default_rng(1).standard_normal((count, 1280), np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        with filling.fill(top / kind, [vectors]) as store:
            _mark(store, step)
            store.save_caches()
        library = Library.open(top / kind)
        assert (library.tags() == MarkCounts(0, ())) == (step == 0)
        client = create_app(library).test_client()
        for k in (30, 1000):
            tasks[f"search_{k}_{kind}_ms"] = _search(client, k)
    return {name: sample.median * 1e3 for name, sample in alternate(tasks, rounds=rounds).items()}


def _search(client: FlaskClient, k: int) -> Callable[[], object]:
    def ask() -> None:
        answer = client.post("/api/search", json={"id": 7, "k": k})
        assert answer.status_code == 200

    return ask


def _counted(top: Path, count: int, rounds: int) -> dict[str, float]:
    """Counts: as they are kept, by a filter, and after a mark; a search by a filter."""
    tasks: dict[str, Callable[[], object]] = {}
    for kind, step in (("plain", 0), ("marked", 10)):
        store = EmbeddedStore(top / kind, create=True)
        store.reshape(_SHORT)
        store.set(dim=str(_SHORT))
        vectors = np.tile(np.eye(_SHORT, dtype=np.float32), (count // _SHORT, 1))
        store.commit(list(map(filling.record, range(len(vectors)))), vectors)
        _mark(store, step)
        store.save_caches()
        tasks |= {f"{name}_{kind}_ms": task for name, task in _questions(store).items()}
    return {name: sample.median * 1e3 for name, sample in alternate(tasks, rounds=rounds).items()}


def _questions(store: EmbeddedStore) -> dict[str, Callable[[], object]]:
    wanted = np.eye(_SHORT, dtype=np.float32)[0]
    one = filling.record(0).digest

    def after_a_mark() -> None:
        store.change_marks([MarkChange((one,), favourite=True)])
        store.facets(Filter())
        store.change_marks([MarkChange((one,), favourite=False)])
        store.facets(Filter())

    return {
        "facets": lambda: store.facets(Filter()),
        "facets_by_format": lambda: store.facets(Filter(formats=("JPEG",))),
        "facets_by_tag": lambda: store.facets(Filter(tags=("tag 7",))),
        "facets_by_favourite": lambda: store.facets(Filter(favourite=True)),
        "two_marks_and_facets": after_a_mark,
        "search_by_tag": lambda: store.search(wanted, 30, where=Filter(tags=("tag 7",))),
        "search_by_favourite": lambda: store.search(wanted, 30, where=Filter(favourite=True)),
        "tags": store.count_marks,
    }


def _mark(store: EmbeddedStore, step: int) -> None:
    """Mark every so-many-th picture; none for 0."""
    digests = [one.digest for one in store.records()][:: step or sys.maxsize] if step else []
    store.change_marks(
        [
            MarkChange(tuple(digests[at::_TAGS]), True if at % 2 else None, (f"tag {at}",))
            for at in range(_TAGS)
        ]
        if digests
        else []
    )


if __name__ == "__main__":
    sys.exit(alone(measure))
