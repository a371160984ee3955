"""The real command follows folders with real files, until it is told to end."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lookalike import Library
from tests.end_to_end.running import COMMAND, LINUX, PATIENCE, POSIX, refused, run
from tests.small_libraries import picture, tiny_model, write

pytest.importorskip("watchfiles")
pytestmark = POSIX


class Watch:
    """``lookalike watch --json`` in a process of its own, and what it tells."""

    def __init__(self, base: Path, *options: str | Path, before: tuple[str, ...] = ()) -> None:
        self.top, self.library = base / "pictures", base / "library"
        self.process = subprocess.Popen(
            [*before, *COMMAND, "watch", self.top, "--library", self.library, "--json", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._told: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._told.put(json.loads(line))

    def until(self, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """The next event that is wanted."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                event = self._told.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"ended with {self.process.poll()}") from None
            if wanted(event):
                return event

    def total(self, action: str, number: int) -> dict[str, int]:
        """Reports until so many pictures were added, moved, ... → what they add up to."""
        sums = dict.fromkeys(("added", "changed", "moved", "removed"), 0)
        while sums[action] < number:
            report = self.until(lambda event: event["event"] == "report")
            sums = {name: sums[name] + report[name] for name in sums}
        return sums

    def end(self, number: int = signal.SIGTERM) -> str:
        """End it as systemd does; what it said on standard error."""
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        said = self.close()
        assert status == 0, said
        return said

    def close(self) -> str:
        """End it, however it feels; what it said on standard error."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        if self.process.stderr.closed:
            return ""
        self.process.kill()
        said = self.process.stderr.read()
        self._reading.join()
        self.process.stdout.close()
        self.process.stderr.close()
        self.process.wait(PATIENCE)
        return said


@pytest.fixture
def base(tmp_path: Path) -> Path:
    base = tmp_path.resolve()
    tiny_model(base)
    (base / "pictures").mkdir()
    return base


@pytest.fixture
def watch(base: Path) -> Iterator[Watch]:
    write(base / "pictures", "a/one.png", "a/two.png", "b/three.png")
    made = Watch(base, "--model", base / "tiny.onnx")
    yield made
    made.close()


def names(watch: Watch) -> set[str]:
    with Library.open(watch.library) as library:
        return {record.relative for record in library.records()}


def test_what_is_saved_is_found_and_the_end_is_clean(watch: Watch) -> None:
    assert watch.until(lambda event: event["event"] == "watching")["how"] == "events"
    watch.total("added", 3)
    write(watch.top, "b/new/four.png")
    scanned = watch.until(lambda event: event["event"] == "scanned")
    assert scanned["folder"] == str(watch.top / "b" / "new")  # and nothing else
    watch.total("added", 1)
    with Library.open(watch.library) as library:
        hits = library.search(watch.top / "b/new/four.png")
        assert (hits[0].path, hits[0].score) == (str(watch.top / "b/new/four.png"), 1.0)
        assert watch.end() == ""
        assert [one.text for one in library.check() if not one.good] == []


def test_whole_trees_are_renamed_and_nothing_is_computed_again(watch: Watch) -> None:
    watch.total("added", 3)
    write(watch.top, *(f"c/{at // 50}/{at}.png" for at in range(200)))
    watch.total("added", 200)
    (watch.top / "c").rename(watch.top / "a" / "moved")
    (watch.top / "a").rename(watch.top / "d")
    sums = watch.total("moved", 202)
    assert (sums["added"], sums["removed"]) == (0, 0)
    assert len(names(watch)) == 203
    assert watch.end(signal.SIGINT) == ""


def test_a_burst_of_ten_thousand_events_is_survived(watch: Watch) -> None:
    """Each file that comes makes three or four; most of them are no pictures."""
    watch.total("added", 3)
    notes = watch.top / "notes"
    notes.mkdir()
    for at in range(3_000):
        (notes / f"{at}.txt").write_text("not a picture")
    write(watch.top, *(f"burst/{at}.png" for at in range(60)))
    watch.total("added", 60)
    shutil.rmtree(notes)
    (watch.top / "burst" / "0.png").unlink()
    watch.total("removed", 1)
    assert len(names(watch)) == 62
    watch.end()


def test_names_of_any_bytes_are_followed(watch: Watch) -> None:
    if sys.platform != "linux":
        pytest.skip("names of any bytes: Linux alone")
    watch.total("added", 3)
    name = os.fsdecode(b"caf\xe9.png")
    (watch.top / name).write_bytes(picture(9))
    watch.total("added", 1)
    assert name in names(watch)
    write(watch.top, "after.png")
    watch.total("added", 1)
    watch.end()


def test_a_process_that_is_killed_is_continued_by_the_next(watch: Watch, base: Path) -> None:
    watch.total("added", 3)
    watch.close()
    write(watch.top, "while nobody looked.png")
    again = Watch(base)
    again.total("added", 1)
    again.end()


@LINUX
def test_without_watches_left_it_says_so_and_looks_every_now_and_then(base: Path) -> None:
    limited = 'echo 2 > /proc/sys/user/max_inotify_watches && exec "$@"'
    before = ("unshare", "--user", "--map-root-user", "sh", "-c", limited, "sh")
    if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespace can be had here")
    write(base / "pictures", *(f"{at}/picture.png" for at in range(30)))
    watch = Watch(base, "--model", base / "tiny.onnx", before=before)
    trouble = watch.until(lambda event: event["event"] == "trouble")
    assert "fs.inotify.max_user_watches" in trouble["reason"]
    assert trouble["reason"].endswith("so it is looked at every 30 seconds.")
    assert "{" not in trouble["reason"]
    watch.total("added", 30)
    watch.end()


def test_a_person_is_told_in_words(base: Path) -> None:
    write(base / "pictures", "one.png")
    command = [*COMMAND, "watch", str(base / "pictures"), "--library", str(base / "library")]
    with subprocess.Popen(
        [*command, "--model", str(base / "tiny.onnx"), "--poll", "0.2"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = process.stdout
        assert lines.readline()[10:] == f"{base / 'pictures'}: looked at every now and then.\n"
        assert lines.readline()[10:].startswith("1 added (")
        process.send_signal(signal.SIGINT)
        assert lines.read() == "Stopped.\n"
    assert process.returncode == 0


def test_slips_of_the_pen_are_told(base: Path) -> None:
    sentence = refused("watch", base / "pcitures", "--library", base / "library")
    assert sentence == f"There is no folder {base / 'pcitures'}: check the path."
    assert not (base / "library").exists()
    assert "--watch needs a FOLDER" in run("serve", "--watch", status=2).err


def test_a_server_shows_new_pictures_as_they_come(base: Path) -> None:
    write(base / "pictures", "one.png")
    with Library.open(base / "library", model=base / "tiny.onnx", create=True) as library:
        library.index(base / "pictures")
    command = [*COMMAND, "serve", str(base / "pictures"), "--watch"]
    command += ["--library", str(base / "library")]
    with subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http://\S+/", line)
            assert found, line
            write(base / "pictures", "two.png")
            end = time.monotonic() + PATIENCE
            while _images(found[0]) < 2:
                assert time.monotonic() < end
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
        finally:
            process.kill()


def _images(address: str) -> int:
    with urllib.request.urlopen(f"{address}api/stats", timeout=30) as answer:
        return int(json.load(answer)["images"])
