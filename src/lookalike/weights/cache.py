"""A file's place in the user's cache → the file, written whole or not at all, and verified."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock

from lookalike.errors import WeightsError

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Where models are kept: ``models`` in ``LOOKALIKE_CACHE``, or in the user's cache folder."""
    root = os.environ.get("LOOKALIKE_CACHE") or platformdirs.user_cache_dir("lookalike", False)
    return Path(root, "models")


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the cache for one file of the model ``name``.

    ``expected`` is the file's SHA-256 where it was published. Where it was made on this machine,
    the SHA-256 is written down beside it, in the form that ``sha256sum --check`` reads.
    """

    path: Path
    name: str
    expected: str | None = None

    @property
    def note(self) -> Path:
        """The file that holds the SHA-256 of a file made on this machine."""
        return self.path.with_name(f"{self.path.name}.sha256")

    def is_here(self) -> bool:
        """Whether the file is there, and whether there is a SHA-256 to hold it against."""
        return self.path.is_file() and (self.expected is not None or self.note.is_file())

    @contextmanager
    def filling(self) -> Iterator[bool]:
        """Tells whether the file is still to be brought; one process at a time is told so."""
        if self.is_here():
            yield False
            return
        lock = FileLock(self.path.with_name(f"{self.path.name}.lock"))
        with self._complaining():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        try:
            yield not self.is_here()
        finally:
            lock.release()

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """A path to write to, which takes this place at the end, or is removed after an error."""
        part = self.path.with_name(f"{self.path.name}.part")
        try:
            with self._complaining():
                yield part
                part.replace(self.path)
        finally:
            part.unlink(missing_ok=True)

    def record(self) -> None:
        """Write down the SHA-256 of a file made on this machine."""
        with self._complaining():
            part = self.note.with_name(f"{self.note.name}.part")
            part.write_text(f"{digest(self.path)}  {self.path.name}\n", "utf-8")
            part.replace(self.note)

    def verified(self) -> Path:
        """The path of the file, if it has its SHA-256; else it is removed.

        Raises `WeightsError`.
        """
        with self._complaining():
            expected = self.expected or self.note.read_text("utf-8").split(" ")[0]
            actual = digest(self.path)
        if actual == expected:
            return self.path
        self.remove()
        raise WeightsError(
            f"The weights of {self.name!r} in the cache were damaged (their SHA-256 is wrong) and "
            "have been removed: run the command again to fetch them anew."
        )

    def remove(self) -> None:
        """Take the file and its note away; one that cannot be deleted is only logged."""
        for path in (self.path, self.note):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("cannot remove %r: %s", str(path), error)

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise WeightsError(
                f"The weights of {self.name!r} cannot be kept in {str(self.path.parent)!r} "
                f"({error.strerror or error}): make room there, or set LOOKALIKE_CACHE to a folder "
                "that can be written to."
            ) from error
