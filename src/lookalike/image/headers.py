"""The header of a WebP, AVIF, HEIF or TIFF → its size and whether it is whole, before decoding.

The first three's decoders claim their memory, or refuse with a reason of their own, as soon as
they are made; so the size is read here first. Sources: RFC 9649 (WebP), ISO/IEC 14496-12 and
23008-12 (HEIF, AVIF), TIFF 6.0.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import IO, Literal, NamedTuple

_LARGEST_META = 1 << 26
_CONTAINERS = (b"iprp", b"ipco")


class Header(NamedTuple):
    """The greatest width and height in pixels that a file announces; whether it is all there."""

    size: tuple[int, int] | None
    whole: bool


def header(kind: str, stream: IO[bytes]) -> Header:
    """What a stream announces; kinds other than WEBP, AVIF, HEIF and TIFF announce nothing here."""
    length = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if kind == "WEBP":
        return _webp(stream.read(30), length)
    if kind in ("AVIF", "HEIF"):
        return _boxes_header(stream, length)
    if kind == "TIFF":
        return Header(None, _tiff_table_end(stream) <= length)
    return Header(None, whole=True)


def _webp(head: bytes, length: int) -> Header:
    whole = int.from_bytes(head[4:8], "little") + 8 <= length + 1
    if len(head) < 30:
        return Header(None, whole=False)
    return Header(_webp_size(head), whole)


def _webp_size(head: bytes) -> tuple[int, int] | None:
    if head[12:16] == b"VP8X":
        wide, high = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
        return wide, high
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if head[12:16] == b"VP8 ":
        wide, high = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
        return wide, high
    return None


def _tiff_table_end(stream: IO[bytes]) -> int:
    """Where the first directory ends; BigTIFF's, which few programs write, is not looked at."""
    head = stream.read(8)
    order: Literal["little", "big"] = "little" if head[:2] == b"II" else "big"
    if int.from_bytes(head[2:4], order) != 42:
        return 0
    start = int.from_bytes(head[4:8], order)
    stream.seek(start)
    return start + 2 + 12 * int.from_bytes(stream.read(2), order)


class _Box(NamedTuple):
    name: bytes
    start: int
    end: int


def _boxes(stream: IO[bytes], start: int, end: int) -> Iterator[_Box]:
    """The boxes between two positions, payload bounds only; the last may claim to end later."""
    while start + 8 <= end:
        stream.seek(start)
        head = stream.read(16)
        size, payload = int.from_bytes(head[:4], "big"), start + 8
        if size == 1:
            size, payload = int.from_bytes(head[8:16], "big"), start + 16
        stop = start + size if size else end
        if stop < payload:
            return
        yield _Box(head[4:8], payload, stop)
        start = stop


def _boxes_header(stream: IO[bytes], length: int) -> Header:
    sizes: list[tuple[int, int]] = []
    whole = True
    for box in _boxes(stream, 0, length):
        whole = whole and box.end <= length
        if box.name == b"meta" and box.end <= length and box.end - box.start <= _LARGEST_META:
            stream.seek(box.start)
            meta = stream.read(box.end - box.start)
            sizes.extend(_extents(io.BytesIO(meta), 4, len(meta)))
    size = max(sizes, key=lambda each: each[0] * each[1], default=None)
    return Header(size, whole)


def _extents(stream: IO[bytes], start: int, end: int) -> Iterator[tuple[int, int]]:
    for box in _boxes(stream, start, end):
        if box.name in _CONTAINERS:
            yield from _extents(stream, box.start, min(box.end, end))
        elif box.name == b"ispe":
            stream.seek(box.start + 4)
            wide, high = stream.read(4), stream.read(4)
            yield int.from_bytes(wide, "big"), int.from_bytes(high, "big")
