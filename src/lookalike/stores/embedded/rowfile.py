"""A file of rows → stretches of them as arrays: mapped where it is small, read where it is large.

A mapped page costs nothing the second time, which suits a file that is read whole at each search;
its length is looked at before, for a page beyond the end of a file ends the process.
Of a large file a search reads other parts each time: reading them through a small buffer is as
quick, takes no memory beside it, and a file that was cut short ends in an error that can be caught.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lookalike.stores.base import Embedding

MAPPED_BYTES = 128 << 20  # a larger file is read
_BUFFER_BYTES = 5 << 19  # 2.5 MB: what stays in a processor's cache between reading and use


class RowFile:
    """An ``.npy`` of float32 rows (n, dim); may be read from many threads at once.

    Raises OSError, MemoryError or what NumPy raises for a file that is no array.
    """

    def __init__(self, file: Path) -> None:
        mapped: np.memmap[tuple[int, int], np.dtype[np.float32]]
        mapped = np.load(file, mmap_mode="r", allow_pickle=False)
        if mapped.ndim != 2 or mapped.dtype != np.float32 or not mapped.flags.c_contiguous:
            raise ValueError(f"{file.name} holds no rows of numbers in single precision")
        self.shape = mapped.shape
        self._begins = mapped.offset
        self._bytes = 4 * self.shape[1]
        self._ends = self._begins + mapped.nbytes
        self._mapped: Embedding | None = None
        if mapped.nbytes <= MAPPED_BYTES:
            self._mapped = mapped.view(np.ndarray)  # quicker to take rows from
        self._file = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self._turns = threading.Lock()
        weakref.finalize(self, os.close, self._file)

    def expect(self, start: int, end: int) -> None:
        """Say that rows ``start`` to ``end`` will be read soon: what lies on the disk alone then
        comes from several places at a time, in half the time."""
        if self._mapped is None and hasattr(os, "posix_fadvise"):
            offset, length = self._begins + start * self._bytes, (end - start) * self._bytes
            os.posix_fadvise(self._file, offset, length, os.POSIX_FADV_WILLNEED)

    def stretches(self, start: int, end: int) -> Iterator[tuple[int, Embedding]]:
        """Rows ``start`` to ``end`` in order, as pairs of a position and an array (n, dim) from
        there on. An array is good until the next is asked for. Raises OSError."""
        if self._mapped is not None:
            if end > start:
                yield start, self._whole(self._mapped)[start:end]
            return
        most = max(1, _BUFFER_BYTES // self._bytes)
        buffer = np.empty((min(most, end - start), self.shape[1]), np.float32)
        for at in range(start, end, most):
            rows = buffer[: min(most, end - at)]
            self._read(at, rows)
            yield at, rows

    def take(self, places: npt.NDArray[np.intp]) -> Embedding:
        """Some rows (n, dim), whose positions rise. Raises OSError."""
        if self._mapped is not None:
            return self._whole(self._mapped).take(places, axis=0)
        rows = np.empty((len(places), self.shape[1]), np.float32)
        if not len(places):
            return rows
        cuts = np.flatnonzero(np.diff(places) != 1) + 1
        for start, end in zip([0, *cuts], [*cuts, len(places)], strict=True):
            self._read(int(places[start]), rows[start:end])
        return rows

    def _whole(self, mapped: Embedding) -> Embedding:
        """The mapped rows, if the file has not been cut short: reading beyond its end would end
        the process, and nothing could be said of it. Raises OSError."""
        if os.fstat(self._file).st_size < self._ends:
            raise OSError("the file ends before its last row")
        return mapped

    def _read(self, at: int, rows: Embedding) -> None:
        wanted = rows.reshape(-1).data.cast("B")
        offset = self._begins + at * self._bytes
        while len(wanted):
            number = self._read_some(wanted, offset)
            if not number:
                raise OSError("the file ends before its last row")
            wanted, offset = wanted[number:], offset + number

    def _read_some(self, wanted: memoryview, offset: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._file, [wanted], offset)
        with self._turns:  # Windows knows no reading from a place: going there and reading are two
            os.lseek(self._file, offset, os.SEEK_SET)
            content = os.read(self._file, len(wanted))
        wanted[: len(content)] = content
        return len(content)
