"""The matrix of an embedded store: a cache that may be lost, torn or out of date, never wrong."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from lookalike.stores.base import Embedding
from lookalike.stores.embedded import EmbeddedStore, matrix
from lookalike.stores.embedded.database import Database
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


def files(folder: Path) -> list[str]:
    return sorted(path.name.split("-")[0] for path in (folder / "cache").glob("*-*"))


def matrix_file(folder: Path) -> Path:
    (file,) = folder.glob("cache/matrix-*.npy")
    return file


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
        hits = store.search(query, 7)
        scores = {name: round(float(row.astype(float) @ query), 4) for name, row in truth.items()}
        best = sorted(scores.values(), reverse=True)[:7]
        assert [round(hit.score, 4) for hit in hits] == pytest.approx(best, abs=2e-4)
        assert len({hit.record.id for hit in hits}) == len(hits)


def test_a_saved_matrix_is_mapped_by_whoever_opens_next(store: EmbeddedStore, folder: Path) -> None:
    assert files(folder) == ["ids", "matrix"]
    wrong = np.roll(np.load(matrix_file(folder)), 1, axis=0)
    np.save(matrix_file(folder), wrong)
    with EmbeddedStore(folder) as other:
        _, embeddings = other.embeddings()
    np.testing.assert_array_equal(embeddings, wrong)  # so it was this that was read
    assert len(store.search(wrong[0], 1)) == 1


def test_saving_what_has_not_changed_writes_nothing(store: EmbeddedStore, folder: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in (folder / "cache").iterdir()}
    store.save_caches()
    with EmbeddedStore(folder) as other:
        check(other)
        other.save_caches()
    assert {file: file.stat().st_mtime_ns for file in (folder / "cache").iterdir()} == before


def test_saving_a_change_leaves_one_snapshot(store: EmbeddedStore, folder: Path) -> None:
    for seed in range(3):
        before = matrix_file(folder).name
        store.upsert([record(f"new {seed}.jpg")], units(1, DIM, seed=seed))
        store.save_caches()
        assert matrix_file(folder).name > before
        assert files(folder) == ["ids", "matrix"]
        check(store)


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


HARM = [
    *(_delete, _empty, _cut, _cut_header, _garbage, _broken_header, _huge_header, _pickled),
    *(_other_shape, _other_type, _folder),
]


@pytest.mark.parametrize("which", ["ids", "matrix"])
@pytest.mark.parametrize("harm", HARM, ids=lambda harm: harm.__name__)
def test_a_harmed_snapshot_is_left_aside_and_made_again(
    store: EmbeddedStore, folder: Path, harm: Callable[[Path], None], which: str
) -> None:
    store.close()
    (file,) = folder.glob(f"cache/{which}-*.npy")
    harm(file)
    with EmbeddedStore(folder) as other:
        check(other)
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
    assert files(folder) == ["ids", "matrix"]
    check(store)


def test_odd_names_in_the_cache_are_passed_over(store: EmbeddedStore, folder: Path) -> None:
    for name in ("matrix-.npy", "matrix-x.npy", "matrix-99999999999999999.npy", "matrix-9.npy"):
        shutil.copy(matrix_file(folder), folder / "cache" / f"{name}.aside")
    for aside in list((folder / "cache").glob("*.aside")):
        aside.rename(aside.with_suffix(""))
    with EmbeddedStore(folder) as other:
        check(other)


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
    assert files(folder) == ["ids", "matrix"]


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
@pytest.mark.parametrize("seed", range(4))
def test_any_history_equals_a_fresh_load(
    folder: Path, monkeypatch: pytest.MonkeyPatch, limit: int, seed: int
) -> None:
    monkeypatch.setattr(matrix, "_OVERLAY_LIMIT", limit)
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
    with store._snapshot() as (_, view):
        before = view.search(units(1, DIM)[0], COUNT)
        assert len(before.ids) == COUNT
        ids = [one.id for one in store.records()]
        for seed in range(5):
            store.upsert(records(10), units(10, DIM, seed=50 + seed))
            store.delete(ids[seed + 20 : seed + 21])
            check(store)
        after = view.search(units(1, DIM)[0], COUNT)
        np.testing.assert_array_equal(after.ids, before.ids)
        np.testing.assert_array_equal(after.scores, before.scores)
        np.testing.assert_array_equal(view.embeddings(ids), units(COUNT, DIM))


def test_where_nothing_can_be_cached_only_time_is_lost(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "_OVERLAY_LIMIT", 4)
    with open_store(folder, DIM) as store:
        shutil.rmtree(folder / "cache")
        (folder / "cache").write_text("in the way")
        with caplog.at_level(logging.WARNING):
            for seed in range(3):
                store.upsert(records(20), units(20, DIM, seed=seed))
                check(store)
            store.save_caches()
        check(store)
    assert "the matrix is not cached" in caplog.text


def test_nothing_is_left_half_written(store: EmbeddedStore, folder: Path) -> None:
    store.upsert([record("new.jpg")], units(1, DIM))
    store.save_caches()
    assert list((folder / "cache").glob("*.part")) == []


def test_what_a_killed_process_left_half_written_goes_after_a_day(
    store: EmbeddedStore, folder: Path
) -> None:
    left, going = (folder / "cache" / f"matrix-1.npy.{number}.part" for number in (1, 2))
    for file in (left, going):
        file.write_bytes(b"half a matrix")
    day_ago = time.time() - 25 * 3600
    os.utime(left, (day_ago, day_ago))
    store.upsert([record("new.jpg")], units(1, DIM))
    store.save_caches()
    assert list((folder / "cache").glob("*.part")) == [going]


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
    assert len(statements) < 10
    assert peak < 4 * dim * count / 2  # the matrix, of single precision, is twice that


def test_what_a_view_needs_for_each_question_is_made_once(store: EmbeddedStore) -> None:
    ids = [one.id for one in store.records()]
    store.delete([ids[7], ids[30], ids[3]])
    store.upsert(records(2), units(2, DIM, seed=3))
    with store._snapshot() as (_, view):
        assert view.ids is view.ids
        assert isinstance(view.dead, np.ndarray)
        assert view.ids[view.dead].tolist() == [ids[at] for at in (0, 1, 3, 7, 30)]


@pytest.mark.parametrize("dim", [1, 2, 5, 24, 127, 8193, 10_000])
def test_equal_rows_are_scored_alike_to_the_last_bit(dim: int) -> None:
    row, one = units(1, dim, seed=1).astype(float), units(1, dim, seed=2)[0].astype(float)
    for measure in (matrix._cosines, matrix._distances):
        results = [measure(np.repeat(row, count, axis=0), one) for count in (1, 2, 3, 31, 32)]
        assert len(set(np.concatenate(results).tolist())) == 1
