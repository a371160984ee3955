"""The shape of an array → room for it, in a file without a name where it takes much memory.

What lies in a file can leave the memory at any time: that bounds what is made of a million
pictures. Whoever is done with an array, or is killed, leaves nothing behind.
"""

from __future__ import annotations

import logging
import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Empty = Callable[[tuple[int, ...], npt.DTypeLike], npt.NDArray[Any]]
"""A shape and a type → an array with anything in it."""

_MUCH = 32 << 20  # bytes
_LOG = logging.getLogger(__name__)


def in_memory(shape: tuple[int, ...], kind: npt.DTypeLike) -> npt.NDArray[Any]:
    """Room in memory, whatever it takes."""
    return np.empty(shape, kind)


def in_files(folder: Path | None) -> Empty:
    """Makes room in files of a folder, of the system's for temporary ones where it is None. Where
    the disk has none, the log says so, and it is in memory."""

    def empty(shape: tuple[int, ...], kind: npt.DTypeLike) -> npt.NDArray[Any]:
        if math.prod(shape) * np.dtype(kind).itemsize < _MUCH:
            return in_memory(shape, kind)
        try:
            return _mapped(folder, shape, kind)
        except OSError as error:
            _LOG.warning("no room in files, so it is taken in memory: %s", error)
            return in_memory(shape, kind)

    return empty


def _mapped(folder: Path | None, shape: tuple[int, ...], kind: npt.DTypeLike) -> npt.NDArray[Any]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        # a disk that is full is to be known now: to whoever writes to the array it is the end
        _take(file.fileno(), math.prod(shape) * np.dtype(kind).itemsize)
        return np.memmap(file, kind, "r+", shape=shape)


def _take(file: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
        return
    with os.fdopen(os.dup(file), "wb") as out:
        for start in range(0, size, _MUCH):
            out.write(bytes(min(_MUCH, size - start)))
