"""Camera RAW files, written here tag by tag and read by LibRaw → pictures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lookalike.errors import ImageError, TooManyPixelsError
from lookalike.image import read
from tests import pictures


@pytest.fixture
def _rawpy() -> None:
    pytest.importorskip("rawpy")


@pytest.mark.usefixtures("_rawpy")
@pytest.mark.parametrize(("linear", "order"), [((0.8, 0.2, 0.1), "RGB"), ((0.1, 0.3, 0.7), "BGR")])
def test_the_sensor_is_developed(linear: tuple[float, float, float], order: str) -> None:
    picture = read(pictures.dng(linear))
    assert (picture.format, picture.width, picture.height) == ("RAW", 128, 96)
    assert picture.image.size == (64, 48)
    red, green, blue = picture.image.getpixel((30, 20))  # type: ignore[misc]
    brightest_first = sorted(zip((red, green, blue), "RGB", strict=True), reverse=True)
    assert "".join(name for _, name in brightest_first) == order
    assert (picture.taken, picture.camera) == ("2024-02-29T10:11:12", "Testcam One")


@pytest.mark.usefixtures("_rawpy")
def test_the_content_decides_that_it_is_raw(tmp_path: Path) -> None:
    for name in ("picture.dng", "picture.tif", "picture.jpg"):
        (tmp_path / name).write_bytes(pictures.dng())
        assert read(tmp_path / name).format == "RAW"


@pytest.mark.usefixtures("_rawpy")
def test_a_tiff_named_as_raw_is_still_read(tmp_path: Path) -> None:
    file = tmp_path / "scan.nef"
    file.write_bytes(pictures.every_kind()["TIFF"])
    picture = read(file)
    assert picture.format == "TIFF"
    assert picture.image.getpixel((5, 5)) == pictures.RED


@pytest.mark.usefixtures("_rawpy")
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_large_preview_is_preferred_and_turned(orientation: int) -> None:
    upright = pictures.quadrants(96, 128) if orientation in (6, 8) else pictures.quadrants(128, 96)
    preview = pictures.make_jpeg(pictures.lying(upright, orientation))
    picture = read(pictures.dng(orientation=orientation, preview=preview))
    assert (picture.width, picture.height) == picture.image.size == upright.size
    assert picture.image.getpixel((8, 8)) == pytest.approx(pictures.RED, abs=4)
    assert picture.camera == "Testcam One"


@pytest.mark.usefixtures("_rawpy")
def test_a_small_preview_is_not_used() -> None:
    preview = pictures.make_jpeg(pictures.plain(pictures.GREEN, (32, 24)))
    picture = read(pictures.dng((0.8, 0.2, 0.1), preview=preview))
    assert picture.image.size == (64, 48)
    assert read(pictures.dng(preview=preview), near=24).image.size == (32, 24)


@pytest.mark.usefixtures("_rawpy")
@pytest.mark.parametrize("orientation", [6, 8])
def test_an_upright_mosaic(orientation: int) -> None:
    picture = read(pictures.dng(orientation=orientation))
    assert (picture.width, picture.height) == (96, 128)
    assert picture.image.size == (48, 64)


@pytest.mark.usefixtures("_rawpy")
def test_the_limit_holds() -> None:
    with pytest.raises(TooManyPixelsError, match=r"has 0\.01229 megapixels"):
        read(pictures.dng(), max_pixels=12_000)


@pytest.mark.usefixtures("_rawpy")
def test_a_raw_file_cut_short_is_refused() -> None:
    with pytest.raises(ImageError, match=r"is cut short|cannot be decoded as RAW"):
        read(pictures.truncated(pictures.dng(), 0.5))
    with pytest.raises(ImageError, match="cannot be decoded as RAW"):
        read(b"FUJIFILMCCD-RAW 0201" + bytes(500))


def test_without_rawpy_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(ImageError) as caught:
        read(pictures.dng())
    assert str(caught.value) == 'is camera RAW, which needs rawpy: pip install "rawpy>=0.24"'
