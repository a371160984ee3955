"""A library's folder → the right to write to it, held by one process at a time."""

from __future__ import annotations

import json
import logging
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from lookalike.errors import LibraryBusyError
from lookalike.stores.embedded import trouble

_LOG = logging.getLogger(__name__)


class WriteLock:
    """Held while a process writes; the operating system releases it when the process dies.

    ``wait`` is how many seconds to wait for another holder; 0 gives up at once.

    Raises on entering:
        LibraryBusyError: somebody else holds it; the sentence says who and since when.
        LibraryReadOnlyError, LibraryFullError, LibraryError: the lock file cannot be made.
    """

    def __init__(self, folder: Path, *, wait: float = 0.0) -> None:
        self._lock = FileLock(folder / "write.lock", timeout=wait)
        self._holder = folder / "write.json"
        self._folder = folder

    def __enter__(self) -> WriteLock:
        try:
            self._lock.acquire()
        except Timeout:
            raise LibraryBusyError(
                f"The library {self._folder} is being written to by {self._who()}: "
                "wait for it to finish, or ask again with --wait SECONDS."
            ) from None
        except OSError as error:
            raise trouble.of_system(self._folder, error) from error
        self._sign()
        return self

    def __exit__(self, *_error: object) -> None:
        self._unsign()
        self._lock.release()

    def held_by(self) -> str | None:
        """Who holds it, without waiting; None where nobody does. A note that a killed process has
        left is told from one that holds by trying, for a moment."""
        if not self._holder.exists():
            return None
        try:
            with self._lock.acquire(timeout=0):
                return None
        except (Timeout, OSError):  # who may not write there cannot try
            return self._who()

    def _sign(self) -> None:
        """Leave a note on who holds the lock; without room for it, the lock still holds."""
        note = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        try:
            self._holder.write_text(json.dumps(note), encoding="utf-8")
        except OSError as error:
            _LOG.info("no note on who is writing: %s", error)
            self._unsign()

    def _unsign(self) -> None:
        try:
            self._holder.unlink(missing_ok=True)
        except OSError as error:  # Windows keeps a file that somebody reads just now
            _LOG.info("a note on who was writing stays: %s", error)

    def _who(self) -> str:
        try:
            note = json.loads(self._holder.read_text(encoding="utf-8"))
            return f"process {note['pid']} on {note['host']} since {note['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"
