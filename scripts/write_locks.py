"""pyproject.toml → requirements.lock and requirements-bench.lock: all packages with their hashes.

    python scripts/write_locks.py [--upgrade]      (or `python tasks.py lock`; needs uv)

Both fit every platform. The benchmarks' packages take the versions of the first lock file wherever
they need the same package, so that what is measured is what is tested.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK, BENCH = ROOT / "requirements.lock", ROOT / "requirements-bench.lock"
GROUPS = ("samples", "test", "lint", "audit", "build")
BENCH_GROUPS = ("bench", "build")


def command(uv: str, target: Path, *more: str) -> list[str]:
    """What makes one lock file; ``more`` says of which packages."""
    return [
        *(uv, "pip", "compile", "pyproject.toml", "--quiet", "--all-extras", *more),
        *("--universal", "--python-version=3.11", "--generate-hashes", "--no-annotate"),
        *("--no-emit-index-url", "--no-emit-find-links", f"--output-file={target.name}"),
        "--custom-compile-command=python tasks.py lock",
    ]


def main() -> int:
    """Write both lock files → exit status; 1 after a sentence on what is in the way."""
    options = argparse.ArgumentParser(description="Write both lock files anew.")
    options.add_argument("--upgrade", action="store_true", help="take the newest that fit")
    upgrade = ["--upgrade"] if options.parse_args().upgrade else []
    uv = shutil.which("uv")
    if uv is None:
        return _say("The lock files are made with uv: install it (`pip install uv`) and try again.")
    groups = [f"--group={name}" for name in GROUPS]
    bench = [f"--group={name}" for name in BENCH_GROUPS]
    subprocess.run([*command(uv, LOCK, *groups), *upgrade], cwd=ROOT, check=True)
    same = [*bench, f"--constraint={LOCK.name}"]
    subprocess.run([*command(uv, BENCH, *same), *upgrade], cwd=ROOT, check=True)
    for file in (LOCK, BENCH):
        if "://" in file.read_text("utf-8"):
            return _say(f"{file.name} names an address: take it out of uv's settings.")
    return 0


def _say(sentence: str) -> int:
    print(f"write_locks: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
