"""All benchmarks, each in a process of its own → benchmarks/latest.json and a list of figures."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine
from benchmarks.measuring import ROOT, Figures, parser

ORDER: tuple[str, ...] = (
    *("limits", "indexing", "large", "search", "startup", "page", "million", "map", "growth"),
)
"""The benchmarks in the order in which they run; `encoders`, `engines` and `peers` need packages
or time of their own and run by themselves."""

FIGURES = (
    *("index_vs_encoder", "index_vs_paper", "jpeg12mp_vs_full", "index_peak_mb"),
    *("search_flowers_ms", "cold_search_s", "help_s"),
    *("million_recall30", "million_p95_ms", "million_private_mb"),
    *("million_first_answer_s", "million_add1000_s"),
    *("map_clustered_s", "map_moving_fps", "map_zooming_fps"),
)
"""Those that a whole run must give."""

LATEST = Path(__file__).parent / "latest.json"
QUICK = Path(__file__).parent / "quick.json"  # of runs that are not whole; not in the repository
_LIMIT = 15 * 60  # seconds after which a benchmark counts as failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all → exit status: 0 when every benchmark has run and every figure is there."""
    options = parser()
    options.add_argument("--only", nargs="+", choices=ORDER, default=ORDER, metavar="NAME")
    given = options.parse_args(arguments)
    handed_on = ["--quick"] if given.quick else []
    handed_on += ["--flowers", given.flowers] if given.flowers else []
    before = machine.origin()  # the commit as it is now, whatever happens meanwhile
    figures: Figures = {}
    measured_by: dict[str, list[str]] = {}
    failed = []
    with tempfile.TemporaryDirectory(prefix="lookalike-bench-", dir=given.scratch) as scratch:
        for name in given.only:
            measured = _one(name, Path(scratch), handed_on)
            if measured is None:
                failed.append(name)
            figures.update(measured or {})
            measured_by[name] = list(measured or {})
    whole = not given.quick and list(given.only) == list(ORDER)
    target = Path(given.figures) if given.figures else LATEST if whole else QUICK
    about = {"failed": failed, "quick": given.quick, "measured_by": measured_by, **before}
    _write(target, {**figures, **about})
    missing = [name for name in FIGURES if name not in figures]
    _say(figures, target, failed, missing)
    return 1 if failed or missing else 0


def _one(name: str, scratch: Path, handed_on: Sequence[str]) -> Figures | None:
    print(f"\n== {name}", flush=True)
    started = time.monotonic()
    note = scratch / f"{name}.figures.json"
    command = [sys.executable, "-m", f"benchmarks.{name}", *handed_on]
    command += ["--scratch", str(scratch), "--figures", str(note)]
    status = _ended(command)
    print(f"   {time.monotonic() - started:.0f} s", flush=True)
    if status or not note.is_file():
        how = f"status {status}" if status is not None else f"no end within {_LIMIT:,} s"
        print(f"benchmarks: {name} failed: {how}.", file=sys.stderr)
        return None
    measured: Figures = json.loads(note.read_text("utf-8"))
    return measured


def _ended(command: Sequence[str]) -> int | None:
    """Run a command → its exit status, or None where it took too long. Nothing that it has started
    goes on after it."""
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True) as process:
        try:
            return process.wait(_LIMIT)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _write(target: Path, content: dict[str, object]) -> None:
    target.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def _say(figures: Figures, target: Path, failed: list[str], missing: list[str]) -> None:
    print(f"\n== figures, in {target.name}")
    for name, value in figures.items():
        if not isinstance(value, list):
            print(f"  {name:32} {value}")
    if failed:
        print(f"benchmarks: failed: {', '.join(failed)}.", file=sys.stderr)
    if missing:
        print(f"benchmarks: not measured: {', '.join(missing)}.", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
