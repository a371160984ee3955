"""Arguments → the real command in a process of its own → its status and what it printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

COMMAND = (sys.executable, "-m", "lookalike")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes: Linux alone")
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and terminals as POSIX has them")
PATIENCE = 120  # seconds: no command of these tests takes a tenth of it on a quiet machine

Argument = str | bytes | os.PathLike[str]


@dataclass(frozen=True)
class Done:
    """What a process left: its exit status, standard output and standard error."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.out)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Standard output as one JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def paths(self) -> list[str]:
        """The answers to a search with ``--json``."""
        return [hit["path"] for hit in self.json["hits"]]

    @property
    def scores(self) -> list[float]:
        """The scores of the answers, in their order."""
        return [hit["score"] for hit in self.json["hits"]]


def run(*arguments: Argument, status: int = 0, **options: Any) -> Done:
    """Run the command to its end; it must end with this status, and without a traceback."""
    ended = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, timeout=PATIENCE, check=False, **options
    )
    return checked(ended.returncode, ended.stdout, ended.stderr, status)


def start(*arguments: Argument, **options: Any) -> subprocess.Popen[bytes]:
    """Start the command; the caller waits for it, or ends it."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen([*COMMAND, *arguments], **streams)


def checked(code: int, out: bytes, err: bytes, status: int) -> Done:
    """What came out of a process, once it is clear that it ended as it should."""
    done = Done(code, out.decode("utf-8"), err.decode("utf-8"))
    assert "Traceback" not in done.out + done.err
    assert done.status == status, (done.status, done.out[-2000:], done.err[-2000:])
    return done


def refused(*arguments: Argument, **options: Any) -> str:
    """Run a command that must end with status 1 and one sentence, and return the sentence."""
    done = run(*arguments, status=1, **options)
    assert done.out == ""
    return sentence(done.err)


def sentence(err: str) -> str:
    """The one line that stands on standard error, without ``Error: ``."""
    assert err.startswith("Error: "), err
    assert err.endswith("\n"), err
    assert err.count("\n") == 1, err
    assert err[:-1].isprintable(), err
    return err.removeprefix("Error: ").strip()


def index(folder: Path, library: Path, *options: Argument, **more: Any) -> dict[str, Any]:
    """Index with ``--json`` and return the report."""
    done = run("index", folder, "--library", library, "--json", *options, **more)
    report = done.events[-1]
    assert report.pop("event") == "report"
    return report


def search(picture: Argument, library: Path, *options: Argument, **more: Any) -> Done:
    """Search with ``--json``."""
    return run("search", picture, "--library", library, "--json", *options, **more)


def reasons(report: dict[str, Any]) -> dict[str, str]:
    """The files that a report lists as skipped: name → reason."""
    return {Path(file["path"]).name: file["reason"] for file in report["skipped"]}
