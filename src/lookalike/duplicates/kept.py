"""SHA-256 of a picture's file ↔ its sketch, and the pairs found among them: a cache in a folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from lookalike import cachefile
from lookalike.duplicates.sketch import SIDE, Sketch
from lookalike.duplicates.verify import Placed

_METHOD = 2
"""Another number makes pairs anew: to be raised where other pictures would be found."""

_LOG = logging.getLogger(__name__)
_NONE = np.empty((0, SIDE, SIDE), np.uint8)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contents, by the SHA-256 of their files: ``part`` lies in ``whole`` as placed."""

    whole: str
    part: str
    placed: Placed


@dataclass(slots=True)
class Compared:
    """The contents that have all been compared with each other, and what was found."""

    digests: set[str] = field(default_factory=set)
    pairs: list[Pair] = field(default_factory=list)


def folder_in(cache: Path) -> Path:
    """Where all this lies in a library's cache."""
    return cache / "duplicates"


# ---- pairs


def load_compared(cache: Path) -> Compared:
    """What was compared before; nothing where that cannot be read."""
    file = folder_in(cache) / "pairs.json"
    try:
        content = json.loads(file.read_text("ascii"))
        if content["method"] != _METHOD:
            return Compared()
        pairs = [_pair(*row) for row in content["pairs"]]
        return Compared(set(content["compared"]), pairs)
    except FileNotFoundError:
        return Compared()
    except (OSError, ValueError, KeyError, TypeError) as error:
        _LOG.warning("duplicates are looked for anew, their cache is damaged: %s", error)
        return Compared()


def state_of_compared(cache: Path) -> tuple[int, ...]:
    """What changes whenever `load_compared` would give something else; cheap to ask."""
    try:
        found = (folder_in(cache) / "pairs.json").stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


def save_compared(cache: Path, compared: Compared) -> None:
    """Keep what was compared."""
    rows = [[one.whole, one.part, *astuple(one.placed)] for one in compared.pairs]
    content = {"method": _METHOD, "compared": sorted(compared.digests), "pairs": rows}
    text = json.dumps(content).encode("ascii")
    _put(folder_in(cache) / "pairs.json", lambda out: out.write(text))


def _pair(whole: str, part: str, window: Sequence[float], *told: Any) -> Pair:
    left, top, wide, high = window
    return Pair(whole, part, Placed((left, top, wide, high), *told))


# ---- sketches


class Sketches:
    """Sketches by content. The file has the digests first, as an array of NumPy's, and then the
    cells, which stay on disk until they are asked for."""

    def __init__(self, cache: Path) -> None:
        self._file = folder_in(cache) / "sketches.bin"
        self._new: dict[str, Sketch] = {}
        self._load()

    def __contains__(self, digest: object) -> bool:
        return digest in self._new or digest in self._rows

    def __getitem__(self, digest: str) -> Sketch:
        """The cells (64, 64) of a content."""
        if digest in self._new:
            return self._new[digest]
        return np.asarray(self._cells[self._rows[digest]])

    def add(self, digest: str, sketch: Sketch) -> None:
        """Hold one; it is on disk once `save` is called."""
        self._new[digest] = sketch

    def save(self, known: Callable[[str], bool]) -> None:
        """Write what is new; contents that are not ``known`` any more go."""
        if not self._new:
            return
        old = {digest: row for digest, row in self._rows.items() if known(digest)}
        digests = np.array([*old, *self._new], "S64")

        def fill(out: IO[bytes]) -> None:
            np.save(out, digests)
            for row in old.values():
                out.write(self._cells[row].tobytes())
            for sketch in self._new.values():
                out.write(sketch.tobytes())

        if _put(self._file, fill):
            self._new = {}
            self._load()

    def _load(self) -> None:
        self._rows: dict[str, int] = {}
        self._cells: npt.NDArray[Any] = _NONE
        try:
            with self._file.open("rb") as file:
                digests = np.load(file)
                at = file.tell()
            shape = (len(digests), SIDE, SIDE)
            if len(digests):
                self._cells = np.memmap(self._file, np.uint8, "r", at, shape)
            self._rows = {name.decode("ascii"): row for row, name in enumerate(digests.tolist())}
        except FileNotFoundError:
            return
        except (OSError, ValueError, EOFError, TypeError, AttributeError) as error:
            _LOG.warning("sketches are made anew, their cache is damaged: %s", error)


def _put(file: Path, fill: Callable[[IO[bytes]], object]) -> bool:
    return cachefile.put(file, fill, what=file.name)
