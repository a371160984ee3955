"""Rows of embeddings ↔ files of the cache, which never change once they are there.

A segment holds the embeddings of a stretch of the library's history. Its rows lie in blocks: cells
of like embeddings, or simply so many rows each. A block is held against its checksum when it is
first read, so that a damaged file costs time, never an answer.
"""

from __future__ import annotations

import io
import secrets
import tokenize
import zipfile
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
import numpy.typing as npt

from lookalike.stores.base import Embedding
from lookalike.stores.embedded.rowfile import RowFile
from lookalike.stores.embedded.scores import Ids, Rough, Scored
from lookalike.stores.embedded.together import together

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int32]
_Positions = npt.NDArray[np.intp]

BLOCK = 2048  # rows of a block that is no cell
_GATHERED = 1024  # rows that are gathered at a time
_MANY = 10  # one row in so many is too many to be gathered: all are read
NOT_ARRAYS = (
    *(ValueError, SyntaxError, EOFError, TypeError, OverflowError, KeyError),
    *(tokenize.TokenError, zipfile.BadZipFile, NotImplementedError),
)
"""What NumPy raises besides OSError and MemoryError for a file that is not what it should be."""


class DamagedCacheError(Exception):
    """A file of the cache is not what was written: for the store, which makes the cache anew."""


@dataclass(frozen=True, eq=False)
class Segment:
    """The embeddings of one stretch of history, up to a revision.

    ``rows`` (n, dim) stay in their file; ``ids`` (n,) say whose they are, ``order`` (n,) puts the
    ids in order; block b is rows ``starts[b]`` to ``starts[b + 1]`` and has the checksum
    ``sums[b]``; ``celled`` says whether the blocks are cells.
    """

    name: str
    revision: int
    rows: RowFile
    ids: Ids
    order: _Positions
    starts: npt.NDArray[np.int64]
    sums: npt.NDArray[np.uint64]
    celled: bool
    seen: Mask  # the blocks that have been held against their checksums

    @classmethod
    def open(cls, folder: Path, name: str, dim: int) -> Self:
        """Raises OSError, MemoryError, `NOT_ARRAYS` or DamagedCacheError for what is no segment."""
        found = arrays_in(folder / f"segment-{name}.npz")
        if str(found["name"]) != name:
            raise DamagedCacheError(f"segment-{name}.npz is that of another segment")
        ids, starts, sums = found["ids"], found["starts"], found["sums"]
        order = found["order"].astype(np.intp)
        revision, celled = int(found["revision"]), bool(found["celled"])
        rows = RowFile(folder / f"rows-{name}.npy")
        fits = (
            rows.shape == (len(ids), dim)
            and len(starts) == len(sums) + 1
            and (starts[0], starts[-1]) == (0, len(ids))
        )
        if not fits:
            raise DamagedCacheError(f"rows-{name}.npy does not fit what is written of it")
        seen = np.zeros(len(sums), bool)
        return cls(name, revision, rows, ids, order, starts, sums, celled, seen)

    def __len__(self) -> int:
        return len(self.ids)

    def nothing_dead(self) -> Mask:
        """A mask (n,) of no row."""
        return np.zeros(len(self), bool)

    def positions(self, ids: Ids) -> _Positions:
        """Where some ids lie, in rising order; those that it does not hold are left out."""
        if not len(self) or not len(ids):
            return np.empty(0, np.intp)
        at = np.searchsorted(self.ids, ids, sorter=self.order)
        places = self.order[np.minimum(at, len(self) - 1)]
        return np.sort(places[self.ids[places] == ids]).astype(np.intp)

    def scan(self, query: Embedding, dead: Mask, blocks: Sequence[int] | None = None) -> Scored:
        """The rough score of every row, or of every row of some blocks.

        Raises DamagedCacheError where the file is not what was written.
        """
        chosen = range(len(self.sums)) if blocks is None else blocks
        stretches = [slice(int(self.starts[one]), int(self.starts[one + 1])) for one in chosen]
        for stretch in stretches if blocks else ():
            self.rows.expect(stretch.start, stretch.stop)
        ends = np.cumsum([0, *(stretch.stop - stretch.start for stretch in stretches)])
        scores = np.empty(ends[-1], np.float32)

        def score(piece: int) -> None:
            stretch, part = stretches[piece], scores[ends[piece] : ends[piece + 1]]
            for start, rows in self._checked(chosen[piece]):
                first = start - stretch.start
                np.vecdot(rows, query, out=part[first : first + len(rows)])
            part[dead[stretch]] = -np.inf

        together(score, len(chosen))
        if blocks is None:
            return Scored(self.ids, scores)
        ids = [self.ids[stretch] for stretch in stretches]
        return Scored(np.concatenate([np.empty(0, np.int64), *ids]), scores)

    def among(self, query: Embedding, dead: Mask, ids: Ids) -> Scored:
        """The rough scores of some pictures; those that it does not hold are left out.

        Raises DamagedCacheError where the file is not what was written.
        """
        places = self.positions(ids)
        if _MANY * len(places) > len(self):
            every = self.scan(query, dead)
            return Scored(every.ids[places], every.scores[places])
        for block in np.unique(np.searchsorted(self.starts, places, side="right") - 1).tolist():
            if not self.seen[block]:
                deque(self._checked(block), maxlen=0)
        scores = np.empty(len(places), np.float32)
        for start in range(0, len(places), _GATHERED):
            block = slice(start, start + _GATHERED)
            np.vecdot(self._take(places[block]), query, out=scores[block])
        scores[dead[places]] = -np.inf
        return Scored(self.ids[places], scores)

    def embeddings(self, dead: Mask, ids: Ids) -> tuple[Ids, Embedding]:
        """Those of some pictures (n, dim) that it holds and that are not dead, with their ids.

        They are to be pictures that a search has just found: their blocks have been checked.
        """
        places = self.positions(ids)
        living = places[~dead[places]]
        return self.ids[living], self._take(living)

    def verify(self) -> None:
        """Hold every block against its checksum. Raises DamagedCacheError."""
        for block in range(len(self.sums)):
            deque(self._checked(block), maxlen=0)

    def _checked(self, block: int) -> Iterator[tuple[int, Embedding]]:
        """The rows of a block, stretch by stretch, held against the checksum the first time."""
        known = bool(self.seen[block])
        total = np.zeros(1, np.uint64)
        try:
            for start, rows in self.rows.stretches(*map(int, self.starts[block : block + 2])):
                if not known:
                    total += checksum(rows)  # an array wraps around in silence
                yield start, rows
        except OSError as error:
            raise DamagedCacheError(f"rows-{self.name}.npy cannot be read: {error}") from error
        if not known and total[0] != self.sums[block]:
            raise DamagedCacheError(f"rows-{self.name}.npy is damaged")
        self.seen[block] = True

    def _take(self, places: _Positions) -> Embedding:
        try:
            return self.rows.take(places)
        except OSError as error:
            raise DamagedCacheError(f"rows-{self.name}.npy cannot be read: {error}") from error


class Writer:
    """Rows in any order → the files of a segment; they get their names when all is written."""

    def __init__(self, folder: Path, dim: int, starts: npt.NDArray[np.int64]) -> None:
        self._folder, self._dim, self._starts = folder, dim, starts
        self._next = starts[:-1].copy()
        self._ids = np.empty(int(starts[-1]), np.int64)
        self._sums = np.zeros(len(starts) - 1, np.uint64)
        self.name = secrets.token_hex(8)
        self._file = folder / f"rows-{self.name}.npy"
        self._aside = self._file.with_name(f"{self._file.name}.part")
        self._stream: BinaryIO = self._aside.open("wb")
        header = {"descr": "<f4", "fortran_order": False, "shape": (len(self._ids), dim)}
        np.lib.format.write_array_header_1_0(self._stream, header)
        self._begins = self._stream.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            self._stream.close()
        finally:  # on a full disk, closing it fails: half of a file would keep the disk full
            self._aside.unlink(missing_ok=True)

    def place(self, ids: Ids, rows: Embedding, blocks: Numbers) -> None:
        """Rows (n, dim) with their ids (n,) go into the blocks (n,) that they belong to."""
        order = np.argsort(blocks, kind="stable")
        ids, rows, blocks = ids[order], rows[order], blocks[order]
        cuts = np.flatnonzero(np.diff(blocks)) + 1
        for start, end in zip([0, *cuts], [*cuts, len(blocks)], strict=True):
            block, part = blocks[start], rows[start:end]
            at = int(self._next[block])
            self._stream.seek(self._begins + at * 4 * self._dim)
            self._stream.write(part.data)
            self._ids[at : at + len(part)] = ids[start:end]
            self._sums[block : block + 1] += checksum(part)  # an array wraps around in silence
            self._next[block] += len(part)

    def finish(self, revision: int, *, celled: bool) -> None:
        """All rows are there: give the files their names. Raises OSError."""
        self._stream.close()
        self._aside.replace(self._file)
        write_arrays(
            self._folder / f"segment-{self.name}.npz",
            name=np.str_(self.name),
            revision=np.int64(revision),
            celled=np.bool_(celled),
            ids=self._ids,
            order=np.argsort(self._ids, kind="stable").astype(np.int32),
            starts=self._starts,
            sums=self._sums,
        )


def files_of(name: str) -> tuple[str, str]:
    """The names of a segment's files."""
    return f"rows-{name}.npy", f"segment-{name}.npz"


def write_arrays(file: Path, **arrays: npt.ArrayLike) -> None:
    """Under its name there is all of it or nothing: it is written aside and renamed."""
    aside = file.with_name(f"{file.name}.part")
    try:
        with aside.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]  # its stub takes allow_pickle here
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)


def arrays_in(file: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a file that `write_arrays` wrote, each held against its CRC.

    NumPy reads no further than the shape in an array's own header says, and so passes over the
    CRC where that header is damaged: here all is read. Raises OSError, MemoryError or
    `NOT_ARRAYS`.
    """
    with zipfile.ZipFile(file) as archive:
        return {
            entry.filename.removesuffix(".npy"): _array(archive, entry)
            for entry in archive.infolist()
        }


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> npt.NDArray[Any]:
    if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
        raise zipfile.BadZipFile(f"{entry.filename} is packed or encrypted")  # we do neither
    content = io.BytesIO(archive.read(entry))
    found: npt.NDArray[Any] = np.lib.format.read_array(content, allow_pickle=False)
    return found


def checksum(rows: Embedding) -> np.uint64:
    """The sum of the bits of contiguous rows (n, dim), modulo 2**64.

    It runs at the speed of memory, and finds pages that are zero, torn or somebody else's. The
    sum of two stretches is that of their sums.
    """
    bits = rows.reshape(-1).view(np.uint32)
    if rows.shape[1] % 2 == 0:
        pairs: Any = bits.view(np.uint64)
        return np.uint64(np.add.reduce(pairs, dtype=np.uint64))
    return np.uint64(np.add.reduce(bits, dtype=np.uint64))


def scored(query: Embedding, ids: Ids, rows: Embedding, dead: Mask) -> Scored:
    """The rough scores of rows (n, dim) that lie in memory.

    `numpy.vecdot` reads as fast as memory gives, on one core; a matrix product would wake the
    threads of NumPy's library, which then spin against those of the encoder.
    """
    scores: Rough = np.vecdot(rows, query)
    scores[dead] = -np.inf
    return Scored(ids, scores)
