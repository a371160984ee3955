"""A library's database → a copy of it in one file, of one moment, held against it row by row.

The copy is the database itself, without its log: SQLite's own backup, which copies pages while
others read and write. A note among its settings holds a SHA-256 of all that its tables say, so that
a copy on a disk that has lost a bit is told from a good one: SQLite has no checksums of its own.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from lookalike.errors import LibraryDamagedError
from lookalike.stores.embedded import schema
from lookalike.stores.embedded.trouble import has_no_room, name_of

NOTE = "backup"
"""The setting that says of a copy what it must hold; a library has none."""

RESTORED = "restored"
"""The setting that says when a library was last put back from a copy."""

_PASSING = (NOTE, RESTORED, "indexing")  # settings that are of a file, not of what it holds
_AT_ONCE = 2048  # pages that are copied between two looks at the clock and at Ctrl-C
_WRITING = ("SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_TRUNCATE", "SQLITE_CANTOPEN")

Tell = Callable[[str, int, int], None]
"""Is told what is being done (copying, checking), how much of it is done, and how much there is."""

Row = tuple[object, ...]


def tell_nobody(_doing: str, _done: int, _total: int) -> None:
    """What is told where nobody listens."""


def copy(connection: sqlite3.Connection, file: Path, tell: Tell) -> int:
    """Make a file that holds what a connection sees, whose transaction has begun; returns how many
    pictures that are.

    The file is whole, verified and on the disk when this returns, and of no use until then.

    Raises:
        OSError: the file cannot be made, or not whole.
        LibraryDamagedError: the database cannot be read whole, or the copy is not what was read.
        sqlite3.Error: the database cannot be read.
    """
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    # The first question begins the state that is seen: without one, each step would see its own.
    images = int(connection.execute("SELECT count(*) FROM images").fetchone()[0])
    try:
        _copy_pages(connection, file, tell)
        sync(file)
        with closing(reading(file)) as made:
            if wrong := structure(made):
                raise LibraryDamagedError(
                    f"The database cannot be copied whole ({wrong}): `lookalike doctor` says what "
                    "is wrong with it."
                )
            digest = _same(connection, made, tell)
        _sign(file, digest)
        sync(file)
    except sqlite3.Error as error:
        if (of_target := _of_target(file, error)) is not None:
            raise of_target from error
        raise
    return images


def check(file: Path, tell: Tell) -> None:
    """See that a file is a whole library, and if it is a copy that it holds what it held then.

    Raises: LibraryDamagedError, with the reason; sqlite3.Error; OSError.
    """
    with closing(reading(file)) as connection:
        note = settings(connection).get(NOTE)
        wrong = structure(connection)
        if not wrong and note is not None:
            digest = hashlib.sha256()
            for row in _told(connection, tell):
                digest.update(_bytes(row))
            if digest.hexdigest() != _noted(note):
                wrong = "what it holds is not what was written"
    if wrong:
        raise LibraryDamagedError(f"is damaged ({wrong})")


def reading(file: Path) -> sqlite3.Connection:
    """A connection to a file that nobody writes to, wherever it lies; nothing is made beside it."""
    return _connected(file, "mode=ro&immutable=1")


def changing(file: Path) -> sqlite3.Connection:
    """A connection that may change a file that nobody else knows of, without a log beside it."""
    connection = _connected(file, "mode=rw")
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA synchronous = OFF")  # `sync` sees to it at the end
    except BaseException:
        connection.close()
        raise
    return connection


def settings(connection: sqlite3.Connection) -> dict[str, str]:
    """All settings; none where the file has no such table."""
    try:
        return dict(connection.execute("SELECT name, value FROM settings").fetchall())
    except sqlite3.OperationalError:  # a file of another program, or an empty one
        return {}


def structure(connection: sqlite3.Connection) -> str:
    """What is wrong with how a file is built, in a few words; empty where nothing is."""
    try:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else str(found).splitlines()[-1]


def sync(file: Path) -> None:
    """See that a file is on the disk, and that the next who reads it reads what is there."""
    with file.open("r+b") as content:
        os.fsync(content.fileno())
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(content.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def sync_folder(folder: Path) -> None:
    """See that a name in a folder is on the disk; where folders cannot be opened, nothing is
    done."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def copy_pages(source: sqlite3.Connection, target: sqlite3.Connection, tell: Tell) -> None:
    """Make a database what another is, page by page, in one transaction."""

    def progress(_status: int, remaining: int, total: int) -> None:
        tell("copying", total - remaining, total)

    source.backup(target, pages=_AT_ONCE, progress=progress)


def _copy_pages(connection: sqlite3.Connection, file: Path, tell: Tell) -> None:
    with closing(_connected(file, "mode=rw")) as target:
        target.execute("PRAGMA journal_mode = OFF")
        target.execute("PRAGMA synchronous = OFF")
        copy_pages(connection, target, tell)


def _sign(file: Path, digest: str) -> None:
    """Leave the note, and no trace of who was at work when the copy was made."""
    note = {"sha256": digest, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    with closing(changing(file)) as connection:
        connection.execute("BEGIN")
        connection.execute("DELETE FROM settings WHERE name = 'indexing'")
        connection.execute(
            "INSERT OR REPLACE INTO settings VALUES (?, ?)", (NOTE, json.dumps(note))
        )
        connection.execute("COMMIT")


def _same(source: sqlite3.Connection, made: sqlite3.Connection, tell: Tell) -> str:
    """Hold a copy against what it was made of; the SHA-256 of what both say."""
    digest = hashlib.sha256()
    try:
        for row, copied in zip(_told(source, tell), _rows(made), strict=True):
            if row != copied:
                raise LibraryDamagedError(
                    "The copy is not what was copied: try again, and on another disk."
                )
            digest.update(_bytes(row))
    except ValueError as error:  # one of them ended before the other
        raise LibraryDamagedError(
            "The copy is not all that was copied: try again, and on another disk."
        ) from error
    return digest.hexdigest()


def _told(connection: sqlite3.Connection, tell: Tell) -> Iterator[Row]:
    """All rows, and on the way how many there have been."""
    total = sum(
        int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608
        for table in _tables(connection)
    )
    for number, row in enumerate(_rows(connection)):
        if not number % _AT_ONCE:
            tell("checking", number, total)
        yield row
    tell("checking", total, total)


def _rows(connection: sqlite3.Connection) -> Iterator[Row]:
    """The names of all tables and their rows, in the order in which they lie. What is searched as
    text is left out: it is made of the rest, by triggers."""
    for table in _tables(connection):
        yield (table,)
        order = ", ".join(_key(connection, table))
        for row in connection.execute(f'SELECT * FROM "{table}" ORDER BY {order}'):  # noqa: S608
            if table != "settings" or row[0] not in _PASSING:
                yield row


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' "
        "AND name NOT LIKE 'texts%' ORDER BY name"
    )
    return [row[0] for row in found]


def _key(connection: sqlite3.Connection, table: str) -> list[str]:
    """What the rows of a table lie in the order of."""
    columns = connection.execute("SELECT name, pk FROM pragma_table_info(?)", (table,)).fetchall()
    keys = sorted((place, name) for name, place in columns if place)
    try:
        connection.execute(f'SELECT rowid FROM "{table}" LIMIT 0')  # noqa: S608
    except sqlite3.OperationalError:
        return [f'"{name}"' for _, name in keys]
    return ["rowid"]


def _bytes(row: Row) -> bytes:
    """A row as bytes that no other row has."""
    parts = []
    for value in row:
        content = value if isinstance(value, bytes) else repr(value).encode()
        parts.append(b"%s%d:" % (type(value).__name__.encode(), len(content)))
        parts.append(content)
    return b"".join(parts) + b"\n"


def _noted(note: str) -> str:
    try:
        return str(json.loads(note)["sha256"])
    except (ValueError, KeyError, TypeError):
        return ""


def _connected(file: Path, options: str) -> sqlite3.Connection:
    path = file.absolute().as_posix()
    rooted = path if path.startswith("/") else f"/{path}"
    address = f"file://{quote(os.fsencode(rooted))}?{options}"
    return sqlite3.connect(address, uri=True, isolation_level=None)


def _of_target(file: Path, error: sqlite3.Error) -> OSError | None:
    """SQLite's error as the system's, where it is the file that could not be written."""
    name = name_of(error)
    if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and has_no_room(file.parent)):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if name.startswith(_WRITING):
        return OSError(errno.EIO, os.strerror(errno.EIO))
    return None


def is_ours(connection: sqlite3.Connection) -> bool:
    """Whether a file is a library, and not just a file that may become one."""
    found = connection.execute("PRAGMA application_id").fetchone()[0]
    return bool(found == schema.APPLICATION_ID)
