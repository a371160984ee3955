"""A folder → a program in it that opens nothing and writes down what it was asked to open."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ONLY_XDG = pytest.mark.skipif(
    sys.platform in ("darwin", "win32"), reason="xdg-open is the opener of the other systems"
)


class Opener:
    """`xdg-open` on the PATH, for a desktop that is not there."""

    def __init__(self, folder: Path, *, status: int = 0, seconds: float = 0) -> None:
        self._noted = folder / "noted"
        program = folder / "xdg-open"
        program.write_text(
            f"#!{sys.executable}\n"
            "import pathlib, sys, time\n"
            f"pathlib.Path({str(self._noted)!r}).write_bytes(\n"
            "    b'\\0'.join(__import__('os').fsencode(one) for one in sys.argv[1:]))\n"
            f"time.sleep({seconds})\n"
            f"sys.exit({status})\n"
        )
        program.chmod(0o755)
        self.environment = {"PATH": str(folder), "DISPLAY": ":99"}

    def asked(self) -> list[bytes] | None:
        """What it was started with; None where it was not."""
        return self._noted.read_bytes().split(b"\0") if self._noted.exists() else None

    def move_in(self, patch: pytest.MonkeyPatch) -> Opener:
        """Let this process find it, and believe that there is a desktop."""
        for name, value in self.environment.items():
            patch.setenv(name, value)
        return self
