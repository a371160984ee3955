"""Nothing → the bytes of odd and ordinary pictures, made on the spot, for every test to share."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

Colour = tuple[int, int, int]
Entry = tuple[int, Sequence[Any]]

RED, GREEN, BLUE, WHITE = (220, 20, 30), (30, 160, 40), (20, 60, 200), (255, 255, 255)
HUGE = 30_000

BYTE, ASCII, SHORT, LONG, RATIONAL, SRATIONAL = 1, 2, 3, 4, 5, 10


# --- ordinary pictures ---------------------------------------------------------------------------


def plain(colour: Colour = RED, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture of one colour."""
    return Image.new("RGB", size, colour)


def quadrants(width: int = 96, height: int = 64) -> Image.Image:
    """Red, green, blue and white from the upper left by rows: shows how a picture lies."""
    image = Image.new("RGB", (width, height), WHITE)
    half_wide, half_high = width // 2, height // 2
    image.paste(RED, (0, 0, half_wide, half_high))
    image.paste(GREEN, (half_wide, 0, width, half_high))
    image.paste(BLUE, (0, half_high, half_wide, height))
    return image


def textured(width: int = 320, height: int = 240, seed: int = 0) -> Image.Image:
    """A picture with shapes of all sizes, different for every seed; smooth enough for JPEG."""
    generator = np.random.default_rng(seed)
    layers = [generator.integers(0, 256, (side, side, 3), np.uint8) for side in (3, 8, 24)]
    sizes = [Image.fromarray(layer).resize((width, height), 3) for layer in layers]
    return Image.blend(Image.blend(sizes[0], sizes[1], 0.4), sizes[2], 0.25)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as a file's content; ``kind`` is a name of Pillow's (JPEG, PNG, WEBP, ...)."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def make_jpeg(image: Image.Image | None = None, **options: Any) -> bytes:
    """A JPEG file of high quality, without colour subsampling."""
    chosen = quadrants() if image is None else image
    return encode(chosen, "JPEG", **{"quality": 95, "subsampling": 0, **options})


def heic(image: Image.Image | None = None, **options: Any) -> bytes:
    """A HEIC file as telephones write them."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    chosen = quadrants() if image is None else image
    return encode(chosen, "HEIF", **{"quality": 95, "chroma": 444, **options})


def avif(image: Image.Image | None = None, **options: Any) -> bytes:
    """An AVIF file."""
    chosen = quadrants() if image is None else image
    return encode(chosen, "AVIF", **{"quality": 95, "subsampling": "4:4:4", "speed": 9, **options})


def every_kind(image: Image.Image | None = None) -> dict[str, bytes]:
    """The same picture once in each kind that can be written here, by `sniff`'s names."""
    chosen = quadrants() if image is None else image
    return {
        "JPEG": make_jpeg(chosen),
        "PNG": encode(chosen, "PNG"),
        "WEBP": encode(chosen, "WEBP", lossless=True),
        "GIF": encode(chosen, "GIF"),
        "BMP": encode(chosen, "BMP"),
        "TIFF": encode(chosen, "TIFF"),
        "AVIF": avif(chosen),
        "HEIF": heic(chosen),
    }


# --- odd pixels ----------------------------------------------------------------------------------


def png(
    rows: bytes,
    size: tuple[int, int],
    *,
    depth: int,
    colour_type: int,
    chunks: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """A PNG file written chunk by chunk; ``rows`` are the raw rows without filter bytes."""
    stride = len(rows) // size[1]
    filtered = b"".join(b"\0" + rows[at : at + stride] for at in range(0, stride * size[1], stride))
    head = struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, 0)
    body = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(filtered)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in body)


def _chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + name + payload + _crc(name + payload)


def _crc(content: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(content))


def with_right_sums(content: bytes | bytearray) -> bytearray:
    """A PNG file after a change to its chunks, their check sums made right again."""
    out, at = bytearray(content), 8
    while at + 8 <= len(out):
        end = at + 8 + int.from_bytes(out[at : at + 4], "big")
        out[end : end + 4] = _crc(bytes(out[at + 4 : end]))
        at = end + 4
    return out


def png16(value: int = 0x8000, *, transparent: int | None = None) -> bytes:
    """A 16-bit grey PNG of one value, 8 x 8, with a transparent value where one is given."""
    extra = [] if transparent is None else [(b"tRNS", struct.pack(">H", transparent))]
    return png(struct.pack(">H", value) * 64, (8, 8), depth=16, colour_type=0, chunks=extra)


def png_rgb16(values: Colour, *, transparent: Colour | None = None) -> bytes:
    """A 16-bit RGB PNG of one colour, 8 x 8."""
    extra = [] if transparent is None else [(b"tRNS", struct.pack(">HHH", *transparent))]
    return png(struct.pack(">HHH", *values) * 64, (8, 8), depth=16, colour_type=2, chunks=extra)


def cmyk_jpeg(inks: tuple[int, int, int, int], **options: Any) -> bytes:
    """A CMYK JPEG (Adobe's, inverted in the file); inks are 0 for none and 255 for full."""
    return encode(Image.new("CMYK", (32, 32), inks), "JPEG", quality=98, **options)


def palette_png(*, transparent: int | bytes | None = None) -> bytes:
    """A palette PNG, 16 x 8: the left half is entry 0 (red), the right half entry 1 (blue)."""
    image = Image.new("P", (16, 8), 1)
    image.putpalette([*RED, *BLUE])
    image.paste(0, (0, 0, 8, 8))
    options = {} if transparent is None else {"transparency": transparent}
    return encode(image, "PNG", **options)


def animated(kind: str, colours: Sequence[Colour] = (RED, BLUE, GREEN)) -> bytes:
    """An animation with one frame for each colour: GIF, WEBP, PNG or AVIF; TIFF gives pages."""
    first, *others = (plain(colour, (40, 30)) for colour in colours)
    options: dict[str, Any] = {} if kind == "TIFF" else {"duration": 100}
    if kind == "WEBP":
        options["lossless"] = True
    return encode(first, kind, save_all=True, append_images=others, **options)


# --- broken files --------------------------------------------------------------------------------


def truncated(content: bytes, keep: float = 0.6) -> bytes:
    """The beginning of a file, as a download that stopped leaves it."""
    return content[: int(len(content) * keep)]


EMPTY = b""
TEXT = "This is a shopping list: bread, cheese, 3 äpples.\n".encode() * 4


def huge_png(width: int = HUGE, height: int = HUGE) -> bytes:
    """A PNG that announces 900 megapixels in a hundred bytes."""
    return png(b"\0", (1, 1), depth=8, colour_type=0).replace(
        _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
    )


def huge(kind: str) -> bytes:
    """A small file of the given kind whose header announces far more than 200 megapixels."""
    if kind == "PNG":
        return huge_png()
    if kind == "TIFF":
        return tiff(grey_tags(HUGE, HUGE, 8), bytes(64))
    if kind == "WEBP":
        return _huge_webp()
    content = bytearray(every_kind(plain(size=(16, 16)))[kind])
    at, code, side = {
        "JPEG": (content.find(b"\xff\xc0") + 5, ">HH", HUGE),
        "GIF": (6, "<HH", 60_000),
        "BMP": (18, "<ii", HUGE),
        "AVIF": (content.find(b"ispe") + 8, ">II", HUGE),
        "HEIF": (content.find(b"ispe") + 8, ">II", HUGE),
    }[kind]
    struct.pack_into(code, content, at, side, side)
    return bytes(content)


def _huge_webp() -> bytes:
    content = bytearray(encode(Image.new("RGBA", (16, 16)), "WEBP", exif=b"Exif\0\0II*\0"))
    if content[12:16] != b"VP8X":
        raise AssertionError("the encoder wrote no VP8X header")
    content[24:30] = b"\xff\x3f\0\xff\x3f\0"
    return bytes(content)


# --- TIFF, DNG -----------------------------------------------------------------------------------


def tiff(
    tags: dict[int, Entry],
    strip: bytes,
    *,
    order: str = "<",
    below: tuple[dict[int, Entry], bytes] | None = None,
) -> bytes:
    """A TIFF file written tag by tag: ``{tag: (type, values)}`` and one strip of pixels.

    ``below`` is a second directory with its strip, reached through SubIFDs.
    """
    out = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 0))
    if below is not None:
        tags = {**tags, 330: (LONG, [_directory(out, *below, order)])}
    first = _directory(out, tags, strip, order)
    struct.pack_into(order + "I", out, 4, first)
    return bytes(out)


def _directory(out: bytearray, tags: dict[int, Entry], strip: bytes, order: str) -> int:
    placed = {**tags, 273: (LONG, [len(out)]), 279: (LONG, [len(strip)])}
    out += strip + b"\0" * (len(strip) % 2)
    rows = []
    for tag, (kind, values) in sorted(placed.items()):
        raw, count = _packed(kind, values, order)
        if len(raw) > 4:
            offset = struct.pack(order + "I", len(out))
            out += raw + b"\0" * (len(raw) % 2)
            raw = offset
        rows.append(struct.pack(order + "HHI", tag, kind, count) + raw.ljust(4, b"\0"))
    start = len(out)
    out += struct.pack(order + "H", len(rows)) + b"".join(rows) + b"\0\0\0\0"
    return start


def _packed(kind: int, values: Sequence[Any], order: str) -> tuple[bytes, int]:
    if kind == ASCII:
        text = str(values[0]).encode() + b"\0"
        return text, len(text)
    code = {BYTE: "B", SHORT: "H", LONG: "I", RATIONAL: "II", SRATIONAL: "ii"}[kind]
    flat = [part for value in values for part in (value if isinstance(value, tuple) else (value,))]
    return struct.pack(order + code * len(values), *flat), len(values)


def grey_tags(width: int, height: int, bits: int) -> dict[int, Entry]:
    """What a TIFF needs to say of an uncompressed grey picture."""
    return {
        256: (LONG, [width]),
        257: (LONG, [height]),
        258: (SHORT, [bits]),
        259: (SHORT, [1]),
        262: (SHORT, [1]),
        277: (SHORT, [1]),
        278: (LONG, [height]),
    }


def grey_tiff(
    values: Any,
    *,
    bits: int = 16,
    order: Literal["<", ">"] = "<",
    sample_format: int = 1,
    white_is_zero: bool = False,
) -> bytes:
    """A grey TIFF from an array of numbers of any type; pixels are written as the array's bytes."""
    array = np.asarray(values)
    tags = grey_tags(array.shape[1], array.shape[0], bits)
    tags |= {262: (SHORT, [0 if white_is_zero else 1]), 339: (SHORT, [sample_format])}
    return tiff(tags, array.astype(array.dtype.newbyteorder(order)).tobytes(), order=order)


def dng(
    colour: tuple[float, float, float] = (0.8, 0.2, 0.1),
    size: tuple[int, int] = (128, 96),
    *,
    orientation: int = 1,
    preview: bytes | None = None,
) -> bytes:
    """A camera's RAW file (DNG, uncompressed RGGB mosaic) of one linear sRGB colour.

    The camera's space is linear sRGB, so that the developed colour is known. With ``preview``
    (a JPEG file) the first directory holds that and the mosaic lies below it.
    """
    width, height = size
    mosaic = np.empty((height, width), np.uint16)
    red, green, blue = (round(value * 65535) for value in colour)
    mosaic[0::2, 0::2], mosaic[1::2, 1::2] = red, blue
    mosaic[0::2, 1::2] = mosaic[1::2, 0::2] = green
    sensor = grey_tags(width, height, 16) | _SENSOR
    if preview is None:
        return tiff(sensor | _camera_tags(orientation), mosaic.tobytes())
    with Image.open(io.BytesIO(preview)) as shown:
        first = grey_tags(*shown.size, 8) | _PREVIEW | _camera_tags(orientation)
    return tiff(first, preview, below=(sensor, mosaic.tobytes()))


_SENSOR: dict[int, Entry] = {
    254: (LONG, [0]),
    262: (SHORT, [32803]),
    33421: (SHORT, [2, 2]),
    33422: (BYTE, [0, 1, 1, 2]),
    50717: (LONG, [65535]),
}
_PREVIEW: dict[int, Entry] = {
    254: (LONG, [1]),
    258: (SHORT, [8, 8, 8]),
    259: (SHORT, [7]),
    262: (SHORT, [6]),
    277: (SHORT, [3]),
}
# XYZ to linear sRGB, in ten-thousandths.
_XYZ_TO_SRGB = (32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570)


def _camera_tags(orientation: int) -> dict[int, Entry]:
    return {
        271: (ASCII, ["Testcam"]),
        272: (ASCII, ["Testcam One"]),
        274: (SHORT, [orientation]),
        306: (ASCII, ["2024:02:29 10:11:12"]),
        50706: (BYTE, [1, 4, 0, 0]),
        50707: (BYTE, [1, 1, 0, 0]),
        50708: (ASCII, ["Testcam One"]),
        50721: (SRATIONAL, [(value, 10000) for value in _XYZ_TO_SRGB]),
        50728: (RATIONAL, [(1, 1), (1, 1), (1, 1)]),
        50778: (SHORT, [21]),
    }


# --- EXIF ----------------------------------------------------------------------------------------


def exif(
    *,
    orientation: int | None = None,
    taken: str | None = None,
    changed: str | None = None,
    make: str | None = None,
    model: str | None = None,
    gps: dict[int, Any] | None = None,
) -> bytes:
    """An EXIF block, written by Pillow; dates as EXIF has them (``2024:02:29 10:11:12``)."""
    block = Image.Exif()
    for tag, value in ((274, orientation), (306, changed), (271, make), (272, model)):
        if value is not None:
            block[tag] = value
    if taken is not None:
        block.get_ifd(0x8769)[0x9003] = taken
    if gps is not None:
        block.get_ifd(0x8825).update(gps)
    return block.tobytes()


def full_exif() -> bytes:
    """An EXIF block with everything that `FileMetadata` has of EXIF."""
    block = Image.Exif()
    block.update({271: "Acme", 272: "Box 1", 274: 6, 305: "Dark Room 2", 315: "Ada"})
    block.update({270: "A rose", 33432: "(c) Ada", 0x4746: 3})
    block.update({0x9C9B: "Rosé\0".encode("utf-16-le"), 0x9C9E: "red;rose".encode("utf-16-le")})
    block.get_ifd(0x8769).update(
        {
            0x829A: IFDRational(1, 250),
            0x829D: 2.8,
            0x8827: 400,
            0x9003: "2024:02:29 10:11:12",
            0x9209: 25,
            0x920A: 35.0,
            0xA405: 52,
            0xA433: "Acme",
            0xA434: "Wide 35",
            0xA001: 1,
        }
    )
    block.get_ifd(0x8825).update({**GPS_ZURICH, 5: b"\0", 6: 408.0})
    return block.tobytes()


def xmp(properties: str, attributes: str = "") -> bytes:
    """An XMP packet with these properties, written as elements and as attributes."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        f' xmlns:xmp="http://ns.adobe.com/xap/1.0/" {attributes}>{properties}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def iptc(*data_sets: tuple[int, bytes]) -> bytes:
    """An IPTC block of these data sets of the application record."""
    return b"".join(
        b"\x1c\x02" + bytes((number,)) + len(value).to_bytes(2, "big") + value
        for number, value in data_sets
    )


def with_iptc(jpeg: bytes, block: bytes) -> bytes:
    """A JPEG file with an IPTC block in it, as Photoshop keeps it."""
    resource = (
        b"8BIM\x04\x04\0\0" + len(block).to_bytes(4, "big") + block + b"\0" * (len(block) % 2)
    )
    segment = b"Photoshop 3.0\0" + resource
    return jpeg[:2] + b"\xff\xed" + (len(segment) + 2).to_bytes(2, "big") + segment + jpeg[2:]


GPS_ZURICH: dict[int, Any] = {1: "N", 2: (47.0, 22.0, 30.0), 3: "E", 4: (8.0, 32.0, 24.0)}
"""47.375 north, 8.54 east."""

_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def lying(image: Image.Image, orientation: int) -> Image.Image:
    """The pixels that a camera held in that way stores, so that they show as ``image``."""
    return image.transpose(_STORED[orientation]) if orientation in _STORED else image


# --- colour profiles -----------------------------------------------------------------------------

# Red, green and blue primaries as XYZ, adapted to D50.
DISPLAY_P3 = ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.7141))


def rgb_profile(primaries: Sequence[Sequence[float]], gamma: float | None = None) -> bytes:
    """An ICC profile of three primaries; without ``gamma`` its curve is that of sRGB."""
    curve = _srgb_curve() if gamma is None else _gamma_curve(gamma)
    tags = {b"wtpt": _xyz((0.9642, 1.0, 0.8249))}
    for name, primary in zip((b"r", b"g", b"b"), primaries, strict=True):
        tags |= {name + b"XYZ": _xyz(primary), name + b"TRC": curve}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma: float) -> bytes:
    """An ICC profile for grey pictures with the given gamma."""
    tags = {b"wtpt": _xyz((0.9642, 1.0, 0.8249)), b"kTRC": _gamma_curve(gamma)}
    return _profile(b"mntr", b"GRAY", b"XYZ ", tags)


def cmyk_profile(magenta: tuple[int, int, int]) -> bytes:
    """An ICC profile for CMYK in which full magenta alone shows as the given L*a*b* colour.

    Paper is white and every other ink black: a picture shows whether the profile was used.
    """
    ramp = bytes(range(256))
    lab = {0b0000: (100, 0, 0), 0b0100: magenta}
    corners = (lab.get(corner, (0, 0, 0)) for corner in range(16))
    table = b"".join(bytes((round(L * 2.55), a + 128, b + 128)) for L, a, b in corners)
    unit = struct.pack(">9i", *(65536 if at % 4 == 0 else 0 for at in range(9)))
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + unit + ramp * 4 + table + ramp * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz((0.9642, 1, 0.8249)), b"A2B0": lut})


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _gamma_curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def _srgb_curve() -> bytes:
    parameters = _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + parameters


def _profile(kind: bytes, space: bytes, pcs: bytes, tags: dict[bytes, bytes]) -> bytes:
    said = "made for a test".encode("utf-16-be")
    words = b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(said), 28) + said
    tags = {b"desc": words, b"cprt": words, **tags}
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"lcms", 0x04200000, kind, space, pcs)
    head += struct.pack(">6H4s", 2024, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    return head.ljust(68, b"\0")[:68] + _fixed(0.9642, 1.0, 0.8249) + bytes(48) + table + body
