"""A folder of segments ↔ what of it is good: which segments make up the matrix of which revision.

The manifest is written last, aside and renamed, so that a process that dies, or a disk that fills
while the cache is written, leaves the cache that was there before.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from lookalike.stores.embedded.cells import Cells
from lookalike.stores.embedded.segments import (
    NOT_ARRAYS,
    DamagedCacheError,
    Mask,
    Segment,
    arrays_in,
    files_of,
    write_arrays,
)

_LOG = logging.getLogger(__name__)
FILE = "index.json"
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Saved:
    """The matrix as it lies in the cache: the segments of a revision, oldest first, with a mask of
    the rows in each that were dead by then, and the cells that celled segments are divided into."""

    revision: int = 0
    segments: tuple[Segment, ...] = ()
    dead: tuple[Mask, ...] = ()
    cells: Cells | None = None

    @property
    def count(self) -> int:
        """How many rows are saved, dead ones included."""
        return sum(map(len, self.segments))

    @classmethod
    def load(cls, folder: Path, dim: int, connection: sqlite3.Connection) -> Self:
        """What the manifest names, if it belongs to this database; else nothing.

        A manifest is good where the database still has the very commit that it names. Raises
        DamagedCacheError for files that are missing, or are not what was written.
        """
        try:
            text = (folder / FILE).read_text("utf-8")
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise DamagedCacheError(f"{FILE} cannot be read: {error}") from error
        try:
            return cls._of(json.loads(text), folder, dim, connection)
        except (OSError, MemoryError, *NOT_ARRAYS, IndexError, AttributeError) as error:
            raise DamagedCacheError(f"{type(error).__name__}: {error}") from error

    @classmethod
    def _of(
        cls, fields: dict[str, Any], folder: Path, dim: int, connection: sqlite3.Connection
    ) -> Self:
        if fields["format"] != _FORMAT:
            raise DamagedCacheError(f"{FILE} was written by another version")
        revision = int(fields["revision"])
        if not _has_commit(connection, revision):
            _LOG.info("the cache in %s belongs to another state of the library", folder)
            return cls()
        segments = tuple(Segment.open(folder, name, dim) for name in fields["segments"])
        found = arrays_in(folder / fields["state"])
        if (int(found["revision"]), found["names"].tolist()) != (revision, fields["segments"]):
            raise DamagedCacheError(f"{fields['state']} is that of other segments")
        dead = [segment.nothing_dead() for segment in segments]
        for number, mask in enumerate(dead):
            mask[found[f"dead_{number}"]] = True
        cells = _cells(found, dim) if "centroids" in found else None
        if any(len(segment.sums) != len(cells or ()) for segment in segments if segment.celled):
            raise DamagedCacheError(f"{fields['state']} lacks the cells")
        return cls(revision, segments, tuple(dead), cells)

    def write(self, folder: Path) -> None:
        """Make this the cache, and drop every file that is not part of it. Raises OSError.

        The caller holds the right to build.
        """
        state = f"state-{secrets.token_hex(8)}.npz"
        names = [segment.name for segment in self.segments]
        arrays: dict[str, npt.ArrayLike] = {
            "revision": np.int64(self.revision),
            "names": np.array(names, np.str_),
            **{f"dead_{at}": np.flatnonzero(mask) for at, mask in enumerate(self.dead)},
        }
        if self.cells is not None:
            arrays |= {
                "centroids": self.cells.centroids,
                "probes": self.cells.probes,
                "recall": np.float64(self.cells.recall),
            }
        write_arrays(folder / state, **arrays)
        fields = {
            "format": _FORMAT,
            "revision": self.revision,
            "segments": names,
            "state": state,
        }
        aside = folder / f"{FILE}.part"
        try:
            aside.write_text(json.dumps(fields), "utf-8")
            aside.replace(folder / FILE)
        finally:
            aside.unlink(missing_ok=True)
        tidy(folder)


def _cells(found: Mapping[str, npt.NDArray[Any]], dim: int) -> Cells:
    cells = Cells(found["centroids"], found["probes"], float(found["recall"]))
    if cells.centroids.shape[1] != dim or cells.centroids.dtype != np.float32:
        raise DamagedCacheError("the cells are those of another model")
    return cells


Mark = tuple[int, int] | None
"""What differs once another manifest is there; None where there is none."""


def drop(folder: Path) -> None:
    """Take the manifest away; what it named goes with the next that is written."""
    try:
        (folder / FILE).unlink(missing_ok=True)
    except OSError as error:
        _LOG.info("%s stays for now: %s", FILE, error)


def mark(folder: Path) -> Mark:
    """The mark of the manifest that is there now."""
    try:
        status = os.stat(folder / FILE)  # noqa: PTH116 - one call at each question
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def tidy(folder: Path) -> None:
    """Drop what the manifest does not name: what former caches left, and what processes that were
    killed, or ran out of disk, left half written. The caller holds the right to build."""
    named = _named(folder)
    for pattern in ("*.npy", "*.npz", "*.part"):
        for file in folder.glob(pattern):
            if file.name in named:
                continue
            try:
                file.unlink(missing_ok=True)
            except OSError as error:  # Windows keeps a file that somebody has mapped
                _LOG.debug("%s stays for now: %s", file.name, error)


def _named(folder: Path) -> list[str]:
    try:
        fields = json.loads((folder / FILE).read_text("utf-8"))
        segments = [name for one in fields["segments"] for name in files_of(one)]
        return [fields["state"], *segments]
    except (FileNotFoundError, ValueError, KeyError, TypeError):  # none, or none that is of use
        return []


def _has_commit(connection: sqlite3.Connection, revision: int) -> bool:
    row = connection.execute(
        """SELECT EXISTS (SELECT 1 FROM settings
                          WHERE name IN ('revision', 'cached') AND value = :text)
               OR EXISTS (SELECT 1 FROM embeddings WHERE revision = :number)
               OR EXISTS (SELECT 1 FROM removals WHERE revision = :number)""",
        {"text": str(revision), "number": revision},
    ).fetchone()
    return bool(row[0])
