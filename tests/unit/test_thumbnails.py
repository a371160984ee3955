"""`lookalike.thumbnails`: small WebPs that are made once, and kept only while they are true."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import logging
import os
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from lookalike.stores.base import Record
from lookalike.thumbnails import SIDE, Thumbnails
from tests.pictures import BLUE, RED, plain, textured


class Reading:
    """Gives a picture, and counts how often it is asked."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.times = 0

    def __call__(self) -> Image.Image:
        self.times += 1
        return self.image


@pytest.fixture
def reading() -> Reading:
    return Reading(plain(RED, (1000, 500)))


@pytest.fixture
def made(tmp_path: Path) -> Record:
    """A record; where its file is, only the reader cares."""
    return Record(str(tmp_path), "a.jpg", 32, 1, hashlib.sha256().hexdigest(), 9, 9, "JPEG")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def kept(cache: Path) -> list[Path]:
    return sorted(path for path in cache.rglob("*") if path.is_file())


def test_a_thumbnail_is_a_small_webp_made_once(cache: Path, made: Record, reading: Reading) -> None:
    thumbnails = Thumbnails(cache, writable=True)
    content = thumbnails.get(made, reading)
    with Image.open(io.BytesIO(content)) as shown:
        assert (shown.format, shown.size) == ("WEBP", (SIDE, SIDE // 2))
        assert shown.getpixel((100, 100)) == pytest.approx(RED, abs=6)
    assert thumbnails.get(made, reading) == content
    assert Thumbnails(cache, writable=False).get(made, reading) == content
    assert reading.times == 1
    (file,) = kept(cache)
    assert file.read_bytes() == content


@pytest.mark.parametrize("kept_bytes", [0, 11, 300, 511])
def test_what_a_power_cut_left_of_one_is_made_anew(
    cache: Path, made: Record, kept_bytes: int
) -> None:
    reading = Reading(textured(800, 600))
    thumbnails = Thumbnails(cache, writable=True)
    content = thumbnails.get(made, reading)
    assert len(content) > 2048
    (file,) = kept(cache)
    for torn in (content[:kept_bytes], content[:kept_bytes] + bytes(len(content) - kept_bytes)):
        file.write_bytes(torn)
        assert thumbnails.get(made, reading) == content
        assert file.read_bytes() == content
    assert reading.times == 3


def test_pictures_of_the_same_content_share_one(
    cache: Path, made: Record, reading: Reading
) -> None:
    thumbnails = Thumbnails(cache, writable=True)
    thumbnails.get(made, reading)
    thumbnails.get(dataclasses.replace(made, root="/elsewhere", relative="b.jpg", id=7), reading)
    assert reading.times == 1
    thumbnails.get(dataclasses.replace(made, digest="0" * 64), Reading(plain(BLUE)))
    assert len(kept(cache)) == 2


def test_a_deleted_cache_comes_back(cache: Path, made: Record, reading: Reading) -> None:
    thumbnails = Thumbnails(cache, writable=True)
    content = thumbnails.get(made, reading)
    for file in kept(cache):
        file.unlink()
    assert thumbnails.get(made, reading) == content
    assert len(kept(cache)) == 1


def test_where_nothing_can_be_written_they_are_made_each_time(
    cache: Path, made: Record, reading: Reading
) -> None:
    thumbnails = Thumbnails(cache, writable=False)
    thumbnails.get(made, reading)
    thumbnails.get(made, reading)
    assert reading.times == 2
    assert not cache.exists()


def test_a_cache_that_cannot_be_made_costs_only_time(
    cache: Path, made: Record, reading: Reading, caplog: pytest.LogCaptureFixture
) -> None:
    cache.write_text("in the way")
    with caplog.at_level(logging.WARNING):
        assert Thumbnails(cache, writable=True).get(made, reading)
    assert "a thumbnail is not kept" in caplog.text


def test_an_error_of_the_reader_is_passed_on_and_nothing_kept(cache: Path, made: Record) -> None:
    def read() -> Image.Image:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        Thumbnails(cache, writable=True).get(made, read)
    assert kept(cache) == []


def test_orphans_are_dropped(cache: Path, made: Record, reading: Reading) -> None:
    thumbnails = Thumbnails(cache, writable=True)
    assert thumbnails.drop_orphans(lambda _digest: False) == 0
    for digest in ("a" * 64, "b" * 64, "c" * 64):
        thumbnails.get(dataclasses.replace(made, digest=digest), reading)
    assert thumbnails.drop_orphans(lambda digest: digest == "b" * 64) == 2
    assert [file.stem for file in kept(cache)] == ["b" * 64]


def test_many_threads_ask_at_once(cache: Path, made: Record, reading: Reading) -> None:
    thumbnails = Thumbnails(cache, writable=True)
    wanted = thumbnails.get(dataclasses.replace(made, digest="0" * 64), reading)
    answers: list[bytes] = []
    together = threading.Barrier(6)

    def ask() -> None:
        together.wait()
        answers.extend(thumbnails.get(made, reading) for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [wanted] * 30
    assert len(kept(cache)) == 2


def test_what_a_killed_process_left_half_written_goes_after_a_day(
    cache: Path, made: Record, reading: Reading
) -> None:
    thumbnails = Thumbnails(cache, writable=True)
    thumbnails.get(made, reading)
    (file,) = kept(cache)
    left, going = (file.with_name(f"{number}.part") for number in (1, 2))
    for half in (left, going):
        half.write_bytes(b"half a thumbnail")
    day_ago = time.time() - 25 * 3600
    os.utime(left, (day_ago, day_ago))
    assert thumbnails.drop_orphans(lambda digest: digest == made.digest) == 0
    assert kept(cache) == sorted([file, going])
