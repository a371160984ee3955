"""The matrix of an embedded store: a cache that may be lost, torn or out of date, never wrong."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from lookalike.stores.base import Embedding
from lookalike.stores.embedded import EmbeddedStore, builder, matrix, scores
from lookalike.stores.embedded import rows as rows_room
from lookalike.stores.embedded.database import Database
from lookalike.stores.embedded.scores import measured
from lookalike.stores.embedded.segments import DamagedCacheError, Segment
from tests.disks import open_folder, ordinary_user, small_disk
from tests.records import open_store, record, records, units

DIM = 12
COUNT = 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def store(folder: Path) -> Iterator[EmbeddedStore]:
    with open_store(folder, DIM) as opened:
        opened.upsert(records(COUNT), units(COUNT, DIM))
        opened.save_caches()
        yield opened


CACHED = ["rows", "segment", "state"]


def files(folder: Path) -> list[str]:
    return sorted(path.name.split("-")[0] for path in (folder / "cache").glob("*-*"))


def rows_file(folder: Path) -> Path:
    (file,) = folder.glob("cache/rows-*.npy")
    return file


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of any size is divided into cells."""
    monkeypatch.setattr(builder, "EXACT_BYTES", 0)


def contents(store: EmbeddedStore) -> dict[str, Embedding]:
    """Every picture with its embedding, by one query after the other: no matrix is asked."""
    rows = {one.relative: store.embedding(one.id) for one in store.records()}
    return {name: row for name, row in rows.items() if row is not None}


def check(store: EmbeddedStore) -> None:
    """What the matrix says is what the database holds."""
    truth = contents(store)
    found, embeddings = store.embeddings()
    assert [one.relative for one in found] == list(truth)
    for one, row in zip(found, embeddings, strict=True):
        np.testing.assert_array_equal(row, truth[one.relative])
    for query in units(3, DIM, seed=77):
        hits = store.search(query, 7, exact=True)
        expected = {name: round(float(row.astype(float) @ query), 4) for name, row in truth.items()}
        best = sorted(expected.values(), reverse=True)[:7]
        assert [round(hit.score, 4) for hit in hits] == pytest.approx(best, abs=2e-4)
        assert len({hit.record.id for hit in hits}) == len(hits)


def test_a_saved_matrix_is_mapped_by_whoever_opens_next(store: EmbeddedStore, folder: Path) -> None:
    assert files(folder) == CACHED
    with EmbeddedStore(folder) as other, other._snapshot() as (_, view):
        (segment,) = view.saved.segments
        assert not view.differs
        np.testing.assert_array_equal(segment.rows.take(np.arange(COUNT)), units(COUNT, DIM))


def test_saving_what_has_not_changed_writes_nothing(store: EmbeddedStore, folder: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in (folder / "cache").iterdir()}
    store.save_caches()
    with EmbeddedStore(folder) as other:
        check(other)
        other.save_caches()
    assert {file: file.stat().st_mtime_ns for file in (folder / "cache").iterdir()} == before


def test_saving_anew_leaves_no_old_file(store: EmbeddedStore, folder: Path) -> None:
    for seed in range(3):
        before = rows_file(folder).name
        store.upsert(records(COUNT), units(COUNT, DIM, seed=seed))
        store.save_caches()
        assert rows_file(folder).name != before
        assert files(folder) == CACHED
        check(store)


def test_what_is_added_becomes_a_segment_and_few_of_them_stay(
    store: EmbeddedStore, folder: Path
) -> None:
    before = rows_file(folder)
    for number in range(19):
        store.upsert([record(f"new {number}.jpg")], units(1, DIM, seed=number))
        store.save_caches()
        assert before.exists()
        assert files(folder).count("rows") <= 6
        check(store)
    more = [record(f"more {number}.jpg") for number in range(COUNT)]
    store.upsert(more, units(COUNT, DIM, seed=70))
    store.save_caches()
    assert files(folder) == CACHED
    check(store)


def test_the_cache_stays_good_when_its_latest_picture_goes(
    store: EmbeddedStore, folder: Path
) -> None:
    store.upsert([record("last.jpg")], units(1, DIM, seed=5))
    store.save_caches()
    (last,) = [one.id for one in store.records() if one.relative == "last.jpg"]
    store.delete([last])
    store.upsert([record("one more.jpg")], units(1, DIM, seed=6))
    with EmbeddedStore(folder) as other, other._snapshot() as (_, view):
        assert len(view.saved.segments) == 2
        assert view.wasted == 1


def _delete(file: Path) -> None:
    file.unlink()


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _cut(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * 2 // 3])


def _cut_header(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:50])


def _garbage(file: Path) -> None:
    file.write_bytes(bytes(range(256)) * 40)


def _broken_header(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"'shape': (", b"'shape': ((", 1))


def _huge_header(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"(40,", b"(9999999999999,", 1))


def _pickled(file: Path) -> None:
    with file.open("wb") as stream:
        np.save(stream, np.array([{"a": 1}], dtype=object))


def _other_shape(file: Path) -> None:
    np.save(file, np.load(file)[:-1])


def _other_type(file: Path) -> None:
    np.save(file, np.load(file).astype(np.float16))


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


HARM = [_delete, _empty, _cut, _cut_header, _garbage, _pickled, _folder]


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) * 3 // 4] ^= 0x20
    file.write_bytes(content)


HARMED = [
    *((harm, which) for harm in HARM for which in ("segment-*.npz", "state-*.npz", "index.json")),
    *((harm, "rows-*.npy") for harm in (*HARM, _broken_header, _huge_header)),
    *((harm, "rows-*.npy") for harm in (_other_shape, _other_type, _flip)),
]


@pytest.mark.parametrize(("harm", "which"), HARMED)
@pytest.mark.parametrize("celled", [False, True], ids=["flat", "cells"])
def test_a_harmed_cache_is_left_aside_and_made_again(
    folder: Path,
    harm: Callable[[Path], None],
    which: str,
    celled: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if celled:
        monkeypatch.setattr(builder, "EXACT_BYTES", 0)
    with open_store(folder, DIM) as store:
        store.upsert(records(COUNT), units(COUNT, DIM))
        store.save_caches()
    (file,) = folder.glob(f"cache/{which}")
    harm(file)
    with EmbeddedStore(folder) as other:
        check(other)
        if (harm, which) != (_delete, "index.json"):
            assert "left aside and made anew" in caplog.text
        other.upsert([record("new.jpg")], units(1, DIM, seed=3))
        check(other)
        other.save_caches()
    with EmbeddedStore(folder) as again:
        check(again)
        assert again.count() == COUNT + 1


def test_the_whole_cache_may_go_at_any_time(store: EmbeddedStore, folder: Path) -> None:
    if os.name == "nt":
        pytest.skip("Windows keeps files that are mapped")
    check(store)
    shutil.rmtree(folder / "cache")
    check(store)
    store.upsert([record("new.jpg")], units(1, DIM, seed=3))
    check(store)
    store.save_caches()
    assert files(folder) == CACHED
    check(store)


def test_odd_names_in_the_cache_are_passed_over(store: EmbeddedStore, folder: Path) -> None:
    for name in ("rows-.npy", "rows-x.npy", "matrix-99999999999999999.npy", "segment.npz"):
        shutil.copy(rows_file(folder), folder / "cache" / f"{name}.aside")
    for aside in list((folder / "cache").glob("*.aside")):
        aside.rename(aside.with_suffix(""))
    with EmbeddedStore(folder) as other:
        check(other)
        other.upsert([record("new.jpg")], units(1, DIM))
        other.save_caches()
    assert len(list((folder / "cache").glob("*.np?"))) == 5


def test_a_snapshot_that_lacks_the_latest_commits_is_brought_up_to_date(
    store: EmbeddedStore, folder: Path
) -> None:
    ids = [one.id for one in store.records()]
    store.upsert([record("00003.jpg"), record("new.jpg")], units(2, DIM, seed=3))
    store.delete(ids[10:15])
    with EmbeddedStore(folder) as other:
        check(other)
        assert other.count() == COUNT - 4


def test_a_database_put_back_from_a_copy_does_not_meet_the_newer_cache(
    store: EmbeddedStore, folder: Path, tmp_path: Path
) -> None:
    store.close()
    shutil.copy(folder / "library.sqlite", tmp_path / "copy")
    with EmbeddedStore(folder) as later:
        later.upsert(records(COUNT), units(COUNT, DIM, seed=8))
        later.save_caches()
    shutil.copy(tmp_path / "copy", folder / "library.sqlite")
    with EmbeddedStore(folder) as restored:
        check(restored)
        np.testing.assert_array_equal(restored.embeddings()[1], units(COUNT, DIM))
        restored.upsert([record("00001.jpg")], units(1, DIM, seed=9))
        check(restored)
        restored.save_caches()
    with EmbeddedStore(folder) as again:
        check(again)
    assert files(folder) == sorted(["rows", "segment", *CACHED])  # one for what came since


def test_a_clock_that_goes_back_makes_no_revision_twice(
    store: EmbeddedStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_000_000)
    for seed in range(3):
        store.upsert([record("00001.jpg")], units(1, DIM, seed=seed + 20))
        check(store)
    store.save_caches()
    with EmbeddedStore(folder) as other:
        check(other)


@pytest.mark.parametrize("limit", [0, 5, 10**6])
@pytest.mark.parametrize("celled", [False, True], ids=["flat", "cells"])
@pytest.mark.parametrize("seed", range(4))
def test_any_history_equals_a_fresh_load(
    folder: Path, monkeypatch: pytest.MonkeyPatch, limit: int, celled: bool, seed: int
) -> None:
    monkeypatch.setattr(matrix, "_OVERLAY_BYTES", 4 * DIM * limit)
    monkeypatch.setattr(matrix, "_WORTH", limit)
    if celled:
        monkeypatch.setattr(builder, "EXACT_BYTES", 0)
    chance = np.random.default_rng(seed)
    with open_store(folder, DIM) as store:
        for step in range(30):
            _change(store, chance, step)
            check(store)
            if step % 10 == 9:
                with EmbeddedStore(folder) as fresh:
                    check(fresh)
        shutil.rmtree(folder / "cache", ignore_errors=os.name == "nt")
        with EmbeddedStore(folder) as fresh:
            check(fresh)


def _change(store: EmbeddedStore, chance: np.random.Generator, step: int) -> None:
    action = chance.integers(10)
    ids = [one.id for one in store.records()]
    if action < 6 or not ids:
        count = int(chance.integers(1, 12))
        names = [f"{at:05}.jpg" for at in chance.choice(60, count, replace=False)]
        store.upsert([record(name) for name in names], units(count, DIM, seed=1000 + step))
    elif action < 8:
        store.delete(chance.choice(ids, min(len(ids), 6), replace=False).tolist())
    elif action == 8:
        store.save_caches()
    else:
        store.delete(ids)


def test_an_emptied_library_can_be_saved_and_filled_again(
    store: EmbeddedStore, folder: Path
) -> None:
    store.delete([one.id for one in store.records()])
    store.save_caches()
    check(store)
    with EmbeddedStore(folder) as other:
        check(other)
        other.upsert(records(3), units(3, DIM))
        check(other)
    check(store)


def test_an_answer_in_progress_is_not_changed_by_later_commits(store: EmbeddedStore) -> None:
    query = units(1, DIM)[0]
    with store._snapshot() as (connection, view):
        before = view.search(connection, query, COUNT)
        assert len(before) == COUNT
        ids = [one.id for one in store.records()]
        for seed in range(5):
            store.upsert(records(10), units(10, DIM, seed=50 + seed))
            store.delete(ids[seed + 20 : seed + 21])
            check(store)
        after = view.search(connection, query, COUNT)
        np.testing.assert_array_equal(after, before)


def test_where_nothing_can_be_cached_only_time_is_lost(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "_WORTH", 4)
    monkeypatch.setattr(matrix, "_PAUSE", 0)
    with open_store(folder, DIM) as store:
        shutil.rmtree(folder / "cache")
        (folder / "cache").write_text("in the way")
        with caplog.at_level(logging.WARNING):
            for seed in range(3):
                store.upsert(records(20), units(20, DIM, seed=seed))
                check(store)
            store.save_caches()
        check(store)
    assert "cannot be written" in caplog.text


def test_nothing_is_left_half_written(store: EmbeddedStore, folder: Path) -> None:
    store.upsert([record("new.jpg")], units(1, DIM))
    store.save_caches()
    assert list((folder / "cache").glob("*.part")) == []


def test_what_a_killed_process_left_half_written_goes_with_the_next(
    store: EmbeddedStore, folder: Path
) -> None:
    (folder / "cache" / "rows-1.npy.part").write_bytes(b"half a matrix")
    store.upsert([record("new.jpg")], units(1, DIM))
    store.save_caches()
    assert list((folder / "cache").glob("*.part")) == []


# --- what a question costs -----------------------------------------------------------------------


def test_thousands_of_equal_pictures_cost_no_memory_and_few_statements(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    connect = Database._connect

    def traced(database: Database) -> sqlite3.Connection:
        connection = connect(database)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(Database, "_connect", traced)
    dim, count = 256, 4000
    row = units(1, dim)
    with open_store(folder, dim) as store:
        store.upsert(records(count), np.repeat(row, count, axis=0))
        store.save_caches()
        store.search(row[0], 30)
        statements.clear()
        tracemalloc.start()
        try:
            hits = store.search(row[0], 30)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert [hit.record.relative for hit in hits] == [f"{at:05}.jpg" for at in range(30)]
    assert {(hit.score, hit.distance) for hit in hits} == {(1.0, 0.0)}
    assert len(statements) < count / 100
    assert peak < 4 * dim * count / 2  # the matrix, of single precision, is twice that


@pytest.mark.parametrize("dim", [1, 2, 5, 24, 127, 8193, 10_000])
def test_equal_rows_are_scored_alike_to_the_last_bit(dim: int) -> None:
    row, one = units(1, dim, seed=1).astype(float), units(1, dim, seed=2)[0].astype(float)
    results = [scores.exactly(np.repeat(row, n, axis=0), one) for n in (1, 2, 3, 31, 32)]
    together = np.concatenate(results, axis=1)
    assert len(set(together[0].tolist())) == len(set(together[1].tolist())) == 1


# --- where several hands are at the cache --------------------------------------------------------


def after_next_begin(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]
) -> None:
    """Let something happen right after a store has begun to see one state of its database."""
    begin, pending = store._matrix._begin, [act]

    def begun(connection: sqlite3.Connection) -> int:
        revision = begin(connection)
        if pending:
            pending.pop()()
        return revision

    monkeypatch.setattr(store._matrix, "_begin", begun)


def change_and_save(store: EmbeddedStore, seed: int) -> None:
    store.upsert(records(COUNT), units(COUNT, DIM, seed=seed))
    store._bring()


def add(store: EmbeddedStore, name: str, count: int) -> None:
    rows = units(count, DIM, seed=count)
    store.upsert([record(f"{name} {number}.jpg") for number in range(count)], rows)


def search_once(store: EmbeddedStore) -> None:
    assert len(store.search(units(1, DIM)[0], 7)) == 7


@pytest.mark.parametrize("ask", [search_once, EmbeddedStore._bring])
def test_a_cache_that_another_has_written_meanwhile_is_neither_dropped_nor_broken(
    store: EmbeddedStore,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    ask: Callable[[EmbeddedStore], None],
) -> None:
    monkeypatch.setattr(matrix, "_WORTH", 4)
    check(store)
    add(store, "more", 20)
    with EmbeddedStore(folder) as other:

        def add_and_save() -> None:
            add(other, "others", 12)
            other._bring()  # all rows in one new segment; the one that was there is dropped

        after_next_begin(store, monkeypatch, add_and_save)
        ask(store)
        check(store)
    with EmbeddedStore(folder) as third, third._snapshot() as (_, view):
        check(third)
        assert view.saved.count >= COUNT + 20
    assert "left aside" not in caplog.text
    store.save_caches()
    check(store)


def test_a_matrix_that_grows_takes_over_what_another_has_saved(
    store: EmbeddedStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "_WORTH", 4)
    check(store)
    with EmbeddedStore(folder) as other:
        change_and_save(other, seed=2)
    before = {file: file.stat().st_mtime_ns for file in (folder / "cache").glob("*-*")}
    check(store)
    with store._snapshot() as (_, view):
        assert not view.differs
    assert {file: file.stat().st_mtime_ns for file in (folder / "cache").glob("*-*")} == before


def test_files_that_go_while_they_are_opened_are_not_taken_for_damage(
    store: EmbeddedStore,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    opened, pending = Segment.open, [lambda: change_and_save(store, seed=3)]

    def opening(folder: Path, name: str, dim: int) -> Segment:
        if pending:
            pending.pop()()  # between the manifest and the files that it names
        return opened(folder, name, dim)

    with EmbeddedStore(folder) as other:
        monkeypatch.setattr(Segment, "open", opening)
        with other._snapshot() as (_, view):
            assert len(view.saved.segments) == 1
        check(other)
    assert "left aside" not in caplog.text
    assert files(folder) == CACHED


def test_damage_that_two_searches_meet_is_mended_once(
    store: EmbeddedStore, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with store._snapshot() as (_, view):
        error = DamagedCacheError("found by both")
        store._matrix.discard(view, error)
        check(store)
        mended = rows_file(folder)
        store._matrix.discard(view, error)
        check(store)
    assert rows_file(folder) == mended
    assert caplog.text.count("left aside") == 1


def test_an_older_connection_is_not_given_a_newer_matrix(
    store: EmbeddedStore, folder: Path
) -> None:
    """As of a database that was taken as it lay, before it was put back from a copy."""
    old = sqlite3.connect(folder / "library.sqlite")
    try:
        old.execute("BEGIN")
        revision = int(
            old.execute("SELECT value FROM settings WHERE name = 'revision'").fetchone()[0]
        )
        store.upsert(records(5), units(5, DIM, seed=4))
        check(store)
        begin = store._matrix._begin
        store._matrix._begin = lambda connection: (
            revision if connection is old else begin(connection)
        )
        view = store._matrix.view(old)
        assert view.revision == revision
        np.testing.assert_array_equal(
            next(view.embeddings(old, np.arange(1, COUNT + 1)))[1], units(COUNT, DIM)
        )
    finally:
        old.close()
    check(store)


# --- another library's, an older one's -----------------------------------------------------------


@pytest.mark.parametrize("celled", [False, True], ids=["flat", "cells"])
def test_the_cache_of_another_library_is_not_used(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, celled: bool
) -> None:
    if celled:
        monkeypatch.setattr(builder, "EXACT_BYTES", 0)
    for number, name in enumerate(("library", "foreign")):
        with open_store(tmp_path / name, DIM) as store:
            store.upsert(records(COUNT), units(COUNT, DIM, seed=number))
            store.save_caches()
    shutil.rmtree(folder / "cache")
    shutil.copytree(tmp_path / "foreign" / "cache", folder / "cache")
    with EmbeddedStore(folder) as store:
        check(store)
        store.save_caches()
        check(store)
    assert files(folder) == CACHED
    with EmbeddedStore(folder) as store, store._snapshot() as (_, view):
        assert not view.differs


@pytest.mark.parametrize("celled", [False, True], ids=["flat", "cells"])
def test_an_older_cache_of_the_same_library_is_brought_up_to_date(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, celled: bool
) -> None:
    if celled:
        monkeypatch.setattr(builder, "EXACT_BYTES", 0)
    with open_store(folder, DIM) as store:
        store.upsert(records(COUNT), units(COUNT, DIM))
        store.save_caches()
        shutil.copytree(folder / "cache", tmp_path / "older")
        store.upsert(records(9), units(9, DIM, seed=2))
        store.save_caches()
        store.delete([one.id for one in store.records()][5:20])
        store.upsert([record("new.jpg")], units(1, DIM, seed=3))
        store.save_caches()
    shutil.rmtree(folder / "cache")
    shutil.copytree(tmp_path / "older", folder / "cache")
    with EmbeddedStore(folder) as store:
        check(store)
        store.save_caches()
        check(store)
    with EmbeddedStore(folder) as store:
        check(store)


# --- the check-up, and a disk that is full -------------------------------------------------------


@pytest.mark.usefixtures("cells")
def test_a_checkup_finds_damage_that_no_search_has_met(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_store(folder, DIM) as store:
        store.upsert(records(COUNT), units(COUNT, DIM))
        store.save_caches()
    damaged = rows_file(folder)
    _flip(damaged)
    with EmbeddedStore(folder) as store:
        assert store.problems() == []
        assert "left aside and made anew" in caplog.text
        store.save_caches()
        assert rows_file(folder) != damaged
        caplog.clear()
        assert store.problems() == []
        check(store)
    assert caplog.text == ""


@pytest.mark.parametrize("celled", [False, True], ids=["flat", "cells"])
def test_a_disk_that_fills_while_the_cache_is_written(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, celled: bool
) -> None:
    if celled:
        monkeypatch.setattr(builder, "EXACT_BYTES", 0)
    with small_disk(4096) as disk:
        folder, ballast = disk / "library", disk / "ballast"
        with open_store(folder, 64) as store:
            store.upsert(records(500), units(500, 64))
            store._database.tidy()
            before = set((folder / "cache").iterdir())
            room = shutil.disk_usage(disk).free
            failed = 0
            for free in range(8, 190, 12):  # kilobytes; the cache takes some 160 and more
                ballast.write_bytes(bytes(room - (free << 10)))
                store._matrix._not_before = 0.0
                query = units(1, 64, seed=free)[0]
                hits = store.search(query, 5)
                best = _best(units(500, 64), query, 5)
                np.testing.assert_allclose([hit.score for hit in hits], best, atol=2e-6)
                if set((folder / "cache").iterdir()) - before - {folder / "cache" / "build.lock"}:
                    break
                failed += 1
                assert caplog.text.count("cannot be written") == failed
                store.search(query, 5)  # at once again: no second try, and no second warning
                assert caplog.text.count("cannot be written") == failed
            assert failed > 8
            ballast.unlink(missing_ok=True)
            store.save_caches()
            assert files(folder) == CACHED
            assert store.problems() == []


def _best(rows: Embedding, query: Embedding, k: int) -> list[float]:
    """The scores of the k best, by brute force."""
    scores: list[float] = np.sort(rows.astype(float) @ query.astype(float))[::-1].tolist()
    return scores[:k]


@pytest.mark.usefixtures("cells")
def test_where_those_next_to_a_query_were_removed_others_are_found(folder: Path) -> None:
    chance = np.random.default_rng(1)
    centres = np.repeat(units(40, DIM, seed=6), 50, axis=0)
    rows = centres + chance.normal(scale=0.01, size=centres.shape).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    with open_store(folder, DIM) as store:
        store.upsert(records(len(rows)), rows)
        store.save_caches()
        assert store.search_index().probes > 0
        ids = np.array([one.id for one in store.records()])
        store.delete(ids[:200].tolist())
        for query in rows[[0, 60, 110]]:
            hits = store.search(query, 30)
            assert hits == store.search(query, 30, exact=True)
            assert len(hits) == 30


# --- in the background ---------------------------------------------------------------------------


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every library counts as large: it is divided into cells, in the background."""
    monkeypatch.setattr(builder, "EXACT_BYTES", 0)
    monkeypatch.setattr(matrix, "EXACT_BYTES", 0)
    monkeypatch.setattr(matrix, "_OVERLAY_BYTES", 0)


def clustered(count: int, seed: int = 0) -> Embedding:
    """Unit vectors (count, DIM) around 50 centres."""
    chance = np.random.default_rng([seed, 1])
    rows = units(50, DIM)[chance.integers(50, size=count)].astype(float)
    rows += chance.normal(scale=0.05, size=rows.shape)
    made: Embedding = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return made


def agree(store: EmbeddedStore, rows: Embedding) -> None:
    """Every answer is that of brute force; the clusters are so clear that cells lose nothing."""
    for query in clustered(5, seed=99):
        truth = _best(rows, query, 300)
        hits = store.search(query, 300, exact=True)
        np.testing.assert_allclose([hit.score for hit in hits], truth, atol=2e-6)
        near = store.search(query, 10)
        np.testing.assert_allclose([hit.score for hit in near], truth[:10], atol=2e-6)


def wait_until(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def builders() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "search cache"]


@pytest.mark.usefixtures("large")
def test_a_large_library_answers_at_once_and_from_cells_after_a_while(folder: Path) -> None:
    rows = clustered(3000)
    with open_store(folder, DIM) as store:
        store.upsert(records(3000), rows)
        assert store.search_index().saved == 0
        agree(store, rows)
        wait_until(lambda: store.search_index().saved == 3000)
        assert store.search_index().probes > 0
        agree(store, rows)
        assert store.problems() == []
        wait_until(lambda: not builders())
        before = files(folder)
        agree(store, rows)
        assert builders() == []
        assert files(folder) == before == CACHED


@pytest.mark.usefixtures("large")
def test_damage_of_a_large_library_is_mended_behind_the_searches(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = clustered(3000)
    with open_store(folder, DIM) as store:
        store.upsert(records(3000), rows)
        store.save_caches()
    damaged = rows_file(folder)
    _flip(damaged)
    with EmbeddedStore(folder) as store:
        agree(store, rows)
        wait_until(lambda: store.search_index().saved == 3000)
        agree(store, rows)
    assert caplog.text.count("left aside and made anew") == 1
    assert rows_file(folder) != damaged


@pytest.mark.usefixtures("large")
def test_what_another_process_has_built_is_taken_over_by_one_that_waits(folder: Path) -> None:
    rows = clustered(3000)
    with open_store(folder, DIM) as store, EmbeddedStore(folder) as other:
        store.upsert(records(3000), rows)
        with FileLock(folder / "cache" / "build.lock"):  # somebody else is at it
            agree(store, rows)
            wait_until(lambda: not builders())
        assert store.search_index().saved == 0
        other.save_caches()
        agree(store, rows)
        assert store.search_index().saved == 3000


@pytest.mark.usefixtures("large")
def test_closing_ends_a_builder(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.stores.embedded.rows._AT_ONCE", 16)
    rows = clustered(4000)
    with open_store(folder, DIM) as store:
        store.upsert(records(4000), rows)
    for wait in (0.0, 0.02, 0.1, 0.3):
        with EmbeddedStore(folder) as store:
            store.search(rows[0], 3)
            time.sleep(wait)
        assert builders() == []
        assert list((folder / "cache").glob("*.part")) == []
        assert "Traceback" not in caplog.text
    with EmbeddedStore(folder) as store:
        agree(store, rows)


@pytest.mark.slow
@pytest.mark.usefixtures("large")
def test_searches_are_right_while_builders_come_and_go(folder: Path) -> None:
    """A writer adds, replaces and removes; two threads search all the time; builders end."""
    rows = clustered(6000)
    wrong: list[str] = []
    done = threading.Event()

    def ask(store: EmbeddedStore) -> None:
        chance = np.random.default_rng(threading.get_native_id())
        while not done.is_set():
            query = clustered(1, seed=int(chance.integers(1000)))[0]
            with store._snapshot() as (connection, view):
                found = view.search(connection, query, 20)
                best = measured(query, view.embeddings(connection, found)).top(20)
                truth = np.concatenate(
                    [block @ query for _, block in rows_room.embeddings_since(connection, 0, DIM)]
                )
            expected = np.sort(truth)[::-1][:20]
            if not np.allclose(np.sort(best.scores)[::-1][:20], expected, atol=2e-6):
                wrong.append(f"{view.revision}: {best.scores} and not {expected}")

    with open_store(folder, DIM) as store:
        store.upsert(records(3000), rows[:3000])
        threads = [threading.Thread(target=ask, args=[store]) for _ in range(2)]
        for thread in threads:
            thread.start()
        for step in range(12):
            store.upsert(records(3000 + 100 * step)[-300:], clustered(300, seed=step))
            store.delete([one.id for one in store.records()][step : 20 * step : 5])
            if step % 3 == 2:
                store.save_caches()
            time.sleep(0.05)
        done.set()
        for thread in threads:
            thread.join()
        assert wrong == []
        check(store)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("cached", [False, True])
def test_a_large_library_in_a_folder_that_cannot_be_written_to(cached: bool) -> None:
    rows = clustered(3000)
    with open_folder() as place:
        with open_store(place / "library", DIM) as store:
            store.upsert(records(3000), rows)
            if cached:
                store.save_caches()
            store._database.tidy()
        for path in [place / "library", *(place / "library").rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        with ordinary_user(), EmbeddedStore(place / "library") as store:
            assert store.read_only
            agree(store, rows)
            assert builders() == []
            assert store.search_index().saved == (3000 if cached else 0)
