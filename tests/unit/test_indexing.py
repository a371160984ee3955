"""`lookalike.indexing`: a run makes the store hold what the folders hold, and computes no more."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from lookalike import image
from lookalike.errors import FolderError
from lookalike.folder import scan
from lookalike.indexing import Event, Indexed, Options, Progress, Report, Scanned, index
from lookalike.indexing.reading import Encoded, Reader, Reused
from lookalike.stores.base import Embedding, Record
from lookalike.stores.embedded import EmbeddedStore
from tests.indexer import Indexer
from tests.pictures import GPS_ZURICH, exif, make_jpeg, textured
from tests.records import record, shaped, units
from tests.small_libraries import DIM, picture, write


def encoded(indexer: Indexer, content: bytes) -> Embedding:
    """What the encoder makes of one picture, by a way of its own."""
    preprocess = indexer.encoder.card.preprocess
    pixels = image.to_input(image.read(content).image, preprocess)
    row: Embedding = indexer.encoder.encode(pixels[None])[0]
    return row


# --- what a run does -----------------------------------------------------------------------------


def test_pictures_are_added_with_their_own_embeddings(indexer: Indexer) -> None:
    write(indexer.top, "b.png", "a/c.png", "a/b/d.png")
    assert indexer.counts() == (3, 0, 0, 0, 0)
    found, embeddings = indexer.store.embeddings()
    assert indexer.names() == ["a/b/d.png", "a/c.png", "b.png"]
    for one, row in zip(found, embeddings, strict=True):
        np.testing.assert_allclose(row, encoded(indexer, Path(one.path).read_bytes()), atol=1e-6)


def test_a_record_says_what_the_file_says(indexer: Indexer) -> None:
    block = exif(
        orientation=6, taken="2024:02:29 10:11:12", make="Acme", model="Box 1", gps=GPS_ZURICH
    )
    content = make_jpeg(textured(64, 48), exif=block)
    (indexer.top / "wrong ending.png").write_bytes(content)
    indexer.index()
    (one,) = indexer.store.records()
    status = (indexer.top / "wrong ending.png").stat()
    assert (one.size, one.mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert (one.width, one.height, one.format) == (48, 64, "JPEG")
    assert (one.taken, one.camera) == ("2024-02-29T10:11:12", "Acme Box 1")
    assert (one.latitude, one.longitude) == pytest.approx((47.375, 8.54))


def test_a_second_run_computes_nothing(indexer: Indexer) -> None:
    write(indexer.top, *(f"{number}.png" for number in range(20)))
    indexer.index()
    before, _ = indexer.by_name(), indexer.encoder.seen
    assert indexer.counts() == (0, 0, 0, 0, 20)
    assert (indexer.by_name(), indexer.encoder.seen) == (before, 0)
    assert [type(event) for event in indexer.events] == [Scanned, Report]


def test_only_the_changed_picture_is_computed_again_and_keeps_its_id(indexer: Indexer) -> None:
    write(indexer.top, "a.png", "b.png", "c.png")
    indexer.index()
    before, _ = indexer.by_name(), indexer.encoder.seen
    write(indexer.top, "b.png", seed=1)
    assert indexer.counts() == (0, 1, 0, 0, 2)
    after = indexer.by_name()
    assert indexer.encoder.seen == 1
    assert after["b.png"][0] == before["b.png"][0]
    assert after["b.png"][1] != before["b.png"][1]
    assert {**after, "b.png": None} == {**before, "b.png": None}
    assert indexer.actions() == [("changed", "b.png")]


def test_a_touched_picture_is_read_but_not_computed_again(indexer: Indexer) -> None:
    write(indexer.top, "a.png", "b.png")
    indexer.index()
    before, _ = indexer.by_name(), indexer.encoder.seen
    os.utime(indexer.top / "a.png", ns=(1, 1))
    assert indexer.counts() == (0, 0, 0, 0, 2)
    assert (indexer.by_name(), indexer.encoder.seen) == (before, 0)
    assert indexer.counts() == (0, 0, 0, 0, 2)


def test_moved_and_renamed_pictures_keep_id_and_embedding(indexer: Indexer) -> None:
    write(indexer.top, "a/1.png", "a/2.png", "b/3.png", "4.png")
    indexer.index()
    before, _ = indexer.by_name(), indexer.encoder.seen
    (indexer.top / "a").rename(indexer.top / "z")
    (indexer.top / "4.png").rename(indexer.top / "b" / "five.png")
    assert indexer.counts() == (0, 0, 3, 0, 1)
    after = indexer.by_name()
    assert indexer.encoder.seen == 0
    assert after.pop("five.png") == before.pop("4.png")
    assert after == before
    assert indexer.names() == ["b/3.png", "b/five.png", "z/1.png", "z/2.png"]
    assert indexer.actions() == [("moved", path) for path in ("b/five.png", "z/1.png", "z/2.png")]
    assert indexer.counts() == (0, 0, 0, 0, 4)


def test_swapped_names_are_reused_by_content(indexer: Indexer) -> None:
    write(indexer.top, "a.png")
    (indexer.top / "b.png").write_bytes(picture(5) + b"longer")
    indexer.index()
    before, _ = indexer.by_name(), indexer.encoder.seen
    (indexer.top / "a.png").rename(indexer.top / "c")
    (indexer.top / "b.png").rename(indexer.top / "a.png")
    (indexer.top / "c").rename(indexer.top / "b.png")
    assert indexer.counts() == (0, 2, 0, 0, 0)
    after = indexer.by_name()
    assert (after["a.png"][1], after["b.png"][1]) == (before["b.png"][1], before["a.png"][1])
    assert indexer.encoder.seen == 0


def test_a_copy_is_added_and_not_computed(indexer: Indexer) -> None:
    write(indexer.top, "a.png")
    indexer.index()
    assert indexer.encoder.seen == 1
    (indexer.top / "copy.png").write_bytes((indexer.top / "a.png").read_bytes())
    assert indexer.counts() == (1, 0, 0, 0, 1)
    after = indexer.by_name()
    assert indexer.encoder.seen == 0
    assert after["copy.png"][1] == after["a.png"][1]
    assert after["copy.png"][0] != after["a.png"][0]


def test_removed_pictures_leave(indexer: Indexer) -> None:
    write(indexer.top, "a/1.png", "a/2.png", "b.png")
    indexer.index()
    (indexer.top / "a" / "1.png").unlink()
    assert indexer.counts() == (0, 0, 0, 1, 2)
    assert indexer.names() == ["a/2.png", "b.png"]
    assert indexer.actions() == [("removed", "a/1.png")]


def test_exclude_and_hidden(indexer: Indexer) -> None:
    write(indexer.top, "a.png", "raw/b.png", ".c.png")
    indexer.index(exclude=["raw"])
    assert indexer.names() == ["a.png"]
    indexer.index(hidden=True)
    assert indexer.names() == [".c.png", "a.png", "raw/b.png"]
    assert indexer.counts(exclude=["raw"]) == (0, 0, 0, 2, 1)


def test_other_files_are_passed_over_in_silence(indexer: Indexer) -> None:
    write(indexer.top, "a.png")
    for number in range(3000):
        (indexer.top / f"note {number}.txt").write_text("no picture")
    report = indexer.index()
    assert (report.added, report.skipped) == (1, ())
    assert indexer.progress() == [(0, 1), (1, 1)]
    assert report.seconds < 5


def test_a_picture_without_a_picture_s_name_is_one(indexer: Indexer) -> None:
    (indexer.top / "IMG_0001").write_bytes(picture(1, "JPEG"))
    assert indexer.counts() == (1, 0, 0, 0, 0)


# --- batches, events, ends ----------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 15, 16, 17, 32, 33, 48, 49, 50])
def test_batches_are_of_sixteen_and_nothing_is_lost_between(indexer: Indexer, count: int) -> None:
    names = [f"{number:02}.png" for number in range(count)]
    write(indexer.top, *names)
    assert indexer.index().added == count
    assert sum(indexer.encoder.batches) == count
    assert indexer.names() == names
    assert indexer.progress() == [(done, count) for done in [*range(0, count, 16), count]]


def test_what_is_reused_stands_beside_what_is_computed(indexer: Indexer) -> None:
    write(indexer.top, *(f"{number:02}.png" for number in range(10)))
    assert (indexer.index().added, indexer.encoder.seen) == (10, 10)
    for number in range(0, 10, 3):
        content = (indexer.top / f"{number:02}.png").read_bytes()
        (indexer.top / f"{number:02} copy.png").write_bytes(content)
        write(indexer.top, f"{number:02} new.png")
    assert indexer.counts() == (8, 0, 0, 0, 10)
    assert indexer.encoder.seen == 4
    rows = indexer.by_name()
    for number in range(0, 10, 3):
        assert rows[f"{number:02} copy.png"][1] == rows[f"{number:02}.png"][1]
        own = encoded(indexer, (indexer.top / f"{number:02} new.png").read_bytes())
        row = np.frombuffer(rows[f"{number:02} new.png"][1], np.float32)
        np.testing.assert_allclose(row, own, atol=1e-6)


def test_events_come_in_order_and_add_up(indexer: Indexer) -> None:
    write(indexer.top, "same.png", "old.png", "gone.png", "changing.png")
    indexer.index()
    write(indexer.top, "changing.png", seed=1)
    (indexer.top / "old.png").rename(indexer.top / "renamed.png")
    (indexer.top / "gone.png").unlink()
    write(indexer.top, *(f"new {number:02}.png" for number in range(20)))
    (indexer.top / "text.jpg").write_text("a list")
    report = indexer.index()
    assert (report.added, report.changed, report.moved, report.removed) == (20, 1, 1, 1)
    assert (report.unchanged, len(report.skipped), report.stopped) == (1, 1, False)
    kinds = [type(event).__name__ for event in indexer.events]
    assert kinds[:4] == ["Scanned", "Indexed", "Indexed", "Progress"]
    assert kinds[-3:] == ["Skipped", "Progress", "Report"]
    assert kinds.count("Progress") == 3
    assert indexer.events[0] == Scanned(str(indexer.top), 24, 22)
    assert indexer.actions()[:2] == [("moved", "renamed.png"), ("removed", "gone.png")]
    assert indexer.progress() == [(0, 22), (16, 22), (22, 22)]
    assert indexer.events[-1] is report
    assert report.images_per_second > 0


def test_progress_estimates_the_time_that_is_left() -> None:
    import time

    assert Progress.since(time.monotonic(), 0, 10).seconds_left is None
    progress = Progress.since(time.monotonic() - 10, 20, 100)
    assert progress.images_per_second == pytest.approx(2, abs=0.1)
    assert progress.seconds_left == pytest.approx(40, abs=1)
    assert Progress.since(time.monotonic() - 10, 100, 100).seconds_left == 0


def test_several_folders_in_one_run(indexer: Indexer, tmp_path: Path) -> None:
    write(indexer.top, "a.png")
    write(tmp_path / "more", "b.png", "c.png")
    assert indexer.counts(indexer.top, tmp_path / "more") == (3, 0, 0, 0, 0)
    assert sorted(indexer.store.roots()) == sorted([str(indexer.top), str(tmp_path / "more")])
    with pytest.raises(FolderError, match="There is no folder"):
        indexer.index(indexer.top, tmp_path / "none")
    assert indexer.events == []


def test_stop_ends_after_the_batch_and_the_next_run_goes_on(indexer: Indexer) -> None:
    write(indexer.top, *(f"{number:03}.png" for number in range(400)))
    stop = threading.Event()

    def on_event(event: Event) -> None:
        if isinstance(event, Progress) and event.done == 16:
            stop.set()

    report = indexer.index(on_event=on_event, stop=stop)
    assert (report.added, report.stopped) == (16, True)
    assert indexer.names() == [f"{number:03}.png" for number in range(16)]
    assert indexer.encoder.seen < 400  # the threads are only a bounded way ahead
    assert indexer.counts() == (384, 0, 0, 0, 16)
    assert indexer.encoder.seen == 384


def test_stop_before_the_start_does_nothing(indexer: Indexer) -> None:
    write(indexer.top, "a.png")
    stop = threading.Event()
    stop.set()
    assert indexer.index(stop=stop) == dataclasses.replace(
        Report(stopped=True), seconds=indexer.events[-1].seconds  # type: ignore[union-attr]
    )  # fmt: skip
    assert indexer.store.count() == 0


def test_an_interrupt_keeps_what_was_committed(indexer: Indexer) -> None:
    write(indexer.top, *(f"{number:02}.png" for number in range(40)))
    told: list[Event] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Indexed):
            told.append(event)
        if len(told) == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        indexer.index(on_event=on_event)
    assert indexer.store.count() == 32
    assert indexer.store.problems() == []
    indexer.encoder.batches.clear()
    assert indexer.counts() == (8, 0, 0, 0, 32)
    assert indexer.encoder.seen == 8


def test_others_can_see_how_far_a_run_is(indexer: Indexer) -> None:
    write(indexer.top, *(f"{number:02}.png" for number in range(20)))
    seen: list[dict[str, float]] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Progress):
            seen.append(json.loads(indexer.store.settings()["indexing"]))

    indexer.index(on_event=on_event)
    assert [(note["done"], note["total"]) for note in seen] == [(0, 20), (16, 20), (20, 20)]
    assert all(first["at"] <= second["at"] for first, second in pairwise(seen))


# --- known content while batches are committed ---------------------------------------------------


class _Between(EmbeddedStore):
    """A store in which something else is committed right after a picture was found by content."""

    meanwhile: Callable[[], None]

    def find_content(self, digest: str) -> Record | None:
        found = super().find_content(digest)
        self.meanwhile()
        return found


@pytest.mark.parametrize("removed", [False, True])
def test_known_content_that_changes_meanwhile_is_not_reused(
    tmp_path: Path, indexer: Indexer, removed: bool
) -> None:
    write(indexer.top, "a.png")
    (file,) = scan(indexer.top).files
    with shaped(_Between(tmp_path / "other", create=True), DIM) as store:
        store.meanwhile = lambda: None
        index(store, lambda: indexer.encoder, [indexer.top], Options())
        (known,) = store.records()
        reader = Reader(store, indexer.encoder, 10**6)
        assert [type(one) for one in reader.load([file])] == [Reused]

        def meanwhile() -> None:
            if removed:
                store.delete([known.id])
            else:
                store.upsert([record("a.png", str(indexer.top), digest="f" * 64)], units(1, DIM))

        store.meanwhile = meanwhile
        assert [type(one) for one in reader.load([file])] == [Encoded]


def test_names_that_all_shift_by_one_keep_their_own_embeddings(indexer: Indexer) -> None:
    names = [f"{number:03}.png" for number in range(60)]
    for number, name in enumerate(names[:-1]):
        (indexer.top / name).write_bytes(picture(number) + b" " * number)
    indexer.index()
    rows = {name: row for name, (_, row) in indexer.by_name().items()}
    for before, after in reversed(list(pairwise(names))):
        (indexer.top / before).rename(indexer.top / after)
    indexer.index()
    shifted = {name: row for name, (_, row) in indexer.by_name().items()}
    wanted = {after: rows[before] for before, after in pairwise(names)}
    assert shifted.keys() == wanted.keys()
    for name, row in wanted.items():
        own = np.frombuffer(row, np.float32)
        np.testing.assert_allclose(np.frombuffer(shifted[name], np.float32), own, atol=1e-6)
