"""Names → records and unit vectors as a library holds them, without any file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from lookalike.stores.base import Embedding, Record
from lookalike.stores.embedded import EmbeddedStore

ROOT = os.path.abspath(os.sep + "pictures")  # noqa: PTH100 - a root is a str


def open_store(folder: Path, dim: int) -> EmbeddedStore:
    """The embedded store in a folder, which is made, for embeddings of that length."""
    return shaped(EmbeddedStore(folder, create=True), dim)


Store = TypeVar("Store", bound=EmbeddedStore)


def shaped(store: Store, dim: int) -> Store:
    """A store that expects embeddings of that length, now and when it is opened again."""
    store.reshape(dim)
    store.set(dim=str(dim))
    return store


def record(relative: str, root: str = ROOT, **fields: Any) -> Record:
    """A record of a picture that needs not be there."""
    digest = hashlib.sha256(os.fsencode(f"{relative} of {root}")).hexdigest()
    plain = {"size": 1, "mtime_ns": 2, "digest": digest, "width": 3, "height": 4}
    return Record(root, relative, **{**plain, "format": "JPEG", **fields})


def records(count: int, root: str = ROOT) -> list[Record]:
    """As many records, in order of path."""
    return [record(f"{number:05}.jpg", root) for number in range(count)]


def units(count: int, dim: int, seed: int = 0) -> Embedding:
    """As many random unit vectors (count, dim)."""
    rows = np.random.default_rng(seed).normal(size=(count, dim))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32)


def relatives(found: Iterable[Record]) -> list[str]:
    """The paths of records below their roots."""
    return [one.relative for one in found]
