"""A library's database ↔ its records, skipped files, roots and settings: all but embeddings."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from lookalike.stores.base import (
    Ids,
    KnownFile,
    Label,
    MarkChange,
    MarkCounts,
    Marks,
    Record,
    SkippedFile,
    View,
    ViewNote,
)
from lookalike.stores.embedded import labels, marks, rows, schema, views
from lookalike.stores.embedded.database import Database

_AT_ONCE = 500  # places in one question, well below what SQLite takes


class Ledger:
    """What an `EmbeddedStore` knows of files; the part of `Catalogue` that needs no matrix."""

    _database: Database

    def get(self, image_id: int) -> Record | None:
        """One record, or None."""
        if not may_be_id(image_id):
            return None
        with self._database.reading() as connection:
            row = connection.execute(f"{rows.RECORDS} WHERE images.id = ?", (image_id,)).fetchone()
        return rows.record(row) if row else None

    def records(self, root: str | None = None, below: str = "") -> Iterator[Record]:
        """All records, those of one root, or of the part of it below a folder, in order of path."""
        where, values = rows.place(root, below) if root is not None else ("", {})
        with self._database.reading() as connection:
            found = connection.execute(f"{rows.RECORDS} {where} {rows.BY_PATH}", values)
            yield from map(rows.record, found)

    def known_files(
        self, root: str, below: str = "", *, tried_with: str | None = None
    ) -> Iterator[KnownFile]:
        """What is known of the files of a root, or of the part of it below a folder, in order of
        path; a skipped file that was ``tried_with`` other means has no time."""
        with self._database.reading() as connection:
            yield from rows.known_files(connection, root, below, tried_with)

    def count(self) -> int:
        """How many pictures there are."""
        with self._database.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM images").fetchone()[0])

    def relocate(self, moves: Iterable[tuple[Record, Record]]) -> None:
        """Move records to a new place; embeddings and ids stay."""
        with self._database.writing() as connection:
            for old, new in moves:
                rows.move(connection, old.id, new)
            self._database.note_move(connection)

    def forget_skipped(self, root: str, relatives: Iterable[str]) -> None:
        """Drop files that are no longer there from the list of the skipped."""
        with self._database.writing() as connection:
            connection.executemany(
                "DELETE FROM skipped WHERE relative = ? "
                "AND root = (SELECT id FROM roots WHERE path = ?)",
                [(os.fsencode(relative), os.fsencode(root)) for relative in relatives],
            )

    def skipped(self) -> list[SkippedFile]:
        """The files that are not in the library, with the reason for each, in order of path."""
        with self._database.reading() as connection:
            found = connection.execute(f"{rows.SKIPPED} {rows.BY_PATH}").fetchall()
        return [SkippedFile(os.fsdecode(row[0]), os.fsdecode(row[1]), *row[2:]) for row in found]

    def count_skipped(self) -> int:
        """How many files were skipped."""
        with self._database.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM skipped").fetchone()[0])

    def skipped_reasons(self) -> dict[str, int]:
        """How many files were skipped for each reason."""
        with self._database.reading() as connection:
            found = connection.execute("SELECT reason, count(*) FROM skipped GROUP BY reason")
            return dict(found.fetchall())

    def find(self, root: str, relative: str) -> Record | None:
        """The record of one place, or None."""
        return self._first(
            "WHERE roots.path = ? AND relative = ?", (os.fsencode(root), os.fsencode(relative))
        )

    def find_all(self, root: str, relatives: Sequence[str]) -> list[Record]:
        """The records of some places below a root; those where there is none are left out."""
        found: list[Record] = []
        with self._database.reading() as connection:
            for start in range(0, len(relatives), _AT_ONCE):
                some = [os.fsencode(one) for one in relatives[start : start + _AT_ONCE]]
                marks = ", ".join("?" * len(some))
                where = f"WHERE roots.path = ? AND relative IN ({marks})"
                values = (os.fsencode(root), *some)
                found += map(rows.record, connection.execute(f"{rows.RECORDS} {where}", values))
        return found

    def find_content(self, digest: str) -> Record | None:
        """A record whose file has this SHA-256, or None."""
        return self._first("WHERE digest = ?", (digest,))

    def contents(self) -> dict[str, int]:
        """How many pictures have each content, by the SHA-256 of their files."""
        with self._database.reading() as connection:
            found = connection.execute("SELECT digest, count(*) FROM images GROUP BY digest")
            return dict(found.fetchall())

    def find_contents(self, digests: Collection[str]) -> list[Record]:
        """The records whose files have one of these SHA-256."""
        where = "WHERE digest IN (SELECT value FROM json_each(?))"
        with self._database.reading() as connection:
            found = connection.execute(f"{rows.RECORDS} {where}", (json.dumps(list(digests)),))
            return list(map(rows.record, found))

    def sample(self, n: int) -> list[Record]:
        """Up to n records, drawn at random."""
        chosen = "SELECT id FROM images ORDER BY random() LIMIT ?"
        with self._database.reading() as connection:
            found = connection.execute(
                f"{rows.RECORDS} WHERE images.id IN ({chosen}) ORDER BY random()", (max(n, 0),)
            ).fetchall()
        return list(map(rows.record, found))

    def roots(self) -> list[str]:
        """The folders that pictures were indexed from, in order."""
        with self._database.reading() as connection:
            found = connection.execute("SELECT path FROM roots ORDER BY path").fetchall()
        return [os.fsdecode(row[0]) for row in found]

    def drop_root(self, root: str) -> None:
        """Forget a root that holds neither pictures nor skipped files any more."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM roots WHERE path = ?", (os.fsencode(root),))

    def apart(self) -> list[tuple[str, str]]:
        """The pairs of contents that are no duplicates, by SHA-256, in order."""
        with self._database.reading() as connection:
            if schema.version(connection) < schema.WITH_APART:  # nobody may write there
                return []
            found = connection.execute("SELECT first, second FROM apart ORDER BY first, second")
            return [(first, second) for first, second in found]

    def set_apart(self, pairs: Iterable[tuple[str, str]], *, apart: bool = True) -> None:
        """Remember that pairs of contents are no duplicates, or forget that."""
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO apart VALUES (?, ?)"
                if apart
                else "DELETE FROM apart WHERE first = ? AND second = ?",
                [(min(pair), max(pair)) for pair in pairs],
            )

    def marks(self, digests: Collection[str]) -> dict[str, Marks]:
        """What a person has marked contents with, by SHA-256; those without are left out."""
        with self._database.reading() as connection:
            return marks.of(connection, digests)

    def change_marks(self, changes: Sequence[MarkChange]) -> None:
        """Carry out all changes, or none."""
        with self._database.writing() as connection:
            for one in changes:
                marks.change(connection, one)
            self._database.note_marks(connection)

    def count_marks(self) -> MarkCounts:
        """How many pictures bear each mark."""
        with self._database.reading() as connection:
            return marks.counts(connection)

    def without_labels(self) -> Ids:
        """The ids (n,), rising, of the pictures whose present embedding no classifier has seen."""
        with self._database.reading() as connection:
            return labels.missing(connection)

    def set_labels(self, likely: Mapping[int, Sequence[Label]]) -> None:
        """Keep what a classifier calls pictures, in place of what was kept."""
        with self._database.writing() as connection:
            labels.keep(connection, likely)
            self._database.note_move(connection)  # a property of theirs is another

    def labels(self, ids: Collection[int]) -> dict[int, tuple[Label, ...]]:
        """The labels of pictures, the most likely first; those without are left out."""
        with self._database.reading() as connection:
            return labels.of(connection, ids)

    def views(self) -> list[ViewNote]:
        """What is known of the views that are kept, in order of name."""
        with self._database.reading() as connection:
            return views.notes(connection)

    def view(self, name: str) -> View | None:
        """One view, or None."""
        with self._database.reading() as connection:
            return views.view(connection, name)

    def keep_view(self, view: View) -> None:
        """Keep a view, in place of one with the same name."""
        with self._database.writing() as connection:
            views.keep(connection, view)

    def drop_view(self, name: str) -> bool:
        """Forget a view; tells whether there was one."""
        with self._database.writing() as connection:
            return views.drop(connection, name)

    def settings(self) -> dict[str, str]:
        """All settings."""
        with self._database.reading() as connection:
            return rows.settings(connection)

    def set(self, **settings: str) -> None:
        """Keep settings."""
        with self._database.writing() as connection:
            rows.set_all(connection, settings)

    def _first(self, where: str, values: tuple[object, ...]) -> Record | None:
        with self._database.reading() as connection:
            row = connection.execute(
                f"{rows.RECORDS} {where} {rows.BY_PATH} LIMIT 1", values
            ).fetchone()
        return rows.record(row) if row else None


def may_be_id(number: int) -> bool:
    """Whether SQLite can compare the number with ids: anybody may ask for any."""
    return 0 < number < 1 << 63
