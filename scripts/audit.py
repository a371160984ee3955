"""The packages that Lookalike is made with → known faults, licences that do not fit, loose pins.

    python tasks.py audit                 (in the project's environment: scripts/audit.py)

What the lock file and the installed packages say of themselves is looked at first; that needs no
network. Then pip-audit asks the Python Package Index for known faults. A known fault, or anything
wrong with the lock file, ends it with status 1. Where the index does not answer, it says so, and
ends with 0: nobody is kept from working by a network that is not there.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.packages import LOCK, OURS, Pin, installed, licence_of, pins, say

PATIENCE = 90.0  # seconds for all questions together; they take some when they are answered

ACCEPTED: dict[str, str] = {}
"""Known faults that do not concern us, by their ids, each with the reason why."""

OUTSIDE = frozenset({OURS, "setuptools", "wheel"})
"""What an environment may hold beside what the lock file names: ourselves, what came with it."""

# Licences under which a program of any licence may use a package. LGPL and MPL are among them:
# packages are imported, not changed or built in.
ALLOWED = (
    r"0BSD|Apache.*|BSD.*|(New|Modified|Simplified) BSD.*|[23]-Clause BSD.*|CC0.*|HPND|ISC.*|"
    r"Historical Permission Notice and Disclaimer.*|LGPL.*|GNU (Library or )?Lesser General.*|"
    r"MIT.*|The MIT License.*|MPL.*|Mozilla Public.*|PSF.*|Python Software Foundation.*|"
    r"Python-2.0|The Unlicense.*|Unlicense|ZPL.*|Zope Public.*|zlib.*|Public Domain"
)
_ALLOWED = re.compile(rf"(?:{ALLOWED})", re.IGNORECASE)
_BETWEEN = re.compile(r"\s+(?:AND|OR|WITH)\s+|[()]")  # "v3 or later" is one


def main() -> int:
    """Look at everything → exit status; what is wrong goes to standard error, a line each."""
    options = argparse.ArgumentParser(description="Look for known faults in packages.")
    options.add_argument("--offline", action="store_true", help="ask no package index")
    asked = not options.parse_args().offline
    known = pins()
    here = installed()
    wrong = [*of_lock(known), *of_environment(known, here), *of_licences(here)]
    print(f"audit: {len(known)} packages are pinned by their hashes; {len(here)} are here.")
    if asked:
        wrong += faults(LOCK)
    for one in wrong:
        say(f"audit: {one}")
    return 1 if wrong else 0


def of_lock(known: Iterable[Pin]) -> list[str]:
    """What is wrong with a lock file."""
    return [f"{pin.name} {pin.version} has no hash: lock again." for pin in known if not pin.hashes]


def of_environment(known: Iterable[Pin], here: Mapping[str, Distribution]) -> list[str]:
    """What is installed and was not locked, or in another version."""
    locked = {pin.name: pin.version for pin in known if pin.applies}
    wrong = [f"{name} is in no lock file." for name in sorted(set(here) - set(locked) - OUTSIDE)]
    return wrong + [
        f"{name} {one.version} is here, and {locked[name]} is locked: install again."
        for name, one in sorted(here.items())
        if name in locked and one.version != locked[name]
    ]


def of_licences(here: Mapping[str, Distribution]) -> list[str]:
    """Packages whose licence is not among those that fit."""
    return [
        f"{name} says {licence_of(one)!r} of its licence, which nobody has allowed."
        for name, one in sorted(here.items())
        if not fits(licence_of(one))
    ]


def fits(licence: str) -> bool:
    """Whether each licence of an expression is allowed."""
    parts = [part.strip() for part in _BETWEEN.split(licence) if part.strip()]
    return bool(parts) and all(_ALLOWED.fullmatch(part) for part in parts)


def faults(lock: Path) -> list[str]:
    """The known faults of pinned packages; a line says where nobody could be asked.

    One package is asked about first: where that has no answer, the others have none either.
    """
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.txt"
        first = re.search(r"(?ms)^[a-z].*?(?=^\S|\Z)", lock.read_text("utf-8"))
        one.write_text(first[0] if first else "", "utf-8")
        wrong: list[str] = []
        for asked in (one, lock):
            text, said = _told(asked, Path(folder) / "told.json")
            if not answered(text):
                why = "the package index tells nothing of packages" if text else said
                print(f"audit: KNOWN FAULTS WERE NOT LOOKED FOR: {why}.")
                return wrong
            wrong = of_report(text)
    return wrong


def _told(requirements: Path, report: Path) -> tuple[str, str]:
    """pip-audit's report on some pinned packages, and the last line of what it said beside it."""
    command = [
        *(sys.executable, "-m", "pip_audit", "--progress-spinner=off", "--disable-pip"),
        *("--no-deps", "--require-hashes", "--format=json", f"--output={report}"),
        f"--requirement={requirements}",
    ]
    report.unlink(missing_ok=True)
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return "", f"no answer within {PATIENCE:g} seconds"
    said = [line for line in (run.stderr + run.stdout).splitlines() if line.strip()]
    return report.read_text("utf-8") if report.is_file() else "", (said or ["it said nothing"])[-1]


def answered(report: str) -> list[dict[str, Any]]:
    """The packages of pip-audit's report of which something is known."""
    try:
        rows: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return []
    return [row for row in rows if "vulns" in row]


def of_report(report: str) -> list[str]:
    """The known faults in pip-audit's report."""
    rows = answered(report)
    every = len(json.loads(report)["dependencies"])
    print(f"audit: known faults were looked for in {len(rows)} of {every} packages.")
    return [
        f"{row['name']} {row['version']} has the known fault {fault['id']}"
        f" (mended in {', '.join(fault['fix_versions']) or 'no version yet'})."
        for row in rows
        for fault in row["vulns"]
        if not ACCEPTED.keys() & {fault["id"], *fault.get("aliases", ())}
    ]


if __name__ == "__main__":
    sys.exit(main())
