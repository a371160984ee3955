"""A library's folder → its server in a process of its own, as the command starts it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import MissingError


@contextmanager
def served(library: Path) -> Iterator[str]:
    """The address of a server that runs as long as the block. Raises MissingError."""
    command = [sys.executable, "-m", "lookalike", "serve", "--library", str(library), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://\S+", said)
            if found is None:
                raise MissingError("The server did not say where it is.")
            yield found[0]
        finally:
            process.terminate()
