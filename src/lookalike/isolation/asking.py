"""A file, and what is wanted of it → a picture, a model's input or metadata; or a clause."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache, lru_cache
from typing import Any

from PIL import Image

from lookalike import image
from lookalike.errors import DecoderEndedError, ImageError, TooManyPixelsError
from lookalike.image import FileMetadata, Input, Picture, Preprocess, Room
from lookalike.isolation.pool import Pool
from lookalike.isolation.wire import Message
from lookalike.isolation.worker import Died, StartError

_LOG = logging.getLogger(__name__)

SECONDS = 60.0
"""Processor time that a picture of a folder may take; on a quick machine none takes a tenth."""

QUESTION = 10.0
"""Processor time that a picture may take which somebody waits for."""

AT_HAND = 4 << 20
"""Bytes of a file that whoever asks reads; a larger one is read by the process, from its path."""

_PATIENCE = 2.0  # times as long may pass in all, on a machine that has other things to do

Source = bytes | str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Described:
    """What the library keeps of a picture: as `lookalike.image.Picture`, without the pixels."""

    width: int
    height: int
    format: str
    taken: str | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None


def read(
    source: Source,
    *,
    max_pixels: int = image.DEFAULT_MAX_PIXELS,
    near: int | None = None,
    room: Room | None = None,
    seconds: float = QUESTION,
) -> Picture:
    """As `lookalike.image.read`, in a process of its own that may take so many seconds.

    Raises ImageError and TooManyPixelsError as that does, ImageError for a picture that its decoder
    does not survive or come to an end with, and DecoderEndedError.
    """
    job = {"do": "read", "max_pixels": max_pixels, "near": near}
    pixels = [bytearray()]

    def into(answer: Message, length: int) -> memoryview:
        wide, high = answer.get("size", (0, 0))
        if length != 3 * wide * high or wide * high > max_pixels:
            raise ValueError("other pixels than were told of")
        pixels[0] = bytearray(length)
        return memoryview(pixels[0])

    try:
        answer = _ask(job, source, seconds, room, into)
    except StartError:
        return image.read(source, max_pixels=max_pixels, near=near, room=room or image.anywhere)
    wide, high = answer["size"]
    return Picture(Image.frombytes("RGB", (wide, high), pixels[0]), **answer["told"])


def describe(
    source: Source,
    *,
    max_pixels: int = image.DEFAULT_MAX_PIXELS,
    preprocess: Preprocess | None = None,
    out: Input | None = None,
    room: Room | None = None,
    seconds: float = SECONDS,
) -> Described:
    """A picture without its pixels; with ``preprocess``, these are brought to a model's input in
    ``out``, an array of its shape. Raises as `read`."""
    near = preprocess.near if preprocess else 1
    job = {"do": "describe", "max_pixels": max_pixels, "near": near}
    job["preprocess"] = _as_dict(preprocess) if preprocess else None

    def into(_answer: Message, length: int) -> memoryview:
        row = memoryview(b"") if out is None else memoryview(out.data).cast("B")
        if length not in (0, row.nbytes):
            raise ValueError("another input than was asked for")
        return row[:length]

    try:
        answer = _ask(job, source, seconds, room, into)
    except StartError:
        where = room or image.anywhere
        found = image.read(source, max_pixels=max_pixels, near=near, room=where)
        if preprocess is not None:
            image.to_input(found.image, preprocess, out=out)
        return Described(**{one.name: getattr(found, one.name) for one in fields(Described)})
    return Described(**answer["told"])


def file_metadata(source: Source, *, seconds: float = QUESTION) -> FileMetadata:
    """As `lookalike.image.file_metadata`. Raises as `read`."""
    try:
        answer = _ask({"do": "metadata"}, source, seconds, None, _nowhere)
    except StartError:
        return image.file_metadata(source)
    told = answer["told"]
    return FileMetadata(**{name: _tuple(value) for name, value in told.items()})


@lru_cache(maxsize=32)
def _as_dict(preprocess: Preprocess) -> dict[str, Any]:
    return asdict(preprocess)


def warm() -> None:
    """Let a process be started, if there is none, while the caller does something else."""
    _pool().warm()


def _ask(job: Message, source: Source, seconds: float, room: Room | None, into: Any) -> Message:
    patience = seconds * _PATIENCE
    whole = isinstance(source, bytes)
    content = source if isinstance(source, bytes) else os.fsencode(os.path.abspath(source))  # noqa: PTH100
    job |= {"whole": whole, "seconds": seconds, "patience": patience, "room": room is not None}
    try:
        answer = _pool().ask(job, content, patience=patience, room=room, into=into)
    except Died as death:
        raise _why(death, seconds, whole) from death
    if "error" in answer:
        raise _error(answer)
    return answer


def _error(answer: Mapping[str, Any]) -> ImageError:
    if answer["error"] == "pixels":
        return TooManyPixelsError(answer["said"])
    if answer["error"] == "image":
        return ImageError(answer["said"])
    _LOG.error("while reading a picture:\n%s", answer["said"])
    last = answer["said"].strip().rpartition("\n")[2]
    return ImageError(f"cannot be decoded: {last[:200]}")


def _why(death: Died, seconds: float, whole: bool) -> ImageError:
    """What a process died of, as a clause that goes after the name of the file."""
    if death.late and not whole:  # it reads the file itself
        return DecoderEndedError(
            f"could not be read and decoded within {_PATIENCE * seconds:g} seconds: its disk may "
            "be slow or hang; try again"
        )
    if death.late or -death.status in _TOO_LONG:
        return ImageError(f"takes longer than {seconds:g} seconds to decode: save it anew")
    if -death.status == _KILL:
        return DecoderEndedError(
            "could not be decoded: its process was ended from outside, most likely for want of "
            "memory; try again"
        )
    return ImageError(f"makes its decoder crash ({_named(death.status)}): save it anew")


def _named(status: int) -> str:
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"exit status {status:#x}" if status > 255 else f"exit status {status}"


_KILL = getattr(signal, "SIGKILL", -1)  # on Windows, what is ended from outside has the status 1
_TOO_LONG = {int(getattr(signal, name)) for name in ("SIGXCPU", "SIGALRM") if hasattr(signal, name)}


def _nowhere(_answer: Message, length: int) -> memoryview:
    if length:
        raise ValueError("bytes that nobody asked for")
    return memoryview(b"")


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@cache
def _pool() -> Pool:
    # Half for whoever indexes, with a thread for each core, and half for whoever asks meanwhile.
    return Pool(max(4, 2 * (os.cpu_count() or 1)))
