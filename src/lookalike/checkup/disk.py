"""The folders of a library and of its pictures → whether all is there, with room and rights."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from lookalike.checkup.finding import Finding, ok, problem, warning
from lookalike.errors import FolderSilentError
from lookalike.folder import about, printable, within
from lookalike.stores.base import Catalogue, Record

_ROOM = 100 * 10**6
_MINUTE = 60.0
_AT_ONCE = 256  # files that are looked at together


def of_folder(store: Catalogue, writer: str | None) -> Iterator[Finding]:
    """Look at the folder that a library lies in; ``writer`` says who is writing to it."""
    yield _rights(store)
    yield from _open_to_all(store.folder)
    yield _room(store)
    if writer is None:
        yield ok("lock", "Nobody is writing to it at the moment.")
    else:
        yield ok("lock", f"It is being written to by {writer}.")
    yield from _time(store)


def _rights(store: Catalogue) -> Finding:
    name = printable(store.folder)
    if store.read_only:
        return warning(
            "permissions",
            f"Nothing can be written to {name}: it can be searched, not indexed. Make it writable "
            "if that is not meant.",
        )
    return ok("permissions", f"{name} can be written to.")


def _open_to_all(place: Path) -> Iterator[Finding]:
    """What any account of this machine may change; Windows says nothing of the kind in a mode."""
    if os.name == "nt":
        return
    for path in (place, place / "library.sqlite"):
        mode = path.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            yield warning(
                "permissions",
                f"Every account of this machine may change {printable(path)}: "
                f'`chmod o-w "{printable(path)}"`.',
            )


def _room(store: Catalogue) -> Finding:
    """The search cache is written beside the old one, which takes about as much as there is."""
    free, needed = shutil.disk_usage(store.folder).free, _ROOM + store.size()
    if free < needed:
        return warning(
            "room",
            f"{_megabytes(free)} are free where the library lies, and an index run may need "
            f"{_megabytes(needed)}: make room.",
        )
    return ok("room", f"{_megabytes(free)} are free where the library lies.")


def _time(store: Catalogue) -> Iterator[Finding]:
    """The library's own time goes on, whatever the clock says."""
    last = int(store.settings().get("revision", 0)) / 1e6
    if last > time.time() + _MINUTE:
        yield warning(
            "clock",
            f"The library was last changed at {datetime.fromtimestamp(last, UTC):%Y-%m-%d %H:%M} "
            "UTC, which this machine's clock has not reached: set the clock. Nothing is lost.",
        )


def of_root(store: Catalogue, top: str) -> Iterator[Finding]:
    """Look at the pictures of a folder that was indexed."""
    name = printable(top)
    try:
        looked = _looked_at(store, top)
    except FolderSilentError:
        yield problem("files", f"{name} does not answer: see that its disk or drive is there.")
        return
    if looked is None:
        known = sum(1 for _ in store.records(top))
        yield problem(
            "files",
            f"{name} is not there, so its {known:,} pictures can be found but not shown: "
            "connect its disk, or index the folder at its new place.",
        )
        return
    known, away, other = looked
    hint = f'run `lookalike index "{name}"`'
    if away == known > 0:
        disk = f'connect its disk, or take it out with `lookalike forget "{name}"`'
        yield problem("files", f"None of the {away:,} pictures of {name} are there: {disk}.")
    elif away:
        yield problem("files", f"{away:,} of {known:,} pictures of {name} are gone: {hint}.")
    else:
        yield ok("files", f"All {known:,} pictures of {name} are there.")
    if other:
        pictures = "picture has" if other == 1 else "pictures have"
        yield warning(
            "files", f"{other:,} {pictures} changed in {name} since it was indexed: {hint}."
        )


def _looked_at(store: Catalogue, top: str) -> tuple[int, int, int] | None:
    """How many pictures are known of a folder, are away, and have changed; None where there is no
    such folder. Raises FolderSilentError."""
    if not within(top, partial(os.path.isdir, top)):
        return None
    known = away = other = 0
    records = iter(store.records(top))
    while some := list(islice(records, _AT_ONCE)):
        for now, record in zip(within(top, partial(_as_they_are, some)), some, strict=True):
            known += 1
            away += now is None
            other += now is not None and now != (record.size, record.mtime_ns)
    return known, away, other


def _as_they_are(records: list[Record]) -> list[tuple[int, int] | None]:
    """Size and time of the files of some records; None where there is none."""
    found: list[tuple[int, int] | None] = []
    for record in records:
        about(record.root)
        try:
            status = os.stat(record.path)  # noqa: PTH116
            found.append((status.st_size, status.st_mtime_ns))
        except (OSError, ValueError):
            found.append(None)
    return found


def _megabytes(number: float) -> str:
    return f"{number / 1e6:,.0f} MB"
