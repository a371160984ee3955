"""Files that say much, nothing, or what is damaged → `FileMetadata`, and what was skipped."""

from __future__ import annotations

import dataclasses
import io
import random
from pathlib import Path

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from lookalike.errors import ImageError
from lookalike.image import FileMetadata, file_metadata
from lookalike.image.about import MOST_KEYWORDS, MOST_TEXT
from lookalike.image.captions import MOST_BYTES
from tests import pictures

EXIF = pictures.full_exif()
FULL = FileMetadata(
    camera="Acme Box 1",
    lens="Acme Wide 35",
    exposure=0.004,
    aperture=2.8,
    iso=400,
    focal_length=35.0,
    focal_length_35mm=52,
    flash=True,
    taken="2024-02-29T10:11:12",
    orientation=6,
    latitude=47.375,
    longitude=8.54,
    altitude=408.0,
    software="Dark Room 2",
    title="Rosé",
    description="A rose",
    keywords=("red", "rose"),
    rating=3,
    artist="Ada",
    copyright="(c) Ada",
    profile="sRGB",
)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_every_kind_tells_all_of_it(kind: str) -> None:
    image = pictures.quadrants()
    if kind == "HEIF":
        content = pictures.heic(image, exif=EXIF)
    else:
        content = pictures.encode(image, kind, exif=EXIF)
    said = file_metadata(content)
    assert said.latitude == pytest.approx(47.375)
    assert said.longitude == pytest.approx(8.54)
    assert dataclasses.replace(said, latitude=47.375, longitude=8.54) == FULL


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"])
def test_a_file_that_says_nothing_has_nothing(kind: str) -> None:
    said = file_metadata(pictures.every_kind()[kind])
    if kind == "TIFF":
        said = dataclasses.replace(said, orientation=None)
    assert said == FileMetadata()


def test_a_raw_file_tells(tmp_path: Path) -> None:
    (tmp_path / "a.dng").write_bytes(pictures.dng(orientation=8))
    said = file_metadata(tmp_path / "a.dng")
    assert (said.camera, said.taken) == ("Testcam One", "2024-02-29T10:11:12")
    assert (said.orientation, said.skipped) == (8, ())


def test_a_raw_file_without_tables_says_so() -> None:
    said = file_metadata(b"FUJIFILMCCD-RAW " + bytes(100))
    assert said.skipped == ("The EXIF block cannot be read: damaged, or of another kind.",)


def test_xmp_and_iptc_add_what_exif_does_not_say() -> None:
    packet = pictures.xmp(
        "<dc:subject><rdf:Bag><rdf:li>red</rdf:li><rdf:li>garden</rdf:li></rdf:Bag></dc:subject>"
        "<dc:title>Another</dc:title>",
        'xmp:Rating="5"',
    )
    jpeg = pictures.make_jpeg(exif=pictures.exif(make="Acme"), xmp=packet)
    said = file_metadata(pictures.with_iptc(jpeg, pictures.iptc((25, b"bed"), (5, b"Third"))))
    assert said.keywords == ("red", "garden", "bed")
    assert (said.title, said.rating, said.camera) == ("Another", 5, "Acme")
    with_own = pictures.make_jpeg(exif=EXIF, xmp=packet)
    assert (file_metadata(with_own).title, file_metadata(with_own).rating) == ("Rosé", 3)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_xmp_is_found_in_every_kind(kind: str) -> None:
    packet = pictures.xmp("<dc:title>Rose</dc:title>")
    image = pictures.quadrants()
    if kind == "HEIF":
        content = pictures.heic(image, xmp=packet)
    elif kind == "PNG":
        text = b"XML:com.adobe.xmp\0\0\0\0\0" + packet
        chunks = [(b"iTXt", text)]
        content = pictures.png(bytes(64), (8, 8), depth=8, colour_type=0, chunks=chunks)
    elif kind == "TIFF":
        content = pictures.encode(image, kind, tiffinfo={700: packet})
    else:
        content = pictures.encode(image, kind, xmp=packet)
    assert file_metadata(content).title == "Rose"


def test_the_colour_profile_has_a_name() -> None:
    profile = pictures.rgb_profile(pictures.DISPLAY_P3)
    said = file_metadata(pictures.make_jpeg(icc_profile=profile, exif=EXIF))
    assert said.profile == "made for a test"


# ---- damaged


def test_damaged_parts_cost_themselves_alone() -> None:
    jpeg = pictures.make_jpeg(exif=b"Exif\0\0II*\0", xmp=b"<x", icc_profile=b"no profile")
    said = file_metadata(pictures.with_iptc(jpeg, pictures.iptc((5, b"Rose"))[:-2]))
    assert said.skipped == (
        "The EXIF block cannot be read: damaged, or of another kind.",
        "The XMP packet cannot be read: damaged.",
        "The IPTC block cannot be read: damaged.",
        "The colour profile cannot be read: damaged.",
    )
    assert dataclasses.replace(said, skipped=()) == FileMetadata()


def test_an_entry_that_is_damaged_is_named() -> None:
    # the description's text lies far beyond the end of the block
    lost = EXIF
    at = lost.index(b"\x01\x0e", 8) if lost[6:8] == b"MM" else lost.index(b"\x0e\x01", 8)
    lost = lost[: at + 8] + b"\x7f\xff\xff\x7f" + lost[at + 12 :]
    said = file_metadata(pictures.make_jpeg(exif=lost))
    assert said.skipped == ("EXIF's description cannot be read: damaged, or too long.",)
    assert (said.description, said.lens) == (None, "Acme Wide 35")


def test_what_is_too_long_is_cut_and_said() -> None:
    packet = pictures.xmp(
        f"<dc:title>{'long ' * MOST_TEXT}</dc:title><dc:subject><rdf:Bag>"
        + "".join(f"<rdf:li>{number}</rdf:li>" for number in range(150))
        + "</rdf:Bag></dc:subject>"
    )
    said = file_metadata(pictures.encode(pictures.quadrants(), "WEBP", xmp=packet))
    assert len(said.title or "") == MOST_TEXT
    assert len(said.keywords) == MOST_KEYWORDS
    assert said.skipped == (
        "Of the title, only the first 2,000 characters are shown.",
        "Of 150 keywords, only 100 are shown.",
    )
    huge = pictures.encode(pictures.quadrants(), "WEBP", xmp=packet + b" " * MOST_BYTES)
    assert file_metadata(huge).skipped == (
        "The XMP packet is not read: it has more than 1,048,576 bytes.",
    )


@pytest.mark.parametrize(
    "values",
    [
        {0x829A: IFDRational(0, 0), 0x829D: IFDRational(1, 0), 0x8827: 0, 0x920A: 0.0},
        {0x829A: "soon", 0x829D: "wide", 0x9003: "never", 0x8827: "high"},
    ],
)
def test_numbers_that_are_none_are_left_out(values: dict[int, object]) -> None:
    block = Image.Exif()
    block.get_ifd(0x8769).update(values)
    said = file_metadata(pictures.make_jpeg(exif=block.tobytes()))
    assert said == FileMetadata()


def test_whatever_is_damaged_nothing_is_raised() -> None:
    chance = random.Random(85)
    packet = pictures.xmp("<dc:title>Rose</dc:title>")
    whole = pictures.with_iptc(
        pictures.make_jpeg(pictures.plain(size=(16, 16)), exif=EXIF, xmp=packet),
        pictures.iptc((25, b"red")),
    )
    told: set[str] = set()
    for _ in range(400):
        broken = bytearray(whole)
        for _ in range(chance.randrange(1, 30)):
            broken[chance.randrange(4, 1500)] = chance.randrange(256)
        told.update(file_metadata(bytes(broken)).skipped)
    assert told


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="is not a picture"):
        file_metadata(pictures.TEXT)
    with pytest.raises(ImageError, match="cannot be read"):
        file_metadata(tmp_path / "gone.jpg")


def test_no_pixel_is_decoded() -> None:
    content = pictures.make_jpeg(pictures.textured(), exif=EXIF)
    cut = content[: content.index(b"\xff\xda") + 40]  # the scan has just begun
    assert file_metadata(cut).camera == "Acme Box 1"
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(cut)).load()
