"""Callables to compare → their times, measured in turns; a process → the memory it takes.

Every benchmark is a module with ``measure(settings) -> Figures`` and ends with::

    if __name__ == "__main__":
        sys.exit(alone(measure))

Its table is for people; its figures go into ``benchmarks/latest.json``.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

Figure = float | int | str | list[dict[str, float | str]]
Figures = dict[str, Figure]
"""Names that end with their unit (``search_flowers_ms``) and what was measured. A plain number,
or for a plot a list of rows. What cannot be measured here is left out, not guessed."""

ROOT = Path(__file__).resolve().parents[1]
FLOWERS = "LOOKALIKE_FLOWERS"


class MissingError(Exception):
    """Something a benchmark needs is not here; the message is one sentence that says what."""


# ---- what a benchmark is given


@dataclass(frozen=True, slots=True)
class Settings:
    """How to measure.

    ``quick``: on less data, to see that it works; such figures are not quoted. ``scratch``: a
    folder on disk for whatever has to be made; it is shared by all benchmarks of one run and
    deleted after it. ``flowers``: the folder with the photographs, or None.
    """

    scratch: Path
    quick: bool = False
    flowers: Path | None = None

    def pictures(self, *, every: bool = False) -> list[Path]:
        """The flowers' files in order of name; in a quick run the first 1,000 of them, unless
        ``every`` one is wanted.

        Raises `MissingError` where there are none.
        """
        if self.flowers is None:
            raise MissingError(
                "The photographs of the flowers are not here: give their folder with --flowers "
                f"or {FLOWERS}; the figures that need them are left out."
            )
        files = sorted((self.flowers / "images").glob("*.jpg"))
        return files[:1000] if self.quick and not every else files


def find_flowers(given: str | None = None) -> Path | None:
    """The folder of the flowers: as given, from the environment, or beside the checkout.

    Raises `MissingError` where a folder is named that holds none.
    """
    named = given or os.environ.get(FLOWERS)
    folder = Path(named) if named else ROOT.parent / "shared" / "data" / "flowers102"
    if (folder / "images").is_dir() and (folder / "labels.csv").is_file():
        return folder.resolve()
    if named:
        raise MissingError(f"{folder} does not hold images/ and labels.csv of the flowers.")
    return None


# ---- time


@dataclass(frozen=True, slots=True)
class Sample:
    """Some measurements of one thing."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    def quantile(self, share: float) -> float:
        """The least value that this share of the measurements does not exceed."""
        ordered = sorted(self.values)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    def scaled(self, factor: float) -> Sample:
        """The same in another unit."""
        return Sample(tuple(value * factor for value in self.values))

    def per(self, amount: float) -> Sample:
        """Times → rates: how much of an amount was done in a second."""
        return Sample(tuple(amount / value for value in self.values))

    def over(self, other: Sample) -> Sample:
        """The ratio of two things that were measured in turns, round by round."""
        return Sample(tuple(a / b for a, b in zip(self.values, other.values, strict=True)))

    def __str__(self) -> str:
        """The median, and the least and the greatest value in brackets."""
        low, high = min(self.values), max(self.values)
        return f"{digits(self.median)} ({digits(low)} to {digits(high)})"


def timed(task: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    started = time.perf_counter()
    task()
    return time.perf_counter() - started


def alternate(
    tasks: Mapping[str, Callable[[], object]], *, rounds: int, warm_up: int = 1
) -> dict[str, Sample]:
    """Seconds of each task, measured in turns (A B A B ...), so that noise hits all alike.

    Every second round goes backwards: no task always runs behind the same other one.
    """
    names = list(tasks)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for number in range(-warm_up, rounds):
        for name in names if number % 2 == 0 else reversed(names):
            seconds = timed(tasks[name])
            if number >= 0:
                taken[name].append(seconds)
    return {name: Sample(tuple(values)) for name, values in taken.items()}


# ---- memory


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process, in MB of a million bytes; None where the system does not tell.

    ``private``: the pages that no other process maps. Pages of a mapped file that were read are
    among them, although they are the page cache's and the system takes them back when it needs
    room. ``anonymous``: the pages that no file stands behind. ``peak``: the most that was ever
    resident, mapped files included.
    """

    resident: float | None = None
    private: float | None = None
    anonymous: float | None = None
    peak: float | None = None


def memory(process: int | None = None) -> Memory:
    """The memory of a process, or of this one. Only Linux tells all of it (``smaps_rollup``)."""
    proc = Path("/proc") / (str(process) if process else "self")
    try:
        status, maps = _kilobytes(proc / "status"), _kilobytes(proc / "smaps_rollup")
    except OSError:
        return Memory(peak=_peak_by_rusage() if process is None else None)
    return Memory(
        resident=status["VmRSS"] * 1.024e-3,
        private=(maps["Private_Clean"] + maps["Private_Dirty"]) * 1.024e-3,
        anonymous=maps["Anonymous"] * 1.024e-3,
        peak=status["VmHWM"] * 1.024e-3,
    )


def _kilobytes(file: Path) -> dict[str, int]:
    rows = (line.split() for line in file.read_text("ascii").splitlines()[1:])
    return {row[0].rstrip(":"): int(row[1]) for row in rows if row[-1:] == ["kB"]}


def _peak_by_rusage() -> float | None:
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1.024e-3


# ---- processes


def in_child(
    function: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
) -> tuple[Result, Memory]:
    """Call a function of a module in a fresh Python → what it returned, and that process's memory.

    The child inherits nothing: its peak is its own. Arguments and result must be picklable.
    """
    with child() as process:
        return process.submit(_with_memory, function, arguments, named).result()


def child() -> Executor:
    """A fresh Python that does one thing after the other and keeps what its modules hold."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def _with_memory(
    function: Callable[..., Result], arguments: tuple[object, ...], named: dict[str, object]
) -> tuple[Result, Memory]:
    return function(*arguments, **named), memory()


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended with 0: its standard output, wall time, and in MB (None on Windows)
    its greatest resident memory: that of one process, or on Linux of it with all that it had
    started, as was seen ten times a second: all their pages that no file stands behind, and the
    mapped files of the one with most of these."""

    output: str
    seconds: float
    peak: float | None


# A process's peak on Linux begins with that of the process it was forked from, which may be a
# large benchmark: so a small Python stands between.
_LAUNCHER = """
import glob, json, subprocess, sys, threading, time

def family(process):
    yield process
    for listed in glob.glob(f"/proc/{process}/task/*/children"):
        try:
            numbers = open(listed).read().split()
        except OSError:
            continue
        for number in numbers:
            yield from family(number)

def held(process):
    try:
        rows = dict(line.split(":", 1) for line in open(f"/proc/{process}/status"))
        return [int(rows[name].split()[0]) for name in ("RssAnon", "RssFile")]
    except (OSError, KeyError):
        return [0, 0]

def watch():
    while not over.wait(0.1):
        all = [held(process) for process in set(family(running.pid))]
        most[0] = max(most[0], sum(one[0] for one in all) + max(one[1] for one in all))

over, most = threading.Event(), [0]
started = time.perf_counter()
running = subprocess.Popen(sys.argv[2:])
watcher = threading.Thread(target=watch)
if sys.platform == "linux":
    watcher.start()
status = running.wait()
taken = {"seconds": time.perf_counter() - started, "status": status}
over.set()
try:
    import resource
    taken["peak"] = max(most[0], resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
except ImportError:
    pass
open(sys.argv[1], "w").write(json.dumps(taken))
"""


def run(*command: str | os.PathLike[str]) -> Ran:
    """Run a command to its end. Raises `MissingError` with its last words where it fails."""
    words = [os.fspath(word) for word in command]
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "taken.json"
        launch = [sys.executable, "-S", "-E", "-c", _LAUNCHER, str(note), *words]
        done = subprocess.run(launch, capture_output=True, text=True, check=False)
        taken = json.loads(note.read_text("utf-8")) if note.is_file() else {"status": 1}
    if taken["status"]:
        last = " ".join(done.stderr.strip().splitlines()[-1:])
        raise MissingError(f"{' '.join(words[1:5])} ended with {taken['status']}: {last}")
    unit = 1e-6 if sys.platform == "darwin" else 1.024e-3
    peak = taken["peak"] * unit if "peak" in taken else None
    return Ran(done.stdout, taken["seconds"], peak)


def lookalike(*arguments: str | os.PathLike[str]) -> Ran:
    """Run Lookalike's own command, as `run` does, with this Python."""
    return run(sys.executable, "-m", "lookalike", *arguments)


# ---- what is said


def digits(value: float) -> str:
    """Three digits that count, or all before the point."""
    if value == 0 or not math.isfinite(value):
        return str(value)
    after = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(after, 6)}f}"


def show(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table: the first column to the left, the others to the right."""
    cells = [list(header), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    print(f"\n{title}")
    for row in cells:
        first, *others = zip(row, widths, strict=True)
        print("  " + "  ".join([first[0].ljust(first[1]), *(text.rjust(w) for text, w in others)]))
    sys.stdout.flush()


def _cell(value: object) -> str:
    if value is None:
        return "not known"
    return digits(value) if isinstance(value, float) else str(value)


# ---- a benchmark on its own


def alone(measure: Callable[[Settings], Figures], arguments: Sequence[str] | None = None) -> int:
    """Run one benchmark as a command → its exit status; the figures are printed as JSON.

    `python -m benchmarks` runs each benchmark in this way, in a process of its own.
    """
    options = parser().parse_args(arguments)
    # where nothing compiled is kept, every start of a command compiles all of Lookalike
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        flowers = find_flowers(options.flowers)
        with _scratch(options.scratch) as scratch:
            figures = measure(Settings(Path(scratch), options.quick, flowers))
    except MissingError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    text = json.dumps(figures, indent=2)
    if options.figures:
        Path(options.figures).write_text(text, "utf-8")
    else:
        print(text)
    return 0


def _scratch(given: str | None) -> AbstractContextManager[str]:
    """The folder that is given, which whoever gave it deletes; else one for this run."""
    return nullcontext(given) if given else tempfile.TemporaryDirectory(prefix="lookalike-bench-")


def parser() -> argparse.ArgumentParser:
    """The options that all benchmarks have."""
    options = argparse.ArgumentParser(description="Measures, and prints what was measured.")
    options.add_argument("--quick", action="store_true", help="on less data, to see that it works")
    options.add_argument("--flowers", metavar="DIR", help=f"the photographs (else: {FLOWERS})")
    options.add_argument("--scratch", metavar="DIR", help="a folder for what has to be made")
    options.add_argument("--figures", metavar="FILE", help="write the figures here as JSON")
    return options
