"""The search cache where real processes are killed, work side by side, or have little memory."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.measuring import memory
from lookalike.stores.base import Embedding
from lookalike.stores.embedded import EmbeddedStore, builder, matrix
from tests.cache_driver import DIM
from tests.end_to_end.running import PATIENCE, POSIX, index, run, search
from tests.records import open_store, records, units

TOP = Path(__file__).resolve().parents[2]
KILLED = 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, too, every library is divided into cells."""
    monkeypatch.setattr(builder, "EXACT_BYTES", 0)
    monkeypatch.setattr(matrix, "EXACT_BYTES", 0)


class Hand:
    """A process of its own at a library; see `tests.cache_driver`."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.cache_driver", str(folder)],
            cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert self._line() == "open\n"

    def begin(self, *order: Any) -> None:
        """Give an order; `end` waits for what comes of it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def end(self) -> Any:
        return json.loads(self._line())

    def __call__(self, *order: Any) -> Any:
        self.begin(*order)
        return self.end()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@contextmanager
def hand(folder: Path) -> Iterator[Hand]:
    """A process that ends with the block: by itself, with nothing to complain of, or killed."""
    one = Hand(folder)
    try:
        yield one
        killed = one.process.poll() is not None
        _, told = one.process.communicate(timeout=PATIENCE)
        assert killed or (one.process.returncode == 0 and "Traceback" not in told), told
    finally:
        one.process.kill()
        one.process.communicate()


def truth(rows: Embedding, seed: int, k: int) -> list[float]:
    """The scores of the k best, by brute force."""
    query = units(1, rows.shape[1], seed=seed)[0]
    best: list[float] = np.sort(rows.astype(float) @ query.astype(float))[::-1][:k].tolist()
    return best


def scores(answer: list[tuple[str, float]]) -> list[float]:
    return [score for _, score in answer]


def close(found: list[float], wanted: list[float]) -> bool:
    return len(found) == len(wanted) and bool(np.allclose(found, wanted, atol=2e-6))


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "cache").iterdir()}


def named(folder: Path) -> set[str]:
    """What may lie in the cache: what the manifest names, the manifest, a lock, the mark."""
    manifest = json.loads((folder / "cache" / "index.json").read_text("utf-8"))
    segments = [f"rows-{one}.npy" for one in manifest["segments"]]
    segments += [f"segment-{one}.npz" for one in manifest["segments"]]
    return {manifest["state"], *segments, "index.json", "build.lock", "CACHEDIR.TAG"}


def lies(folder: Path) -> set[str]:
    """What lies there; a lock need not stay."""
    return files(folder) | {"build.lock"}


# --- killed --------------------------------------------------------------------------------------


@pytest.mark.slow
@POSIX
@pytest.mark.usefixtures("large")
def test_processes_that_are_killed_while_they_build(folder: Path) -> None:
    count = 20_000
    rows = units(count, DIM)
    with open_store(folder, DIM) as store:
        store.upsert(records(count), rows)
    with hand(folder) as first:
        began = time.monotonic()
        first("save")
        whole = time.monotonic() - began
    chance = np.random.default_rng(20)
    killed = 0
    for number in range(KILLED):
        for file in (folder / "cache").glob("index.json"):
            if number % 2:  # with and without a cache that is good
                file.unlink()
        with EmbeddedStore(folder) as store:
            rows[number] = units(1, DIM, seed=1000 + number)
            store.upsert(records(number + 1)[-1:], rows[number : number + 1])
            if number % 4 == 0:  # more than a quarter changes: all is to be written anew
                rows[-6000:] = units(6000, DIM, seed=number)
                store.upsert(records(count)[-6000:], rows[-6000:])
        with hand(folder) as one:
            one.begin("save")
            time.sleep(float(chance.uniform(0, 1.1 * whole)))
            one.process.send_signal(signal.SIGKILL)
            killed += one.process.wait() == -signal.SIGKILL
        with EmbeddedStore(folder) as store:
            assert store.problems() == []
            query = units(1, DIM, seed=number)[0]
            found = [hit.score for hit in store.search(query, 20, exact=True)]
            assert close(found, truth(rows, number, 20))
    assert killed == KILLED
    with hand(folder) as last:
        last("save")
        assert last("index")[:2] == [count, 0]
        assert close(scores(last("search", 5, 20, True)), truth(rows, 5, 20))
    assert lies(folder) == named(folder)


# --- side by side --------------------------------------------------------------------------------


def changed(rows: Embedding, count: int, seed: int) -> None:
    rows[:count] = units(count, DIM, seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("saved", [False, True])
def test_what_one_process_commits_the_other_finds_at_once(folder: Path, saved: bool) -> None:
    rows = units(2000, DIM)
    gone: set[int] = set()
    with open_store(folder, DIM) as store:
        store.upsert(records(2000), rows)
    with hand(folder) as writer, hand(folder) as reader:
        if saved:
            writer("save")
        for step in range(8):
            best = reader("search", step, 5, True)
            names = [name for name, _ in best[:3]]
            assert writer("delete", names) == 3
            gone |= {int(name[:5]) for name in names}
            left = np.delete(rows, sorted(gone), axis=0)
            assert close(scores(reader("search", step, 10, True)), truth(left, step, 10))
            assert not {name for name, _ in reader("search", step, 10, False)} & set(names)

            writer("upsert", 40, 100 + step)
            changed(rows, 40, 100 + step)
            gone = {number for number in gone if number >= 40}
            left = np.delete(rows, sorted(gone), axis=0)
            for one in (reader, writer):
                assert close(
                    scores(one("search", 100 + step, 10, True)), truth(left, 100 + step, 10)
                )
            (top, score), *_ = reader("search", 100 + step, 1, False)
            assert (top, round(score, 5)) == ("00000.jpg", 1.0)
            if step % 3 == 1:
                (writer if step % 2 else reader)("save")
    with EmbeddedStore(folder) as store:
        assert store.problems() == []


@pytest.mark.slow
@pytest.mark.usefixtures("large")
def test_two_processes_that_build_at_once(folder: Path) -> None:
    rows = units(8000, DIM)
    with open_store(folder, DIM) as store:
        store.upsert(records(8000), rows)
    with hand(folder) as one, hand(folder) as other:
        for step in range(6):
            count = (50, 3000)[step % 2]
            (one, other)[step % 2]("upsert", count, 200 + step)
            changed(rows, count, 200 + step)
            for each in (one, other):
                each.begin("save")
            for each in (other, one):
                each.end()
            for each in (one, other):
                assert close(scores(each("search", step, 15, True)), truth(rows, step, 15))
            with EmbeddedStore(folder) as third:
                assert third.problems() == []
                assert third.search_index().waiting == 0
            assert lies(folder) == named(folder)


# --- memory --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_building_and_searching_take_little_memory(folder: Path) -> None:
    """60,000 x 1,280 numbers are 307 MB."""
    if memory().anonymous is None:
        pytest.skip("this system does not tell what a process has for itself")
    dim, count = 1280, 60_000
    chance = np.random.default_rng(4)
    centres = units(300, dim)
    with open_store(folder, dim) as store:
        for start in range(0, count, 4000):
            rows = centres[chance.integers(300, size=4000)]
            rows += 0.01 * chance.standard_normal((4000, dim), np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            store.upsert(records(start + 4000)[-4000:], rows)
        store._database.tidy()
    with hand(folder) as one:
        one("save")
        assert one("index")[:2] == [count, 0]
        assert one("memory")[1] < 250
    with hand(folder) as one:
        assert one("index")[2] > 0
        one("search", 0, 30, False)
        before = one("memory")[0]
        for seed in range(60):
            one("search", seed, 30, False)
        assert one("memory")[0] < before + 20 < 100


# --- the commands --------------------------------------------------------------------------------


def _zeroes(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    file.write_bytes(content)


@pytest.mark.slow
def test_the_commands_over_a_damaged_cache(pictures: Path, library: Path) -> None:
    index(pictures, library)
    query = pictures / "one.jpg"
    before = search(query, library)
    for pattern in ("rows-*.npy", "segment-*.npz", "state-*.npz", "index.json"):
        for command in (("doctor",), ("index", pictures), ("search", query)):
            (file,) = (library / "cache").glob(pattern)
            _zeroes(file)
            done = run("--verbose", *command, "--library", library)
            if pattern != "rows-*.npy" or command[0] != "index":  # it does not read the rows
                assert "The search cache" in done.err
                assert "left aside and made anew" in done.err
            after = search(query, library)
            assert (after.paths, after.scores) == (before.paths, before.scores)
            assert set(files(library)) - {"thumbnails"} | {"build.lock"} == named(library)
        assert "left aside" not in run("--verbose", "doctor", "--library", library).err
