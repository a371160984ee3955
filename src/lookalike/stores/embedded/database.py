"""A library's SQLite file → connections to read with, and transactions to write with."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from lookalike.errors import (
    LibraryDamagedError,
    LibraryError,
    LibraryNotFoundError,
    LibraryReadOnlyError,
    LibraryTooNewError,
)
from lookalike.stores.embedded import schema, trouble

FILE = "library.sqlite"
_BUSY_SECONDS = 30.0
_TIDY_SECONDS = 1.0  # to wait for readers where the log may as well stay


@dataclass(frozen=True, slots=True)
class Changes:
    """When pictures last came, went or got another content, when they last moved, and when they
    were last marked: equal numbers are of one state."""

    revision: int
    moved: int
    marked: int


class Database:
    """Connections to one file, in write-ahead mode: readers never wait for the writer.

    A connection serves one thread at a time and is kept for the next that asks.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.folder = folder
        self._idle: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._closed = False
        self._create, self._was_open = create, False
        with self._plain_errors():
            if folder.exists() and not folder.is_dir():
                raise LibraryDamagedError(
                    f"{folder} is a file, not a folder: name another place with --library."
                )
            if create:
                folder.mkdir(parents=True, exist_ok=True)
            elif not (folder / FILE).is_file():
                raise LibraryNotFoundError(
                    f"There is no library in {folder}: make one with `lookalike index FOLDER`, "
                    "or name another folder with --library."
                )
            self.read_only = not os.access(folder, os.W_OK)
            try:
                self._open()
            except LibraryReadOnlyError:
                if self.read_only:
                    raise
                self.read_only = True  # Windows says of a closed share that it can be written to
                self._open()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with."""
        with self._plain_errors():
            connection, home = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection, home)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction; kept whole when the block ends, or not at all."""
        if self.read_only:  # SQLite would miss the tables of a newer version first
            raise trouble.read_only(self.folder)
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk has rolled back already
                    connection.execute("ROLLBACK")
                raise

    @staticmethod
    def revision(connection: sqlite3.Connection) -> int:
        """The revision of the last change of embeddings; 0 before the first."""
        return _number(connection, "revision")

    def next_revision(self, connection: sqlite3.Connection) -> int:
        """Begin a change of embeddings inside a transaction.

        A revision is the time in microseconds, made to grow with every change. It names one
        state of one history: a file put back from a copy never meets a revision it already had.
        """
        return _grow(connection, "revision")

    @staticmethod
    def note_move(connection: sqlite3.Connection) -> None:
        """Say inside a transaction that pictures move."""
        _grow(connection, "moved")

    @staticmethod
    def note_marks(connection: sqlite3.Connection) -> None:
        """Say inside a transaction that pictures are marked."""
        _grow(connection, "marked")

    @staticmethod
    def changes(connection: sqlite3.Connection) -> Changes:
        """Up to where the history has come that a connection sees."""
        return Changes(*(_number(connection, name) for name in ("revision", "moved", "marked")))

    def place(self) -> tuple[int, int] | None:
        """What tells the file that lies there now from any other; None where there is none."""
        return _place(self.folder / FILE)

    def tidy(self) -> None:
        """Fold the write-ahead log into the file, so that the file alone is the library.

        Where somebody reads an older state, as who builds a cache does for minutes, the log stays.
        """
        if not self.read_only:
            with self.reading() as connection:
                connection.execute(f"PRAGMA busy_timeout = {_TIDY_SECONDS * 1000:.0f}")
                try:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000:.0f}")

    def close(self) -> None:
        """Close every connection; those in use are closed when they are given back."""
        with self._guard:
            self._closed = True
            self._let_go()

    def _open(self) -> None:
        try:
            with self._guard:
                self._look()
            with self.reading() as connection:
                self._prepare(connection)
            self._was_open = True
        except BaseException:
            with self._guard:
                self._let_go()
            raise

    def _take(self) -> tuple[sqlite3.Connection, list[sqlite3.Connection]]:
        """A connection, and the list that it goes back to."""
        with self._guard:
            if self._closed:
                raise LibraryError(f"The library {self.folder} has been closed: open it again.")
            if self._immutable and self._lay != self._lies():
                self._look()
            if self._idle:
                return self._idle.pop(), self._idle
            home = self._idle
        return self._connect(), home

    def _give_back(self, connection: sqlite3.Connection, home: list[sqlite3.Connection]) -> None:
        with self._guard:
            if home is self._idle and not self._closed:
                home.append(connection)
                return
        connection.close()

    def _let_go(self) -> None:
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _look(self) -> None:
        """See how the file can be read from now on.

        Where nothing can be written, not even SQLite's shared memory can be made. It is there
        while a writer of another account is at work; otherwise the file is taken as it lies, until
        it lies there differently.
        """
        self._let_go()
        self._immutable = False
        self._lay = self._lies()  # before looking: what changes meanwhile is looked at again
        self._immutable = self.read_only and not self._has_shared_memory()

    def _lies(self) -> list[tuple[int, int, int] | None]:
        return [_mark(self.folder / name) for name in (FILE, f"{FILE}-wal")]

    def _connect(self) -> sqlite3.Connection:
        # once it has been there, its place may be the empty folder that a disk has left behind
        mode = "ro" if self.read_only else "rwc" if self._create and not self._was_open else "rw"
        suffix = "&immutable=1" if self._immutable else ""
        path = (self.folder / FILE).absolute().as_posix()
        rooted = path if path.startswith("/") else f"/{path}"  # a drive letter comes after a slash
        address = f"file://{quote(os.fsencode(rooted))}?mode={mode}{suffix}"
        connection = sqlite3.connect(
            address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            if not self.read_only:
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("PRAGMA synchronous = FULL")
        except BaseException:  # a file that is none: already the first question fails
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if not schema.is_library(connection):
            raise LibraryDamagedError(
                f"{self.folder / FILE} is an SQLite file, but not a Lookalike library: "
                "name another folder with --library."
            )
        if schema.version(connection) > len(schema.MIGRATIONS):
            raise LibraryTooNewError(
                f"The library {self.folder} was written by a newer Lookalike "
                f"(format {schema.version(connection)}, this one knows {len(schema.MIGRATIONS)}): "
                "upgrade Lookalike, or name another folder with --library."
            )
        if not self.read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            schema.migrate(connection)

    def _has_shared_memory(self) -> bool:
        connection = self._connect()
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.OperationalError:
            return False
        finally:
            connection.close()
        return True

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            file = self.folder / FILE
            if self._was_open and not file.exists():
                raise trouble.gone(self.folder) from error
            raise trouble.of_sqlite(self.folder, file, error) from error
        except OSError as error:
            raise trouble.of_system(self.folder, error) from error


def _number(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else 0


def _grow(connection: sqlite3.Connection, name: str) -> int:
    """The time in microseconds, made to grow, under a name of the settings."""
    number = max(_number(connection, name) + 1, time.time_ns() // 1000)
    connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, str(number)))
    return number


def _place(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _mark(file: Path) -> tuple[int, int, int] | None:
    """What differs once a file has been written to, or is another one; None where there is none."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
