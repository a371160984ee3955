"""`lookalike.stores.embedded`: files of all times and kinds, full and closed disks, many hands."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from lookalike.errors import (
    LibraryBusyError,
    LibraryDamagedError,
    LibraryError,
    LibraryFullError,
    LibraryNotFoundError,
    LibraryReadOnlyError,
    LibraryTooNewError,
)
from lookalike.stores.base import SkippedFile
from lookalike.stores.embedded import EmbeddedStore, WriteLock, schema
from lookalike.stores.embedded.database import Database
from tests.disks import make_read_only, open_folder, ordinary_user, small_disk
from tests.records import ROOT, open_store, record, records, relatives, units

DIM = 16
VERSION_1 = Path(__file__).with_name("library_v1.sql")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def store(folder: Path) -> Iterator[EmbeddedStore]:
    with open_store(folder, DIM) as opened:
        yield opened


def filled(folder: Path, count: int) -> None:
    with open_store(folder, DIM) as store:
        store.upsert(records(count), units(count, DIM))


def execute(folder: Path, script: str) -> None:
    with contextlib.closing(sqlite3.connect(folder / "library.sqlite")) as connection:
        connection.executescript(script)


def pragma(folder: Path, name: str) -> object:
    with contextlib.closing(sqlite3.connect(folder / "library.sqlite")) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


# --- files of other times and kinds --------------------------------------------------------------


def test_a_new_library_is_at_the_newest_version_and_says_what_it_is(
    store: EmbeddedStore, folder: Path
) -> None:
    assert pragma(folder, "user_version") == len(schema.MIGRATIONS)
    assert pragma(folder, "application_id") == schema.APPLICATION_ID
    assert pragma(folder, "journal_mode") == "wal"
    assert store.settings() == {"dim": str(DIM)}


def test_a_library_of_version_1_opens_whole(folder: Path) -> None:
    folder.mkdir()
    execute(folder, VERSION_1.read_text("utf-8"))
    with EmbeddedStore(folder) as store:
        first, second = store.records()
        assert (first.id, first.path) == (1, os.path.join("/pictures", "a", "one.jpg"))  # noqa: PTH118
        assert (first.taken, first.camera) == ("2024-02-29T10:11:12", "Acme Box")
        assert (first.latitude, first.longitude) == (47.375, 8.54)
        assert os.fsencode(second.relative) == b"b/caf\xe9.png"
        assert store.dim == 4
        hits = store.search(np.array([0.6, 0.8, 0, 0], np.float32), 9)
        assert [(hit.record.id, hit.score) for hit in hits] == [(2, 0.8), (1, 0.6)]
        reason = "is not a picture (its content is text)"
        assert store.skipped() == [
            SkippedFile("/pictures", "list.jpg", 40, 1_700_000_000_000_000_004, reason)
        ]
        assert store.settings()["model"] == "a-model-of-2025"
        store.upsert([record("new.jpg")], units(1, 4))
        assert [one.id for one in store.records()][-1] == 4
        assert store.problems() == []
    assert pragma(folder, "user_version") == len(schema.MIGRATIONS)


def test_version_1_has_the_tables_that_migration_1_makes(store: EmbeddedStore) -> None:
    """Whoever edits a released migration instead of adding one hears of it here."""
    with contextlib.closing(sqlite3.connect(":memory:")) as old:
        old.executescript(VERSION_1.read_text("utf-8"))
        with contextlib.closing(sqlite3.connect(":memory:")) as new:
            new.executescript(schema.MIGRATIONS[0])
            tables = "SELECT type, name, sql FROM sqlite_schema ORDER BY name"
            made, kept = ({row[:2]: row[2] for row in one.execute(tables)} for one in (new, old))
    assert {key: _spaced(sql) for key, sql in made.items()} == {
        key: _spaced(sql) for key, sql in kept.items()
    }


def _spaced(sql: str | None) -> str:
    return " ".join((sql or "").split())


def test_a_migration_that_fails_leaves_the_version_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(folder, 3)
    bad = "CREATE TABLE fine (a);\nINSERT INTO nowhere VALUES (1);\n"
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, bad))
        with pytest.raises(LibraryError, match="no such table: nowhere"):
            EmbeddedStore(folder)
    assert pragma(folder, "user_version") == len(schema.MIGRATIONS)
    with EmbeddedStore(folder) as store:
        assert store.count() == 3


def test_later_migrations_are_carried_out_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(folder, 3)
    more = ("CREATE TABLE two (a);\n", "ALTER TABLE two ADD COLUMN b;\nCREATE INDEX i ON two(b);\n")
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, *more))
    for _ in range(2):
        with EmbeddedStore(folder) as store:
            assert store.count() == 3
        assert pragma(folder, "user_version") == len(schema.MIGRATIONS)
    execute(folder, "INSERT INTO two (a, b) VALUES (1, 2);")


def test_a_library_of_a_newer_version_is_left_alone(folder: Path) -> None:
    filled(folder, 1)
    execute(folder, "PRAGMA user_version = 99;")
    before = (folder / "library.sqlite").read_bytes()
    with pytest.raises(LibraryTooNewError, match=r"format 99, this one knows \d+\): upgrade"):
        EmbeddedStore(folder, create=True)
    assert (folder / "library.sqlite").read_bytes() == before


def test_a_database_of_another_program_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    execute(folder, "CREATE TABLE songs (name);")
    before = (folder / "library.sqlite").read_bytes()
    with pytest.raises(LibraryDamagedError, match="not a Lookalike library"):
        EmbeddedStore(folder, create=True)
    assert (folder / "library.sqlite").read_bytes() == before


@pytest.mark.parametrize("content", [b"This is a diary. " * 99, os.urandom(8192), b"\0" * 5000])
def test_a_file_that_is_no_database_is_left_alone(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "library.sqlite").write_bytes(content)
    with pytest.raises(LibraryDamagedError, match="is damaged or not a library"):
        EmbeddedStore(folder, create=True)
    assert (folder / "library.sqlite").read_bytes() == content


def test_a_page_of_garbage_is_damage_that_is_told(folder: Path) -> None:
    with open_store(folder, DIM) as store:
        store.upsert(records(500), units(500, DIM))
        store.save_caches()
    content = bytearray((folder / "library.sqlite").read_bytes())
    for page in range(2, len(content) // 4096):
        content[4096 * page : 4096 * page + 1000] = b"\xa5" * 1000
    (folder / "library.sqlite").write_bytes(content)
    shutil.rmtree(folder / "cache")
    with (
        pytest.raises(LibraryDamagedError, match="put it back from a copy"),
        EmbeddedStore(folder) as store,
    ):
        store.embeddings()


def test_a_library_that_was_never_filled_can_be_begun_again(folder: Path) -> None:
    folder.mkdir()
    (folder / "library.sqlite").touch()
    with EmbeddedStore(folder) as store:
        assert store.is_empty()
        assert store.settings() == {}
    with open_store(folder, DIM) as store:
        store.upsert(records(1), units(1, DIM))
        assert not store.is_empty()
    with EmbeddedStore(folder) as store:
        assert store.dim == DIM


def test_where_there_is_none(folder: Path) -> None:
    with pytest.raises(LibraryNotFoundError, match="make one with `lookalike index FOLDER`"):
        EmbeddedStore(folder)
    assert not folder.exists()


def test_a_folder_that_is_a_file(folder: Path) -> None:
    folder.write_text("not a folder")
    for create in (False, True):
        with pytest.raises(LibraryDamagedError, match="is a file, not a folder"):
            EmbeddedStore(folder, create=create)


@pytest.mark.parametrize("name", ["a b #1?mode=ro&x=%41", "é 🦊", "it's"])
def test_a_folder_with_an_awkward_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / (name.replace("?", "") if os.name == "nt" else name)
    filled(folder, 2)
    assert (folder / "library.sqlite").is_file()
    with EmbeddedStore(folder) as store:
        assert store.count() == 2


def test_a_relative_folder_stays_where_it_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    filled(tmp_path / "library", 2)
    monkeypatch.chdir(tmp_path)
    with EmbeddedStore(Path("library")) as store:
        store.close()
    with EmbeddedStore(Path("library")) as store:
        assert store.count() == 2


def test_a_closed_store_says_so(store: EmbeddedStore) -> None:
    store.close()
    store.close()
    with pytest.raises(LibraryError, match="has been closed: open it again"):
        store.count()


# --- the ledger ----------------------------------------------------------------------------------


def test_a_batch_is_kept_whole_or_not_at_all(store: EmbeddedStore) -> None:
    class Interrupting(dict[str, str]):
        def items(self) -> object:  # type: ignore[override]
            raise KeyboardInterrupt

    skipped = [SkippedFile(ROOT, "bad.jpg", 1, 1, "is odd")]
    with pytest.raises(KeyboardInterrupt):
        store.commit(records(3), units(3, DIM), skipped, (), Interrupting(a="b"))
    assert (store.count(), store.count_skipped(), store.roots()) == (0, 0, [])
    store.commit(records(3), units(3, DIM), skipped, (), {"a": "b"})
    assert (store.count(), store.count_skipped(), store.settings()["a"]) == (3, 1, "b")


def test_relocating_keeps_ids_and_embeddings(store: EmbeddedStore) -> None:
    rows = units(3, DIM)
    store.commit(records(3), rows, [SkippedFile("/new", "b.jpg", 1, 1, "was odd")])
    first = next(store.records())
    store.relocate([(first, record("b.jpg", "/new", mtime_ns=77))])
    moved = store.find("/new", "b.jpg")
    assert moved is not None
    assert (moved.id, moved.mtime_ns, moved.digest) == (first.id, 77, first.digest)
    assert store.find(ROOT, first.relative) is None
    assert store.skipped() == []
    assert store.search(rows[0], 1)[0].record == moved


def test_what_was_skipped_is_listed_in_order_until_it_is_kept_or_forgotten(
    store: EmbeddedStore,
) -> None:
    odd = [SkippedFile(ROOT, name, 1, 2, f"{name} is odd") for name in ("c", "a", "b")]
    store.commit([], units(0, DIM), odd)
    assert [file.relative for file in store.skipped()] == ["a", "b", "c"]
    store.upsert([record("b")], units(1, DIM))
    store.forget_skipped(ROOT, ["c", "unknown"])
    store.forget_skipped("/unknown", ["a"])
    assert [file.relative for file in store.skipped()] == ["a"]
    assert store.count_skipped() == 1


def test_finding_by_place_and_by_content(store: EmbeddedStore) -> None:
    store.upsert([record("b", digest="x" * 64), record("a", digest="x" * 64)], units(2, DIM))
    found = store.find_content("x" * 64)
    assert found is not None
    assert found.relative == "a"
    assert store.find_content("y" * 64) is None
    assert store.find(ROOT, "c") is None
    assert {one.relative for one in store.find_all(ROOT, ["a", "c", "b"])} == {"a", "b"}
    many = [*map(str, range(1200)), "a"]
    assert [one.relative for one in store.find_all(ROOT, many)] == ["a"]
    assert store.find_all("/elsewhere", ["a"]) == store.find_all(ROOT, []) == []
    assert store.find("/elsewhere", "a") is None


def test_roots_come_and_go(store: EmbeddedStore) -> None:
    store.upsert([record("a", "/z"), record("b", "/y")], units(2, DIM))
    assert store.roots() == ["/y", "/z"]
    assert relatives(store.records("/z")) == ["a"]
    assert list(store.records("/x")) == []
    store.delete([one.id for one in store.records("/z")])
    store.drop_root("/z")
    assert store.roots() == ["/y"]
    with pytest.raises(LibraryError):
        store.drop_root("/y")
    assert store.count() == 1


def test_a_sample_has_no_picture_twice(store: EmbeddedStore) -> None:
    assert store.sample(3) == []
    store.upsert(records(20), units(20, DIM))
    known = set(store.records())
    drawn = store.sample(7)
    assert len(set(drawn)) == 7
    assert set(drawn) <= known
    assert set(store.sample(99)) == known
    assert store.sample(0) == store.sample(-1) == []
    assert len({tuple(store.sample(20)) for _ in range(5)}) > 1


def test_inconsistencies_are_told(store: EmbeddedStore, folder: Path) -> None:
    store.upsert(records(4), units(4, DIM))
    assert store.problems() == []
    execute(
        folder,
        "DELETE FROM embeddings WHERE image = 1; DELETE FROM images WHERE id IN (2, 3);"
        "UPDATE embeddings SET vector = x'00' WHERE image = 4;",
    )
    assert store.problems() == [
        "1 pictures have no embedding.",
        "2 embeddings have no picture.",
        "1 embeddings have a wrong length.",
    ]


def test_the_size_counts_what_lies_there(store: EmbeddedStore, folder: Path) -> None:
    store.upsert(records(9), units(9, DIM))
    store.save_caches()
    files = [*folder.glob("library.sqlite*"), *folder.glob("cache/*.np[yz]")]
    assert len(files) >= 3
    assert store.size() == sum(file.stat().st_size for file in files)


# --- disks ---------------------------------------------------------------------------------------


def check_read_only(folder: Path) -> None:
    rows = units(5, DIM)
    with EmbeddedStore(folder) as store:
        assert store.read_only
        assert [hit.record.relative for hit in store.search(rows[3], 1)] == ["00003.jpg"]
        assert store.count() == len(store.embeddings()[0]) == 5
        assert store.problems() == []
        with pytest.raises(LibraryReadOnlyError, match="where nothing can be written"):
            store.upsert(records(1), rows[:1])
        store.save_caches()
        store.size()
    with pytest.raises(LibraryReadOnlyError, match="make this one writable"), WriteLock(folder):
        pytest.fail("there can be no lock")


@pytest.mark.parametrize("cached", [True, False])
def test_on_a_read_only_disk_it_can_be_searched(cached: bool) -> None:
    with small_disk(1024) as disk:
        filled(disk / "library", 5)
        if cached:
            with EmbeddedStore(disk / "library") as store:
                store.save_caches()
        make_read_only(disk)
        check_read_only(disk / "library")
        with pytest.raises(LibraryReadOnlyError):
            EmbeddedStore(disk / "new", create=True)


def test_in_a_read_only_folder_it_can_be_searched() -> None:
    with open_folder() as top:
        folder = top / "library"
        filled(folder, 5)
        folder.chmod(0o555)
        try:
            with ordinary_user():
                check_read_only(folder)
                assert sorted(path.name for path in folder.iterdir()) == ["cache", "library.sqlite"]
        finally:
            folder.chmod(0o755)


def test_somebody_elses_library_can_be_read_while_it_grows() -> None:
    with open_folder() as top:
        folder = top / "library"
        with open_store(folder, DIM) as writer:
            writer.upsert(records(3), units(3, DIM))
            with ordinary_user():
                if os.access(folder, os.W_OK):
                    pytest.skip("this user may write to its own folder")
                reader = EmbeddedStore(folder)
                assert reader.read_only
                assert reader.count() == 3
            writer.upsert([record("new.jpg")], units(1, DIM, seed=5))
            with ordinary_user(), reader:
                hits = reader.search(units(1, DIM, seed=5)[0], 1)
                assert [hit.record.relative for hit in hits] == ["new.jpg"]


WRITE = """
import sys
from pathlib import Path
from lookalike.stores.embedded import EmbeddedStore
from tests.records import record, units
with EmbeddedStore(Path(sys.argv[1])) as store:
    for line in sys.stdin:
        store.upsert([record(line.strip())], units(1, store.dim, seed=int(line.split(".")[0])))
        print("kept", flush=True)
"""


@contextlib.contextmanager
def writing_process(folder: Path) -> Iterator[Callable[[int], str]]:
    """Another process, of this account, that keeps one picture for each number it is told."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", WRITE, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env=environment,
    ) as process:

        def write(number: int) -> str:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{number}.jpg\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        yield write
        process.communicate()


def best(store: EmbeddedStore, number: int) -> tuple[int, str]:
    """How many pictures there are, and which one looks like that of a number."""
    (hit,) = store.search(units(1, DIM, seed=number)[0], 1)
    return store.count(), hit.record.relative


def test_a_reader_who_may_not_write_sees_what_another_account_writes_later() -> None:
    with open_folder() as top:
        folder = top / "library"
        filled(folder, 3)
        with ordinary_user():
            if os.access(folder, os.W_OK):
                pytest.skip("this user may write to its own folder")
            reader = EmbeddedStore(folder)
            assert reader.read_only
            assert reader.count() == 3
        with writing_process(folder) as write:
            for number in (101, 102):
                assert write(number) == "kept"
                with ordinary_user():
                    assert best(reader, number) == (number - 97, f"{number}.jpg")
        with ordinary_user():
            assert best(reader, 101) == (5, "101.jpg")
        with writing_process(folder) as write:  # begun and ended while nobody asked
            assert write(103) == "kept"
        with ordinary_user(), reader:
            assert best(reader, 103) == (6, "103.jpg")


def test_a_file_taken_as_it_lies_is_taken_anew_after_each_run_of_a_writer() -> None:
    """A writer comes and goes between any two questions: its log is never seen."""
    with open_folder() as top:
        folder = top / "library"
        filled(folder, 3)
        with ordinary_user():
            if os.access(folder, os.W_OK):
                pytest.skip("this user may write to its own folder")
            reader = EmbeddedStore(folder)
            borrowed = reader._database.reading()
            old = borrowed.__enter__()
        for number in (101, 102, 103):
            with EmbeddedStore(folder) as writer:
                writer.upsert([record(f"{number}.jpg")], units(1, DIM, seed=number))
            with ordinary_user():
                assert best(reader, number) == (number - 97, f"{number}.jpg")
        with ordinary_user(), reader:
            borrowed.__exit__(None, None, None)
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                old.execute("SELECT 1")  # it shows the file as it was, and serves nobody any more
            assert best(reader, 103) == (6, "103.jpg")


def test_a_share_that_only_looks_writable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows says so of every folder; here the system's answer is replaced by its."""
    with open_folder() as top:
        folder = top / "library"
        filled(folder, 5)
        folder.chmod(0o555)
        try:
            with ordinary_user():
                monkeypatch.setattr(os, "access", lambda *_, **__: True)
                check_read_only(folder)
                with pytest.raises(LibraryReadOnlyError):
                    EmbeddedStore(folder / "new", create=True)
        finally:
            folder.chmod(0o755)


def fill_until_full(store: EmbeddedStore) -> int:
    """How many batches of 16 were kept before the disk was full."""
    for batch in range(1000):
        some = [record(f"{batch:03}/{number:02}.jpg") for number in range(16)]
        try:
            store.commit(some, units(16, DIM, seed=batch))
        except LibraryFullError:
            return batch
    raise AssertionError("the disk was never full")


def check_kept(store: EmbeddedStore, batches: int) -> None:
    assert store.count() == 16 * batches
    assert store.problems() == []
    found, embeddings = store.embeddings()
    assert len(found) == 16 * batches
    wanted = np.concatenate([units(16, DIM, seed=batch) for batch in range(batches)])
    np.testing.assert_array_equal(embeddings, wanted)


def test_a_full_disk_keeps_what_was_kept_and_goes_on_when_there_is_room() -> None:
    with small_disk(600) as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(150_000))
        with open_store(disk / "library", DIM) as store:
            batches = fill_until_full(store)
            assert batches > 1
            check_kept(store, batches)
            with pytest.raises(LibraryFullError, match="is full: make room and run the same"):
                store.commit(records(64), units(64, DIM))
        ballast.unlink()
        with EmbeddedStore(disk / "library") as store:
            check_kept(store, batches)
            some = [record(f"{batches:03}/{number:02}.jpg") for number in range(16)]
            store.commit(some, units(16, DIM, seed=batches))
            check_kept(store, batches + 1)


def test_a_disk_too_small_to_begin() -> None:
    with small_disk(16) as disk, pytest.raises(LibraryFullError, match="is full"):
        open_store(disk / "library", DIM)


def test_a_database_that_may_not_grow(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as a full disk, for systems where none can be mounted."""
    connect = Database._connect
    limit = 100

    def limited(database: Database) -> sqlite3.Connection:
        connection = connect(database)
        connection.execute(f"PRAGMA max_page_count = {limit}")
        return connection

    monkeypatch.setattr(Database, "_connect", limited)
    with open_store(folder, DIM) as store:
        batches = fill_until_full(store)
        assert batches > 1
        check_kept(store, batches)
    limit = 10_000
    with EmbeddedStore(folder) as store:
        some = [record(f"{batches:03}/{number:02}.jpg") for number in range(16)]
        store.commit(some, units(16, DIM, seed=batches))
        check_kept(store, batches + 1)


def test_a_full_quota_is_told_as_a_full_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test can set a quota everywhere; what the system says then is known."""
    over = getattr(errno, "EDQUOT", errno.ENOSPC)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(over, os.strerror(over))

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    with pytest.raises(LibraryFullError, match="is full: make room"), WriteLock(folder):
        pytest.fail("there can be no lock")
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(LibraryFullError, match="is full: make room"):
        EmbeddedStore(folder, create=True)


# --- many hands ----------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from lookalike.stores.embedded import WriteLock
with WriteLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextlib.contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the right to write, until a line is sent to it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_second_writer_hears_who_writes(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        wanted = rf"written to by process {process.pid} on \S+ since \d{{4}}-\d\d-\d\dT.*: wait"
        with pytest.raises(LibraryBusyError, match=wanted), WriteLock(tmp_path):
            pytest.fail("two hold the lock")
        (tmp_path / "write.json").write_text("{ odd")
        with pytest.raises(LibraryBusyError, match="another process"), WriteLock(tmp_path):
            pytest.fail("two hold the lock")


def test_a_second_writer_may_wait(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        assert process.stdin is not None
        timer = threading.Timer(0.2, lambda: process.communicate("\n"))
        timer.start()
        with WriteLock(tmp_path, wait=30):
            assert str(os.getpid()) in (tmp_path / "write.json").read_text("utf-8")
        timer.join()
    assert not (tmp_path / "write.json").exists()


def test_a_writer_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.kill()
        process.wait()
        assert (tmp_path / "write.json").exists()
        with WriteLock(tmp_path, wait=5):
            assert str(os.getpid()) in (tmp_path / "write.json").read_text("utf-8")


def test_a_second_writer_in_the_same_process_is_a_second_one(tmp_path: Path) -> None:
    with (
        WriteLock(tmp_path),
        pytest.raises(LibraryBusyError, match=f"process {os.getpid()} "),
        WriteLock(tmp_path),
    ):
        pytest.fail("two hold the lock")
    with WriteLock(tmp_path):
        pass


def test_the_lock_is_let_go_of_even_if_its_note_cannot_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "write.json").mkdir()
    with caplog.at_level(logging.INFO), WriteLock(tmp_path):
        pass
    assert "note" in caplog.text
    with WriteLock(tmp_path):
        pass


READ = """
import sys
from pathlib import Path
import numpy as np
from lookalike.stores.embedded import EmbeddedStore
with EmbeddedStore(Path(sys.argv[1])) as store:
    for line in sys.stdin:
        query = np.array(line.split(), np.float32)
        names = [hit.record.relative for hit in store.search(query, 1)]
        print(store.count(), *names, flush=True)
"""


def test_another_process_sees_what_is_committed_without_opening_again(
    store: EmbeddedStore, folder: Path
) -> None:
    rows = units(6, DIM)
    command = [sys.executable, "-c", READ, str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def ask(row: int) -> str:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(" ".join(map(str, rows[row])) + "\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        assert ask(0) == "0"
        store.upsert(records(3), rows[:3])
        assert ask(1) == "3 00001.jpg"
        store.upsert([record("new.jpg")], rows[4:5])
        assert ask(4) == "4 new.jpg"
        store.delete([one.id for one in store.records() if one.relative == "new.jpg"])
        assert ask(1) == "3 00001.jpg"
        assert not ask(4).endswith("new.jpg")
        store.upsert([record("00000.jpg")], rows[5:])
        store.save_caches()
        assert ask(5) == "3 00000.jpg"
        process.communicate()


def test_many_threads_ask_while_another_writes(store: EmbeddedStore) -> None:
    """Every answer belongs to one commit: a record always has the embedding it was kept with."""
    rows = units(64, DIM)
    done = threading.Event()
    wrong: list[object] = []

    def write() -> None:
        chance = np.random.default_rng(1)
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            some = chance.choice(64, 8, replace=False)
            # the width tells which embedding belongs to the record
            store.upsert([record(f"{at % 48:05}.jpg", width=int(at)) for at in some], rows[some])
            ids = [one.id for one in store.records()]
            store.delete(chance.choice(ids, min(len(ids), 3), replace=False).tolist())
        done.set()

    def read() -> None:
        try:
            while not done.is_set():
                found, embeddings = store.embeddings()
                expected = rows[[one.width for one in found]]
                if not np.array_equal(embeddings, expected):
                    wrong.append("embeddings of other pictures")
                hits = store.search(rows[7], 5)
                scores = [float(np.round(rows[hit.record.width] @ rows[7], 3)) for hit in hits]
                if not np.allclose(scores, [hit.score for hit in hits], atol=2e-3):
                    wrong.append((scores, hits))
                store.sample(3)
        except BaseException as error:
            wrong.append(error)
            raise

    threads = [threading.Thread(target=target) for target in (write, read, read, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
