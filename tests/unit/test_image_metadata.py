"""EXIF, sound and damaged → when, where and with what."""

from __future__ import annotations

import io
import math
from typing import Any

import pytest
from PIL import Image

from lookalike.image import Picture, read
from lookalike.image.metadata import Metadata, from_exif
from tests import pictures

TAKEN = "2024:02:29 10:11:12"
FULL = pictures.exif(
    taken=TAKEN,
    changed="2025:01:01 00:00:00",
    make="Testcam",
    model="One",
    gps=pictures.GPS_ZURICH,
)


def taken_with(block: bytes) -> Picture:
    return read(pictures.make_jpeg(exif=block))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_every_kind_tells(kind: str) -> None:
    image = pictures.quadrants()
    if kind == "HEIF":
        content = pictures.heic(image, exif=FULL)
    else:
        content = pictures.encode(image, kind, exif=FULL)
    picture = read(content)
    assert (picture.taken, picture.camera) == ("2024-02-29T10:11:12", "Testcam One")
    assert picture.latitude == pytest.approx(47.375)
    assert picture.longitude == pytest.approx(8.54)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "PNG", "JPEG"])
def test_a_picture_without_metadata_says_nothing(kind: str) -> None:
    picture = read(pictures.every_kind()[kind])
    said = (picture.taken, picture.camera, picture.latitude, picture.longitude)
    assert said == (None, None, None, None)


def test_imagemagicks_way_in_png() -> None:
    text = f"\nexif\n{len(FULL):8}\n{FULL.hex()}\n"
    words = b"Raw profile type exif\0" + text.encode()
    content = pictures.png(bytes(64), (8, 8), depth=8, colour_type=0, chunks=[(b"tEXt", words)])
    assert read(content).camera == "Testcam One"


@pytest.mark.parametrize(
    ("taken", "changed", "expected"),
    [
        (TAKEN, "2025:01:01 00:00:00", "2024-02-29T10:11:12"),
        (None, "2025:01:01 00:00:00", "2025-01-01T00:00:00"),
        ("0000:00:00 00:00:00", "2025:01:01 00:00:00", "2025-01-01T00:00:00"),
        ("2023:02:29 10:11:12", None, None),
        ("    :  :     :  :  ", None, None),
        ("2024-02-29T10:11:12", None, "2024-02-29T10:11:12"),
        ("2024-02-29 10:11:12+02:00", None, "2024-02-29T10:11:12"),
        ("yesterday", None, None),
    ],
)
def test_when(taken: str | None, changed: str | None, expected: str | None) -> None:
    assert taken_with(pictures.exif(taken=taken, changed=changed, make="x")).taken == expected


@pytest.mark.parametrize(
    ("make", "model", "expected"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("NIKON CORPORATION", "NIKON D90", "NIKON D90"),
        ("SONY", "ILCE-7M3", "SONY ILCE-7M3"),
        ("Apple", "iPhone 15  ", "Apple iPhone 15"),
        ("Apple", None, "Apple"),
        (None, "DMC-LX5", "DMC-LX5"),
        ("Bad\nName\x1b[31m", "X", "Bad Name [31m X"),
        ("  ", " ", None),
        (None, None, None),
    ],
)
def test_with_what(make: str | None, model: str | None, expected: str | None) -> None:
    assert taken_with(pictures.exif(make=make, model=model, changed=TAKEN)).camera == expected


@pytest.mark.parametrize(
    ("gps", "expected"),
    [
        (pictures.GPS_ZURICH, (47.375, 8.54)),
        ({1: "S", 2: (33.0, 51.5, 0.0), 3: "W", 4: (151.0, 12.6, 0.0)}, (-33.858333, -151.21)),
        ({1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (8.0, 0.0, 0.0)}, None),
        ({1: "N", 2: (47.0, 0.0, 0.0), 3: "E", 4: (180.0, 1.0, 0.0)}, None),
        ({1: "N", 2: (47.0, 0.0, 0.0)}, None),
        ({1: "N", 3: "E"}, None),
        ({}, None),
    ],
)
def test_where(gps: dict[int, Any], expected: tuple[float, float] | None) -> None:
    picture = taken_with(pictures.exif(gps=gps, make="x"))
    found = (picture.latitude, picture.longitude)
    assert found == ((None, None) if expected is None else pytest.approx(expected, abs=1e-5))


def test_zero_denominators_are_no_place() -> None:
    block = pictures.exif(gps=pictures.GPS_ZURICH)
    sound = from_exif(block)
    assert sound.latitude is not None
    at = block.rfind(b"\x00\x00\x00\x01")
    broken = from_exif(block[:at] + bytes(4) + block[at + 4 :])
    assert (broken.latitude, broken.longitude) == (None, None)


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders(order: str) -> None:
    tags: dict[int, pictures.Entry] = {
        271: (pictures.ASCII, ["Testcam"]),
        274: (pictures.SHORT, [6]),
        306: (pictures.ASCII, [TAKEN]),
    }
    found = from_exif(pictures.tiff(tags, b"", order=order))
    assert found == Metadata(orientation=6, taken="2024-02-29T10:11:12", camera="Testcam")


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_does_not_exist_is_none(orientation: int) -> None:
    tags: dict[int, pictures.Entry] = {274: (pictures.SHORT, [orientation])}
    assert from_exif(pictures.tiff(tags, b"")).orientation == 1


def test_no_damage_ever_fails() -> None:
    for at in range(len(FULL)):
        for value in (0, 0xFF, FULL[at] ^ 0x80):
            found = from_exif(FULL[:at] + bytes([value]) + FULL[at + 1 :])
            assert found.latitude is None or math.isfinite(found.latitude)
        from_exif(FULL[:at])
    assert from_exif(b"") == from_exif(None) == from_exif(b"nonsense, and no tables") == Metadata()


def test_a_directory_that_points_to_itself() -> None:
    tags: dict[int, pictures.Entry] = {0x8769: (pictures.LONG, [8]), 0x8825: (pictures.LONG, [8])}
    assert from_exif(pictures.tiff(tags, b"")) == Metadata()


def test_pillow_agrees() -> None:
    with Image.open(io.BytesIO(pictures.make_jpeg(exif=FULL))) as image:
        block = image.getexif()
        where = block.get_ifd(0x8825)
    found = from_exif(FULL)
    assert found.camera == f"{block[271]} {block[272]}"
    degrees, minutes, seconds = where[2]
    assert found.latitude == pytest.approx(float(degrees + minutes / 60 + seconds / 3600))
