"""The machine, the versions and the commit → what a figure must be quoted with."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from benchmarks.measuring import ROOT

_PACKAGES = (
    *("lookalike", "numpy", "onnxruntime", "pillow"),
    *("faiss-cpu", "lancedb", "openvino", "usearch", "zvec"),
)


def origin() -> dict[str, object]:
    """Date, commit, machine and versions; no name of a host, a person or a folder."""
    now = datetime.datetime.now(datetime.UTC)
    return {
        "date": now.strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "machine": {
            "processor": processor(),
            "cores": cores(),
            "memory_gb": memory_gb(),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "versions": {"python": platform.python_version(), "sqlite": _sqlite(), **packages()},
    }


def commit() -> str:
    """The commit of the checkout; with a plus where files differ from it."""
    head = _git("rev-parse", "HEAD")
    changed = _git(
        "status", "--porcelain", "--untracked-files=no", "--", ".", ":!benchmarks/*.json"
    )
    return (head or "unknown") + ("+" if changed else "")


def packages() -> dict[str, str]:
    """The versions of those packages that are installed."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def processor() -> str:
    """The processor's name as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        named = re.search(r"(?m)^model name\s*:\s*(.+)$", cpuinfo.read_text("utf-8", "replace"))
        if named:
            return named[1].strip()
    if sys.platform == "darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()
    return platform.processor() or platform.machine()


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_gb() -> float | None:
    """The machine's memory in GB of 2^30 bytes, or None."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)


def _sqlite() -> str:
    import sqlite3

    return sqlite3.sqlite_version


def _git(*arguments: str) -> str:
    return _output("git", "-C", str(ROOT), *arguments)


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
