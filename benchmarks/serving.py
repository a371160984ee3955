"""A library's folder → its server in a process of its own, as the command starts it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import MissingError


@dataclass(frozen=True, slots=True)
class Server:
    """The address of a server, and the number of its process."""

    url: str
    process: int


@contextmanager
def served(library: Path, *options: str) -> Iterator[Server]:
    """A server that runs as long as the block. Raises MissingError."""
    command = [sys.executable, "-m", "lookalike", "serve", "--library", str(library), "--port", "0"]
    command += ["--log-level", "warning", *options]  # the table is for people
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://\S+", said)
            if found is None:
                raise MissingError("The server did not say where it is.")
            yield Server(found[0], process.pid)
        finally:
            process.terminate()
