"""What is worth keeping, with a note of what it is for ↔ one file of a library's cache.

Such a file may be deleted at any time: what cannot be read is made anew, and what cannot be written
is made again by the next process. Both are told in the log.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[Any]]
Note = Mapping[str, Any]
"""What stands beside the arrays, in types that JSON has."""

_LOG = logging.getLogger(__name__)
_NOTE = "about"
_Made = TypeVar("_Made")


def load(
    file: Path, wanted: Note, make: Callable[[Note, Arrays], _Made], *, anew: str
) -> _Made | None:
    """What ``make`` makes of the note and the arrays of a file; None where there is none, where its
    note does not say all that is ``wanted``, or where it is damaged. The log then says what is done
    ``anew``."""
    try:
        with file.open("rb") as content, np.load(content, allow_pickle=False) as held:
            note = json.loads(str(held[_NOTE]))
            if any(note[name] != value for name, value in wanted.items()):
                return None
            return make(note, held)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        _LOG.warning("%s, its file is damaged: %s", anew, error)
        return None


def save(file: Path, note: Note, arrays: Arrays, *, what: str) -> None:
    """Keep arrays with their note in place of what is there."""
    content: dict[str, Any] = {_NOTE: json.dumps(note), **arrays}
    put(file, lambda out: np.savez(out, **content), what=what)


def put(file: Path, fill: Callable[[IO[bytes]], object], *, what: str) -> bool:
    """Put a whole file in place of what is there; tells whether that could be done."""
    aside = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as out:
            fill(out)
        aside.replace(file)
    except OSError as error:
        _LOG.warning("%s is not kept: %s", what, error)
        with suppress(OSError):  # what hinders writing may hinder this
            aside.unlink()
        return False
    return True
