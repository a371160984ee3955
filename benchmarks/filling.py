"""Chunks of unit vectors → a library that holds them, as if pictures had been indexed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lookalike.models import DEFAULT_MODEL, find
from lookalike.stores.base import Record
from lookalike.stores.embedded import EmbeddedStore

ROOT = "/vectors"  # no such folder: nothing here is ever opened
_TOGETHER = 4096  # records in one transaction


def fill(folder: Path, chunks: Iterable[NDArray[np.float32]], *, first: int = 0) -> EmbeddedStore:
    """Commit vectors (n, dim) to the library in a folder, which is made where it is not there.

    The pictures are called by number, from ``first`` on (`row_of` finds it again). Caches and
    indexes are not made here: see `EmbeddedStore.save_caches`. Returns the open store.
    """
    card = find(DEFAULT_MODEL)
    store = EmbeddedStore(folder, create=True)
    if store.is_empty():
        store.reshape(card.dim, card.identity)
        store.set(model=card.name, identity=card.identity, dim=str(card.dim))
    number = first
    for chunk in chunks:
        for start in range(0, len(chunk), _TOGETHER):
            part = np.ascontiguousarray(chunk[start : start + _TOGETHER])
            store.commit([record(number + row) for row in range(len(part))], part)
            number += len(part)
    return store


def record(number: int) -> Record:
    """What a library keeps of picture number so-and-so, of the size that real ones have."""
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    folder, name = divmod(number, 1000)
    return Record(
        root=ROOT,
        relative=f"{folder:04}/IMG_{name:04}.jpg",
        size=2_000_000 + number,
        mtime_ns=1_700_000_000_000_000_000 + number,
        digest=digest,
        width=4000,
        height=3000,
        format="JPEG",
        taken="2024-05-01T12:00:00",
        camera="Canon EOS R6",
    )


def row_of(found: Record) -> int:
    """The number of a picture that `record` made."""
    return found.size - 2_000_000
