"""What travels into and out of a delivery → `Piece`, `Files`, `LeftOut`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from lookalike.stores.base import Marks, Record


@dataclass(frozen=True, slots=True)
class Piece:
    """A picture; where it is the answer to a question its score and distance, with the verdict on
    it, the part of it that was found, and how likely it is liked, as a `Hit` has them; and what it
    is marked with."""

    record: Record
    score: float | None = None
    distance: float | None = None
    marks: Marks = field(default_factory=Marks)
    verdict: str | None = None
    box: tuple[float, float, float, float] | None = None
    liked: float | None = None

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.record.relative.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Files:
    """How to come by the files: the place of an original, this open for reading, and a small WebP
    of it; all raise ImageError where the file is gone or has changed."""

    original: Callable[[Record], Path]
    opened: Callable[[Record], BinaryIO]
    thumbnail: Callable[[Record], bytes]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A picture that could not be packed or shown, and why, in a sentence that names it."""

    record: Record
    reason: str
