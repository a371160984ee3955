"""A picture's file → all that it says of itself, and what of that could not be read.

Read anew whenever somebody wants to see it: nothing of it is kept in the library. Whatever is
damaged costs itself alone. Sources: CIPA DC-008 (Exif 2.32), and those of `captions`.
"""

from __future__ import annotations

import io
import logging
import math
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from PIL import ImageCms

from lookalike.errors import ImageError
from lookalike.image import captions, kinds, metadata
from lookalike.image.captions import Caption
from lookalike.image.decode import DECODERS, check_announced, exif_block, open_source
from lookalike.image.metadata import Directory, Tiff, one_line
from lookalike.image.quiet import quiet

_log = logging.getLogger(__name__)

MOST_TEXT = 2000
"""Characters of a text."""

MOST_KEYWORDS = 100
"""Keywords of a picture."""

_MOST_PROFILE = 1 << 23  # bytes
_MAKE, _MODEL, _ORIENTATION, _SOFTWARE, _DATE = 271, 272, 274, 305, 306
_DESCRIPTION, _ARTIST, _COPYRIGHT, _RATING = 270, 315, 33432, 0x4746
_XP_TITLE, _XP_KEYWORDS, _TIFF_XMP, _TIFF_IPTC = 0x9C9B, 0x9C9E, 700, 33723
_EXPOSURE, _F_NUMBER, _ISO, _ISO_SPEED, _DATE_ORIGINAL = 0x829A, 0x829D, 0x8827, 0x8833, 0x9003
_FLASH, _FOCAL, _FOCAL_35, _LENS_MAKE, _LENS = 0x9209, 0x920A, 0xA405, 0xA433, 0xA434
_COLOUR_SPACE, _ALTITUDE_BELOW, _ALTITUDE = 0xA001, 5, 6
_PHOTOSHOP_IPTC = 0x0404

_NAMES = {
    _MAKE: "maker",
    _MODEL: "camera",
    _SOFTWARE: "software",
    _DATE: "date",
    _DESCRIPTION: "description",
    _ARTIST: "artist",
    _COPYRIGHT: "copyright",
    _XP_TITLE: "title",
    _XP_KEYWORDS: "keywords",
    _EXPOSURE: "exposure",
    _F_NUMBER: "aperture",
    _ISO: "ISO",
    _DATE_ORIGINAL: "date",
    _FOCAL: "focal length",
    _LENS: "lens",
    _LENS_MAKE: "lens",
}


@dataclass(frozen=True, slots=True)
class FileMetadata:
    """What a picture's file says of itself; None for what it does not say.

    ``exposure`` is in seconds, ``aperture`` the f-number, focal lengths are in millimetres, the
    second as if the film were of 35 mm; ``taken`` is ISO 8601 in the camera's local time;
    ``orientation`` is EXIF's, 1..8: how the pixels lie in the file; ``latitude`` and
    ``longitude`` are in degrees, north and east positive, ``altitude`` in metres above the sea;
    ``rating`` is 1..5, -1 for what was thrown out; ``profile`` names the colour profile.
    ``skipped`` has a sentence for each thing that is there and was not read.
    """

    camera: str | None = None
    lens: str | None = None
    exposure: float | None = None
    aperture: float | None = None
    iso: int | None = None
    focal_length: float | None = None
    focal_length_35mm: int | None = None
    flash: bool | None = None
    taken: str | None = None
    orientation: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    software: str | None = None
    title: str | None = None
    description: str | None = None
    keywords: tuple[str, ...] = ()
    rating: int | None = None
    artist: str | None = None
    copyright: str | None = None
    profile: str | None = None
    skipped: tuple[str, ...] = ()


@dataclass
class _Parts:
    """The parts of a file that say something, as they lie in it."""

    tiff: IO[bytes] | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    profile: bytes | None = None
    orientation: int | None = None
    skipped: list[str] = field(default_factory=list)

    @contextmanager
    def passing_over(self, what: str) -> Iterator[None]:
        """Say that something is damaged, instead of raising."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - decoders raise anything over damaged bytes
            _log.debug("%s passed over: %s", what, error)
            self.skipped.append(f"{what} cannot be read: damaged.")

    def bounded(self, what: str, block: Any, most: int) -> bytes | None:
        """A block that is not too long to be read; None otherwise."""
        if not isinstance(block, bytes) or not block:
            return None
        if len(block) > most:
            self.skipped.append(f"{what} is not read: it has more than {most:,} bytes.")
            return None
        return block


def file_metadata(source: bytes | str | os.PathLike[str]) -> FileMetadata:
    """What a picture's file says of itself.

    No pixel is decoded. Damaged and overlong parts are left out and told in ``skipped``. Raises
    ImageError, with a clause that goes after the file's name, where there is no picture.
    """
    with open_source(source) as stream, quiet():
        kind = kinds.sniff(stream.read(kinds.HEAD))
        if kind is None:
            raise ImageError("is not a picture of a kind that Lookalike reads")
        parts = _parts(kind, stream)
        said = _exif(parts)
    found = _captions(parts)
    said["profile"] = _profile_name(parts) or said.get("profile")
    for caption in found:
        _add(said, caption)
    return FileMetadata(**_cut(said, parts.skipped), skipped=tuple(parts.skipped))


def _parts(kind: str, stream: IO[bytes]) -> _Parts:
    parts = _Parts()
    if kind in ("RAW", "TIFF"):
        parts.tiff = stream
        raw = kind == "RAW" or metadata.from_tiff(stream).raw
        if raw:  # Pillow does not know them
            return parts
    with parts.passing_over("What the file says beside its pixels"):
        check_announced(kind, stream)  # some decoders take their memory as soon as they are made
        stream.seek(0)
        _take_apart(parts, DECODERS[kind](stream))
    return parts


def _take_apart(parts: _Parts, opened: Any) -> None:
    info = opened.info
    if parts.tiff is None and (block := exif_block(opened)):
        parts.tiff = io.BytesIO(block.removeprefix(b"Exif\0\0"))
    tags = getattr(opened, "tag_v2", {})
    resources = info.get("photoshop")
    iptc = resources.get(_PHOTOSHOP_IPTC) if isinstance(resources, dict) else tags.get(_TIFF_IPTC)
    xmp = info.get("xmp") or tags.get(_TIFF_XMP) or info.get("XML:com.adobe.xmp")
    if isinstance(xmp, str):
        xmp = xmp.encode("utf-8", "surrogateescape")
    parts.xmp = parts.bounded("The XMP packet", xmp, captions.MOST_BYTES)
    parts.iptc = parts.bounded("The IPTC block", iptc, captions.MOST_BYTES)
    profile = info.get("icc_profile")
    parts.profile = parts.bounded("The colour profile", profile, _MOST_PROFILE)
    parts.orientation = info.get("original_orientation")  # HEIF is turned while it is opened


def _exif(parts: _Parts) -> dict[str, Any]:
    if parts.tiff is None:
        return {}
    try:
        tiff = Tiff(parts.tiff)
        main = tiff.directory(tiff.first)
    except (ValueError, OSError, struct.error, OverflowError) as error:
        _log.debug("metadata passed over: %s", error)
        parts.skipped.append("The EXIF block cannot be read: damaged, or of another kind.")
        return {}
    exif, gps = tiff.below(main, metadata.EXIF_IFD), tiff.below(main, metadata.GPS_IFD)
    latitude, longitude = metadata.place(tiff, gps)
    said = {
        **_shot(tiff, exif),
        **_words(tiff, main),
        "camera": metadata.camera_name(tiff.text(main, _MAKE), tiff.text(main, _MODEL)),
        "taken": _taken(tiff, main, exif),
        "orientation": parts.orientation or _between(1, tiff.number(main, _ORIENTATION, 0), 8),
        "latitude": latitude,
        "longitude": longitude,
        "altitude": _altitude(tiff, gps),
    }
    lost = dict.fromkeys(_NAMES[tag] for tag in sorted(tiff.dropped & _NAMES.keys()))
    parts.skipped += (f"EXIF's {name} cannot be read: damaged, or too long." for name in lost)
    return said


def _shot(tiff: Tiff, exif: Directory) -> dict[str, Any]:
    """How the picture was taken."""
    maker, lens = tiff.text(exif, _LENS_MAKE), tiff.text(exif, _LENS)
    iso = tiff.number(exif, _ISO, 0)
    flash = tiff.number(exif, _FLASH, -1)
    return {
        "lens": metadata.camera_name(maker, lens) if lens else None,
        "exposure": _positive(tiff, exif, _EXPOSURE),
        "aperture": _positive(tiff, exif, _F_NUMBER),
        # 65535 stands for what does not fit there
        "iso": _between(1, iso if iso != 0xFFFF else tiff.number(exif, _ISO_SPEED, 0), 1 << 31),
        "focal_length": _positive(tiff, exif, _FOCAL),
        "focal_length_35mm": _between(1, tiff.number(exif, _FOCAL_35, 0), 0xFFFF),
        "flash": None if flash < 0 else bool(flash & 1),
        "profile": "sRGB" if tiff.number(exif, _COLOUR_SPACE, 0) == 1 else None,
    }


def _words(tiff: Tiff, main: Directory) -> dict[str, Any]:
    """What people and programs wrote."""
    keywords = _windows_text(tiff, main, _XP_KEYWORDS).split(";")
    return {
        "software": tiff.text(main, _SOFTWARE),
        "title": _windows_text(tiff, main, _XP_TITLE),
        "description": tiff.text(main, _DESCRIPTION),
        "keywords": tuple(filter(None, (word.strip() for word in keywords))),
        "rating": _between(1, tiff.number(main, _RATING, 0), 5),
        "artist": tiff.text(main, _ARTIST),
        "copyright": tiff.text(main, _COPYRIGHT),
    }


def _taken(tiff: Tiff, main: Directory, exif: Directory) -> str | None:
    stamps = ((exif, _DATE_ORIGINAL), (main, _DATE_ORIGINAL), (main, _DATE))
    return next(filter(None, (metadata.moment(tiff.text(*stamp)) for stamp in stamps)), None)


def _positive(tiff: Tiff, directory: Directory, tag: int) -> float | None:
    values = tiff.numbers(directory, tag)
    return float(values[0]) if values and 0 < values[0] < math.inf else None


def _between(least: int, number: int, most: int) -> int | None:
    return number if least <= number <= most else None


def _altitude(tiff: Tiff, gps: Directory) -> float | None:
    values = tiff.numbers(gps, _ALTITUDE)
    if not values or not math.isfinite(values[0]):
        return None
    return -values[0] if tiff.number(gps, _ALTITUDE_BELOW, 0) == 1 else float(values[0])


def _windows_text(tiff: Tiff, main: Directory, tag: int) -> str:
    return one_line(tiff.raw(main, tag).decode("utf-16-le", "replace").split("\0")[0])


def _captions(parts: _Parts) -> list[Caption]:
    found: list[Caption] = []
    blocks: tuple[tuple[str, bytes | None, Callable[[bytes], Caption]], ...] = (
        ("The XMP packet", parts.xmp, captions.from_xmp),
        ("The IPTC block", parts.iptc, captions.from_iptc),
    )
    for what, block, read in blocks:
        with parts.passing_over(what):
            found += [read(block)] if block else []
    return found


def _profile_name(parts: _Parts) -> str | None:
    name = ""
    with parts.passing_over("The colour profile"):
        if parts.profile is not None:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(parts.profile))
            name = one_line(ImageCms.getProfileDescription(profile))
    return name or None


def _add(said: dict[str, Any], caption: Caption) -> None:
    """What a caption says and nothing has said before it; keywords come together."""
    said["keywords"] = tuple(dict.fromkeys((*said.get("keywords", ()), *caption.keywords)))
    for name in ("title", "description", "artist", "copyright"):
        said[name] = said.get(name) or getattr(caption, name)
    rating = caption.rating if caption.rating in range(-1, 6) else None
    said["rating"] = said.get("rating") or rating or None


def _cut(said: dict[str, Any], skipped: list[str]) -> dict[str, Any]:
    """The same without what is empty, and no longer than people read."""
    short: dict[str, Any] = {}
    for name, value in said.items():
        if isinstance(value, str) and len(value) > MOST_TEXT:
            skipped.append(f"Of the {name}, only the first {MOST_TEXT:,} characters are shown.")
        short[name] = value[:MOST_TEXT] or None if isinstance(value, str) else value
    keywords = said.get("keywords", ())
    if len(keywords) > MOST_KEYWORDS:
        skipped.append(f"Of {len(keywords):,} keywords, only {MOST_KEYWORDS} are shown.")
    short["keywords"] = tuple(word[:MOST_TEXT] for word in keywords[:MOST_KEYWORDS])
    return short
