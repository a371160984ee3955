"""Every reason why a file is skipped → one of a few grounds."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lookalike.errors import ImageError
from lookalike.image import read
from lookalike.indexing import GROUNDS, grounds
from tests import pictures


def ground(reason: str) -> str:
    found = grounds({reason: 3})
    assert set(found) == set(GROUNDS)
    ((name, number),) = [(name, number) for name, number in found.items() if number]
    assert number == 3
    return name


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        (pictures.TEXT, "not_a_picture"),
        (bytes(range(256)), "not_a_picture"),
        (b"%PDF-1.7 more", "unsupported"),
        (pictures.truncated(pictures.make_jpeg(), 0.5), "damaged"),
        (b"FUJIFILMCCD-RAW 0201" + bytes(500), "damaged"),
    ],
)
def test_what_reading_says(content: bytes, expected: str) -> None:
    with pytest.raises(ImageError) as caught:
        read(content)
    assert ground(str(caught.value)) == expected


def test_what_is_too_large() -> None:
    with pytest.raises(ImageError) as caught:
        read(pictures.make_jpeg(), max_pixels=10)
    assert ground(str(caught.value)) == "too_large"


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as caught:
        read(tmp_path)
    assert ground(str(caught.value)) == "unreadable"
    assert ground(f"cannot be read: {os.strerror(errno.EIO)}") == "unreadable"


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ('is camera RAW, which needs rawpy: pip install "rawpy>=0.24"', "package_missing"),
        ("is a TIFF with unusual pixels: save it with 8 or 16 bits a channel", "unsupported"),
        ("needs more memory than is free", "too_large"),
        ("is 120,000 pixels long, more than the limit of 65,535: cut it in pieces", "too_large"),
        ("is a BMP with 90 MB of runs, which takes too long: save it anew", "too_large"),
        ("takes longer than 5 seconds to decode: save it anew", "decoder_ended"),
        ("makes its decoder crash (SIGSEGV): save it anew", "decoder_ended"),
        ("is not in the folder of the pictures", "not_a_picture"),
        ("a sentence of a later version", "other"),
    ],
)
def test_other_sentences(reason: str, expected: str) -> None:
    assert ground(reason) == expected


def test_numbers_are_added() -> None:
    found = grounds({"is empty (0 bytes)": 2, "has 9 megapixels, more": 1, "has 8 megapixels": 4})
    assert (found["empty"], found["too_large"], found["other"]) == (2, 5, 0)
