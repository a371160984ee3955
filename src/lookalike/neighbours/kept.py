"""Arrays by name ↔ a folder of a library's cache, which may be deleted at any time."""

from __future__ import annotations

import json
import logging
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[Any]]

_METHOD = 1
"""Another number makes all anew: to be raised where something else would come out."""

_LOG = logging.getLogger(__name__)


def folder_in(cache: Path) -> Path:
    """Where all this lies in a library's cache."""
    return cache / "neighbours"


def load(cache: Path, name: str, state: str) -> Arrays | None:
    """What was kept under a name for a ``state``, mapped into memory and not read yet; None where
    there is nothing of that state, or nothing that can be read."""
    try:
        note = json.loads(_note(cache, name).read_text("ascii"))
        if (note["method"], note["state"]) != (_METHOD, state):
            return None
        return {
            one: np.load(folder_in(cache) / note["folder"] / f"{one}.npy", mmap_mode="r")
            for one in note["arrays"]
        }
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        _LOG.warning("neighbours are sought anew, their cache is damaged: %s", error)
        return None


def save(cache: Path, name: str, state: str, arrays: Arrays) -> None:
    """Keep arrays in place of what has the same name; where that cannot be done, it is told in the
    log. Who has mapped the old ones keeps them."""
    folder, note = folder_in(cache), _note(cache, name)
    made = folder / f"{name}-{secrets.token_hex(8)}"
    content = {"method": _METHOD, "state": state, "folder": made.name, "arrays": list(arrays)}
    aside = note.with_name(f"{made.name}.part")
    try:
        made.mkdir(parents=True)
        for one, array in arrays.items():
            np.save(made / f"{one}.npy", array)
        aside.write_text(json.dumps(content), "ascii")
        aside.replace(note)
    except OSError as error:  # a cache: the next question makes it again
        _LOG.warning("neighbours are not kept: %s", error)
        shutil.rmtree(made, ignore_errors=True)
        with suppress(OSError):  # what hinders writing may hinder this
            aside.unlink()
        return
    _drop(folder, name, made.name)


def drop(cache: Path, name: str) -> None:
    """Forget what is kept under a name."""
    _note(cache, name).unlink(missing_ok=True)
    _drop(folder_in(cache), name, "")


def _note(cache: Path, name: str) -> Path:
    return folder_in(cache) / f"{name}.json"


def _drop(folder: Path, name: str, but: str) -> None:
    """Delete the folders that belong to a name, all but one. What somebody has open may resist on
    some systems, and goes the next time."""
    for other in folder.glob(f"{name}-*"):
        if other.name != but and len(other.name) == len(name) + 17:
            shutil.rmtree(other, ignore_errors=True)
