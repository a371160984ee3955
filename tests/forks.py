"""Commands on standard input → each carried out by a fork of this process, killed at a moment.

``python -m tests.forks``. Everything is imported once, so that a moment lies in the run itself and
not in what Python loads before. The process has one thread and no model yet when it forks; what the
fork runs is the real command.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class Forks:
    """Carries out commands, one at a time."""

    def __enter__(self) -> Forks:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forks"],
            cwd=ROOT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def run(
        self, command: list[str], out: Path, kill: tuple[int, float] | None = None
    ) -> dict[str, Any]:
        """One command; what it prints goes to a file. It may be killed, so many seconds after so
        many of its transactions. Tells its ``status`` (-9: it was killed), its ``seconds``, and
        when its ``commits`` were, in seconds from its beginning."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"command": command, "out": str(out), "kill": kill}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told


def _carry_out(order: dict[str, Any]) -> dict[str, Any]:
    began = time.monotonic()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        _become(order, began, writer)
    os.close(writer)
    with os.fdopen(reader) as marks:
        commits: list[float] = []
        if order["kill"] is not None:
            after, delay = order["kill"]
            commits = [float(line) for line in islice(marks, after)]
            time.sleep(delay)
            os.kill(child, signal.SIGKILL)  # it is a zombie at least: nobody has waited for it
        commits += map(float, marks)
    _, status = os.waitpid(child, 0)
    seconds = time.monotonic() - began
    return {"status": os.waitstatus_to_exitcode(status), "seconds": seconds, "commits": commits}


def _become(order: dict[str, Any], began: float, marks: int) -> None:
    """Run the command in place of this process, and end."""
    from lookalike.cli import front

    for stream, suffix in ((sys.stdout, ""), (sys.stderr, ".err")):
        file = os.open(f"{order['out']}{suffix}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, stream.fileno())
    _mark_commits(began, marks)
    sys.argv = ["lookalike", *order["command"]]
    status: object = 1
    try:
        front.main()
    except SystemExit as end:
        status = end.code
    finally:
        # threads of packages that were loaded before the fork are not here, and are missed by
        # what native code does last of all
        sys.stdout.flush()
        os._exit(status if isinstance(status, int) else 0)


def _mark_commits(began: float, marks: int) -> None:
    """Tell the parent when transactions end; the commit itself is as it was."""
    import sqlite3

    connect = sqlite3.connect

    class Marking(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            done = super().execute(sql, *values)
            if sql == "COMMIT":
                os.write(marks, f"{time.monotonic() - began}\n".encode())
            return done

    def marking(*arguments: Any, **options: Any) -> sqlite3.Connection:
        return connect(*arguments, factory=Marking, **options)

    vars(sqlite3)["connect"] = marking


def main() -> None:
    """Obey until standard input ends."""
    import onnxruntime  # noqa: F401
    import rich.progress  # noqa: F401
    from PIL import Image  # noqa: F401

    from lookalike.cli import care, front, index, tag, upgrade  # noqa: F401

    for line in sys.stdin:
        told = _carry_out(json.loads(line))
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
