"""A picture's file or bytes → a `Picture`: upright, RGB, sRGB, within the limit on pixels.

A file that is cut short is refused, although most decoders could return the part that is there:
the missing part would be grey or black, its vector would be wrong in silence, and the file is
most likely a download or a copy that has not ended, which the next run finds complete.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

import PIL
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from lookalike.errors import ImageError, TooManyPixelsError
from lookalike.image import kinds, metadata, raw, weight
from lookalike.image.colour import to_srgb
from lookalike.image.headers import header, scans
from lookalike.image.metadata import Metadata
from lookalike.image.quiet import quiet
from lookalike.image.reasons import CUT_SHORT, megapixels, reason

_log = logging.getLogger(__name__)

DEFAULT_MAX_PIXELS = 200_000_000
"""Width times height beyond which a picture is refused, unless another limit is given."""

BYTES_A_PIXEL = 2.25
"""Memory that reading may take for each pixel of the limit: most large pictures are JPEGs, which
take far less, and some formats take more, so that their limit is lower."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# An item's entry in an ISO base media file: version and flags, number, protection, type.
_EXIF_ITEM = re.compile(rb"(infe(?:\x02.{7}|\x03.{9}))Exif", re.DOTALL)
_FREE = 1 << 20  # bytes that are no reason to refuse a picture
_LONGEST_SIDE = 1_000_000  # pixels: rows, and the weights of a filter, take memory of their own
_FEW_SCANS = 20  # of a progressive JPEG; programs make up to a dozen
_MOST_RUNS = 16 << 20  # bytes of a packed BMP, which no program in use still writes
_MOST_WORK = 2_000_000_000  # pixels times scans: some seconds


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that has been read.

    ``image`` is a PIL picture of mode RGB: upright, sRGB, transparency composited on white; it
    may be smaller than the file's where ``near`` was given. ``width`` and ``height`` are those
    of the whole upright picture in pixels. ``format`` is one of `sniff`'s names. ``taken`` is
    ISO 8601 in the camera's local time, ``camera`` maker and model, ``latitude`` and
    ``longitude`` degrees with north and east positive; each is None where the file does not say.
    """

    image: Image.Image
    width: int
    height: int
    format: str
    taken: str | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None


Room = Callable[[int], AbstractContextManager[None]]
"""What is entered before so many bytes are taken, and left when they are free again."""


def anywhere(_taken: int) -> AbstractContextManager[None]:
    """Room for all that comes: for who reads one picture at a time."""
    return contextlib.nullcontext()


class _Wish(NamedTuple):
    max_pixels: int
    near: int | None
    room: Room = anywhere

    def check(self, width: int, height: int) -> None:
        """Raise where a picture of this size is beyond the limit."""
        if width * height > self.max_pixels:
            has, limit = megapixels(width * height, self.max_pixels)
            raise TooManyPixelsError(
                f"has {has} megapixels, more than the limit of {limit}: raise it with --max-pixels"
            )
        if (side := max(width, height)) > _LONGEST_SIDE:
            raise ImageError(
                f"is {side:,} pixels long, more than the limit of {_LONGEST_SIDE:,}: "
                "cut it in pieces"
            )

    def holding(self, width: int, height: int, taken: int) -> AbstractContextManager[None]:
        """What to enter before a picture of this size takes so many bytes; raises where it is
        never to take that many."""
        limit = max_bytes(self.max_pixels)
        if taken > limit:
            wanted = -(-taken // BYTES_A_PIXEL)
            raise TooManyPixelsError(
                f"has {width * height / 1e6:.4g} megapixels, for which its format takes "
                f"{taken / 1e6:,.0f} MB of memory, more than the limit of {limit / 1e6:,.0f}: "
                f"raise it with --max-pixels {wanted:.0f}"
            )
        return self.room(taken)


def max_bytes(max_pixels: int) -> int:
    """How much memory reading one picture may take where pictures may have so many pixels."""
    return int(max_pixels * BYTES_A_PIXEL) + _FREE


def decoders() -> str:
    """What pictures are read with on this machine; another text means that more may be read."""
    return f"pillow {PIL.__version__}{' rawpy' if raw.is_possible() else ''}"


def read(
    source: bytes | str | os.PathLike[str],
    *,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    near: int | None = None,
    room: Room = anywhere,
) -> Picture:
    """Read a picture from a path, or from the bytes of its file. May be called from any thread.

    The content decides on the decoder, not the name. Of an animation the first frame is read, of
    a document of several pages the first page. ``max_pixels`` is held against the header before
    anything is decoded. With ``near``, a picture much larger than that many pixels on both sides
    is decoded at a reduced scale (JPEG) or reduced right after decoding, so that both sides stay
    at ``near`` or more; this is for callers that go on to a model's input or a thumbnail.
    ``room`` is given the bytes that decoding will take, and entered while it takes them: who reads
    many pictures at once can make it wait for its turn.

    Raises ImageError with a clause that goes after the file's name ("is empty (0 bytes)"), and
    TooManyPixelsError, a kind of it.
    """
    wish = _Wish(max_pixels, near, room)
    with open_source(source) as stream, quiet():
        head = stream.read(kinds.HEAD)
        kind = kinds.sniff(head)
        if kind is None:
            raise ImageError(_not_a_picture(head, stream))
        name = "" if isinstance(source, bytes) else os.fspath(source)
        try:
            return _read(kind, stream, wish, name)
        except ImageError:
            raise
        except Exception as error:
            raise ImageError(reason(error, kind)) from error


def _read(kind: str, stream: IO[bytes], wish: _Wish, name: str) -> Picture:
    if kind == "RAW":
        return _read_raw(stream, wish)
    if kind != "TIFF":
        return _read_picture(kind, stream, wish)
    tables = metadata.from_tiff(stream)
    if tables.raw:
        return _read_raw(stream, wish)
    if Path(name).suffix.lower() in kinds.RAW_ENDINGS:
        return _read_raw_or_tiff(stream, wish)
    return _read_picture(kind, stream, wish)


def _read_raw_or_tiff(stream: IO[bytes], wish: _Wish) -> Picture:
    # A TIFF named as a RAW file, whose tables do not tell: LibRaw knows many more cameras.
    try:
        return _read_raw(stream, wish)
    except raw.NotRawError as error:
        _log.debug("not camera RAW after all: %s", error)
        return _read_picture("TIFF", stream, wish)


def _read_picture(kind: str, stream: IO[bytes], wish: _Wish) -> Picture:
    image, size, about = _decode(kind, stream, wish)
    return _picture(kind, image, size, about)


def _read_raw(stream: IO[bytes], wish: _Wish) -> Picture:
    def read_preview(content: bytes) -> tuple[Image.Image, Metadata]:
        # There is room for the whole already.
        own = wish._replace(room=anywhere)
        image, _, about = _decode("JPEG", io.BytesIO(content), own)
        return image, about

    with contextlib.ExitStack() as held:

        def check(width: int, height: int) -> None:
            wish.check(width, height)
            taken = weight.at_once("RAW", (width, height), _length(stream))
            held.enter_context(wish.holding(width, height, taken))

        developed = raw.develop(stream, check=check, read_preview=read_preview, near=wish.near)
    own = metadata.from_tiff(stream)
    about = own if own.taken or own.camera else developed.about or own
    return _picture("RAW", developed.image, (developed.width, developed.height), about)


def _picture(kind: str, image: Image.Image, size: tuple[int, int], about: Metadata) -> Picture:
    return Picture(
        image=image,
        width=size[0],
        height=size[1],
        format=kind,
        taken=about.taken,
        camera=about.camera,
        latitude=about.latitude,
        longitude=about.longitude,
    )


def _decode(
    kind: str, stream: IO[bytes], wish: _Wish
) -> tuple[Image.Image, tuple[int, int], Metadata]:
    """One picture, upright and RGB; its full size; what it says of itself."""
    announced = header(kind, stream)
    if announced.size is not None:
        wish.check(*announced.size)
    if not announced.whole:
        raise ImageError(CUT_SHORT)
    with contextlib.ExitStack() as held:
        if announced.size and (taken := weight.at_once(kind, announced.size, _length(stream))):
            held.enter_context(wish.holding(*announced.size, taken))
            wish = wish._replace(room=anywhere)
        return _decoded(kind, stream, wish)


def check_announced(kind: str, stream: IO[bytes]) -> None:
    """Raise ImageError where opening a file would take more than reading any picture may."""
    size = header(kind, stream).size
    if size is not None:
        wish = _Wish(DEFAULT_MAX_PIXELS, None)
        wish.check(*size)
        wish.holding(*size, weight.at_once(kind, size, _length(stream)))


def _decoded(
    kind: str, stream: IO[bytes], wish: _Wish
) -> tuple[Image.Image, tuple[int, int], Metadata]:
    about = metadata.from_tiff(stream) if kind == "TIFF" else None
    length = _length(stream)
    stream.seek(0)
    opened = DECODERS[kind](stream)
    size = opened.size
    wish.check(*size)
    if isinstance(opened, JpegImagePlugin.JpegImageFile):
        _prepare_jpeg(opened, stream, wish)
    elif opened.tile and opened.tile[0][0] == "bmp_rle" and length > _MOST_RUNS:
        raise ImageError(
            f"is a BMP with {length / 1e6:,.0f} MB of runs, which takes too long: save it anew"
        )
    with wish.holding(*size, weight.of_opened(opened, size, length, wish.near)):
        opened.load()
        if about is None:
            about = metadata.from_exif(exif_block(opened))
        _mend_transparency(opened, stream)
        image = to_srgb(opened, wish.near)
        if kind == "TIFF":
            # Pillow has turned it while loading, as it does for this format alone.
            return _freed(image), opened.size, about
        return *_turned(_freed(image), size, about.orientation), about


def _prepare_jpeg(opened: JpegImagePlugin.JpegImageFile, stream: IO[bytes], wish: _Wish) -> None:
    """Choose the scale. Raises ImageError where going over the picture would have no end."""
    at = stream.tell()
    number, in_turn = scans(stream)
    stream.seek(at)
    if number > _FEW_SCANS and number * opened.size[0] * opened.size[1] > _MOST_WORK:
        raise ImageError(f"is drawn in {number:,} scans, where a dozen do: save it anew")
    if in_turn:
        opened.info["progressive"] = opened.info.get("progressive", 1)
    if wish.near:
        opened.draft(None, (wish.near, wish.near))


def _length(stream: IO[bytes]) -> int:
    return stream.seek(0, os.SEEK_END)


def _turned(
    image: Image.Image, size: tuple[int, int], orientation: int
) -> tuple[Image.Image, tuple[int, int]]:
    turn = _TURNS.get(orientation)
    upright = (size[1], size[0]) if orientation >= 5 else size
    return (image if turn is None else image.transpose(turn)), upright


def _freed(image: Image.Image) -> Image.Image:
    # Most decoders keep the whole file alive as long as their picture; JPEG's does not.
    held = isinstance(image, ImageFile.ImageFile)
    return image.copy() if held and image.format != "JPEG" else image


def exif_block(opened: ImageFile.ImageFile) -> bytes | None:
    block = opened.info.get("exif")
    if isinstance(block, bytes):
        return block
    text = opened.info.get("Raw profile type exif")
    if not isinstance(text, str):
        return None
    # ImageMagick's way: a name, a length, then the block in hexadecimal digits.
    try:
        return bytes.fromhex("".join(text.split("\n")[3:]))
    except ValueError as error:
        _log.debug("metadata passed over: %s", error)
        return None


def _mend_transparency(opened: ImageFile.ImageFile, stream: IO[bytes]) -> None:
    """Bring PNG's transparent colour to the 8 bits that Pillow brings the pixels to."""
    key = opened.info.get("transparency")
    if not isinstance(opened, PngImagePlugin.PngImageFile) or key is None:
        return
    stream.seek(24)
    depth = stream.read(1)[0]
    if isinstance(key, tuple) and depth == 16:
        opened.info["transparency"] = tuple(value >> 8 for value in key)
    elif isinstance(key, int) and opened.mode == "L" and depth in (2, 4) and key < 1 << depth:
        opened.info["transparency"] = key * 255 // ((1 << depth) - 1)


def _avif(stream: IO[bytes]) -> ImageFile.ImageFile:
    from PIL import AvifImagePlugin  # its codecs take a while to load

    # Of all decoders this one alone refuses a picture for its damaged EXIF block. How the picture
    # lies is not said there, so that it can be read without.
    try:
        return AvifImagePlugin.AvifImageFile(stream)
    except Exception as error:
        stream.seek(0)
        content = stream.read()
        without = _EXIF_ITEM.sub(rb"\1skip", content)
        if without == content:
            raise
        _log.debug("metadata passed over: %s", error)
        return AvifImagePlugin.AvifImageFile(io.BytesIO(without))


def _heif(stream: IO[bytes]) -> ImageFile.ImageFile:
    from pillow_heif.as_plugin import HeifImageFile

    plugin: Callable[[IO[bytes]], ImageFile.ImageFile] = HeifImageFile
    return plugin(stream)


# The classes are called by themselves, not through Image.open: so no other decoder ever runs,
# nothing is registered in the process, and the decoder's own words reach the message.
DECODERS: dict[str, Callable[[IO[bytes]], ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "AVIF": _avif,
    "HEIF": _heif,
}


@contextlib.contextmanager
def open_source(source: bytes | str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    with contextlib.ExitStack() as closing:
        try:
            stream = closing.enter_context(Path(source).open("rb"))
        except (OSError, ValueError) as error:
            raise ImageError(reason(error, "a picture")) from error
        yield stream


def _not_a_picture(head: bytes, stream: IO[bytes]) -> str:
    if not head:
        return "is empty (0 bytes)"
    return kinds.what_else(head + stream.read(4096))
