"""What a picture will take in memory is known, and refused or waited for, before it is decoded."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from lookalike.errors import TooManyPixelsError
from lookalike.image import read
from lookalike.image.decode import BYTES_A_PIXEL, max_bytes
from tests import hostile, pictures

SIDE = (1600, 1200)


def asked_for(content: bytes, near: int | None = 100) -> list[int]:
    """The bytes that room is asked for while a picture is read."""
    asked: list[int] = []

    @contextmanager
    def room(taken: int) -> Iterator[None]:
        asked.append(taken)
        yield

    read(content, near=near, room=room)
    return asked


def saved(kind: str, mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    pictures.textured(*SIDE).convert(mode).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode", "options", "least", "most"),
    [
        ("JPEG", "RGB", {}, 0.05, 0.2),
        ("JPEG", "RGB", {"progressive": True}, 3, 3.3),
        ("JPEG", "RGB", {"progressive": True, "subsampling": 0}, 6, 6.3),
        ("JPEG", "L", {"progressive": True}, 2, 2.1),
        ("JPEG", "CMYK", {"progressive": True}, 8, 8.3),
        ("PNG", "RGB", {}, 4, 4),
        ("PNG", "RGBA", {}, 8, 8),
        ("PNG", "L", {}, 1, 1),
        ("GIF", "P", {}, 5, 5),
        ("BMP", "RGB", {}, 4, 4),
        ("TIFF", "RGB", {}, 4, 4),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}, 4.1, 8),
        ("TIFF", "F", {}, 24, 24),
        ("WEBP", "RGB", {}, 16, 17),
        ("AVIF", "RGB", {}, 14, 15),
    ],
)
def test_what_each_kind_takes(
    kind: str, mode: str, options: dict[str, object], least: float, most: float
) -> None:
    (taken,) = asked_for(saved(kind, mode, **options))
    assert least <= taken / (SIDE[0] * SIDE[1]) <= most


def test_a_jpeg_of_one_scan_for_each_colour_is_kept_whole() -> None:
    parts = hostile.segments(saved("JPEG", "L"))
    frame, scan = (
        next(n for n, part in enumerate(parts) if part[1] == code) for code in (0xC0, 0xDA)
    )
    table = parts[frame]
    parts[frame] = (
        table[:2]
        + b"\0\x11"
        + table[4:9]
        + b"\3"
        + b"".join(bytes((colour, 0x11, 0)) for colour in (1, 2, 3))
    )
    one = parts[scan]
    parts[scan : scan + 1] = [one[:5] + bytes((colour,)) + one[6:] for colour in (1, 2, 3)]
    (taken,) = asked_for(b"".join(parts))
    assert 6 <= taken / (SIDE[0] * SIDE[1]) <= 6.3


def test_what_is_not_reduced_takes_its_copies_besides() -> None:
    (whole,) = asked_for(saved("PNG"), near=None)
    assert whole == 2 * asked_for(saved("PNG"))[0]


def test_a_tiff_that_lies_on_its_side_is_held_twice() -> None:
    turned = Image.Exif()
    turned[274] = 6
    flat, lying = (asked_for(saved("TIFF", exif=block))[0] for block in (Image.Exif(), turned))
    assert lying - flat >= 4 * SIDE[0] * SIDE[1]


@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
def test_what_takes_too_much_is_refused_and_the_way_out_works(kind: str) -> None:
    content = saved(kind)
    (taken,) = asked_for(content)
    pixels = int(taken / BYTES_A_PIXEL)
    limit = int((taken - (1 << 20)) / BYTES_A_PIXEL) - 1000
    with pytest.raises(TooManyPixelsError) as caught:
        read(content, near=100, max_pixels=limit)
    words = str(caught.value)
    assert words.startswith("has 1.92 megapixels, for which its format takes ")
    assert f"more than the limit of {max_bytes(limit) / 1e6:,.0f}: raise it with" in words
    offered = int(words.rpartition(" ")[2])
    assert abs(offered - pixels) <= 2
    assert read(content, near=100, max_pixels=offered).width == SIDE[0]


MEASURED = """
import re, sys
from pathlib import Path
from lookalike import image
from PIL import ImageCms

status = Path("/proc/self/status")
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1]) * 1024
asked = []

class Room:
    def __init__(self, taken): asked.append(taken)
    def __enter__(self): pass
    def __exit__(self, *error): pass

small, large = map(Path, sys.argv[1:])
image.read(small, near=100, room=Room)
before = peak()
image.read(large, near=100, room=Room)
print(peak() - before, asked[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read as Linux tells it")
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {"progressive": True, "subsampling": 0}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {"method": 0}),
    ],
)
def test_no_more_is_taken_than_was_asked_for(
    tmp_path: Path, kind: str, options: dict[str, object]
) -> None:
    for name, side in (("small", (64, 48)), ("large", (4000, 3000))):
        pictures.textured(*side).save(tmp_path / name, kind, **options)
    files = [str(tmp_path / name) for name in ("small", "large")]
    command = [sys.executable, "-c", MEASURED, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    taken, asked = map(int, done.stdout.split())
    assert taken <= 1.05 * asked + 4e6
    assert taken > asked / 3  # nor is the estimate far off
