"""A thousand to a million pictures → what each costs: time, disk, memory, and one more look at all.

Real small pictures are indexed up to ten thousand, and `index_ms` is mostly the encoder's time.
For `store_ms` and all that is asked of a library, clustered vectors of full length are handed to
the store; the million of them comes from `benchmarks.million`, which makes it once for all. A
re-index reads no vectors: its libraries hold short ones, beside as many real files, which are
empty but for their size. `find` says of the same files the same with no library at all.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import filling, million, pictures
from benchmarks.clusters import Mixture
from benchmarks.measuring import (
    Figures,
    Sample,
    Settings,
    alone,
    digits,
    in_child,
    lookalike,
    memory,
    show,
    timed,
)
from lookalike import Library
from lookalike.folder import Entry, Walk
from lookalike.stores.base import Record
from lookalike.stores.embedded import EmbeddedStore

_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_QUICK = (200, 1_000)
_MOST_PICTURES = 10_000  # that are encoded: more would only take longer
_IN_FOLDER = 1000
_QUERIES = 250
_SHORT = 8  # numbers of a vector where none is asked for
_LOOKS = 3  # times that a folder is looked at again

Row = dict[str, float]


def measure(settings: Settings) -> Figures:
    """A row for each size."""
    top = settings.scratch / "growth"
    top.mkdir()
    rows: list[Row] = []
    for count in _QUICK if settings.quick else _SIZES:
        row: Row = {"pictures": count}
        row |= _indexed(top / "indexed", count) if count <= _MOST_PICTURES else {}
        row |= _held(settings, top / "held", count)
        row |= _looked_at_again(top / "again", count)
        rows.append({name: round(value, 4) for name, value in row.items()})
    shutil.rmtree(top)
    names = list(dict.fromkeys(name for row in rows for name in row))
    show(
        "What grows with the number of pictures",
        names,
        [[digits(row[name]) if name in row else "" for name in names] for row in rows],
    )
    return {"growth": [{**row} for row in rows]}


# ---- pictures


def _indexed(top: Path, count: int) -> Row:
    """Milliseconds for each of some real pictures, indexed by the command."""
    top.mkdir()
    made = [pictures.jpeg(pictures.synthetic(seed, (320, 240))) for seed in range(20)]
    for number, folder in _folders(top / "pictures", count):
        content = pictures.renamed_jpeg(made[number % len(made)], number)
        (folder / f"IMG_{number:07}.jpg").write_bytes(content)
    ran = lookalike("index", top / "pictures", "--library", top / "library", "--json")
    seconds = json.loads(ran.output.splitlines()[-1])["seconds"]
    shutil.rmtree(top)
    return {"index_ms": 1e3 * seconds / count}


def _folders(top: Path, count: int) -> Iterator[tuple[int, Path]]:
    """Numbers, each with the folder that its file goes to."""
    for number in range(count):
        folder = top / f"{number // _IN_FOLDER:04}"
        if number % _IN_FOLDER == 0:
            folder.mkdir(parents=True)
        yield number, folder


# ---- vectors


def _held(settings: Settings, top: Path, count: int) -> Row:
    """What it takes to keep vectors, and to find among them in a fresh process."""
    queries = Mixture().queries(_QUERIES)
    if count == _SIZES[-1]:
        folder = million.library(settings)
        built: Row = json.loads((folder / "built.json").read_text("utf-8"))
        row = {
            "store_ms": 1e3 * (built["fill_s"] + built["build_s"]) / count,
            "bytes_each": built["bytes_per_picture"],
        }
        return row | in_child(ask, folder, queries)[0]
    row = in_child(keep, top, count)[0] | in_child(ask, top, queries)[0]
    shutil.rmtree(top)
    return row


def keep(folder: Path, count: int) -> Row:
    """Hand clustered vectors to a store, which makes its caches, too."""
    vectors = list(Mixture().chunks(count))

    def kept() -> None:
        with filling.fill(folder, vectors) as store:
            store.save_caches()

    seconds = timed(kept)
    with EmbeddedStore(folder) as store:
        return {"store_ms": 1e3 * seconds / count, "bytes_each": store.size() / count}


def ask(folder: Path, queries: NDArray[np.float32]) -> Row:
    """Open a library and ask it everything twice; the memory is that of a process which has asked.

    The first time, whatever the system has forgotten of the library is read from the disk.
    """
    started = time.perf_counter()
    store = EmbeddedStore(folder)
    store.search(queries[0], million.K)
    first = time.perf_counter() - started
    asked = [partial(store.search, query, million.K) for query in queries]
    fresh, taken = (Sample(tuple(map(timed, asked))) for _ in range(2))
    weight = memory()
    store.close()
    row = {
        "open_s": first,
        "fresh_p50_ms": 1e3 * fresh.median,
        "p50_ms": 1e3 * taken.median,
        "p95_ms": 1e3 * taken.quantile(0.95),
    }
    if weight.private is not None and weight.resident is not None:
        row |= {"private_mb": weight.private, "resident_mb": weight.resident}
    return row


# ---- files that are as they were


def _looked_at_again(top: Path, count: int) -> Row:
    """Seconds and memory of a re-index that finds nothing new, and what `find` takes."""
    for number, folder in _folders(top / "pictures", count):
        with (folder / f"IMG_{number:07}.jpg").open("wb") as file:
            file.truncate(2_000_000 + number)
    in_child(enter, top)
    looks = [in_child(again, top) for _ in range(_LOOKS)]
    row: Row = {"again_s": Sample(tuple(seconds for seconds, _ in looks)).median}
    peaks = [weight.peak for _, weight in looks if weight.peak is not None]
    if peaks:
        row["again_peak_mb"] = max(peaks)
    found = _find(top / "pictures")
    if found is not None:
        row |= {"find_s": found.median, "again_vs_find": row["again_s"] / found.median}
    shutil.rmtree(top)
    return row


def enter(top: Path) -> None:
    """Make a library that knows all files as they are."""
    walk = Walk(top / "pictures")
    entries = (entry for _, files in walk.stretches() for entry in files)
    with Library.open(top / "library", create=True, dim=_SHORT) as library:
        settings = {"model": library.model, "identity": library.model, "dim": str(_SHORT)}
    with EmbeddedStore(top / "library") as store:
        store.reshape(_SHORT, library.model)
        store.set(**settings)
        for number, some in enumerate(_batched(entries, 10_000)):
            random = np.random.default_rng(number).standard_normal((len(some), _SHORT), np.float32)
            random /= np.linalg.norm(random, axis=1, keepdims=True)
            store.commit([_record(walk.root, entry) for entry in some], random)
        store.save_caches()


def again(top: Path) -> float:
    """Index the folder once more; the seconds are those that the run itself tells."""
    with Library.open(top / "library") as library:
        known = library.count()
        report = library.index(top / "pictures")
    if report.unchanged != known:
        raise RuntimeError(f"{known - report.unchanged} files are not as they were.")
    return report.seconds


def _record(root: str, entry: Entry) -> Record:
    path, size, mtime_ns = entry
    plain = filling.record(size - 2_000_000)
    return replace(plain, root=root, relative=os.fsdecode(path), size=size, mtime_ns=mtime_ns)


def _batched(entries: Iterable[Entry], count: int) -> Iterator[list[Entry]]:
    coming = iter(entries)
    while some := list(islice(coming, count)):
        yield some


def _find(top: Path) -> Sample | None:
    """What the system's own walk takes that looks at sizes and times; None where there is none."""
    command = ["find", str(top), "-type", "f", "-printf", "%s %T@\n"]
    try:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None

    def look() -> None:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)

    return Sample(tuple(timed(look) for _ in range(_LOOKS)))


if __name__ == "__main__":
    sys.exit(alone(measure))
