"""What SQLite and the system complain of in a library's folder → the error that says it."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path

from lookalike.errors import (
    LibraryBusyError,
    LibraryDamagedError,
    LibraryError,
    LibraryFullError,
    LibraryReadOnlyError,
)

_NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_NO_RIGHT = {errno.EACCES, errno.EPERM, errno.EROFS}
_ROOM = 1 << 17  # bytes that SQLite's shared memory and a page or two of its log need


def of_sqlite(folder: Path, file: Path, error: sqlite3.Error) -> LibraryError:
    """The error for one of SQLite's about the file of a library."""
    name = name_of(error)
    if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and has_no_room(folder)):
        return _full(folder)
    if is_closed_to_writing(error):
        return read_only(folder)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return LibraryBusyError(
            f"The library {folder} is being written to by another process: try again."
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return LibraryDamagedError(
            f"{file} is damaged or not a library ({error}): put it back from a "
            "copy, or delete it and index again."
        )
    return LibraryError(f"The library {folder} cannot be used: {error}.")


def of_system(folder: Path, error: OSError) -> LibraryError:
    """The error for one of the system's about anything in a library's folder."""
    if error.errno in _NO_ROOM:
        return _full(folder)
    if error.errno in _NO_RIGHT:
        return read_only(folder)
    return LibraryError(f"The library {folder} cannot be used: {error.strerror}.")


def is_closed_to_writing(error: sqlite3.Error) -> bool:
    """Whether SQLite could not write, or not make the files beside the database."""
    return name_of(error).startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM"))


def name_of(error: sqlite3.Error) -> str:
    """SQLite's own name for an error, such as SQLITE_FULL; empty for one of Python's."""
    return getattr(error, "sqlite_errorname", None) or ""


def has_no_room(folder: Path) -> bool:
    """Whether the disk is full: SQLite calls it an I/O error where its shared memory cannot
    grow."""
    return shutil.disk_usage(folder).free < _ROOM


def read_only(folder: Path) -> LibraryReadOnlyError:
    """What is said to who would write there."""
    return LibraryReadOnlyError(
        f"The library {folder} lies where nothing can be written: "
        "choose another folder with --library, or make this one writable."
    )


def gone(folder: Path) -> LibraryError:
    """What is said where a library was open, and its disk is not there any more."""
    return LibraryError(
        f"The library {folder} is not there any more: connect its disk, and run the same command "
        "again; everything up to here is kept."
    )


def too_small(folder: Path, needed: int) -> LibraryFullError:
    """What is said before so many bytes are written where they find no room."""
    free = shutil.disk_usage(folder).free
    return LibraryFullError(
        f"This takes {needed / 1e6:,.0f} MB and there are {free / 1e6:,.0f} MB free in {folder}: "
        "make room, or name another disk."
    )


def _full(folder: Path) -> LibraryFullError:
    return LibraryFullError(
        f"The disk that holds the library {folder} is full: make room and run the "
        "same command again; everything up to here is kept."
    )
