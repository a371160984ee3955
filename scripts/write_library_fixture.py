"""Small pictures → tests/unit/library_v<n>.sql: a library as this version of Lookalike makes it.

    python scripts/write_library_fixture.py

Run it before a migration is added: the tests open a library of every version that there was, and
ask for the one before the newest. It uses what the version has, so it also runs with the code of an
earlier commit on PYTHONPATH. A file that is there is never written again.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(1, str(ROOT))
FOLDER = ROOT / "tests" / "unit"
PICTURES = {
    b"a/one.png": 1,
    b"a/two.jpg": 2,
    b"b/caf\xe9.png": 3,
    b"b/twin of one.png": 1,
    b"b/went.png": 4,
    b"three.webp": 5,
}


def main() -> int:
    """Make a library, use all that this version has, and write it down → exit status."""
    with tempfile.TemporaryDirectory() as where:
        base = Path(where).resolve()
        asked = _library(base)
        with closing(sqlite3.connect(base / "library" / "library.sqlite")) as connection:
            _elsewhere(connection, base)
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            target = FOLDER / f"library_v{version}.sql"
            if target.exists():
                print(f"write_library_fixture: {target.name} is there already.", file=sys.stderr)
                return 1
            head = f"-- A library of format {version} as its code made it; never to be changed.\n"
            text = head + "".join(asked) + "\n".join(_dump(connection)) + "\n"
            target.write_text(text, "utf-8")
    print(f"{target.relative_to(ROOT)}: {len(text):,} bytes")
    return 0


def _library(base: Path) -> list[str]:
    """A library in a folder with all that can be in it; the answers that it gives, as comments."""
    from lookalike import Library
    from tests.small_libraries import picture, tiny_model

    pictures = base / "pictures"
    for name, seed in PICTURES.items():
        file = Path(os.fsdecode(os.path.join(os.fsencode(pictures), name)))  # noqa: PTH118
        file.parent.mkdir(parents=True, exist_ok=True)
        kind = {"jpg": "JPEG", "webp": "WEBP"}.get(file.suffix[1:], "PNG")
        file.write_bytes(picture(seed, kind))
        os.utime(file, ns=(1_700_000_000_000_000_000 + seed,) * 2)
    (pictures / "list.jpg").write_text("milk, bread, and something to read on the way home\n")
    model = tiny_model(base)
    with Library.open(base / "library", model=model, create=True) as library:
        library.index(pictures)
        (pictures / "b" / "went.png").unlink()
        library.index(pictures)
        everything = {one.relative: one for one in library.records()}
        _use(library, everything, base)
        store: Any = library._store
        asked = [
            f"-- answers to {one.id}: "
            + ", ".join(f"{hit.record.id} {hit.score}" for hit in _hits(store, one.id))
            + "\n"
            for one in everything.values()
        ]
        store.save_caches()
    shutil.rmtree(base / "library" / "cache")
    return asked


def _hits(store: Any, number: int) -> Any:
    return store.search(store.embedding(number), 9, without=[number])


def _use(library: Any, everything: dict[str, Any], base: Path) -> None:
    """Everything that a person may do with it, as far as this version can."""
    one, two = everything["a/one.png"], everything["a/two.jpg"]
    if hasattr(library, "not_duplicates"):
        library.not_duplicates(one.path, two.path)
    if hasattr(library, "mark"):
        library.mark(one.path, two.path, add=["Rose", "süß"], favourite=True)
        library.mark(two.path, remove=["Rose"])
    if hasattr(library, "learn"):
        library.learn("warm", liked=[one.path, everything["three.webp"].path], unliked=[two.path])
    store = library._store
    if hasattr(store, "set_labels"):
        from lookalike.stores.base import Label

        store.set_labels({one.id: [Label("daisy", 0.75), Label("bee", 0.125)], two.id: []})
    if hasattr(library, "upgrade_build"):
        from lookalike.stores.base import Layer
        from tests.records import units
        from tests.small_libraries import tiny_model

        library.upgrade_build(tiny_model(base, seed=1, name="other"))
        store.begin_layer(Layer("parts of it", "0" * 16, library.model, 4, 3, "int8"))
        some = [one, two]
        rows = units(6, 4).reshape(2, 3, 4)
        store.write_layer("parts of it", [x.id for x in some], [x.digest for x in some], rows)


def _elsewhere(connection: sqlite3.Connection, base: Path) -> None:
    """Let the library be of a machine that is nowhere."""
    connection.execute("UPDATE roots SET path = ?", (b"/pictures",))
    for table, column in (("settings", "value"), ("layers", "model")):
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchone():
            connection.execute(
                f"UPDATE {table} SET {column} = replace({column}, ?, '/models')",
                (str(base),),
            )
    connection.commit()


def _dump(connection: sqlite3.Connection) -> Iterator[str]:
    """All that makes the same database again; triggers come last, so that none is pulled."""
    for name in ("application_id", "user_version"):
        yield f"PRAGMA {name} = {connection.execute(f'PRAGMA {name}').fetchone()[0]};"
    yield "BEGIN TRANSACTION;"
    schema = connection.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"
    ).fetchall()
    virtual = [name for kind, name, sql in schema if sql.startswith("CREATE VIRTUAL")]
    for kind, name, sql in schema:
        if kind != "table" or name == "sqlite_sequence":
            continue
        if any(name.startswith(f"{one}_") for one in virtual):
            yield f'DELETE FROM "{name}";'  # it came with its virtual table, and has rows already
        else:
            yield f"{sql};"
        if name not in virtual:
            yield from _rows(connection, name)
    yield from (f"{sql};" for kind, _, sql in schema if kind != "table")
    yield 'DELETE FROM "sqlite_sequence";'
    yield from _rows(connection, "sqlite_sequence")
    yield "COMMIT;"


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
    parts = ", ".join(
        f"typeof({name}), CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) "
        f"ELSE quote({name}) END"
        for name in columns
    )
    for row in connection.execute(f'SELECT {parts} FROM "{table}"'):
        values = [_value(*row[at : at + 2]) for at in range(0, len(row), 2)]
        yield f'INSERT INTO "{table}" VALUES({",".join(values)});'


def _value(kind: str, content: Any) -> str:
    if kind != "text":
        return str(content)
    try:
        text = str(content, "utf-8").replace("'", "''")
    except UnicodeDecodeError:  # what is searched as text is made of names of any bytes
        return f"CAST(X'{content.hex().upper()}' AS TEXT)"
    return f"'{text}'"


if __name__ == "__main__":
    sys.exit(main())
