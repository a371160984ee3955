"""The bytes of an EXIF block or of a TIFF file → when, where and with what a picture was taken.

Read here rather than through Pillow, since a damaged block must never cost more than itself:
Pillow answers it with warnings of Python's, which threads share, and with many kinds of exception.
Sources: TIFF 6.0, and CIPA DC-008 (Exif 2.32).
"""

from __future__ import annotations

import contextlib
import io
import logging
import math
import re
import struct
from dataclasses import dataclass
from datetime import datetime
from typing import IO, NamedTuple

_log = logging.getLogger(__name__)

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
_CODES = {1: "B", 3: "H", 4: "I", 5: "I", 6: "b", 8: "h", 9: "i", 10: "i", 11: "f", 12: "d"}
_CODES |= {7: "B", 13: "I", 16: "Q"}
_RATIONALS = (5, 10)
_MOST_BYTES = 4096

_SUBFILE, _PHOTOMETRIC, _MAKE, _MODEL, _ORIENTATION, _DATE = 254, 262, 271, 272, 274, 306
_SUBIFDS, EXIF_IFD, GPS_IFD, _DATE_ORIGINAL, _DNG = 330, 0x8769, 0x8825, 0x9003, 0xC612
_CFA, _LINEAR_RAW = 32803, 34892

_STAMP = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d):(\d\d)")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a picture says of itself; None for what it does not say, or says wrongly.

    ``orientation`` is EXIF's, 1..8; ``taken`` is ISO 8601 in the camera's local time;
    ``latitude`` and ``longitude`` are in degrees, north and east positive, both or neither;
    ``raw`` says that the block belongs to a camera's RAW file.
    """

    orientation: int = 1
    taken: str | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    raw: bool = False


class _Entry(NamedTuple):
    type: int
    length: int
    value: bytes


Directory = dict[int, _Entry]
_NOTHING = Metadata()


def from_exif(block: bytes | None) -> Metadata:
    """Read an EXIF block, with or without its ``Exif`` prefix; a damaged one gives what it can."""
    if not block:
        return _NOTHING
    return from_tiff(io.BytesIO(block.removeprefix(b"Exif\0\0")))


def from_tiff(stream: IO[bytes]) -> Metadata:
    """Read the tables of a TIFF file from the start of a stream; the position moves."""
    try:
        return _metadata(Tiff(stream))
    except (ValueError, OSError, struct.error, OverflowError) as error:
        _log.debug("metadata passed over: %s", error)
        return _NOTHING


def _metadata(tiff: Tiff) -> Metadata:
    main = tiff.directory(tiff.first)
    exif = tiff.below(main, EXIF_IFD)
    latitude, longitude = place(tiff, tiff.below(main, GPS_IFD))
    orientation = tiff.number(main, _ORIENTATION, 1)
    stamps = ((exif, _DATE_ORIGINAL), (main, _DATE_ORIGINAL), (main, _DATE))
    return Metadata(
        orientation=orientation if 1 <= orientation <= 8 else 1,
        taken=next(filter(None, (moment(tiff.text(*stamp)) for stamp in stamps)), None),
        camera=camera_name(tiff.text(main, _MAKE), tiff.text(main, _MODEL)),
        latitude=latitude,
        longitude=longitude,
        raw=_is_raw(tiff, main),
    )


class Tiff:
    """The directories of a TIFF stream, classic or Big; ``dropped`` are the tags of the entries
    that were left out so far, because they are damaged or longer than is read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.dropped: set[int] = set()
        self._stream = stream
        stream.seek(0)
        head = stream.read(16)
        if head[:2] not in (b"II", b"MM"):
            raise ValueError("no TIFF header")
        self._order = "<" if head[:2] == b"II" else ">"
        self._big = 43 in head[2:4]
        self.first = self._offset(head[8:16] if self._big else head[4:8])

    def directory(self, offset: int) -> Directory:
        """The entries of the directory at an offset; those that are damaged are left out."""
        count_size, entry_size = (8, 20) if self._big else (2, 12)
        self._stream.seek(offset)
        (count,) = self._unpack("Q" if self._big else "H", self._stream.read(count_size))
        table = self._stream.read(min(count, 4096) * entry_size)
        rows = range(0, len(table) - entry_size + 1, entry_size)
        return dict(filter(None, (self._entry(table[at : at + entry_size]) for at in rows)))

    def below(self, directory: Directory, tag: int) -> Directory:
        """The directory that an entry points to; empty where there is none."""
        offset = self.number(directory, tag, 0)
        with contextlib.suppress(ValueError, OSError, struct.error):
            return self.directory(offset) if offset > 0 else {}
        return {}

    def number(self, directory: Directory, tag: int, default: int) -> int:
        """The first number of an entry as a whole number."""
        values = self.numbers(directory, tag)
        return int(values[0]) if values and math.isfinite(values[0]) else default

    def numbers(self, directory: Directory, tag: int) -> list[float]:
        """The numbers of an entry; a rational with a zero denominator is NaN."""
        entry = directory.get(tag)
        if entry is None or entry.type not in _CODES:
            return []
        doubled = entry.length * (2 if entry.type in _RATIONALS else 1)
        values = self._unpack(f"{doubled}{_CODES[entry.type]}", entry.value)
        if entry.type not in _RATIONALS:
            return list(values)
        pairs = zip(values[::2], values[1::2], strict=True)
        return [above / below if below else math.nan for above, below in pairs]

    def text(self, directory: Directory, tag: int) -> str:
        """The text of an entry, up to its first NUL, in one line; empty where there is none."""
        return one_line(self.raw(directory, tag).split(b"\0")[0])

    def raw(self, directory: Directory, tag: int) -> bytes:
        """The bytes of an entry; empty where there is none."""
        entry = directory.get(tag)
        return b"" if entry is None else entry.value

    def _entry(self, row: bytes) -> tuple[int, _Entry] | None:
        tag, kind, count = self._unpack(
            "HHQ" if self._big else "HHI", row[: 12 if self._big else 8]
        )
        size = _SIZES.get(kind, 0) * count
        inline = row[12:] if self._big else row[8:]
        value = b""
        if 0 < size <= _MOST_BYTES:
            value = inline[:size] if size <= len(inline) else self._at(self._offset(inline), size)
        if not value or len(value) < size:
            if count:
                self.dropped.add(tag)
            return None
        return tag, _Entry(kind, count, value)

    def _at(self, offset: int, size: int) -> bytes:
        self._stream.seek(offset)
        return self._stream.read(size)

    def _offset(self, raw: bytes) -> int:
        value: int = self._unpack("Q" if self._big else "I", raw)[0]
        if value >= 1 << 63:
            raise ValueError("offset out of range")
        return value

    def _unpack(self, code: str, raw: bytes) -> tuple[int, ...]:
        return struct.unpack(self._order + code, raw)


def one_line(words: bytes | str) -> str:
    """Words, in UTF-8 or else in Latin-1, as one line of what can be printed."""
    text = words if isinstance(words, str) else _decoded(words)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _decoded(words: bytes) -> str:
    try:
        return words.decode("utf-8")
    except UnicodeDecodeError:
        return words.decode("latin-1")


def _is_raw(tiff: Tiff, main: Directory) -> bool:
    # A camera's file shows itself by DNG's version, by sensor values for pixels, or (Nikon, Sony)
    # by a first directory that is a mere preview and points to others.
    if _DNG in main or tiff.number(main, _PHOTOMETRIC, 0) in (_CFA, _LINEAR_RAW):
        return True
    preview = tiff.number(main, _SUBFILE, 0) == 1
    return preview and _MAKE in main and _SUBIFDS in main


def moment(stamp: str) -> str | None:
    """EXIF's way of writing a time, as ISO 8601; None where there is no such time."""
    match = _STAMP.match(stamp)
    try:
        return datetime(*map(int, match.groups())).isoformat() if match else None  # type: ignore[arg-type]
    except ValueError:
        return None


def camera_name(make: str, model: str) -> str | None:
    """Maker and model, without the maker twice."""
    first = make.lower().split(" ", 1)[0]
    if first and model.lower().startswith(first):
        return model
    return f"{make} {model}".strip() or None


def place(tiff: Tiff, gps: Directory) -> tuple[float, float] | tuple[None, None]:
    """Latitude and longitude in degrees; both or neither."""
    latitude = _degrees(tiff.numbers(gps, 2), tiff.text(gps, 1), "S", 90)
    longitude = _degrees(tiff.numbers(gps, 4), tiff.text(gps, 3), "W", 180)
    if latitude is None or longitude is None:
        return None, None
    return latitude, longitude


def _degrees(parts: list[float], reference: str, negative: str, limit: int) -> float | None:
    if not 1 <= len(parts) <= 3:
        return None
    value = sum(part / 60.0**power for power, part in enumerate(parts))
    if not 0 <= value <= limit:
        return None
    return -value if reference.upper().startswith(negative) else value
