"""What an indexing run does → what it tells, one frozen row a kind."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scanned:
    """A folder has been walked; ``to_read`` of its files are new or changed."""

    folder: str
    files: int
    to_read: int


@dataclass(frozen=True, slots=True)
class Fetching:
    """The weights of a model are on their way; ``done`` and ``total`` are bytes."""

    model: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Indexed:
    """A picture is in the library (added, changed, moved), or has left it (removed)."""

    path: str
    action: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file is not in the library; ``reason`` says why in a few words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a folder is; ``seconds_left`` is an estimate from the speed so far."""

    done: int
    total: int
    images_per_second: float
    seconds_left: float | None

    @classmethod
    def since(cls, started: float, done: int, total: int) -> Progress:
        """The progress of what began at ``started``, a time of `time.monotonic`."""
        speed = done / max(time.monotonic() - started, 1e-9)
        left = round((total - done) / speed, 1) if done else None
        return cls(done, total, round(speed, 1), left)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A folder, a network drive mostly, has not answered for some seconds; after ``patience`` of
    them the run ends."""

    folder: str
    seconds: float
    patience: float


@dataclass(frozen=True, slots=True)
class Report:
    """What one run did. Counts are of pictures; ``still_skipped`` of files that were skipped by an
    earlier run and are as they were; ``images_per_second`` is of those that the model looked at;
    ``stopped`` says that the run was asked to end early. ``parts`` is of how many pictures, known
    before, the parts were kept in this run."""

    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0
    unchanged: int = 0
    still_skipped: int = 0
    parts: int = 0
    skipped: tuple[Skipped, ...] = ()
    seconds: float = 0.0
    images_per_second: float = 0.0
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """What one run for another ``model`` did: vectors that were ``added`` beside the present ones,
    pictures that it still has none of, and those of them that this run could not read."""

    model: str
    added: int
    missing: int
    skipped: tuple[Skipped, ...] = ()
    seconds: float = 0.0
    images_per_second: float = 0.0
    stopped: bool = False


Event = Scanned | Fetching | Indexed | Skipped | Progress | Waiting | Report | Built
