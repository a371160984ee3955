"""`Usual` ↔ one file in a library's cache, which may be deleted at any time."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lookalike import cachefile
from lookalike.cachefile import Arrays, Note
from lookalike.verdict.usual import Usual

_METHOD = 2
"""Another number makes everything anew: to be raised where it would come out differently."""

_LEVELS = ("weak", "strong", "same")


def file_in(cache: Path) -> Path:
    """Where it lies in a library's cache."""
    return cache / "verdict" / "usual.npz"


def load(cache: Path, identity: str) -> Usual | None:
    """What was kept for the model with this identity; None where there is nothing to be read."""
    wanted = {"method": _METHOD, "identity": identity}
    anew = "what is usual is found out anew"
    return cachefile.load(file_in(cache), wanted, _usual, anew=anew)


def _usual(note: Note, held: Arrays) -> Usual:
    return Usual(
        ids=held["ids"],
        rows=held["rows"].astype(np.float32),
        drawn=int(note["drawn"]),
        known=held["known"],
        crowds=held["crowds"].astype(np.float64),
        **{name: float(note[name]) for name in _LEVELS},
    )


def save(cache: Path, identity: str, usual: Usual) -> None:
    """Keep it in place of what is there; where that cannot be done, it is told in the log."""
    levels = {name: getattr(usual, name) for name in _LEVELS}
    note = {"method": _METHOD, "identity": identity, "drawn": usual.drawn, **levels}
    arrays: Arrays = {
        "ids": usual.ids,
        "rows": usual.rows.astype(np.float16),  # three digits are enough for what is usual
        "known": usual.known,
        "crowds": usual.crowds.astype(np.float32),
    }
    cachefile.save(file_in(cache), note, arrays, what="what is usual")
