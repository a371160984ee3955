"""Nothing → files that mean harm: bombs, lies, loops, damage and double natures, made on the spot.

Every one must be read as a picture or refused with a clause, in little time and memory. Each is a
function of its own, so that they need not all be held at once.
"""

from __future__ import annotations

import io
import itertools
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from PIL import Image

from tests import pictures
from tests.containers import grid, item_loop, lying_size, nameless_property
from tests.pictures import BYTE, LONG, SHORT

Make = Callable[[], bytes]
KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF", "RAW")
MANY = 100_000


def corpus() -> dict[str, Make]:
    """All of them by name, which begins with the kind that it pretends to be."""
    made: dict[str, Make] = {}
    for group in (
        _jpegs,
        _pngs,
        _gifs,
        _bmps,
        _tiffs,
        _webps,
        _containers,
        _raws,
        _natures,
        _beside,
    ):
        made |= group()
    return made


# ---- damage


def every_kind(image: Image.Image) -> dict[str, bytes]:
    """A picture in each kind of file that Lookalike reads."""
    raw = pictures.dng(size=(64, 48), preview=pictures.make_jpeg(image))
    return {**pictures.every_kind(image), "RAW": raw}


def mutations(content: bytes, count: int, seed: int) -> Iterator[bytes]:
    """The same file damaged in different ways: bytes, numbers, pieces moved, doubled and lost."""
    chance = np.random.default_rng(seed)
    for number in range(count):
        damaged = bytearray(content)
        for _ in range(int(chance.integers(1, 9))):
            _MUTATORS[int(chance.integers(len(_MUTATORS)))](damaged, chance)
        repaired = damaged.startswith(b"\x89PNG") and number % 4
        yield bytes(pictures.with_right_sums(damaged) if repaired else damaged)


def _at(damaged: bytearray, chance: np.random.Generator) -> int:
    # Half of them near the beginning, where the headers are.
    reach = min(len(damaged), 400) if chance.random() < 0.5 else len(damaged)
    return int(chance.integers(4, max(5, reach)))


def _flip(damaged: bytearray, chance: np.random.Generator) -> None:
    at = _at(damaged, chance)
    if at < len(damaged):
        damaged[at] ^= 1 << int(chance.integers(8))


def _number(damaged: bytearray, chance: np.random.Generator) -> None:
    limits = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFE, 0x80000000)
    size, at = int(2 ** chance.integers(3)), _at(damaged, chance)
    value = limits[int(chance.integers(len(limits)))] & (256**size - 1)
    damaged[at : at + size] = value.to_bytes(size, "big" if chance.random() < 0.5 else "little")


def _double(damaged: bytearray, chance: np.random.Generator) -> None:
    at, length = _at(damaged, chance), int(chance.integers(1, 200))
    damaged[at:at] = damaged[at : at + length]


def _lose(damaged: bytearray, chance: np.random.Generator) -> None:
    at = _at(damaged, chance)
    del damaged[at : at + int(chance.integers(1, 50))]


def _move(damaged: bytearray, chance: np.random.Generator) -> None:
    a, b, length = _at(damaged, chance), _at(damaged, chance), int(chance.integers(1, 32))
    damaged[a : a + length] = damaged[b : b + length]


_MUTATORS = (_flip, _number, _double, _lose, _move)


# ---- JPEG


def segments(content: bytes) -> list[bytes]:
    """A JPEG file in pieces: its markers with what belongs to each, scans with their data."""
    found, at = [content[:2]], 2
    while at < len(content):
        if content[at + 1] == 0xD9:
            return [*found, content[at:]]
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if content[at + 1] == 0xDA:
            while content[end] != 0xFF or content[end + 1] in (0, *range(0xD0, 0xD8)):
                end += 1
        found.append(content[at:end])
        at = end
    return found


def many_scans(count: int, size: tuple[int, int] = (64, 48)) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    picture = Image.new("L", size, 128)
    parts = segments(pictures.encode(picture, "JPEG", progressive=True))
    last = max(at for at, part in enumerate(parts) if part[1] == 0xDA)
    return b"".join([*parts[:last], parts[last] * count, *parts[last + 1 :]])


def _app(code: int, body: bytes) -> bytes:
    return bytes((0xFF, code)) + (len(body) + 2).to_bytes(2, "big") + body


def _with_apps(*apps: bytes) -> bytes:
    content = pictures.make_jpeg(pictures.quadrants(24, 16))
    return content[:2] + b"".join(apps) + content[2:]


def _jpeg_frame(**given: bytes) -> bytes:
    """A small JPEG with another start of frame: ``marker`` and ``body``."""
    parts = segments(pictures.make_jpeg(pictures.quadrants(24, 16)))
    at = next(at for at, part in enumerate(parts) if part[1] == 0xC0)
    marker, body = given.get("marker", parts[at][:2]), given.get("body", parts[at][4:])
    parts[at] = marker + (len(body) + 2).to_bytes(2, "big") + body
    return b"".join(parts)


def _restarts(every: int, extra: int) -> bytes:
    parts = segments(pictures.make_jpeg(pictures.quadrants(256, 256)))
    at = next(at for at, part in enumerate(parts) if part[1] == 0xDA)
    parts.insert(at, b"\xff\xdd\0\4" + every.to_bytes(2, "big"))
    parts[-2] += b"".join(bytes((0xFF, 0xD0 + number % 8)) for number in range(extra))
    return b"".join(parts)


def _jpegs() -> dict[str, Make]:
    frame = struct.Struct(">BHHB")
    grey = b"\1\x11\0"
    loop = struct.pack("<2sHIH", b"II", 42, 8, 1) + struct.pack("<HHII", 0x8769, 4, 1, 8) + bytes(4)
    return {
        "JPEG 30,000 scans": partial(many_scans, 30_000),
        "JPEG scans over many pixels": partial(many_scans, 3_000, (3_000, 3_000)),
        "JPEG restart markers": partial(_restarts, 1, MANY),
        "JPEG restart after nothing": partial(_restarts, 0xFFFF, 3),
        "JPEG arithmetic": lambda: _jpeg_frame(marker=b"\xff\xc9"),
        "JPEG lossless": lambda: _jpeg_frame(marker=b"\xff\xc3"),
        "JPEG 12 bits": lambda: _jpeg_frame(body=frame.pack(12, 16, 24, 1) + grey),
        "JPEG no height": lambda: _jpeg_frame(body=frame.pack(8, 0, 24, 1) + grey),
        "JPEG 255 components": lambda: _jpeg_frame(body=frame.pack(8, 16, 24, 255) + grey * 255),
        "JPEG gigantic": lambda: _jpeg_frame(body=frame.pack(8, 65_500, 65_500, 1) + grey),
        "JPEG large and empty": lambda: _jpeg_frame(body=frame.pack(8, 3_900, 4_000, 1) + grey),
        "JPEG 65,000 wide": lambda: pictures.make_jpeg(Image.new("L", (65_000, 2))),
        "JPEG 10,000 comments": lambda: _with_apps(_app(0xFE, b"x") * 10_000),
        "JPEG segments of no length": lambda: _with_apps(b"\xff\xe1\0\0" * 1000),
        "JPEG EXIF loops": lambda: _with_apps(_app(0xE1, b"Exif\0\0" + loop)),
        "JPEG EXIF reads itself": lambda: _with_apps(
            *[_app(0xE1, b"Exif\0\0" + exif_blocks()["overlapping"][:65_000])] * 20
        ),
        "JPEG ICC chunks lie": lambda: _with_apps(
            *[_app(0xE2, b"ICC_PROFILE\0" + bytes((n % 256, 255)) + bytes(9)) for n in range(3000)]
        ),
        "JPEG pictures within": lambda: _with_apps(
            _app(0xE2, b"MPF\0" + loop), *[_app(0xE1, b"\xff\xd8\xff\xe1" * 9000)] * 4
        ),
        "JPEG Photoshop lies": lambda: _with_apps(
            _app(0xED, b"Photoshop 3.0\0" + b"8BIM\4\4\0\0\xff\xff\xff\xf0" * 4000)
        ),
        "JPEG fill bytes": lambda: _with_apps(b"\xff" * 500_000),
        "JPEG nothing but scans": lambda: b"\xff\xd8" + b"\xff\xda\0\2" * MANY,
    }


# ---- PNG


def _with_chunks(*chunks: tuple[bytes, bytes]) -> bytes:
    return pictures.png(bytes(64), (8, 8), depth=8, colour_type=0, chunks=chunks)


def _deflated(megabytes: int) -> bytes:
    packer = zlib.compressobj(1)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes)) + packer.flush()


def _png_of(width: int, height: int, depth: int, colour_type: int, data: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    chunks = (struct.pack(">I", len(body)) + name + body + bytes(4) for name, body in parts)
    return bytes(pictures.with_right_sums(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)))


def _pngs() -> dict[str, Make]:
    texts = [(b"tEXt", b"key%d\0" % n + bytes(50)) for n in range(20_000)]
    return {
        "PNG zTXt bomb": lambda: _with_chunks(*[(b"zTXt", b"key\0\0" + _deflated(60))] * 3),
        "PNG iTXt bomb": lambda: _with_chunks(
            (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + _deflated(90))
        ),
        "PNG iCCP bomb": lambda: _with_chunks((b"iCCP", b"name\0\0" + _deflated(90))),
        "PNG 20,000 texts": lambda: _with_chunks(*texts),
        "PNG 100,000 chunks": lambda: _with_chunks(*[(b"abCd", b"")] * MANY),
        "PNG texts of a megabyte": lambda: _with_chunks(
            *[(b"zTXt", b"k%d\0\0" % n + zlib.compress(bytes(1_000_000))) for n in range(70)]
        ),
        "PNG pixels without end": lambda: _png_of(8, 8, 8, 0, _deflated(90)),
        "PNG gigantic": lambda: pictures.huge_png(2**31 - 1, 2**31 - 1),
        "PNG no width": lambda: pictures.huge_png(0, 5),
        "PNG a hundred million high": lambda: _png_of(1, 100_000_000, 8, 0, _deflated(2)),
        "PNG ten million wide": lambda: _png_of(10_000_000, 1, 1, 0, _deflated(2)),
        "PNG a million wide": lambda: _png_of(1_000_000, 1, 8, 0, _deflated(1)),
        "PNG a million high": lambda: _png_of(1, 1_000_000, 8, 0, _deflated(2)),
        "PNG large and empty": lambda: _png_of(4_000, 3_900, 8, 0, zlib.compress(b"")),
        "PNG of zeros": lambda: _png_of(4_000, 3_900, 8, 0, _deflated(15)),
        "PNG palette missing": lambda: _png_of(
            8, 8, 8, 3, zlib.compress(b"\0" + bytes(range(8)) * 8)
        ),
        "PNG depth lies": lambda: _png_of(8, 8, 16, 3, zlib.compress(bytes(200))),
        "PNG four billion frames": lambda: _with_chunks(
            (b"acTL", b"\xff" * 8),
            (b"fcTL", struct.pack(">6I", 0, 1 << 30, 1 << 30, 9, 9, 0) + b"\0\0"),
        ),
        "PNG EXIF reads itself": lambda: _with_chunks((b"eXIf", exif_blocks()["overlapping"])),
        "PNG chunk lies": lambda: _with_chunks().replace(
            b"\0\0\0\x0dIHDR", b"\x7f\xff\xff\xffIHDR"
        ),
    }


# ---- GIF and BMP


def _gif(screen: tuple[int, int], frame: tuple[int, int, int, int], codes: bytes) -> bytes:
    blocks = b"".join(
        bytes((len(part),)) + part
        for part in (codes[at : at + 255] for at in range(0, len(codes), 255))
    )
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + bytes((0, 0, 0, 255, 0, 0))
    return head + b"," + struct.pack("<4HB", *frame, 0) + b"\x02" + blocks + b"\0;"


def _gifs() -> dict[str, Make]:
    one = pictures.encode(pictures.plain(size=(8, 8)), "GIF")
    start = 13 + 3 * 2 ** ((one[10] & 7) + 1)
    frame = one[one.index(b",", start) : -1]
    loop = b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0"
    # the background is to be put back behind the frame: for that, room was taken at once
    far = _gif((40, 30), (0, 0, 62_207, 62_451), b"\x44\1")
    back = b"!\xf9\4\x09\0\0\0\0"
    note = b"!\xfe" + (b"\xff" + b"x" * 255) * 4000 + b"\0"
    packet = b"!\xff\x0bXMP DataXMP" + (b"\xff" + b"<" * 255) * 4000 + b"\0"
    return {
        "GIF 100,000 frames": lambda: one[:-1] + frame * MANY + b";",
        "GIF gigantic screen": lambda: _gif((65_535, 65_535), (0, 0, 1, 1), b"\x44\1"),
        "GIF large screen": lambda: _gif((2_600, 2_600), (0, 0, 1, 1), b"\x4c\1"),
        "GIF frame off the screen": lambda: _gif((8, 8), (60_000, 60_000, 5_000, 5_000), b"\x44\1"),
        "GIF frame beyond the screen": lambda: _gif((8, 8), (0, 0, 2_600, 2_600), b"\x44\1"),
        "GIF codes without end": lambda: _gif((8, 8), (0, 0, 8, 8), b"\xff" * 500_000),
        "GIF clears without end": lambda: _gif(
            (999, 999), (0, 0, 999, 999), b"\x24\x49\x92" * 90_000
        ),
        "GIF extensions": lambda: one[:start] + loop * MANY + one[start:],
        "GIF comments": lambda: one[:start] + note * 10 + one[start:],
        "GIF XMP": lambda: one[:start] + packet * 10 + one[start:],
        "GIF code size": lambda: _gif((8, 8), (0, 0, 8, 8), b"\x44\1").replace(
            b"\0\x02\x02", b"\0\x0d\x02"
        ),
        "GIF background of a gigantic frame": lambda: far[:19] + back + far[19:],
        "GIF the same behind a word": lambda: far[:19] + b"!\xfe\0" + back + b"?" + far[19:],
        "GIF the same behind an end": lambda: far[:19] + b"!\x01\0" + b"\1x\0" + back + far[19:],
        "GIF only a head": lambda: b"GIF89a" + bytes(7),
    }


def _bmp(width: int, height: int, bits: int, packing: int, data: bytes, colours: int = 0) -> bytes:
    head = struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, bits, packing, len(data), 0, 0, colours, 0
    )
    palette = bytes(4 * min(colours or 1 << bits, 256)) if bits <= 8 else b""
    start = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + head + palette + data


def _bmps() -> dict[str, Make]:
    return {
        "BMP runs of one": lambda: _bmp(1_000, 700, 8, 1, (b"\1\7" * 1_000 + b"\0\0") * 700),
        "BMP 40 MB of runs": lambda: _bmp(2_600, 2_600, 8, 1, b"\1\7" * 20_000_000),
        "BMP runs of none": lambda: _bmp(200, 100, 8, 1, b"\0\0" * 500_000),
        "BMP jumps": lambda: _bmp(2_600, 2_600, 8, 1, b"\0\2\xff\xff" * 100),
        "BMP runs of four bits": lambda: _bmp(
            1_000, 1_000, 4, 2, (b"\1\7" * 1_000 + b"\0\0") * 700
        ),
        "BMP gigantic": lambda: _bmp(2**31 - 1, 2**31 - 1, 24, 0, bytes(64)),
        "BMP height of no sign": lambda: _bmp(8, -(2**31), 24, 0, bytes(64)),
        "BMP a hundred million high": lambda: _bmp(1, 100_000_000, 8, 0, bytes(64)),
        "BMP four billion colours": lambda: _bmp(8, 8, 8, 0, bytes(64), 2**32 - 1),
        "BMP masks": lambda: _bmp(8, 8, 32, 3, bytes(256)),
        "BMP packed as JPEG": lambda: _bmp(8, 8, 24, 4, pictures.make_jpeg()),
        "BMP large and empty": lambda: _bmp(2_600, 2_600, 24, 0, b""),
    }


# ---- TIFF and RAW


def _chained(count: int, *, loop: bool = False) -> bytes:
    """Directories one after the other, each a picture of its own; the last points at the first."""
    content = bytearray(pictures.tiff(pictures.grey_tags(4, 4, 8), bytes(16)))
    first = int.from_bytes(content[4:8], "little")
    table = bytes(content[first:-4])
    struct.pack_into("<I", content, len(content) - 4, len(content))
    for number in range(count):
        last = number == count - 1
        end = 0 if last and not loop else first if last else len(content) + len(table) + 4
        content += table + struct.pack("<I", end)
    return bytes(content)


def _nested(depth: int, tag: int = 330) -> bytes:
    """Directories within directories."""
    out = bytearray(struct.pack("<2sHI", b"II", 42, 8))
    for level in range(depth):
        below = len(out) + 18 if level < depth - 1 else 8
        out += struct.pack("<HHHIII", 1, tag, 4, 1, below, 0)
    return bytes(out)


def _overlapping(count: int) -> bytes:
    """A directory whose entries all have the whole file for their value."""
    size = 8 + 2 + 12 * count + 4
    rows = (struct.pack("<HHII", 1000 + n, 7, size, 0) for n in range(count))
    return struct.pack("<2sHIH", b"II", 42, 8, count) + b"".join(rows) + bytes(4)


def _tiff(width: int, height: int, data: bytes = bytes(64), **more: pictures.Entry) -> bytes:
    tags = pictures.grey_tags(width, height, 8)
    named = {"packing": 259, "rows": 278, "bits": 258, "samples": 277, "kind": 262, "across": 322}
    named |= {"down": 323, "offsets": 324, "counts": 325, "planes": 284, "sample_format": 339}
    tags |= {named[name]: entry for name, entry in more.items()}
    return pictures.tiff(tags, data)


def _tiffs() -> dict[str, Make]:
    overlapping = exif_blocks()["overlapping"]
    return {
        "TIFF 100,000 directories": partial(_chained, MANY),
        "TIFF directories in a ring": partial(_chained, 3, loop=True),
        "TIFF directory of itself": partial(_chained, 1, loop=True),
        "TIFF 20,000 deep": partial(_nested, 20_000),
        "TIFF EXIF 20,000 deep": partial(_nested, 20_000, 0x8769),
        "TIFF reads itself": lambda: overlapping,
        "TIFF gigantic": lambda: _tiff(2**31, 2**31),
        "TIFF a hundred million high": lambda: _tiff(1, 100_000_000),
        "TIFF ten million wide": lambda: _tiff(10_000_000, 1, bits=(SHORT, [1])),
        "TIFF a million strips": lambda: _tiff(4_000, 3_900, rows=(LONG, [1])),
        "TIFF strips of no rows": lambda: _tiff(400, 390, rows=(LONG, [0])),
        "TIFF strip counts lie": lambda: _tiff(400, 390).replace(
            struct.pack("<HHI", 273, 4, 1), struct.pack("<HHI", 273, 4, 2**30)
        ),
        "TIFF LZW bomb": lambda: _tiff(4_000, 3_900, _lzw(), packing=(SHORT, [5])),
        "TIFF deflate bomb": lambda: _tiff(400, 390, _deflated(90), packing=(SHORT, [8])),
        "TIFF bits without end": lambda: _tiff(
            400, 390, b"\x80" * 500_000, packing=(SHORT, [32773])
        ),
        "TIFF fax": lambda: _tiff(
            4_000, 3_900, bytes(9999), packing=(SHORT, [4]), bits=(SHORT, [1])
        ),
        "TIFF JPEG within": lambda: _tiff(64, 48, many_scans(20_000), packing=(SHORT, [7])),
        "TIFF old JPEG": lambda: _tiff(64, 48, pictures.make_jpeg(), packing=(SHORT, [6])),
        "TIFF LERC": lambda: _tiff(64, 48, b"Lerc2 " + bytes(99), packing=(LONG, [34887])),
        "TIFF Zstandard": lambda: _tiff(
            64, 48, b"\x28\xb5\x2f\xfd" + bytes(99), packing=(LONG, [50000])
        ),
        "TIFF WebP within": lambda: _tiff(64, 48, pictures.huge("WEBP"), packing=(LONG, [50001])),
        "TIFF tiles": lambda: _tiff(
            400,
            390,
            across=(LONG, [2**31]),
            down=(LONG, [2**31]),
            offsets=(LONG, [8]),
            counts=(LONG, [64]),
        ),
        "TIFF 60,000 samples": lambda: _tiff(40, 39, samples=(SHORT, [60_000])),
        "TIFF 60,000 bits": lambda: _tiff(40, 39, bits=(SHORT, [60_000])),
        "TIFF planes": lambda: _tiff(
            400, 390, samples=(SHORT, [3]), bits=(SHORT, [8, 8, 8]), planes=(SHORT, [2])
        ),
        "TIFF big, of 2^60 entries": lambda: b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 1 << 60),
        "TIFF no numbers": lambda: pictures.grey_tiff(
            np.full((9, 9), np.nan, np.float32), bits=32, sample_format=3
        ),
    }


def _lzw() -> bytes:
    """Codes of LZW that each stand for a longer string than the one before: 4 MB in 5 kB."""
    bits, codes, width, number = [], [256, 0], 9, 257
    for step in range(3800):
        codes.append(number + step)
    for at, code in enumerate(codes):
        bits.append(f"{code:0{width}b}")
        if 256 + at + 1 >= (1 << width) - 1 and width < 12:
            width += 1
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def _raws() -> dict[str, Make]:
    def changed(tag: int, kind: int, value: int) -> bytes:
        content = bytearray(pictures.dng())
        at = content.find(struct.pack("<HH", tag, kind))
        struct.pack_into("<I", content, at + 8, value)
        return bytes(content)

    return {
        "RAW gigantic": lambda: changed(256, LONG, 2**31 - 1),
        "RAW no height": lambda: changed(257, LONG, 0),
        "RAW one strip of all": lambda: changed(279, LONG, 2**31 - 1),
        "RAW lossless JPEG": lambda: changed(259, SHORT, 7),
        "RAW lossy": lambda: changed(259, SHORT, 34892),
        "RAW 32 bits": lambda: changed(258, SHORT, 32),
        "RAW preview scans": lambda: pictures.dng(size=(64, 48), preview=many_scans(20_000)),
        "RAW Fuji": lambda: b"FUJIFILMCCD-RAW 0201FF383501" + b"\xff" * 4000,
        "RAW Canon": lambda: b"II\x1a\0\0\0HEAPCCDR" + b"\xff\xff\xff\x7f" * 400,
        "RAW CR2": lambda: b"II*\0\x10\0\0\0CR\2\0" + bytes(4) + _nested(500)[8:],
        "RAW CR3": lambda: b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + b"\0\0\0\x08moov" * 20_000,
        "RAW Sigma": lambda: b"FOVb" + b"\xff" * 2000,
        "RAW Minolta": lambda: b"\0MRM\x7f\xff\xff\xff" + b"\0PRD\xff\xff\xff\xff" * 500,
        "RAW Phase One": lambda: b"IIRO" + b"\x08\0\0\0" * 4000,
    }


# ---- WebP, AVIF, HEIC


def _webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2)
        for name, part in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _webps() -> dict[str, Make]:
    still = pictures.encode(pictures.quadrants(24, 16), "WEBP", lossless=True)[12:]
    pixels = (still[:4], still[8 : 8 + int.from_bytes(still[4:8], "little")])
    flags = struct.Struct("<I3s3s")

    def extended(kind: int, side: int, *chunks: tuple[bytes, bytes]) -> bytes:
        wide, high = (edge.to_bytes(3, "little") for edge in (side - 1, side * 2 // 3 - 1))
        return _webp((b"VP8X", flags.pack(kind, wide, high)), *chunks)

    lossless = struct.pack("<BI", 0x2F, 1499 | 1499 << 14)

    frame = (b"ANMF", bytes(6) + b"\x17\0\0\x0f\0\0" + bytes(4) + still)
    return {
        "WEBP 20,000 frames": lambda: extended(2, 24, (b"ANIM", bytes(6)), *[frame] * 20_000),
        "WEBP canvas lies": lambda: extended(0, 1_500, pixels),
        "WEBP canvas and frames": lambda: extended(2, 1_500, (b"ANIM", bytes(6)), frame),
        "WEBP gigantic": lambda: extended(0, 1 << 24, pixels),
        "WEBP lossless lies": lambda: _webp((b"VP8L", lossless + bytes(900))),
        "WEBP lossy lies": lambda: _webp(
            (b"VP8 ", b"\x10\0\0\x9d\x01\x2a\xdb\5\xdb\5" + bytes(900))
        ),
        "WEBP Huffman": lambda: _webp((b"VP8L", lossless + b"\xff" * 9000)),
        "WEBP 50,000 chunks": lambda: extended(0, 24, *[(b"junk", b"")] * 50_000, pixels),
        "WEBP EXIF reads itself": lambda: extended(
            8, 24, pixels, (b"EXIF", exif_blocks()["overlapping"])
        ),
        "WEBP chunk lies": lambda: _webp((b"VP8X", bytes(10)), (b"ICCP", b"")).replace(
            b"ICCP\0\0\0\0", b"ICCP\xff\xff\xff\x7f"
        ),
    }


def _then(make: Make, change: Callable[..., bytes], *given: object, **named: object) -> Make:
    """What makes a file, and then something else of it."""
    return lambda: change(make(), *given, **named)


def _containers() -> dict[str, Make]:
    made: dict[str, Make] = {}
    nested = b"".join(struct.pack(">I", 8 * n) + b"iprp" for n in range(MANY, 0, -1))
    for kind, encode in (("AVIF", pictures.avif), ("HEIF", pictures.heic)):
        tile: Make = partial(encode, pictures.plain(size=(64, 64)))
        large: Make = partial(encode, Image.new("RGB", (1_500, 1_500)), quality=10)
        cells = (25, 25), (1_600, 1_600)
        made |= {
            f"{kind} announces less": _then(large, lying_size, 64, 64),
            f"{kind} announces more": _then(tile, lying_size, 1_600, 1_600),
            f"{kind} gigantic": _then(tile, lying_size, 2**31 - 1, 2**31 - 1),
            f"{kind} grid": _then(tile, grid, (2, 2), (128, 128)),
            f"{kind} grid of one tile": _then(tile, grid, *cells),
            f"{kind} grid of 10,000": _then(tile, grid, (100, 100), (6_400, 6_400), says=(64, 64)),
            f"{kind} grid larger than it says": _then(tile, grid, *cells, says=(64, 64)),
            f"{kind} grid smaller": _then(tile, grid, (1, 1), (64, 64), says=(1_600, 1_600)),
            f"{kind} grid of itself": _then(tile, item_loop, "dimg"),
            f"{kind} thumbnail of itself": _then(tile, item_loop, "thmb"),
            f"{kind} property without a name": _then(tile, nameless_property),
            f"{kind} boxes": _then(tile, lambda one: one + b"\0\0\0\x08free" * MANY),
            f"{kind} boxes within": _then(tile, lambda one: one[:40] + nested),
            f"{kind} no length": _then(tile, lambda one: one[:32] + b"\0\0\0\0meta" + one[40:]),
        }
    return made


# ---- double natures


def _jpeg_and_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("run.sh", "rm -rf /")
    return pictures.make_jpeg() + out.getvalue()


def _natures() -> dict[str, Make]:
    html = b"<html><script>alert(1)</script>"
    script = bytearray(_gif((0x2F2A, 8), (0, 0, 8, 8), b"\x84\x51\0"))
    return {
        "JPEG and ZIP": _jpeg_and_zip,
        "GIF and JavaScript": lambda: bytes(script) + b"*/=1;alert(1)",
        "PNG and HTML": lambda: _with_chunks((b"tEXt", b"a\0" + html)) + html,
        "JPEG and HTML": lambda: _with_apps(_app(0xFE, html)),
        "PDF and JPEG": lambda: b"%PDF-1.4\n" + pictures.make_jpeg(),
        "ZIP and JPEG": lambda: b"PK\3\4" + pictures.make_jpeg(),
        "JPEG and JPEG": lambda: pictures.make_jpeg() * 50,
        "JPEG and PNG": lambda: b"\xff\xd8\xff" + pictures.huge_png(),
        "BMP and HTML": lambda: b"BM" + html,
        "SVG": lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "TIFF and JPEG": lambda: b"II*\0" + pictures.make_jpeg(),
    }


# ---- what lies beside pixels


def exif_blocks() -> dict[str, bytes]:
    """EXIF blocks that are damaged, loop or bloat."""
    loop = struct.pack("<2sHIH", b"II", 42, 8, 2)
    loop += struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<HHII", 0x8825, 4, 1, 8) + bytes(4)
    nan = pictures.tiff({0x829A: (5, [(1, 0)]), 0x0112: (SHORT, [0xFFFF])}, b"")
    return {
        "overlapping": _overlapping(5_400),
        "loop": loop,
        "deep": _nested(2_000, 0x8769),
        "not a number": nan,
        "counts": struct.pack("<2sHIH", b"II", 42, 8, 0xFFFF)
        + b"\x12\x01\3\0\xff\xff\xff\xff" * 900,
        "far": struct.pack(">2sHI", b"MM", 42, 0xFFFFFFFF),
        "big": b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 1 << 62) + bytes(200),
        "empty": b"Exif\0\0",
    }


def packets() -> dict[str, bytes]:
    """XMP packets and IPTC blocks that are damaged, deep or bloat."""
    deep = 40_000
    items = "<rdf:li>" * deep + "</rdf:li>" * deep
    entity = "<!DOCTYPE a [<!ENTITY b 'cccc'>" + "".join(
        f"<!ENTITY b{n} '&b{n - 1 or ''};&b{n - 1 or ''};'>" for n in range(1, 30)
    )
    title = "<dc:title><rdf:Alt><rdf:li>A rose</rdf:li></rdf:Alt></dc:title>"
    return {
        "ordinary": pictures.xmp(title, 'xmp:Rating="3"'),
        "deep": pictures.xmp(f"<dc:subject>{items}</dc:subject>"),
        "deeper": b"<a>" * 140_000,
        "descriptions": pictures.xmp("<rdf:Description>" * 25_000 + "</rdf:Description>" * 25_000),
        "flat": pictures.xmp("<dc:subject>" + "<rdf:li>a</rdf:li>" * 50_000 + "</dc:subject>"),
        "entities": (entity + "]><a>&b29;</a>").encode(),
        "entities in UTF-16": ("\ufeff" + entity + "]><a>&b29;</a>").encode("utf-16-le"),
        "attributes": pictures.xmp("", " ".join(f'xmp:a{n}="1"' for n in range(40_000))),
        "half a letter": "\ufeff<a>".encode("utf-16-le") + b"\xd8",
        "rating": pictures.xmp("", 'xmp:Rating="1e999"'),
        "rating of digits": pictures.xmp("", f'xmp:Rating="{"9" * 5000}"'),
        "IPTC": pictures.iptc((5, b"A rose"), (25, b"red")),
        "IPTC keywords": pictures.iptc(*[(25, b"red")] * 90_000),
        "IPTC lies": b"\x1c\x02\x19\xff\xff" * 1000,
    }


def profiles() -> dict[str, bytes]:
    """Colour profiles that are damaged or lie."""
    good = pictures.rgb_profile(pictures.ADOBE_RGB, gamma=2.2)
    inks = pictures.cmyk_profile((50, 80, -10))
    found = {"RGB": good, "grey": pictures.grey_profile(1.8), "CMYK": inks, "empty": bytes(128)}
    found["tags"] = good[:128] + b"\xff" * 4 + good[132:]
    found["sizes"] = good[:128] + good[128:].replace(b"\0\0\0\x14", b"\xff\xff\xff\xff")
    found["table"] = inks.replace(b"mft1\0\0\0\0\4\3\2", b"mft1\0\0\0\0\xff\xff\xff")
    found["curve"] = good.replace(b"curv\0\0\0\0\0\0\0\1", b"curv\0\0\0\0\x7f\xff\xff\xff")
    found["space"] = good[:16] + b"15CL" + good[20:]
    for number, damaged in enumerate(itertools.chain(mutations(good, 6, 1), mutations(inks, 6, 2))):
        found[f"damaged {number}"] = damaged
    return found


def _beside() -> dict[str, Make]:
    """All of these in pictures."""
    small = pictures.quadrants(24, 16)
    made: dict[str, Make] = {}
    for name, block in exif_blocks().items():
        if len(block) < 65_000:
            made[f"JPEG EXIF {name}"] = partial(_with_apps, _app(0xE1, b"Exif\0\0" + block))
        made[f"PNG EXIF {name}"] = partial(_with_chunks, (b"eXIf", block))
        made[f"AVIF EXIF {name}"] = partial(_with_exif_item, block)
    for name, packet in packets().items():
        if name.startswith("IPTC") and len(packet) < 65_000:
            made[f"JPEG {name}"] = partial(pictures.with_iptc, pictures.make_jpeg(small), packet)
        elif not name.startswith("IPTC"):
            made[f"PNG XMP {name}"] = partial(
                _with_chunks, (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)
            )
            made[f"TIFF XMP {name}"] = partial(_tiff_with, 700, packet)
    for name, profile in profiles().items():
        made[f"JPEG profile {name}"] = partial(pictures.make_jpeg, small, icc_profile=profile)
        made[f"PNG profile {name}"] = partial(
            _with_chunks, (b"iCCP", b"a\0\0" + zlib.compress(profile))
        )
    return made


def _tiff_with(tag: int, content: bytes) -> bytes:
    return pictures.tiff({**pictures.grey_tags(8, 8, 8), tag: (BYTE, list(content))}, bytes(64))


def _with_exif_item(block: bytes) -> bytes:
    """An AVIF file with this in the place of its EXIF block, which had the same length."""
    ordinary = pictures.exif(make="A" * max(1, len(block) - 40)).removeprefix(b"Exif\0\0")
    content = pictures.avif(pictures.quadrants(24, 16), exif=b"Exif\0\0" + ordinary)
    at = content.find(ordinary[:64])
    return content[:at] + block[: len(ordinary)] + content[at + len(block[: len(ordinary)]) :]


# ---- what mutations begin with


def seeds(kind: str, small: Image.Image) -> Iterator[bytes]:
    """Files of a kind for a search by mutation: ordinary ones first, then those meant for harm."""
    yield every_kind(small)[kind]
    if kind == "JPEG":
        yield from (pictures.make_jpeg(small, progressive=True), pictures.cmyk_jpeg((9, 99, 0, 0)))
    if kind in ("GIF", "WEBP", "PNG", "AVIF", "TIFF"):
        yield pictures.animated(kind)
    if kind == "WEBP":
        yield pictures.encode(small, "WEBP", exif=pictures.exif(orientation=6), quality=50)
    if kind == "TIFF":
        for packing in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
            yield pictures.encode(small, "TIFF", compression=packing)
    if kind == "PNG":
        yield from (pictures.palette_png(transparent=1), pictures.png16(transparent=5))
    for name, make in corpus().items():
        if name.startswith(f"{kind} ") and len(content := make()) < 1 << 15:
            yield content
