"""Chunks and a place → a file there, whole or not at all; what is there already is left alone."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from lookalike.errors import InputError, LibraryFullError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def save(chunks: Iterable[bytes], file: str | os.PathLike[str], *, force: bool = False) -> Path:
    """Write a file; only with ``force`` does it take the place of another.

    Raises: InputError where there is something already, or it cannot be written; LibraryFullError
        where the disk is full. What making the chunks raises goes through. None of them leaves
        anything behind.
    """
    with whole_file(file, force=force) as aside, aside.open("xb") as out:
        out.writelines(chunks)
        out.flush()
        os.fsync(out.fileno())  # what it may replace must not be lost by a power cut
    return Path(file)


@contextmanager
def whole_file(file: str | os.PathLike[str], *, force: bool = False) -> Iterator[Path]:
    """A place beside a file, for the block to write to; what lies there when the block ends is put
    in the file's place. Raises as `save`, and so does the block for the system's errors."""
    target = Path(file)
    if target.is_dir() or (not force and os.path.lexists(target)):
        raise _taken(target)
    # A short name of its own: the target's may be as long as the disk allows.
    aside = target.with_name(f".{token_hex(8)}.tmp")
    with _writing(target):
        try:
            yield aside
            _publish(aside, target, force=force)
        finally:
            aside.unlink(missing_ok=True)


def _publish(aside: Path, target: Path, *, force: bool) -> None:
    if force:
        aside.replace(target)
        return
    try:
        # Unlike renaming, this fails where somebody else has been quicker.
        target.hardlink_to(aside)
    except FileExistsError:
        raise _taken(target) from None
    except OSError:  # a disk without such links
        if os.path.lexists(target):
            raise _taken(target) from None
        aside.replace(target)


def _taken(target: Path) -> InputError:
    if target.is_dir():
        return InputError(f"{os.fspath(target)!r} is a folder: name a file in it.")
    return InputError(
        f"{os.fspath(target)!r} is there already: give another name, or --force to replace it."
    )


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise LibraryFullError(
                f"{os.fspath(target)!r} could not be written because the disk is full: "
                "free some space, or write to another disk."
            ) from error
        raise InputError(
            f"{os.fspath(target)!r} could not be written ({error.strerror or error}): "
            "check its permissions, or write to another place."
        ) from error
