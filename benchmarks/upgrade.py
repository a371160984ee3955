"""Vectors of two models → what a switch from one to the other takes, and searches meanwhile.

    python -m benchmarks.upgrade

The vectors are made, 1,280 numbers each, for as many pictures as the flowers and for 100,000. What
the answers of real models have in common, `lookalike upgrade compare` tells (docs/quality.md).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks import filling
from benchmarks.clusters import Mixture
from benchmarks.measuring import Figures, Settings, alone, in_child, show, timed
from lookalike import Library
from lookalike.errors import ModelMismatchError
from lookalike.models import find
from lookalike.stores.base import Layer

_OTHER = "efficientnet-lite0"


def measure(settings: Settings) -> Figures:
    """Seconds of a switch and of a comparison, and the slowest search while a switch goes on."""
    figures: Figures = {}
    for count in (500, 1000) if settings.quick else (8_189, 100_000):
        folder = settings.scratch / f"upgrade-{count}"
        _fill(folder, count)
        told, memory = in_child(_measured, folder)
        figures |= {f"upgrade_{name}_{count}": value for name, value in told.items()}
        figures[f"upgrade_peak_mb_{count}"] = memory.peak or 0.0
    show("Another model", ["", ""], [[name, value] for name, value in figures.items()])
    return figures


def _fill(folder: Path, count: int) -> None:
    present, other = Mixture(), replace(Mixture(), seed=8)
    with filling.fill(folder, present.chunks(count)) as store:
        card = find(_OTHER)
        name = f"model {card.identity}"
        store.begin_layer(Layer(name, card.identity, card.name, card.dim))
        records = store.records()
        for block in other.chunks(count):
            some = [next(records) for _ in block]
            ids, digests = [one.id for one in some], [one.digest for one in some]
            store.write_layer(name, ids, digests, block[:, None])
        store.save_caches()


def _measured(folder: Path) -> dict[str, float]:
    with Library.open(folder) as library, Library.open(folder) as reader:
        former = library.model
        compared = timed(lambda: library.upgrade_compare(_OTHER))
        query = next(iter(reader.sample(1))).id
        reader.search(query)
        with _searching(reader, query) as slowest:
            switched = timed(lambda: library.upgrade_switch(_OTHER))
        back = timed(lambda: library.upgrade_switch(former))
        return {
            "compare_s": compared,
            "switch_s": switched,
            "back_s": back,
            "search_meanwhile_ms": max(slowest, default=0.0),
        }


@contextmanager
def _searching(library: Library, query: int) -> Iterator[list[float]]:
    """Searches in a thread until the library is another one; the milliseconds of each."""
    taken: list[float] = []
    done = threading.Event()

    def ask() -> None:
        try:
            while not done.wait(0.02):
                taken.append(1e3 * timed(lambda: library.search(query)))
        except ModelMismatchError:
            pass  # the switch has happened

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield taken
    finally:
        done.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(alone(measure))
