"""`Usual` ↔ one file in a library's cache, which may be deleted at any time."""

from __future__ import annotations

import json
import logging
import os
import threading
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from lookalike.verdict.usual import Usual

_METHOD = 2
"""Another number makes everything anew: to be raised where it would come out differently."""

_LOG = logging.getLogger(__name__)
_LEVELS = ("weak", "strong", "same")


def file_in(cache: Path) -> Path:
    """Where it lies in a library's cache."""
    return cache / "verdict" / "usual.npz"


def load(cache: Path, identity: str) -> Usual | None:
    """What was kept for the model with this identity; None where there is nothing to be read."""
    try:
        with file_in(cache).open("rb") as file, np.load(file, allow_pickle=False) as held:
            about = json.loads(str(held["about"]))
            if (about["method"], about["identity"]) != (_METHOD, identity):
                return None
            weak, strong, same = (float(about[name]) for name in _LEVELS)
            rows = held["rows"].astype(np.float32)
            return Usual(
                held["ids"],
                rows,
                int(about["drawn"]),
                weak,
                strong,
                same,
                known=held["known"],
                crowds=held["crowds"].astype(np.float64),
            )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        _LOG.warning("what is usual is found out anew, its file is damaged: %s", error)
        return None


def save(cache: Path, identity: str, usual: Usual) -> None:
    """Keep it in place of what is there; where that cannot be done, it is told in the log."""
    file = file_in(cache)
    aside = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}.part")
    about = {
        "method": _METHOD,
        "identity": identity,
        "drawn": usual.drawn,
        **{name: getattr(usual, name) for name in _LEVELS},
    }
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as out:
            rows = usual.rows.astype(np.float16)  # three digits are enough for what is usual
            crowds = usual.crowds.astype(np.float32)
            np.savez(
                out,
                about=json.dumps(about),
                ids=usual.ids,
                rows=rows,
                known=usual.known,
                crowds=crowds,
            )
        aside.replace(file)
    except OSError as error:  # a cache: the next process makes it again
        _LOG.warning("what is usual is not kept: %s", error)
        with suppress(OSError):  # what hinders writing may hinder this
            aside.unlink()
