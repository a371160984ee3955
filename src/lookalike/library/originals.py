"""A record → its file, only while that still is the file which was indexed."""

from __future__ import annotations

import stat
from pathlib import Path

from lookalike.errors import ImageError
from lookalike.folder import printable
from lookalike.stores.base import Record


def is_as_recorded(record: Record) -> bool:
    """Whether the file is there, with the size and time that it had when it was indexed."""
    try:
        return _is_same(record)
    except (OSError, ValueError):
        return False


def original(record: Record) -> Path:
    """The place of the file. Raises ImageError where it is gone or has changed."""
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


def _is_same(record: Record) -> bool:
    status = Path(record.path).stat()
    same = (status.st_size, status.st_mtime_ns) == (record.size, record.mtime_ns)
    return same and stat.S_ISREG(status.st_mode)  # a pipe in its place would hang who reads it
