"""A copy of a library in one file → the library in a folder again, whole or not at all.

What is in the folder before stays until the very end. Where the library there can be opened, the
copy takes its place within SQLite, in one transaction: whoever has it open sees the one or the
other, and a process that dies leaves the one that was there.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from lookalike.errors import InputError, LibraryDamagedError, LibraryTooNewError
from lookalike.stores.embedded import copying, rows, schema, trouble
from lookalike.stores.embedded.copying import Tell
from lookalike.stores.embedded.database import FILE, Database
from lookalike.stores.embedded.lock import WriteLock

_LOG = logging.getLogger(__name__)
_PARTS = "restoring-*.part*"
_BESIDE = ("", "-wal", "-shm", "-journal")  # what SQLite keeps beside a database, and itself
_AT_ONCE = 8 << 20  # bytes

Settle = Callable[[Mapping[str, str]], Mapping[str, str]]
"""The settings of a copy → those that are to be others; raises where they do not fit."""


@dataclass(frozen=True, slots=True)
class PutBack:
    """How many ``images`` the library has, the settings that it had, and where lies what was in
    its place and could not be opened."""

    images: int
    settings: Mapping[str, str]
    set_aside: Path | None


def put_back(
    backup: Path, folder: Path, *, force: bool, wait: float, settle: Settle, tell: Tell
) -> PutBack:
    """Make the library in a folder what a copy holds, at the newest version of the schema.

    ``force`` lets it take the place of a library that holds pictures, or that cannot be opened;
    the latter is set aside. ``wait`` is as for `WriteLock`.

    Raises: InputError where there is no such file, or something is in the way; LibraryDamagedError
        and LibraryTooNewError for the copy; what ``settle`` raises; the errors of `WriteLock`.
    """
    with _naming(backup):
        _look_at(backup)
    with _plain_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with WriteLock(folder, wait=wait), _plain_errors(folder):
        opens = _may_be_replaced(folder, force=force)
        _clear(folder)
        _check_room(backup, folder, twice=opens)
        aside = folder / f"restoring-{token_hex(8)}.part"
        try:
            with _naming(backup):
                _copy_file(backup, aside, tell)
                copying.check(aside, tell)
            images, known = _prepare(aside, settle)
            away = None if opens else _set_aside(folder)
            _place(aside, folder, opens=opens, tell=tell)
        finally:
            _clear(folder)
    return PutBack(images, known, away)


# ---- what comes in


def _look_at(backup: Path) -> None:
    """See early that a file may be what it should be."""
    if backup.is_dir():
        raise InputError("is a folder: name the file that `lookalike backup` has written.")
    if not backup.exists():
        raise InputError("is not there: check the path.")
    log = backup.with_name(f"{backup.name}-wal")
    if log.is_file() and log.stat().st_size:
        raise InputError("is a library that is in use: copy it with `lookalike backup` first.")
    with closing(copying.reading(backup)) as connection:
        if not copying.is_ours(connection):
            raise LibraryDamagedError("is not a copy of a library")
        version, known = schema.version(connection), len(schema.MIGRATIONS)
    if version > known:
        raise LibraryTooNewError(
            f"was written by a newer Lookalike (format {version}, this one knows {known}): upgrade "
            "Lookalike."
        )


@contextmanager
def _naming(backup: Path) -> Iterator[None]:
    """What is wrong with the copy is told with its name; nothing has been changed by then."""
    name = os.fspath(backup)
    try:
        yield
    except LibraryDamagedError as error:
        raise LibraryDamagedError(
            f"{name!r} {error}, so nothing was changed: restore another copy."
        ) from error
    except (InputError, LibraryTooNewError) as error:
        raise type(error)(f"{name!r} {error}") from error
    except sqlite3.DatabaseError as error:
        raise LibraryDamagedError(
            f"{name!r} is not a copy of a library, or is damaged ({error}), so nothing was "
            "changed: restore another copy."
        ) from error


def _copy_file(backup: Path, aside: Path, tell: Tell) -> None:
    total, done = backup.stat().st_size, 0
    with aside.open("xb") as out:
        for block in _blocks(backup):
            out.write(block)
            done += len(block)
            tell("copying", done, total)
    copying.sync(aside)


def _blocks(backup: Path) -> Iterator[bytes]:
    try:
        with backup.open("rb") as content:
            while block := content.read(_AT_ONCE):
                yield block
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}): check its disk.") from error


def _prepare(aside: Path, settle: Settle) -> tuple[int, dict[str, str]]:
    """Make a file that has been checked a library of today; how many pictures it holds, and its
    settings."""
    with closing(copying.changing(aside)) as connection:
        known = copying.settings(connection)
        changed = settle(known)
        schema.migrate(connection)
        wrong = rows.inconsistencies(connection, int(known.get("dim", 0)))
        if wrong:
            raise LibraryDamagedError(f"The copy is damaged ({wrong[0]}): restore another one.")
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        connection.execute("BEGIN")
        connection.execute("DELETE FROM settings WHERE name IN (?, 'indexing')", (copying.NOTE,))
        rows.set_all(connection, {**changed, copying.RESTORED: now})
        connection.execute("COMMIT")
        images = int(connection.execute("SELECT count(*) FROM images").fetchone()[0])
    copying.sync(aside)
    return images, {**known, **changed}


# ---- where it goes


def _may_be_replaced(folder: Path, *, force: bool) -> bool:
    """Whether there is a library that can be opened. Raises InputError where it shall stay."""
    if not (folder / FILE).exists():
        return False
    try:
        database = Database(folder)
        with closing(database), database.reading() as connection:
            images = int(connection.execute("SELECT count(*) FROM images").fetchone()[0])
    except (LibraryDamagedError, LibraryTooNewError) as error:
        if force:
            return False
        raise InputError(
            f"{error} To restore into this folder, add --force: what is there is set aside."
        ) from error
    if images and not force:
        raise InputError(
            f"The library {folder} holds {images:,} pictures: name another folder with --library, "
            "or replace it with --force."
        )
    return True


def _check_room(backup: Path, folder: Path, *, twice: bool) -> None:
    needed = backup.stat().st_size * (2 if twice else 1)
    if shutil.disk_usage(folder).free < needed:
        raise trouble.too_small(folder, needed)


def _set_aside(folder: Path) -> Path | None:
    """Give what cannot be opened another name; it may still be of use to somebody."""
    if not (folder / FILE).exists():
        return None
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    away = folder / f"{FILE}.{now}"
    for ending in reversed(_BESIDE):
        file = folder / f"{FILE}{ending}"
        if file.exists():
            file.rename(folder / f"{away.name}{ending}")
    return away


def _place(aside: Path, folder: Path, *, opens: bool, tell: Tell) -> None:
    if not opens:
        for ending in _BESIDE[1:]:  # a log without its database would be taken for that of the new
            (folder / f"{FILE}{ending}").unlink(missing_ok=True)
        aside.replace(folder / FILE)
        copying.sync_folder(folder)
        return
    database = Database(folder)
    with closing(database):
        with database.reading() as target, closing(copying.reading(aside)) as source:
            copying.copy_pages(source, target, tell)
        database.tidy()


def _clear(folder: Path) -> None:
    """Drop what a run that was killed has left, and this one. The caller holds the lock."""
    for file in folder.glob(_PARTS):
        try:
            file.unlink(missing_ok=True)
        except OSError as error:  # Windows keeps a file that somebody reads just now
            _LOG.info("%s stays for now: %s", file, error)


@contextmanager
def _plain_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise trouble.of_sqlite(folder, folder / FILE, error) from error
    except OSError as error:
        raise trouble.of_system(folder, error) from error
