"""What a store keeps → `Record` of a picture, `SkippedFile` of a file that is none."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Embedding = npt.NDArray[np.float32]
"""A unit vector of shape (dim,), or a matrix of them of shape (n, dim); always float32."""
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Record:
    """One picture of a library.

    ``(root, relative)`` is its key; ``id`` is given by the store and never used twice. ``size`` is
    in bytes, ``width`` and ``height`` in pixels after the EXIF orientation, ``taken`` is local
    time as ISO 8601, ``latitude`` and ``longitude`` are WGS 84 degrees, ``digest`` is the SHA-256
    of the file.
    """

    root: str
    relative: str
    size: int
    mtime_ns: int
    digest: str
    width: int
    height: int
    format: str
    taken: str | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    id: int = 0

    @property
    def path(self) -> str:
        """The picture's place on this machine."""
        return os.path.join(self.root, *self.relative.split("/"))  # noqa: PTH118 - stays a str


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that is not in the library, and why.

    It is tried again only when its size or time changes, or when Lookalike can read more than
    what it was ``tried_with``.
    """

    root: str
    relative: str
    size: int
    mtime_ns: int
    reason: str
    tried_with: str = ""

    @property
    def path(self) -> str:
        """The file's place on this machine."""
        return os.path.join(self.root, *self.relative.split("/"))  # noqa: PTH118 - stays a str


KnownFile = tuple[bytes, int, int, int, str | None]
"""What a library knows of one file, as plain as it comes, for there may be millions: the bytes of
its path below the root, its size and time, the id and the SHA-256 of the picture. For a skipped
file these are 0 and None."""
