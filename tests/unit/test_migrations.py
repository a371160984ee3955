"""Libraries of every version that there was → the same at the newest, whatever happens."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lookalike import Filter, Library, models
from lookalike.errors import LibraryError, LibraryReadOnlyError
from lookalike.stores.embedded import EmbeddedStore, schema
from tests.disks import open_folder, ordinary_user
from tests.small_libraries import picture

NEWEST = len(schema.MIGRATIONS)
FIXTURES = {
    int(file.stem.removeprefix("library_v")): file
    for file in sorted(Path(__file__).parent.glob("library_v*.sql"))
}
MADE = sorted(FIXTURES.keys() - {1})  # by scripts/write_library_fixture.py; the first is older
TABLES = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY name"
SHA = {
    "one": "2145ae641192acf5f8c3c87c9bc38a7b7e7784b03c43394c3dee77dac2f83c34",
    "two": "cf642f448d01d85d8a36d43e7953e876542fc23e52562a717173ff0d88ab67e0",
}
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and forks as POSIX has them")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


def lay(folder: Path, version: int) -> Path:
    """A library of a version in a folder."""
    folder.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(folder / "library.sqlite")) as connection:
        connection.executescript(FIXTURES[version].read_text("utf-8"))
    return folder


def content(folder: Path) -> list[str]:
    """All that a library holds, and its version."""
    with contextlib.closing(sqlite3.connect(folder / "library.sqlite")) as connection:
        connection.text_factory = bytes
        tables = [row[1] for row in connection.execute(TABLES) if row[0] == b"table"]
        rows = [
            f"{table!r}: {row!r}"
            for table in tables
            for row in connection.execute(f'SELECT * FROM "{table.decode()}"')
        ]
        return [*map(repr, connection.execute(TABLES)), *rows, str(version_of(connection))]


def version_of(connection: sqlite3.Connection) -> int:
    return schema.version(connection)


def version_in(folder: Path) -> int:
    with contextlib.closing(sqlite3.connect(folder / "library.sqlite")) as connection:
        return version_of(connection)


def answers_in(version: int) -> dict[int, list[tuple[int, float]]]:
    """What the code of that version answered: id → ids and scores, best first."""
    found = re.findall(r"^-- answers to (\d+): (.*)$", FIXTURES[version].read_text("utf-8"), re.M)
    return {
        int(number): [(int(one.split()[0]), float(one.split()[1])) for one in answers.split(", ")]
        for number, answers in found
    }


def answers_of(store: EmbeddedStore) -> dict[int, list[tuple[int, float]]]:
    found = {}
    for record in store.records():
        embedding = store.embedding(record.id)
        assert embedding is not None
        hits = store.search(embedding, 9, without=[record.id])
        found[record.id] = [(hit.record.id, hit.score) for hit in hits]
    return found


def test_there_is_a_library_of_every_version_before_the_newest() -> None:
    """Whoever adds a migration writes down a library of the version before it first:
    `python scripts/write_library_fixture.py`."""
    assert set(FIXTURES) >= set(range(1, NEWEST))


@pytest.mark.parametrize("version", sorted(FIXTURES))
def test_a_version_has_the_tables_that_its_migrations_make(folder: Path, version: int) -> None:
    """Whoever edits a released migration instead of adding one hears of it here."""
    lay(folder, version)
    with (
        contextlib.closing(sqlite3.connect(folder / "library.sqlite")) as old,
        contextlib.closing(sqlite3.connect(":memory:")) as new,
    ):
        for migration in schema.MIGRATIONS[:version]:
            new.executescript(migration)
        kept, made = (
            {row[:2]: " ".join((row[2] or "").split()) for row in one.execute(TABLES)}
            for one in (old, new)
        )
    assert made == kept


@pytest.mark.parametrize("version", MADE)
def test_a_library_of_an_earlier_version_keeps_everything(folder: Path, version: int) -> None:
    lay(folder, version)
    with EmbeddedStore(folder) as store:
        found = {record.id: os.fsencode(record.relative) for record in store.records()}
        assert found == {
            1: b"a/one.png",
            2: b"a/two.jpg",
            3: b"b/caf\xe9.png",
            4: b"b/twin of one.png",
            6: b"three.webp",
        }
        assert {record.root for record in store.records()} == {"/pictures"}
        assert answers_of(store) == answers_in(version)
        assert [(one.relative, one.reason) for one in store.skipped()] == [
            ("list.jpg", "is not a picture (its content is text)")
        ]
        assert store.settings()["model"] == "/models/tiny.onnx"
        _check_said(store, version)
        _check_computed(store, version)
        assert store.problems() == []
    assert version_in(folder) == NEWEST


def _check_said(store: EmbeddedStore, version: int) -> None:
    """What a person had said by then."""
    apart = [(SHA["one"], SHA["two"])] if version >= schema.WITH_APART else []
    assert store.apart() == apart
    marks = store.marks([SHA["one"], SHA["two"]])
    if version < schema.WITH_MARKS:
        assert marks == {}
        return
    assert {digest: (one.favourite, sorted(one.tags)) for digest, one in marks.items()} == {
        SHA["one"]: (True, ["Rose", "süß"]),
        SHA["two"]: (True, ["süß"]),
    }
    assert [one.id for one in store.passing(Filter(tags=("rose",)))] == [1, 4]


def _check_computed(store: EmbeddedStore, version: int) -> None:
    """What had been learned and computed by then, and what the newest version makes of it."""
    assert [view.name for view in store.views()] == ["warm"] * (version >= schema.WITH_VIEWS)
    labels = store.labels([1])
    if version >= schema.WITH_LABELS:
        assert [(one.name, one.probability) for one in labels[1]] == [
            ("daisy", 0.75),
            ("bee", 0.125),
        ]
        assert [one.id for one in store.passing(Filter(text="daisy"))] == [1]
    else:
        assert labels == {}
    assert [one.id for one in store.passing(Filter(text="twin"))] == [4]  # also of what came before
    layers = {layer.name: layer.kind for layer in store.layers()}
    if version >= schema.WITH_LAYERS:
        assert layers == {"model 5793b7d5dc416c49": "float32", "parts of it": "int8"}
        ((ids, rows),) = store.layer_blocks("parts of it")
        assert ids.tolist() == [1, 2]
        assert np.allclose(np.linalg.norm(rows, axis=2), 1, atol=0.02)
    else:
        assert layers == {}


@pytest.mark.parametrize("version", MADE)
def test_the_doctor_finds_nothing_and_the_next_index_goes_on(
    folder: Path, version: int, tmp_path: Path, tiny: Path
) -> None:
    lay(folder, version)
    pictures = (tmp_path / "pictures").resolve()
    _move_to(folder, pictures, tiny)
    with Library.open(folder) as library:
        findings = library.check()
        assert [one.text for one in findings if not one.good] == []
        (pictures / "new.png").write_bytes(picture(77))
        assert library.index(pictures).added == 1
        assert library.count() == 6
        hits = library.search(pictures / "new.png", k=3)
        assert (os.path.basename(hits[0].path), hits[0].score) == ("new.png", 1.0)  # noqa: PTH119
        assert all(one.good for one in library.check())


def _move_to(folder: Path, pictures: Path, model: Path) -> None:
    """Let the pictures of a library be there, and its model."""
    with contextlib.closing(sqlite3.connect(folder / "library.sqlite")) as connection:
        connection.execute("UPDATE roots SET path = ?", (os.fsencode(pictures),))
        for name, value in (("model", str(model)), ("identity", models.find(model).identity)):
            connection.execute("UPDATE settings SET value = ? WHERE name = ?", (value, name))
        connection.commit()
        found = connection.execute("SELECT relative, size, mtime_ns FROM images").fetchall()
    for relative, size, mtime_ns in found:
        file = pictures / os.fsdecode(relative)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(size))  # of which the library knows what it looks like
        os.utime(file, ns=(mtime_ns, mtime_ns))


@pytest.mark.parametrize("number", range(2, NEWEST + 1))
def test_a_migration_that_fails_anywhere_leaves_the_version_before(
    folder: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(lay(folder, number - 1))
    statements = statements_of(number)
    for at in range(len(statements) + 1):
        bad = "\n".join([*statements[:at], "INSERT INTO nowhere VALUES (1);", *statements[at:]])
        with monkeypatch.context() as patch:
            patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS[: number - 1], bad))
            with pytest.raises(LibraryError, match="no such table: nowhere"):
                EmbeddedStore(folder)
        assert content(folder) == before, statements[at - 1]
    with EmbeddedStore(folder) as store:
        assert store.problems() == []


def statements_of(number: int) -> list[str]:
    found, statement = [], ""
    for line in schema.MIGRATIONS[number - 1].splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    return found


# Opens each library in a process that is killed at the statement in the middle of the next
# migration, at the first, and at the last, before what it has done is committed.
KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
from lookalike.stores.embedded import EmbeddedStore, schema

complete = sqlite3.complete_statement
for at, number, folder in (one.split(":", 2) for one in sys.argv[1:]):
    child = os.fork()
    if child == 0:
        left = int(at)
        class Deadly:
            def __getattr__(self, name):
                return getattr(sqlite3, name)
            def complete_statement(self, text):
                global left
                whole = complete(text)
                left -= whole
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return whole
        schema.sqlite3 = Deadly()
        EmbeddedStore(Path(folder))
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, (at, folder)
"""


@POSIX
def test_a_process_that_is_killed_in_a_migration_leaves_the_version_before(tmp_path: Path) -> None:
    before, jobs = {}, []
    for number in range(2, NEWEST + 1):
        last = len(statements_of(number)) - 1
        for at in sorted({0, last // 2, last}):
            folder = lay(tmp_path / f"{number} {at}", number - 1)
            before[folder] = content(folder)
            jobs.append(f"{at}:{number}:{folder}")
    done = subprocess.run([sys.executable, "-c", KILLED, *jobs], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    for folder, was in before.items():
        copy = tmp_path / "copied"  # as after a loss of power: nobody has put it in order
        shutil.copytree(folder, copy)
        assert content(copy) == was
        with EmbeddedStore(copy) as store:
            assert store.problems() == []
            assert version_in(copy) == NEWEST
        shutil.rmtree(copy)


@POSIX
@pytest.mark.parametrize("version", MADE)
def test_a_library_of_an_earlier_version_that_cannot_be_written_to_answers(version: int) -> None:
    with open_folder() as base:
        folder = lay(base / "library", version)
        before = content(folder)
        folder.chmod(0o555)
        try:
            with ordinary_user(), Library.open(folder) as library:
                assert library.read_only
                path = "/pictures/a/one.png"
                scores = [(hit.record.id, hit.score) for hit in library.search(path, k=4)]
                assert scores == answers_in(version)[1]
                answers = library.answers(path, k=2)
                assert [hit.record.id for hit in answers.hits] == [4, 2]
                assert library.stats().images == 5
                assert [one.id for one in library.records(Filter(min_side=5))] == [1, 2, 3, 4, 6]
                with pytest.raises(LibraryReadOnlyError, match="nothing can be written"):
                    library.mark(path, favourite=True)
        finally:
            folder.chmod(0o755)
        assert content(folder) == before
