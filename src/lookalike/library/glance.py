"""What a store notes → a library at a glance, and how far an indexing run is."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

_FRESH = 60.0  # seconds after which a note on a running index is taken for a dead one's


@dataclass(frozen=True, slots=True)
class Indexing:
    """How far an indexing run is, in this process or another."""

    done: int
    total: int
    images_per_second: float
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Stats:
    """A library at a glance; ``bytes`` is what it takes on disk, thumbnails left out."""

    images: int
    skipped: int
    roots: tuple[str, ...]
    model: str
    dim: int
    folder: str
    bytes: int
    indexing: Indexing | None


def indexing(note: str) -> Indexing | None:
    """The note of a running index; a run that was killed leaves one that grows old."""
    if not note:
        return None
    fields = json.loads(note)
    if abs(time.time() - fields.pop("at")) > _FRESH:
        return None
    return Indexing(**fields)
