"""Files that are no picture, cut short, broken or too large → one sentence, and nothing else."""

from __future__ import annotations

import logging
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lookalike.errors import ImageError, TooManyPixelsError
from lookalike.image import DEFAULT_MAX_PIXELS, Picture, decode, read
from tests import hostile, pictures
from tests.containers import nameless_property

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
TEXTURED = pictures.every_kind(pictures.textured(160, 120))


def refusal(source: bytes | Path, **options: Any) -> str:
    with pytest.raises(ImageError) as caught:
        read(source, **options)
    return str(caught.value)


def picture_or_refusal(content: bytes, **options: Any) -> Picture | str:
    try:
        return read(content, **options)
    except ImageError as error:
        return str(error)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pictures.EMPTY, "is empty (0 bytes)"),
        (pictures.TEXT, "is not a picture (its content is text)"),
        ("<svg xmlns='http://www.w3.org/2000/svg'/>".encode("utf-16"), "is not a picture (its"),
        (b"a" * 63 + "ä".encode() * 5000, "is not a picture (its content is text)"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "is a PDF document, which Lookalike does not read"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "is a video, which Lookalike does not read"),
        (b"\xff\x0a\0\0", "is a JPEG XL picture, which Lookalike does not read"),
        (bytes(200), "is not a picture of a kind that Lookalike reads"),
        (b"\x89PN", "is not a picture of a kind that Lookalike reads"),
    ],
)
def test_what_is_no_picture(content: bytes, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "holiday.jpg"
    file.write_bytes(content)
    assert refusal(content).startswith(reason)
    assert refusal(file).startswith(reason)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_a_file_cut_short_is_refused(kind: str, keep: float) -> None:
    reason = refusal(pictures.truncated(TEXTURED[kind], keep))
    assert reason == "is cut short (truncated): copy or download it again"


@pytest.mark.parametrize("kind", KINDS)
def test_every_length_of_a_file_is_a_picture_or_refused(kind: str) -> None:
    content = pictures.every_kind(pictures.plain(size=(8, 8)))[kind]
    for length in range(1, len(content), max(1, len(content) // 60)):
        found = picture_or_refusal(content[:length])
        assert found.isprintable() if isinstance(found, str) else found.image.size == (8, 8)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_bytes_are_a_picture_or_refused(kind: str) -> None:
    generator = np.random.default_rng(7)
    content = np.frombuffer(TEXTURED[kind], np.uint8)
    for _ in range(40):
        damaged = content.copy()
        places = generator.integers(12, len(content), 6)
        damaged[places] = generator.integers(0, 256, 6)
        found = picture_or_refusal(damaged.tobytes(), max_pixels=1_000_000)
        assert found.isprintable() if isinstance(found, str) else found.image.mode == "RGB"


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_pixels_by_the_header_alone(kind: str) -> None:
    content = pictures.huge(kind)
    with pytest.raises(TooManyPixelsError) as caught:
        read(content)
    count = {"GIF": "3600", "WEBP": "268.4"}.get(kind, "900")
    assert str(caught.value) == (
        f"has {count} megapixels, more than the limit of 200: raise it with --max-pixels"
    )


def test_the_header_is_enough_memory_stays_small() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for kind in KINDS:
        refusal(pictures.huge(kind))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < (100 << 20 if sys.platform == "darwin" else 100 << 10)


def test_the_limit_can_be_set_and_is_exact() -> None:
    content = pictures.encode(pictures.plain(size=(40, 25)), "PNG")
    assert read(content, max_pixels=1000).width == 40
    assert refusal(content, max_pixels=999) == (
        "has 0.001 megapixels, more than the limit of 0.000999: raise it with --max-pixels"
    )
    assert DEFAULT_MAX_PIXELS == 200_000_000


def test_the_limit_holds_before_near_reduces() -> None:
    content = pictures.make_jpeg(pictures.plain(size=(400, 400)))
    with pytest.raises(TooManyPixelsError):
        read(content, max_pixels=100_000, near=50)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF"])
def test_pillows_own_limit_never_interferes(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert read(pictures.every_kind()[kind]).width == 96
    assert Image.MAX_IMAGE_PIXELS == 100


def test_damaged_exif_costs_nothing_and_warns_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "lookalike.image")
    block = pictures.exif(orientation=6, taken="2024:02:29 10:11:12", make="Testcam")
    for end in range(6, len(block), 3):
        assert read(pictures.make_jpeg(exif=block[:end])).format == "JPEG"
    assert "while reading a picture" in caplog.text


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "HEIF"])
def test_damaged_exif_costs_no_picture_of_any_kind(kind: str) -> None:
    block = pictures.exif(orientation=1, make="Testcam")
    image = pictures.plain(size=(16, 16))
    content = (
        pictures.heic(image, exif=block)
        if kind == "HEIF"
        else pictures.encode(image, kind, exif=block)
    )
    at = content.rfind(b"MM\0*")
    for offset in range(24):
        damaged = bytearray(content)
        damaged[at + offset] = 0x41
        if kind == "PNG":
            damaged = pictures.with_right_sums(damaged)
        assert read(bytes(damaged)).width == 16


def test_warnings_of_the_codecs_go_to_the_log_in_threads_too() -> None:
    block = pictures.exif(orientation=1, taken="2024:02:29 10:11:12", make="Testcam")[:40]
    contents = [pictures.make_jpeg(exif=block)] * 64
    before = (warnings.showwarning, list(warnings.filters), Image.MAX_IMAGE_PIXELS)
    with ThreadPoolExecutor(8) as pool:
        assert {picture.width for picture in pool.map(read, contents)} == {96}
    assert (warnings.showwarning, list(warnings.filters), Image.MAX_IMAGE_PIXELS) == before


def test_other_warnings_are_left_alone() -> None:
    from lookalike.image.quiet import quiet

    with pytest.warns(UserWarning, match="somebody else's"), quiet():
        warnings.warn("somebody else's", UserWarning, stacklevel=1)


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.jpg").startswith("cannot be read: ")
    assert refusal(tmp_path).startswith("cannot be read: ")
    assert refusal(Path("a\0b.jpg")).startswith("cannot be ")


def test_an_unreadable_file(tmp_path: Path) -> None:
    file = tmp_path / "secret.jpg"
    file.write_bytes(pictures.make_jpeg())
    file.chmod(0)
    try:
        file.read_bytes()
    except PermissionError:
        assert refusal(file) == "cannot be read: Permission denied"
    else:
        pytest.skip("this user may read everything")
    finally:
        file.chmod(0o600)


def test_pixels_that_no_decoder_knows() -> None:
    content = pictures.grey_tiff(np.zeros((4, 4)), bits=64, sample_format=3)
    said = "is a TIFF with unusual pixels: save it with 8 or 16 bits a channel"
    assert refusal(content) == said


def test_a_picture_that_is_too_long_on_one_side() -> None:
    content = pictures.huge_png(1, 1_000_001)
    said = "is 1,000,001 pixels long, more than the limit of 1,000,000: cut it in pieces"
    assert refusal(content) == said


def test_a_jpeg_that_is_drawn_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(hostile.many_scans(15)).width == 64
    assert read(hostile.many_scans(1000)).width == 64  # so few pixels take no time
    monkeypatch.setattr(decode, "_MOST_WORK", 64 * 48 * 50)
    assert read(hostile.many_scans(15)).width == 64
    assert refusal(hostile.many_scans(60)) == (
        "is drawn in 65 scans, where a dozen do: save it anew"
    )
    # what lies behind the picture, or is a thumbnail in front of it, does not count
    film = hostile.many_scans(15) + b"\xff\xda" * 100
    assert read(film).width == 64


def test_damage_that_the_decoder_only_numbers() -> None:
    content = pictures.encode(pictures.textured(), "TIFF", compression="tiff_lzw")
    damaged = content[:2000] + b"\xff" * 100 + content[2100:]
    assert refusal(damaged) == "cannot be decoded as TIFF: its data is damaged"


def test_what_the_decoder_quotes_can_be_printed() -> None:
    content = nameless_property(pictures.heic(pictures.plain(size=(64, 64))))
    assert refusal(content).startswith("cannot be decoded as HEIF: ")
    assert refusal(content).isprintable()


def test_what_the_decoder_says_is_passed_on() -> None:
    content = bytearray(pictures.encode(pictures.quadrants(), "BMP"))
    content[30] = 77
    assert refusal(bytes(content)) == "cannot be decoded as BMP: Unsupported BMP compression (77)"
