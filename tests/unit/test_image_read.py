"""Files of every kind → the right colours, upright, at the right size."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from lookalike.image import Picture, looks_like_picture, read, sniff
from tests import pictures

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
MADE = pictures.every_kind()
TEXTURED = pictures.every_kind(pictures.textured(400, 280))


def colour(picture: Picture, x: float = 0.25, y: float = 0.25) -> tuple[int, ...]:
    """The colour at a place given as fractions of the sides."""
    wide, high = picture.image.size
    value = picture.image.getpixel((int(x * wide), int(y * high)))
    assert isinstance(value, tuple)
    return tuple(int(part) for part in value)


def assert_quadrants(picture: Picture, within: int = 6) -> None:
    places = ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75))
    wanted = (pictures.RED, pictures.GREEN, pictures.BLUE, pictures.WHITE)
    for place, expected in zip(places, wanted, strict=True):
        assert colour(picture, *place) == pytest.approx(expected, abs=within)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_from_bytes_and_from_a_file(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "no-ending-at-all"
    file.write_bytes(MADE[kind])
    for source in (MADE[kind], file, str(file)):
        picture = read(source)
        assert (picture.format, picture.width, picture.height) == (kind, 96, 64)
        assert picture.image.mode == "RGB"
        assert picture.image.size == (96, 64)
        assert_quadrants(picture)


@pytest.mark.parametrize("kind", KINDS)
def test_the_content_decides_not_the_ending(kind: str, tmp_path: Path) -> None:
    file = tmp_path / ("picture.png" if kind == "JPEG" else "picture.jpg")
    file.write_bytes(MADE[kind])
    assert sniff(MADE[kind][:64]) == kind
    assert read(file).format == kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"II*\0\x10\0\0\0CR\x02\0", "RAW"),
        (b"FUJIFILMCCD-RAW 0201", "RAW"),
        (b"IIRO\x08\0\0\0", "RAW"),
        (b"IIU\0\x18\0\0\0", "RAW"),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "RAW"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf", "HEIF"),
        (b"\0\0\0\x14ftypmif1\0\0\0\0mif1avifmiaf", "HEIF"),  # "avif" lies beyond the box
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", None),
        (b"BM and so on, a text about cars", None),
        (b"RIFF\x10\0\0\0WAVEfmt ", None),
        (b"\x89PNG", None),
        (b"", None),
    ],
)
def test_sniff_by_magic(head: bytes, kind: str | None) -> None:
    assert sniff(head) == kind


def test_candidates_by_content_or_by_ending(tmp_path: Path) -> None:
    (tmp_path / "notes.JPG").write_bytes(pictures.TEXT)
    (tmp_path / "notes.txt").write_bytes(pictures.TEXT)
    (tmp_path / "picture.txt").write_bytes(MADE["WEBP"])
    (tmp_path / "empty").write_bytes(b"")
    found = {file.name for file in tmp_path.iterdir() if looks_like_picture(file)}
    assert found == {"notes.JPG", "picture.txt"}
    assert looks_like_picture(tmp_path / "gone.nef")
    assert not looks_like_picture(tmp_path / "gone.txt")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_orientation_is_applied(kind: str, orientation: int) -> None:
    stored = pictures.lying(pictures.quadrants(), orientation)
    block = pictures.exif(orientation=orientation)
    quality = {"quality": 95} if kind in ("JPEG", "AVIF") else {}
    picture = read(pictures.encode(stored, kind, exif=block, **quality))
    assert (picture.width, picture.height) == picture.image.size == (96, 64)
    assert_quadrants(picture, within=12)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_heic_is_applied_once(orientation: int) -> None:
    stored = pictures.lying(pictures.quadrants(), orientation)
    picture = read(pictures.heic(stored, exif=pictures.exif(orientation=orientation)))
    assert (picture.width, picture.height) == picture.image.size == (96, 64)
    assert_quadrants(picture, within=12)


def test_orientation_holds_at_a_reduced_scale() -> None:
    stored = pictures.lying(pictures.quadrants(960, 640), 6)
    content = pictures.make_jpeg(stored, exif=pictures.exif(orientation=6))
    picture = read(content, near=80)
    assert (picture.width, picture.height) == (960, 640)
    assert picture.image.size == (120, 80)
    assert_quadrants(picture)


def test_alpha_shows_white() -> None:
    half = Image.new("RGBA", (8, 8), (200, 0, 0, 128))
    grey = Image.new("LA", (8, 8), (0, 64))
    for kind in ("PNG", "WEBP", "TIFF"):
        options = {"lossless": True} if kind == "WEBP" else {}
        assert colour(read(pictures.encode(half, kind, **options))) == pytest.approx(
            (227, 127, 127), abs=2
        )
    assert colour(read(pictures.encode(grey, "PNG"))) == (191, 191, 191)
    clear = Image.new("RGBA", (8, 8), (200, 0, 0, 0))
    assert colour(read(pictures.avif(clear))) == pytest.approx((255, 255, 255), abs=1)
    assert colour(read(pictures.heic(clear))) == pytest.approx((255, 255, 255), abs=1)


def test_premultiplied_alpha_is_divided_out() -> None:
    tags: dict[int, pictures.Entry] = {
        256: (pictures.LONG, [4]),
        257: (pictures.LONG, [4]),
        258: (pictures.SHORT, [8, 8, 8, 8]),
        259: (pictures.SHORT, [1]),
        262: (pictures.SHORT, [2]),
        277: (pictures.SHORT, [4]),
        278: (pictures.LONG, [4]),
        338: (pictures.SHORT, [1]),
    }
    # Half-transparent (200, 100, 0) stored multiplied by its alpha.
    content = pictures.tiff(tags, bytes((100, 50, 0, 128)) * 16)
    assert colour(read(content)) == pytest.approx((227, 177, 127), abs=2)


def test_transparent_palette_entries() -> None:
    right = (0.75, 0.5)
    assert colour(read(pictures.palette_png())) == pictures.RED
    keyed = read(pictures.palette_png(transparent=0))
    assert (colour(keyed), colour(keyed, *right)) == ((255, 255, 255), pictures.BLUE)
    halved = read(pictures.palette_png(transparent=b"\x80\xff"))
    assert colour(halved) == pytest.approx((237, 137, 142), abs=1)
    assert colour(halved, *right) == pictures.BLUE


def test_transparent_colours() -> None:
    image = pictures.quadrants()
    keyed = read(pictures.encode(image, "PNG", transparency=pictures.RED))
    assert (colour(keyed), colour(keyed, 0.75)) == ((255, 255, 255), pictures.GREEN)
    grey = Image.new("L", (8, 8), 77)
    assert colour(read(pictures.encode(grey, "PNG", transparency=77))) == (255, 255, 255)
    assert colour(read(pictures.encode(grey, "PNG", transparency=78))) == (77, 77, 77)
    deep = pictures.png_rgb16((0x80FF, 0x4000, 0), transparent=(0x80FF, 0x4000, 0))
    assert colour(read(deep)) == (255, 255, 255)
    assert colour(read(pictures.png16(0x1234, transparent=0x1234))) == (255, 255, 255)
    assert colour(read(pictures.png16(0x1234, transparent=0x1235))) == (18, 18, 18)


@pytest.mark.parametrize(("depth", "row", "shown"), [(2, 0b01_01_01_01, 85), (4, 0x55, 85)])
def test_transparent_value_of_few_bits(depth: int, row: int, shown: int) -> None:
    value = row & ((1 << depth) - 1)
    rows, size = bytes([row]) * 8, (8 // depth, 8)

    def made(key: int) -> bytes:
        chunk = (b"tRNS", key.to_bytes(2, "big"))
        return pictures.png(rows, size, depth=depth, colour_type=0, chunks=[chunk])

    assert colour(read(made(value))) == (255, 255, 255)
    assert colour(read(made(value + 1))) == (shown, shown, shown)


@pytest.mark.parametrize(("value", "shown"), [(0, 0), (0x4000, 64), (0x8000, 128), (0xFFFF, 255)])
def test_sixteen_bits_of_grey(value: int, shown: int) -> None:
    grey = (shown,) * 3
    values = np.full((4, 4), value, np.uint16)
    assert colour(read(pictures.png16(value))) == grey
    assert colour(read(pictures.grey_tiff(values))) == grey
    assert colour(read(pictures.grey_tiff(values, order=">"))) == grey
    inverted = read(pictures.grey_tiff(values, white_is_zero=True))
    assert colour(inverted) == pytest.approx((255 - shown,) * 3, abs=1)


def test_sixteen_bits_of_colour() -> None:
    assert colour(read(pictures.png_rgb16((0x8000, 0x4000, 0xFFFF)))) == (128, 64, 255)


def test_twelve_bits_of_grey() -> None:
    tags = pictures.grey_tags(4, 4, 12)
    half = bytes((0x80, 0x08, 0x00))  # two values of 0x800
    assert colour(read(pictures.tiff(tags, half * 8))) == (128, 128, 128)


@pytest.mark.parametrize(
    ("values", "bits", "sample_format", "shown"),
    [
        (np.array([[0.5, 1.0]], np.float32), 32, 3, 128),
        (np.array([[127.6, 200.0]], np.float32), 32, 3, 128),
        (np.array([[32768.0, 60000.0]], np.float32), 32, 3, 128),
        (np.array([[0.5, np.nan]], np.float32), 32, 3, 128),
        (np.array([[100.0, -300.0], [300.0, 0.0]], np.float32), 32, 3, 170),
        (np.array([[1e6, 0.0], [2e6, 0.0]], np.float32), 32, 3, 128),
        (np.array([[32896, 40000]], np.uint32), 32, 1, 128),
        (np.array([[100, 255]], np.int32), 32, 2, 100),
        (np.array([[0, -300], [300, 0]], np.int16), 16, 2, 128),
    ],
)
def test_numbers_without_a_scale(
    values: np.ndarray, bits: int, sample_format: int, shown: int
) -> None:
    content = pictures.grey_tiff(values, bits=bits, sample_format=sample_format)
    assert colour(read(content), 0, 0) == pytest.approx((shown,) * 3, abs=1)


def test_cmyk_without_a_profile() -> None:
    assert colour(read(pictures.cmyk_jpeg((0, 255, 255, 0)))) == pytest.approx((255, 0, 0), abs=4)
    assert colour(read(pictures.cmyk_jpeg((0, 0, 0, 255)))) == pytest.approx((0, 0, 0), abs=4)
    assert colour(read(pictures.cmyk_jpeg((0, 0, 0, 0)))) == pytest.approx((255,) * 3, abs=4)
    inks = Image.new("CMYK", (8, 8), (255, 0, 255, 0))
    assert colour(read(pictures.encode(inks, "TIFF"))) == (0, 255, 0)


def test_cmyk_with_a_profile() -> None:
    profile = pictures.cmyk_profile(magenta=(60, -60, 50))
    picture = read(pictures.cmyk_jpeg((0, 255, 0, 0), icc_profile=profile))
    # L*a*b* (60, -60, 50) is a green beyond sRGB's red: about (0, 170, 42).
    assert colour(picture) == pytest.approx((0, 170, 42), abs=6)
    paper = read(pictures.cmyk_jpeg((0, 0, 0, 0), icc_profile=profile))
    assert colour(paper) == pytest.approx((255, 255, 255), abs=3)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LAB", "YCbCr"])
def test_other_modes_in_tiff(mode: str) -> None:
    expected: tuple[int, ...] = pictures.RED
    if mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        srgb = ImageCms.createProfile("sRGB")
        image = ImageCms.profileToProfile(
            pictures.plain(),
            srgb,
            lab,
            outputMode="LAB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )
        assert image is not None
    elif mode == "1":
        image, expected = Image.new("1", (8, 8), 1), (255, 255, 255)
    else:
        image = pictures.plain().convert(mode, palette=Image.Palette.ADAPTIVE)
    if mode == "L":
        expected = (image.getpixel((0, 0)),) * 3  # type: ignore[assignment]
    assert colour(read(pictures.encode(image, "TIFF"))) == pytest.approx(expected, abs=6)


def srgb_of(linear_srgb: np.ndarray) -> np.ndarray:
    """Linear sRGB → sRGB of 0..255, as IEC 61966-2-1 has it."""
    light = np.clip(linear_srgb, 0, 1)
    curved = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(curved * 255)


def linear_of(value: np.ndarray) -> np.ndarray:
    part = value / 255
    return np.asarray(np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4))


# CSS Color 4, section 18: linear Display P3 → XYZ and linear Adobe RGB → XYZ → linear sRGB (D65).
P3_TO_SRGB = np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]])
ADOBE_TO_SRGB = np.array([[1.3984, -0.3984, 0], [0, 1, 0], [0, -0.0429, 1.0429]])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("stored", [(200, 100, 50), (90, 150, 120), (128, 128, 128)])
def test_display_p3_becomes_srgb(kind: str, stored: pictures.Colour) -> None:
    profile = pictures.rgb_profile(pictures.DISPLAY_P3)
    options = {"lossless": True} if kind == "WEBP" else {"quality": 98}
    content = pictures.encode(pictures.plain(stored), kind, icc_profile=profile, **options)
    expected = srgb_of(P3_TO_SRGB @ linear_of(np.array(stored)))
    assert colour(read(content)) == pytest.approx(expected, abs=4)


def test_display_p3_in_heic() -> None:
    profile = pictures.rgb_profile(pictures.DISPLAY_P3)
    content = pictures.heic(pictures.plain((200, 100, 50)), icc_profile=profile)
    expected = srgb_of(P3_TO_SRGB @ linear_of(np.array((200, 100, 50))))
    assert colour(read(content)) == pytest.approx(expected, abs=5)


def test_adobe_rgb_becomes_srgb_and_keeps_its_alpha() -> None:
    stored = np.array((150, 100, 80))
    profile = pictures.rgb_profile(pictures.ADOBE_RGB, gamma=563 / 256)
    opaque = srgb_of(ADOBE_TO_SRGB @ (stored / 255) ** (563 / 256))
    content = pictures.encode(Image.new("RGB", (8, 8), (150, 100, 80)), "PNG", icc_profile=profile)
    assert colour(read(content)) == pytest.approx(opaque, abs=2)
    half = Image.new("RGBA", (8, 8), (150, 100, 80, 128))
    shown = read(pictures.encode(half, "PNG", icc_profile=profile))
    assert colour(shown) == pytest.approx((opaque * 128 + 255 * 127) / 255, abs=2)


def test_grey_profile_becomes_srgb() -> None:
    content = pictures.encode(
        Image.new("L", (8, 8), 128), "PNG", icc_profile=pictures.grey_profile(1.8)
    )
    expected = float(srgb_of(np.array((128 / 255) ** 1.8)))
    assert colour(read(content)) == pytest.approx((expected,) * 3, abs=2)


def test_a_profile_that_is_srgb_changes_nothing() -> None:
    image = pictures.textured(64, 48)
    plain = read(pictures.encode(image, "PNG")).image
    for profile in (
        pictures.rgb_profile(pictures.SRGB),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    ):
        tagged = read(pictures.encode(image, "PNG", icc_profile=profile)).image
        assert tagged.tobytes() == plain.tobytes()


@pytest.mark.parametrize(
    "profile",
    [
        b"not a profile at all",
        pictures.rgb_profile(pictures.DISPLAY_P3)[:200],
        pictures.grey_profile(1.8),
        pictures.cmyk_profile((60, -60, 50)),
        b"\0" * 16 + b"RGB " + b"\0" * 300,
    ],
    ids=["text", "cut", "grey", "cmyk", "zeros"],
)
def test_a_profile_that_does_not_fit_is_passed_over(
    profile: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "lookalike.image")
    picture = read(pictures.make_jpeg(icc_profile=profile))
    assert_quadrants(picture)


def test_a_broken_profile_leaves_a_record(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "lookalike.image")
    read(pictures.make_jpeg(icc_profile=b"\0" * 16 + b"RGB " + b"\1" * 300))
    assert "colour profile passed over" in caplog.text


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF", "TIFF"])
def test_of_several_frames_the_first_is_read(kind: str) -> None:
    picture = read(pictures.animated(kind))
    assert picture.image.size == (40, 30)
    assert colour(picture) == pytest.approx(pictures.RED, abs=6)


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1), (3, 2)])
def test_the_smallest_and_the_thinnest(size: tuple[int, int]) -> None:
    content = pictures.encode(pictures.plain(pictures.GREEN, size), "PNG")
    for near in (None, 448):
        picture = read(content, near=near)
        assert (picture.width, picture.height) == picture.image.size == size
        assert colour(picture) == pictures.GREEN


@pytest.mark.parametrize("kind", KINDS)
def test_near_reduces_but_never_below(kind: str) -> None:
    full, near = read(TEXTURED[kind]), read(TEXTURED[kind], near=60)
    assert (near.width, near.height) == (full.width, full.height) == (400, 280)
    assert full.image.size == (400, 280)
    assert 60 <= min(near.image.size) < 120
    again = full.image.resize(near.image.size, Image.Resampling.BOX)
    difference = np.abs(np.asarray(again, np.int16) - np.asarray(near.image, np.int16))
    assert difference.mean() < 3


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_near_is_safe_for_jpegs_of_other_modes(mode: str) -> None:
    picture = read(pictures.make_jpeg(pictures.quadrants(800, 600).convert(mode)), near=100)
    assert picture.image.mode == "RGB"
    assert picture.image.size == (200, 150)


def test_threads_agree_with_one_another() -> None:
    profile = pictures.rgb_profile(pictures.DISPLAY_P3)
    jpeg = pictures.make_jpeg(pictures.textured(), icc_profile=profile)
    contents = [*TEXTURED.values(), jpeg] * 8
    alone = [read(content).image.tobytes() for content in contents[:9]] * 8
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda content: read(content).image.tobytes(), contents))
    assert together == alone
