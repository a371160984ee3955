"""Pictures → model input and thumbnails, held against the plain definition in NumPy."""

from __future__ import annotations

import dataclasses
import io
import itertools

import numpy as np
import pytest
from PIL import Image

from lookalike.image import WHOLE, Part, Preprocess, read, seen, thumbnail, to_input
from lookalike.image.preprocess import Channels, Fit, Layout, Values
from lookalike.image.resize import Resample, resized
from tests import pictures

PLAIN = Preprocess(
    size=224,
    fit="squash",
    resample="bicubic",
    channels="RGB",
    layout="NCHW",
    mean=(127.0, 127.0, 127.0),
    std=(128.0, 128.0, 128.0),
)
SIDES = (224, 224)
SHAPES: dict[Layout, tuple[int, int, int]] = {"NCHW": (3, *SIDES), "NHWC": (*SIDES, 3)}
IMAGENET = dataclasses.replace(PLAIN, mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375))


def by_definition(pixels: Image.Image | np.ndarray, preprocess: Preprocess) -> np.ndarray:
    values = (np.asarray(pixels, np.float64) - preprocess.mean) / preprocess.std
    if preprocess.channels == "BGR":
        values = values[:, :, ::-1]
    return values.transpose(2, 0, 1) if preprocess.layout == "NCHW" else values


COMBINATIONS: list[tuple[Resample, Channels, Layout]] = list(
    itertools.product(("bicubic", "bilinear", "lanczos"), ("RGB", "BGR"), ("NCHW", "NHWC"))
)


@pytest.mark.parametrize(("resample", "channels", "layout"), COMBINATIONS)
def test_squash(resample: Resample, channels: Channels, layout: Layout) -> None:
    preprocess = dataclasses.replace(IMAGENET, resample=resample, channels=channels, layout=layout)
    image = pictures.textured()
    found = to_input(image, preprocess)
    expected = by_definition(resized(image, (224, 224), resample), preprocess)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    assert found.shape == ((3, 224, 224) if layout == "NCHW" else (224, 224, 3))
    np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize("channels", ["RGB", "BGR"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_model_that_normalises_itself_gets_the_pixels(channels: Channels, layout: Layout) -> None:
    preprocess = dataclasses.replace(IMAGENET, channels=channels, layout=layout, values="uint8")
    image = pictures.textured()
    plain = dataclasses.replace(preprocess, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    found = to_input(image, preprocess)
    assert found.dtype == np.uint8
    assert found.shape == SHAPES[layout]
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, by_definition(resized(image, SIDES, "bicubic"), plain))


@pytest.mark.parametrize("values", ["float32", "uint8"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_the_input_is_written_where_it_is_wanted(layout: Layout, values: Values) -> None:
    preprocess = dataclasses.replace(IMAGENET, layout=layout, values=values)
    batch = np.zeros((2, *SHAPES[layout]), values)
    found = to_input(pictures.textured(), preprocess, out=batch[1])
    assert found.base is batch
    np.testing.assert_array_equal(batch[1], to_input(pictures.textured(), preprocess))
    assert not batch[0].any()


@pytest.mark.parametrize("size", [(320, 240), (240, 320), (301, 257), (900, 100), (50, 70)])
@pytest.mark.parametrize("short_side", [None, 256, 224])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_crop_is_resize_then_cut(
    size: tuple[int, int], short_side: int | None, layout: Layout
) -> None:
    preprocess = dataclasses.replace(PLAIN, fit="crop", short_side=short_side, layout=layout)
    image = pictures.textured(*size)
    short = short_side or 224
    wide, high = (int(short * side / min(size)) for side in size)
    left, top = round((wide - 224) / 2), round((high - 224) / 2)
    whole = resized(image, (wide, high), "bicubic")
    expected = by_definition(whole[top : top + 224, left : left + 224], preprocess)
    difference = np.abs(to_input(image, preprocess) - expected)
    # Cutting first rounds the position of the window to whole values once more, no further.
    assert difference.max() <= 2.01 / 128
    assert difference.mean() < 0.1 / 128


def test_crop_with_a_short_side_below_the_size_fills_the_square() -> None:
    preprocess = dataclasses.replace(PLAIN, fit="crop", short_side=100)
    whole = dataclasses.replace(PLAIN, fit="crop", short_side=None)
    image = pictures.textured()
    np.testing.assert_array_equal(to_input(image, preprocess), to_input(image, whole))


@pytest.mark.parametrize("size", [(320, 160), (160, 320)])
def test_pad_keeps_all_and_is_nought_around_it(size: tuple[int, int]) -> None:
    preprocess = dataclasses.replace(PLAIN, fit="pad")
    found = to_input(pictures.textured(*size), preprocess)
    upright = found if size[0] > size[1] else found.transpose(0, 2, 1)
    assert not upright[:, :56].any()
    assert not upright[:, -56:].any()
    kept = (224, 112) if size[0] > size[1] else (112, 224)
    expected = by_definition(resized(pictures.textured(*size), kept, "bicubic"), preprocess)
    inner = upright[:, 56:-56]
    np.testing.assert_allclose(
        inner, expected if size[0] > size[1] else expected.transpose(0, 2, 1), atol=1e-6
    )


@pytest.mark.parametrize("fit", ["squash", "crop", "pad"])
@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1), (3, 5000)])
def test_the_smallest_and_the_thinnest(fit: Fit, size: tuple[int, int]) -> None:
    found = to_input(pictures.plain(size=size), dataclasses.replace(PLAIN, fit=fit, short_side=256))
    assert found.shape == (3, 224, 224)
    assert np.isfinite(found).all()


def test_other_modes_are_taken_too() -> None:
    assert to_input(Image.new("L", (10, 10), 127), PLAIN).max() == 0


def test_known_values() -> None:
    found = to_input(pictures.plain((255, 127, 0)), PLAIN)
    np.testing.assert_allclose(found[:, 0, 0], (1.0, 0.0, -127 / 128), atol=1e-7)
    vgg = dataclasses.replace(
        PLAIN, channels="BGR", layout="NHWC", mean=(123.68, 116.779, 103.939), std=(1.0, 1.0, 1.0)
    )
    keras = to_input(pictures.plain((255, 127, 0)), vgg)[0, 0]
    np.testing.assert_allclose(keras, (0 - 103.939, 127 - 116.779, 255 - 123.68), atol=1e-4)


def test_reading_near_gives_nearly_the_same_input() -> None:
    content = pictures.make_jpeg(pictures.textured(2400, 1800, seed=3))
    full, near = (to_input(read(content, near=side).image, PLAIN) for side in (None, 448))
    cosine = float((full * near).sum() / np.linalg.norm(full) / np.linalg.norm(near))
    assert cosine > 0.999


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((800, 600), (200, 150)),
        ((600, 800), (150, 200)),
        ((90, 30), (90, 30)),
        ((1, 5000), (1, 200)),
    ],
)
def test_thumbnail(size: tuple[int, int], expected: tuple[int, int]) -> None:
    content = thumbnail(pictures.plain(pictures.GREEN, size), 200)
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == ("WEBP", expected)
        shown = image.convert("RGB").getpixel((0, expected[1] // 2))
    assert shown == pytest.approx(pictures.GREEN, abs=8)


def test_a_thumbnail_says_nothing_of_place_or_profile() -> None:
    block = pictures.exif(make="Testcam", gps=pictures.GPS_ZURICH)
    profile = pictures.rgb_profile(pictures.SRGB)
    picture = read(pictures.make_jpeg(exif=block, icc_profile=profile, comment=b"at home"))
    for side in (20, 500):
        content = thumbnail(picture.image, side)
        assert not any(mark in content for mark in (b"EXIF", b"ICCP", b"XMP ", b"Testcam", b"home"))


def test_a_thumbnail_leaves_the_picture_alone() -> None:
    image = pictures.textured()
    before = image.tobytes()
    thumbnail(image, 50)
    assert (image.size, image.tobytes()) == ((320, 240), before)


def test_thumbnails_beyond_webps_own_limit() -> None:
    content = thumbnail(pictures.plain(size=(20_000, 2)), 20_000)
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (16_383, 2)


# ---- what of a picture the model sees


@pytest.mark.parametrize(
    ("fit", "short_side", "size", "part"),
    [
        ("squash", None, (640, 480), WHOLE),
        ("crop", None, (448, 224), (0.25, 0.0, 0.5, 1.0)),
        ("crop", 448, (448, 448), (0.25, 0.25, 0.5, 0.5)),
        ("crop", 256, (256, 512), (16 / 256, 144 / 512, 224 / 256, 224 / 512)),
        ("pad", None, (400, 200), (0.0, -0.5, 1.0, 2.0)),
        ("pad", None, (100, 400), (-1.5, 0.0, 4.0, 1.0)),
    ],
)
def test_the_part_that_the_model_sees(
    fit: Fit, short_side: int | None, size: tuple[int, int], part: Part
) -> None:
    preprocess = dataclasses.replace(PLAIN, fit=fit, short_side=short_side)
    assert seen(size, preprocess) == pytest.approx(part)


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_what_lies_there_is_what_reaches_the_model(fit: Fit) -> None:
    """A white spot on black: where it lies in the input says which part of the picture that is."""
    preprocess = dataclasses.replace(PLAIN, fit=fit, short_side=300 if fit == "crop" else None)
    image = Image.new("RGB", (500, 400))
    image.paste((255, 255, 255), (200, 300, 240, 330))
    left, top, wide, high = seen(image.size, preprocess)
    bright = to_input(image, preprocess).mean(0) > 0.5
    rows, columns = np.flatnonzero(bright.any(1)), np.flatnonzero(bright.any(0))
    across = [left + wide * edge / 224 for edge in (columns[0], columns[-1] + 1)]
    down = [top + high * edge / 224 for edge in (rows[0], rows[-1] + 1)]
    assert across == pytest.approx([200 / 500, 240 / 500], abs=1.5 / 224)
    assert down == pytest.approx([300 / 400, 330 / 400], abs=1.5 / 224)
