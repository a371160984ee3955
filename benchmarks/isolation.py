"""Decoding in processes of its own → what that costs: pictures a second, starting, answers, memory.

*Within* is the way that Lookalike falls back on where no process can be started: the same code, in
the threads of the program itself. Both index the same slices of the flowers in turns, each time in
a fresh process. Memory is that of the process with all that it has started: the pages that no file
stands behind, looked at ten times a second.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import pictures
from benchmarks.measuring import Figures, Sample, Settings, alone, alternate, child, show
from lookalike.encoder import Encoder
from lookalike.models import DEFAULT_MODEL, find

_WITHIN = """
from lookalike.isolation import asking
from lookalike.isolation.worker import StartError

class Nobody:
    def ask(self, *given, **named):
        raise StartError("measured without")
    def warm(self):
        pass

asking._pool = Nobody
"""
_INDEX = """
import json, sys, time
from lookalike import Library
started = time.perf_counter()
with Library.open(sys.argv[1], create=True) as library:
    report = library.index(sys.argv[2])
taken = time.perf_counter() - started
print(json.dumps({"rate": report.images_per_second, "seconds": taken, "added": report.added}))
"""
_COMMAND = """
import sys
from lookalike.cli import main
sys.argv[0] = "lookalike"
main()
"""
WAYS = {"apart": "", "within": _WITHIN}


def measure(settings: Settings) -> Figures:
    """All of it, as figures."""
    files = settings.pictures()
    folder = settings.scratch / "isolation"
    figures = _rates(files, folder / "rates")
    figures |= _commands(files[:3], folder / "commands", 5 if settings.quick else 15)
    figures |= _answers(files, folder / "answers", 20 if settings.quick else 60)
    figures |= _large(folder / "large")
    shutil.rmtree(folder)
    return figures


# ---- pictures a second


def _rates(files: list[Path], folder: Path) -> Figures:
    slices = [files[at : at + 2000] for at in range(0, min(len(files), 8000), 2000)]
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    work: dict[str, list[float]] = {way: [] for way in WAYS}
    memory: dict[str, list[float]] = {way: [] for way in WAYS}
    for number, some in enumerate(slices):
        place = _linked(some, folder / f"{number}")
        for way in WAYS if number % 2 else reversed(WAYS):
            said, most = _index(way, place, folder / f"{number}.{way}")
            rates[way].append(said["rate"])
            work[way].append(said["work"])
            memory[way].append(most)
    samples = {way: Sample(tuple(each)) for way, each in rates.items()}
    worked = {way: Sample(tuple(each)) for way, each in work.items()}
    ratio = samples["apart"].over(samples["within"])
    more = worked["apart"].over(worked["within"])
    rows = [(way, samples[way], worked[way], max(memory[way])) for way in WAYS]
    columns = ("", "pictures a second", "processor time, s", "memory, MB")
    show("Indexing, 2,000 flowers each", columns, rows)
    header = ("", "pictures a second", "processor time")
    show("Apart over within, by slice", header, [("ratio", ratio, more)])
    return {
        "isolation_work_ratio": round(more.median, 3),
        "isolation_work_ratios": ", ".join(f"{value:.3f}" for value in more.values),
        "isolation_rate_ratio": round(ratio.median, 3),
        "isolation_rate_ratios": ", ".join(f"{value:.3f}" for value in ratio.values),
        **{f"isolation_{way}_rate": round(samples[way].median, 1) for way in WAYS},
        **{f"isolation_{way}_mb": round(max(memory[way])) for way in WAYS},
    }


def _linked(files: list[Path], folder: Path) -> Path:
    folder.mkdir(parents=True)
    for file in files:
        shutil.copyfile(file, folder / file.name)
    return folder


def _index(way: str, place: Path, library: Path) -> tuple[dict[str, float], float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", WAYS[way] + _INDEX, str(library), str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        over, most = threading.Event(), [0.0]
        watch = threading.Thread(target=_watch, args=(process.pid, over, most))
        watch.start()
        said = process.communicate()[0]
        over.set()
        watch.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**json.loads(said), "work": work}, most[0]


def _watch(process: int, over: threading.Event, most: list[float]) -> None:
    while not over.wait(0.1):
        most[0] = max(most[0], sum(map(_anonymous, set(_family(process)))))


def _family(process: int) -> Iterator[int]:
    """A process and all that it has started, by number."""
    yield process
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            numbers = listed.read_text("ascii").split()
        except OSError:
            continue
        for number in numbers:
            yield from _family(int(number))


def _anonymous(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) * 1.024e-3 for line in lines if line.startswith("RssAnon"))


# ---- a few files, from the shell


def _commands(files: list[Path], folder: Path, rounds: int) -> Figures:
    place = _linked(files, folder / "pictures")
    query = folder / "query.jpg"
    query.write_bytes(pictures.renamed_jpeg(files[0].read_bytes(), 0))
    number = iter(range(10_000))

    def index(way: str) -> None:
        _run(way, "index", place, "--library", folder / f"{next(number)}")

    def search(way: str) -> None:
        _run(way, "search", query, "--library", folder / "0")

    index("apart")
    figures: Figures = {}
    for name, task in (("index", index), ("search", search)):
        taken = alternate({way: partial(task, way) for way in WAYS}, rounds=rounds)
        show(f"lookalike {name}, seconds", ("", "median"), list(taken.items()))
        figures |= {f"isolation_{name}_{way}_s": round(taken[way].median, 3) for way in WAYS}
    return figures


def _run(way: str, *arguments: object) -> None:
    command = [sys.executable, "-c", WAYS[way] + _COMMAND, *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


# ---- an upload to a library that is warm


def _answers(files: list[Path], folder: Path, rounds: int) -> Figures:
    place = _linked(files[:50], folder / "pictures")
    large = pictures.jpeg(pictures.synthetic(0, (4000, 3000)))
    with child() as asker:
        taken = asker.submit(
            _ask, place, folder / "library", files[100].read_bytes(), large, rounds
        ).result()
    rows = [
        (name, *(Sample(tuple(each)) for each in ways.values())) for name, ways in taken.items()
    ]
    show(
        "Milliseconds to search with the content of a file",
        ("", "apart", "within", "encoder"),
        rows,
    )
    return {
        f"isolation_{name}_{way}_ms": round(Sample(tuple(each)).median, 2)
        for name, ways in taken.items()
        for way, each in ways.items()
    }


def _ask(
    place: Path, where: Path, small: bytes, large: bytes, rounds: int
) -> dict[str, dict[str, list[float]]]:
    from benchmarks.measuring import timed
    from lookalike import Library
    from lookalike.isolation import asking
    from lookalike.isolation.worker import StartError

    class Nobody:
        def ask(self, *_given: object, **_named: object) -> object:
            raise StartError("measured without")

        def warm(self) -> None: ...

    ways = {"apart": asking._pool, "within": Nobody}
    encoder = Encoder.load(find(DEFAULT_MODEL))
    ready = np.zeros((1, *encoder.card.preprocess.shape), encoder.card.preprocess.values)
    found: dict[str, dict[str, list[float]]] = {}
    with Library.open(where, create=True) as library:
        library.index(place)
        for name, content in (("small", small), ("large", large)):
            taken: dict[str, list[float]] = {"apart": [], "within": [], "encoder": []}
            for number in range(-3, rounds):
                fresh = pictures.renamed_jpeg(content, number + 3)
                for way, pool in ways.items():
                    asking._pool = pool  # type: ignore[assignment]
                    seconds = timed(partial(library.search, fresh + way.encode()))
                    taken[way] += [1e3 * seconds] if number >= 0 else []
                seconds = timed(partial(encoder.encode, ready))
                taken["encoder"] += [1e3 * seconds] if number >= 0 else []
            found[name] = taken
    return found


# ---- memory over large pictures


def _large(folder: Path) -> Figures:
    place = folder / "pictures"
    place.mkdir(parents=True)
    progressive = pictures.jpeg(pictures.synthetic(0, (6000, 4000)), progressive=True)
    packed = pictures.png(pictures.synthetic(1, (4000, 3000)).resize((8660, 5774)))
    for number in range(12):
        (place / f"{number}.jpg").write_bytes(pictures.renamed_jpeg(progressive, number))
    for number in range(6):
        (place / f"{number}.png").write_bytes(pictures.renamed_png(packed, number))
    pictures.synthetic(3, (4000, 3000)).resize((12_000, 8_334)).save(
        place / "one.tif", compression="tiff_lzw"
    )
    memory = {way: _index(way, place, folder / f"{way}.library")[1] for way in WAYS}
    show("Indexing large pictures", ("", "memory, MB"), list(memory.items()))
    return {f"isolation_large_{way}_mb": round(most) for way, most in memory.items()}


if __name__ == "__main__":
    sys.exit(alone(measure))
