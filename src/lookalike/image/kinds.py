"""The first bytes of a file → its kind of picture: the content decides, not the ending."""

from __future__ import annotations

import logging
import os
from pathlib import Path

_log = logging.getLogger(__name__)

HEAD = 64
"""How many bytes of a file `sniff` wants to see."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0\x08\0", "TIFF"),
    (b"MM\0+\0\x08", "TIFF"),
    (b"FUJIFILMCCD-RAW", "RAW"),
    (b"IIRO", "RAW"),
    (b"IIRS", "RAW"),
    (b"MMOR", "RAW"),
    (b"IIU\0", "RAW"),
    (b"FOVb", "RAW"),
    (b"\0MRM", "RAW"),
    (b"II\x1a\0\0\0HEAPCCDR", "RAW"),
)
_HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)
_AVIF_BRANDS = frozenset((b"avif", b"avis"))

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"8BPS", "a Photoshop document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\0\0\x01\0", "an icon (ICO)"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\x1a\x45\xdf\xa3", "a video"),
)

RAW_ENDINGS = frozenset[str]().union(
    (".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc"),
    (".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2"),
    (".srf", ".srw", ".x3f"),
)
_ENDINGS = RAW_ENDINGS.union(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".bmp", ".dib", ".tif"),
    (".tiff", ".avif", ".avifs", ".heic", ".heics", ".heif", ".heifs", ".hif"),
)


def sniff(head: bytes) -> str | None:
    """The kind of picture that begins with these bytes (64 are enough), or None.

    One of JPEG, PNG, WEBP, GIF, BMP, TIFF, AVIF, HEIF and RAW. Many a camera's RAW file is a
    TIFF container; those come back as TIFF, since only their tables tell them apart.
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return _tiff_or_cr2(head) if kind == "TIFF" else kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    return "BMP" if _is_bmp(head) else None


def looks_like_picture(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a candidate: a picture by its content, or by its ending alone.

    A text named ``.jpg`` is a candidate, so that reading it reports what is wrong with it. A
    file that cannot be opened is judged by its ending.
    """
    if Path(path).suffix.lower() in _ENDINGS:
        return True
    try:
        with Path(path).open("rb") as stream:
            return sniff(stream.read(HEAD)) is not None
    except OSError as error:
        _log.debug("cannot look into %r: %s", os.fspath(path), error)
        return False


def what_else(head: bytes) -> str:
    """A clause about a file that is no picture, from as many of its first bytes as are at hand."""
    for magic, name in _OTHERS:
        if head.startswith(magic):
            return f"is {name}, which Lookalike does not read"
    if head[4:8] == b"ftyp":
        return "is a video, which Lookalike does not read"
    if _is_text(head):
        return "is not a picture (its content is text)"
    return "is not a picture of a kind that Lookalike reads"


def _tiff_or_cr2(head: bytes) -> str:
    return "RAW" if head[8:10] == b"CR" else "TIFF"


def _by_brand(head: bytes) -> str | None:
    # The length of the box bounds the list of brands: what follows it is another box.
    end = min(len(head), int.from_bytes(head[:4], "big"))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
    if brands[0] == b"crx ":
        return "RAW"
    if brands[0] in _AVIF_BRANDS:
        return "AVIF"
    if brands[0] in _HEIF_BRANDS:
        return "AVIF" if _AVIF_BRANDS.intersection(brands) else "HEIF"
    return None


def _is_bmp(head: bytes) -> bool:
    # Two letters would make pictures of many texts: the header's own length must fit as well.
    known = (12, 16, 40, 52, 56, 64, 108, 124)
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in known


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    try:
        # The end may fall inside a character.
        head[:-3].decode("utf-8") if len(head) > HEAD else head.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
