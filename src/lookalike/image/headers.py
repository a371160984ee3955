"""The header of a WebP, AVIF, HEIF, GIF or TIFF → its size and whether it is whole, before
decoding; that of a JPEG → how often the decoder will go over the picture.

The first four's decoders claim their memory, or refuse with a reason of their own, as soon as
they are made; so the size is read here first. Sources: RFC 9649 (WebP), ISO/IEC 14496-12 and
23008-12 (HEIF, AVIF), GIF89a, TIFF 6.0, ITU-T T.81 (JPEG).
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import IO, Literal, NamedTuple

from lookalike.errors import ImageError

_LARGEST_META = 1 << 26
_CONTAINERS = (b"iprp", b"ipco")
_SCAN, _FRAMES = (
    0xDA,
    (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), 0xCD, 0xCE, 0xCF),
)
_MOST_BLOCKS = 1 << 17  # of a GIF before its first frame; a profile and a packet have some thousand
_HEAD, _PIECE = 64, 1 << 20  # bytes that are read at a time


class Header(NamedTuple):
    """The greatest width and height in pixels that a file announces; whether it is all there."""

    size: tuple[int, int] | None
    whole: bool


def header(kind: str, stream: IO[bytes]) -> Header:
    """What a stream announces; JPEG, PNG, BMP and RAW announce nothing here. Raises ImageError for
    what nobody should go through."""
    length = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if kind == "WEBP":
        return _webp(stream.read(30), length)
    if kind in ("AVIF", "HEIF"):
        return _boxes_header(stream, length)
    if kind == "GIF":
        return Header(_gif_size(stream), whole=True)
    if kind == "TIFF":
        return Header(None, _tiff_table_end(stream) <= length)
    return Header(None, whole=True)


def scans(stream: IO[bytes]) -> tuple[int, bool]:
    """How many scans a JPEG has, and whether it must be kept whole until the last of them."""
    components, first = 0, b""
    for marker, body, end in _segments(stream):
        if marker == _SCAN:
            first = body
            stream.seek(end)
            break
        if marker in _FRAMES:
            components = body[5] if len(body) > 5 else 0
    number, piece, end = 1, b"", -1
    while end < 0 and (more := stream.read(_PIECE)):
        piece = piece[-1:] + more
        end = piece.find(b"\xff\xd9")  # behind it may lie a film, or another picture
        number += piece[: end if end >= 0 else None].count(b"\xff\xda")
    return number, bool(first) and 0 < first[0] < components


def _segments(stream: IO[bytes]) -> Iterator[tuple[int, bytes, int]]:
    """The markers of a JPEG: each with the first bytes of what it says, and where that ends."""
    at = 2
    while True:
        stream.seek(at)
        head = stream.read(_HEAD)
        filled = head.lstrip(b"\xff")
        at += len(head) - len(filled)
        if head and not filled:
            continue  # nothing but fill bytes so far
        if filled is head or len(filled) < 3:
            return
        marker, length = filled[0], int.from_bytes(filled[1:3], "big")
        at += 1 + length
        yield marker, filled[3:], at
        if length < 2:
            return


def _gif_size(stream: IO[bytes]) -> tuple[int, int] | None:
    """The screen, as large as the first frame makes it."""
    head = stream.read(13)
    if len(head) < 13:
        return None
    wide, high = (int.from_bytes(head[at : at + 2], "little") for at in (6, 8))
    if head[10] & 0x80:
        stream.seek(3 << (head[10] & 7) + 1, os.SEEK_CUR)
    blocks = _Blocks(stream)
    while what := stream.read(1):
        if what == b",":
            frame = stream.read(8)
            left, top, across, down = (
                int.from_bytes(frame[at : at + 2], "little") for at in range(0, 8, 2)
            )
            return max(wide, left + across), max(high, top + down)
        if what == b";":
            break
        if what == b"!":
            blocks.extension()
        blocks.count()
    return wide, high


class _Blocks:
    """The blocks before a GIF's first frame, read in the way that its decoder has: where that goes
    beyond the end of an extension, a lie would be hidden from any other."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._number = 0

    def extension(self) -> None:
        """Go to the end of an extension."""
        code, block = self._stream.read(1), self._next()
        if code == b"\xfe":
            while block:
                block = self._next()
            return
        if code == b"\xff" and block.startswith(b"NETSCAPE2.0"):
            self._next()
        while self._next():
            pass

    def count(self) -> None:
        """Raise ImageError where this has gone on for long."""
        self._number += 1
        if self._number > _MOST_BLOCKS:
            raise ImageError(
                f"has more than {_MOST_BLOCKS:,} blocks before its picture: save it anew"
            )

    def _next(self) -> bytes:
        self.count()
        length = self._stream.read(1)
        return self._stream.read(length[0]) if length else b""


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
