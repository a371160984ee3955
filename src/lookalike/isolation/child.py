"""Files on standard input → pictures, inputs of a model and metadata on standard output.

This is what runs in the process that may die. It ends as soon as nobody writes to it any more.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from lookalike import image
from lookalike.errors import ImageError, TooManyPixelsError
from lookalike.image.decode import max_bytes
from lookalike.isolation import bounds, wire
from lookalike.isolation.wire import Bytes, Message

_SMALL = 4 << 20  # bytes
_SAID = ("width", "height", "format", "taken", "camera", "latitude", "longitude")


def main() -> None:
    """Answer until the input ends; does not return."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    coming, going = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    os.dup2(2, 1)  # what decoders print is no answer
    bounds.settle()
    wire.send(going, {"protocol": wire.PROTOCOL})
    limits = bounds.Bounds()
    with image.quiet():
        try:
            while True:
                _answer(coming, going, limits)
        except (EOFError, OSError):
            os._exit(0)


def _answer(coming: IO[bytes], going: IO[bytes], limits: bounds.Bounds) -> None:
    job = wire.receive(coming)
    content = bytes(wire.exactly(coming, job["bytes"]))
    source: bytes | Path = content if job["whole"] else Path(os.fsdecode(content))
    limit = max_bytes(job.get("max_pixels", image.DEFAULT_MAX_PIXELS)) + 2 * _length(source)

    def allow() -> None:
        limits.allow(job["seconds"], job["patience"], limit)

    allow()
    try:
        answer, payload = _JOBS[job["do"]](source, job, _Room(coming, going, allow))
    except ImageError as error:
        kind = "pixels" if isinstance(error, TooManyPixelsError) else "image"
        answer, payload = {"error": kind, "said": str(error)}, b""
    except MemoryError:
        answer, payload = {"error": "image", "said": "needs more memory than is free"}, b""
    except Exception:  # noqa: BLE001 - told to the parent, which records it
        answer, payload = {"error": "unforeseen", "said": traceback.format_exc()}, b""
    bounds.rest()
    wire.send(going, answer, payload)


def _length(source: bytes | Path) -> int:
    if isinstance(source, bytes):
        return len(source)
    try:
        return source.stat().st_size
    except (OSError, ValueError):
        return 0  # reading it will say what is the matter


class _Room:
    """Asks the parent for room; see `lookalike.image.Room`. Time does not count meanwhile. What is
    small is there for every process, and not asked for."""

    def __init__(self, coming: IO[bytes], going: IO[bytes], allow: Any) -> None:
        self._coming, self._going, self._allow = coming, going, allow

    @contextmanager
    def taken(self, wanted: int) -> Iterator[None]:
        if wanted > _SMALL:
            bounds.rest()
            wire.send(self._going, {"room": wanted})
            wire.receive(self._coming)
            self._allow()
        yield


def _read(source: bytes | Path, job: Message, room: _Room) -> tuple[Message, Bytes]:
    found = _picture(source, job, room)
    told = {"told": _said(found), "size": found.image.size}
    return told, found.image.tobytes()


def _describe(source: bytes | Path, job: Message, room: _Room) -> tuple[Message, Bytes]:
    found = _picture(source, job, room)
    told = {"told": _said(found)}
    if job["preprocess"] is None:
        return told, b""
    preprocess = _preprocess(job["preprocess"])
    row = _row(preprocess.shape, preprocess.values)
    image.to_input(found.image, preprocess, out=row)
    return told, row.data.cast("B")


def _preprocess(given: dict[str, Any]) -> image.Preprocess:
    return image.Preprocess(**given | {name: tuple(given[name]) for name in ("mean", "std")})


@lru_cache(maxsize=1)
def _row(shape: tuple[int, ...], values: str) -> image.Input:
    """The place of an input, which is sent off before the next is made: fresh memory takes time."""
    return np.empty(shape, values)


def _metadata(source: bytes | Path, _job: Message, _room: _Room) -> tuple[Message, Bytes]:
    return {"told": asdict(image.file_metadata(source))}, b""


def _picture(source: bytes | Path, job: Message, room: _Room) -> image.Picture:
    where = room.taken if job["room"] else image.anywhere
    return image.read(source, max_pixels=job["max_pixels"], near=job["near"], room=where)


def _said(found: image.Picture) -> dict[str, Any]:
    return {name: getattr(found, name) for name in _SAID}


_JOBS = {"read": _read, "describe": _describe, "metadata": _metadata}

if __name__ == "__main__":
    sys.exit("this is started by lookalike.isolation")
