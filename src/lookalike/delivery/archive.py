"""Pieces and their files → a ZIP of the originals as they are, streamed, with a manifest."""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from lookalike.delivery import tables
from lookalike.delivery.pieces import Files, LeftOut, Piece
from lookalike.errors import ImageError
from lookalike.stores.base import Record

MANIFEST = "manifest.csv"
_BLOCK = 2**18
_FIRST, _LAST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)  # that the format can tell
_FORBIDDEN = frozenset('<>:"/\\|?*')  # on Windows, where the archive may be unpacked
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{one}{n}" for one in ("com", "lpt") for n in range(1, 10))}
)


def present(pieces: Iterable[Piece], files: Files, left_out: list[LeftOut]) -> list[Piece]:
    """The pieces whose files are there as they were indexed; ``left_out`` takes the others."""
    found = []
    for piece in pieces:
        try:
            files.original(piece.record)
        except ImageError as error:
            left_out.append(LeftOut(piece.record, str(error)))
        else:
            found.append(piece)
    return found


def packed(pieces: Iterable[Piece], files: Files, left_out: list[LeftOut]) -> Iterator[bytes]:
    """The archive, a block at a time. What has gone meanwhile joins ``left_out``, too, and the
    manifest at the end names all of it. Raises ImageError where a file changes while it is read.
    """
    sink, names, rows = _Sink(), _Names(), []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for piece in pieces:
            try:
                source = files.opened(piece.record)
            except ImageError as error:
                left_out.append(LeftOut(piece.record, str(error)))
                continue
            name = names.free(piece.name)
            with source:
                for _ in _copied(source, archive, name, piece.record):
                    yield sink.take()
            rows.append([name, *tables.row(piece), None])
        rows += [[None, *tables.row(Piece(one.record)), one.reason] for one in left_out]
        columns = ("file", *tables.COLUMNS, "left_out")
        archive.writestr(_entry(MANIFEST, time.time()), tables.written(columns, rows))
    yield sink.take()


def _copied(
    source: BinaryIO, archive: zipfile.ZipFile, name: str, record: Record
) -> Iterator[None]:
    """A file into the archive, a block at a time."""
    entry = _entry(name, record.mtime_ns / 1e9, record.size)
    with archive.open(entry, "w") as target:
        while block := _read(source, record):
            target.write(block)
            yield
    status = os.fstat(source.fileno())
    # Its size is in the archive by now, and what was sent cannot be taken back.
    if (entry.file_size, status.st_mtime_ns) != (record.size, record.mtime_ns):
        raise ImageError(f"{record.path!r} changed while it was packed: index it, and try again.")


def _read(source: BinaryIO, record: Record) -> bytes:
    try:
        return source.read(_BLOCK)
    except OSError as error:
        raise ImageError(
            f"{record.path!r} could not be read to its end ({error.strerror}): leave it out."
        ) from error


def _entry(name: str, seconds: float, size: int = 0) -> zipfile.ZipInfo:
    try:
        when = min(max(time.localtime(seconds)[:6], _FIRST), _LAST)
    except (OverflowError, OSError, ValueError):  # a time that this system cannot tell
        when = _FIRST
    entry = zipfile.ZipInfo(name, when)
    entry.file_size = size
    entry.external_attr = 0o644 << 16
    return entry


class _Names:
    """Names in one folder, each once, that every system can have."""

    def __init__(self) -> None:
        self._taken = {MANIFEST}

    def free(self, name: str) -> str:
        """The name, or one that is told apart from those before by a number."""
        stem, ending = os.path.splitext(_everywhere(name))  # noqa: PTH122 - a name, no path
        free, number = stem + ending, 1
        while free.casefold() in self._taken:
            number += 1
            free = f"{stem} ({number}){ending}"
        self._taken.add(free.casefold())
        return free


def _everywhere(name: str) -> str:
    """A name without what some system does not allow in one."""
    plain = "".join(
        letter if letter.isprintable() and letter not in _FORBIDDEN else "_" for letter in name
    ).rstrip(". ")
    return f"_{plain}" if plain.partition(".")[0].casefold() in _DEVICES else plain or "_"


class _Sink(io.RawIOBase):
    """A file that can be written and nothing else; what is in it is taken out again and again."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(memoryview(data))  # type: ignore[arg-type]
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        """What has been written since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
