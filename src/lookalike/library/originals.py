"""A record → its file, only while that still is the picture which was indexed."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from lookalike import image
from lookalike.errors import FolderSilentError, ImageError
from lookalike.folder import printable, within
from lookalike.stores.base import Record

_T = TypeVar("_T")


def is_as_recorded(record: Record) -> bool:
    """Whether the file is there, with the size and time that it had when it was indexed."""
    try:
        return within(record.root, partial(_is_same, record))
    except (OSError, ValueError, FolderSilentError):
        return False


def original(record: Record) -> Path:
    """The place of the file. Raises ImageError where it is gone, has changed or keeps silent."""
    return answered(record, partial(checked, record))


def answered(record: Record, call: Callable[[], _T]) -> _T:
    """What a call gives that reads the file of a record. Raises what it raises, and ImageError
    where the disk keeps silent."""
    try:
        return within(record.root, call)
    except FolderSilentError as error:
        raise ImageError(
            f"{printable(record.path)} cannot be read: its disk or network drive does not answer."
        ) from error


def checked(record: Record) -> Path:
    """As `original`, in a thread that may be held by the disk."""
    name = printable(record.path)
    try:
        same = _is_same(record)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise ImageError(
            f"{name} is no longer there: connect its disk, or index its folder again."
        ) from error
    except OSError as error:
        raise ImageError(f"{name} cannot be read: {error.strerror}.") from error
    if not same:
        raise ImageError(f"{name} has changed since it was indexed: index its folder again.")
    return Path(record.path)


def opened(record: Record) -> BinaryIO:
    """The file, open for reading at its beginning.

    What is handed on is looked at again once it is open: by then another file, or a link to one,
    may lie under the name. It has to be the file that was indexed, and a picture of its kind.

    Raises: ImageError where it is gone, has changed, cannot be read, keeps silent or is no such
        picture.
    """
    return answered(record, partial(_opened, record))


def _opened(record: Record) -> BinaryIO:
    name = printable(record.path)
    place = checked(record)
    try:
        stream = os.fdopen(os.open(place, _READING), "rb")
    except (OSError, ValueError) as error:
        raise ImageError(f"{name} cannot be read: {getattr(error, 'strerror', error)}.") from error
    try:
        kind = image.sniff(stream.read(image.HEAD))
        stream.seek(0)
        if _fits(record, os.fstat(stream.fileno())) and kind in _KINDS.get(
            record.format, {record.format}
        ):
            return stream
    except OSError as error:
        stream.close()
        raise ImageError(f"{name} cannot be read: {error.strerror}.") from error
    stream.close()
    raise ImageError(f"{name} has changed since it was indexed: index its folder again.")


# A pipe must not hang who opens it; Windows would otherwise translate the ends of lines.
_READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_KINDS = {"RAW": {"RAW", "TIFF"}, "TIFF": {"TIFF", "RAW"}}
"""Many a camera's RAW file begins as a TIFF does."""


def _is_same(record: Record) -> bool:
    return _fits(record, Path(record.path).stat())


def _fits(record: Record, status: os.stat_result) -> bool:
    same = (status.st_size, status.st_mtime_ns) == (record.size, record.mtime_ns)
    return same and stat.S_ISREG(status.st_mode)  # a pipe in its place would hang who reads it
