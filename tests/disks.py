"""Nothing → a disk that is small or read-only, a user who may not: each for the time of a test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65534


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can reach; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="lookalike-test-")).resolve()
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def ordinary_user() -> Iterator[None]:
    """No root: for root, no permission is ever denied. Skips where that cannot be had."""
    if sys.platform == "win32":
        pytest.skip("permissions here are those of POSIX")
    if os.geteuid() != 0:
        yield
        return
    if not hasattr(os, "setresuid"):
        pytest.skip("root cannot become somebody else for a while on this system")
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@contextmanager
def small_disk(kilobytes: int) -> Iterator[Path]:
    """A disk of a few kilobytes. Skips where this user may not mount one."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs Linux and root")
    with open_folder() as folder:
        disk = folder / "disk"
        disk.mkdir()
        _mount(["-t", "tmpfs", "-o", f"size={kilobytes}k,mode=755", "tmpfs", str(disk)])
        try:
            yield disk
        finally:
            # lazily: a matrix that is still mapped keeps its disk busy
            subprocess.run(["umount", "--lazy", disk], check=True)


def connect(disk: Path, place: Path) -> None:
    """Have what `small_disk` gave begin in another folder, too: there it can come and go."""
    _mount(["--bind", str(disk), str(place)])


def disconnect(place: Path) -> None:
    """Leave the empty folder behind that a disk began in."""
    subprocess.run(["umount", "--lazy", place], check=True)


def make_read_only(disk: Path) -> None:
    """From now on nothing can be written to what `small_disk` gave."""
    _mount(["-o", "remount,ro", str(disk)])


def _mount(arguments: list[str]) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
