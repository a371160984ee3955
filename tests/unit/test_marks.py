"""Favourites and tags: what is a tag, and how a store keeps, finds and counts what is marked."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lookalike.errors import InputError, LibraryReadOnlyError
from lookalike.stores.base import (
    MOST_LETTERS,
    MOST_TAGS,
    Choice,
    Filter,
    MarkChange,
    MarkCounts,
    Marks,
    Record,
    tag_key,
    tag_name,
)
from lookalike.stores.embedded import EmbeddedStore, columns, marks, schema
from tests.disks import open_folder, ordinary_user
from tests.records import open_store, record, records, relatives, units

DIM = 8
VERSION_1 = Path(__file__).with_name("library_v1.sql")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    """Six pictures: two are copies of each other, and one is a PNG."""
    with open_store(tmp_path / "library", DIM) as opened:
        some = records(5)
        some[4] = replace(some[4], format="PNG")
        some.append(replace(some[0], relative="copy.jpg"))
        opened.upsert(some, units(6, DIM))
        yield opened


def digest(number: int) -> str:
    return records(number + 1)[number].digest


def put(store: EmbeddedStore, tag: str, *numbers: int) -> None:
    store.change_marks([MarkChange(tuple(map(digest, numbers)), add=(tag,))])


def favour(store: EmbeddedStore, *numbers: int, favourite: bool = True) -> None:
    store.change_marks([MarkChange(tuple(map(digest, numbers)), favourite)])


def found(store: EmbeddedStore, **wanted: object) -> list[str]:
    where = Filter(**wanted)  # type: ignore[arg-type]
    hits = store.search(units(1, DIM)[0], 9, where=where)
    part = store.answers(units(1, DIM)[0], 9, where=where)
    assert list(part.hits) == hits
    assert store.facets(where).images == part.total == len(hits)
    names = sorted(relatives(hit.record for hit in hits))
    assert relatives(store.passing(where)) == names
    return names


# ---- what is a tag


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("rose", "rose"),
        ("  Rose garden\u00a0", "Rose garden"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("a, b; c / d & e", "a, b; c / d & e"),
        ("👩‍🌾", "👩‍🌾"),
        ("🦊", "🦊"),
        ("שושנה", "שושנה"),
        ("x" * MOST_LETTERS, "x" * MOST_LETTERS),
        ("-", "-"),
    ],
)
def test_what_is_a_tag(text: str, name: str) -> None:
    assert tag_name(text) == name
    assert tag_name(name) == name
    assert Filter(tags=(text,)).tags == (text,)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\u00a0\u2003", "\u200b", "\ufeff \u200d", "\xad"),
        *("a\nb", "a\tb", "\x00", "a\x7f", "a\x85", "a\u2028b", "a\u202eb", "\u2066a\u2069"),
        *("a\n", "\nrose", "\ud800", "a\udcff"),
    ],
)
def test_what_is_no_tag(text: str) -> None:
    for refuses in (tag_name, tag_key, lambda one: Filter(tags=(one,))):
        with pytest.raises(InputError, match=r"is no tag: a tag is a line of text"):
            refuses(text)
    with pytest.raises(InputError, match="is no tag"):
        MarkChange((), remove=("rose", text))


def test_a_tag_that_is_too_long_is_told_by_its_beginning() -> None:
    words = f"A tag has 100 letters at most, and '{'ab' * 10}'... has 102: shorten it."
    with pytest.raises(InputError, match=words):
        MarkChange((), add=("ab" * 51,))


@pytest.mark.parametrize(
    ("one", "other"), [("Rose", " rOSE"), ("Straße", "STRASSE"), ("É", "e\u0301"), ("ΣΑΣ", "σας")]
)
def test_the_case_of_letters_makes_no_other_tag(one: str, other: str) -> None:
    assert tag_key(one) == tag_key(other)


# ---- keeping them


def test_marks_are_kept_by_content(store: EmbeddedStore) -> None:
    assert store.marks([digest(0)]) == {}
    store.change_marks([MarkChange((digest(0), digest(1)), True, (" tree ", "Rose"))])
    wanted = Marks(True, ("Rose", "tree"))
    assert store.marks([digest(0), digest(1), digest(2)]) == dict.fromkeys(
        (digest(0), digest(1)), wanted
    )
    store.delete([one.id for one in store.records()])
    store.upsert([replace(records(1)[0], relative="elsewhere.jpg")], units(1, DIM))
    assert store.marks([digest(0)]) == {digest(0): wanted}
    assert found(store, tags=("rose",), favourite=True) == ["elsewhere.jpg"]
    assert store.count_marks() == MarkCounts(1, (Choice("Rose", 1), Choice("tree", 1)))


def test_each_mark_can_be_taken_off(store: EmbeddedStore) -> None:
    put(store, "rose", 0, 1)
    favour(store, 0, 1)
    store.change_marks([MarkChange((digest(0),), False, remove=("ROSE", "never there"))])
    assert store.marks([digest(0), digest(1)]) == {digest(1): Marks(True, ("rose",))}


def test_a_tag_is_named_as_it_was_first_written_until_nothing_bears_it(
    store: EmbeddedStore,
) -> None:
    put(store, "rose", 0)
    put(store, "ROSE", 1)
    assert store.marks([digest(1)])[digest(1)].tags == ("rose",)
    both = (digest(0), digest(1))
    store.change_marks([MarkChange(both, add=("Rose",), remove=("rose",))])
    assert store.count_marks().tags == (Choice("Rose", 3),)
    store.change_marks([MarkChange(both, remove=("rose",))])
    assert store.count_marks() == MarkCounts(0, ())


def test_a_tag_of_pictures_that_are_gone_counts_none(store: EmbeddedStore) -> None:
    put(store, "rose", 0, 3)
    store.delete([one.id for one in store.records() if one.digest == digest(0)])
    assert store.count_marks().tags == (Choice("rose", 1),)
    store.delete([one.id for one in store.records()])
    assert store.count_marks().tags == (Choice("rose", 0),)
    assert store.facets(Filter()).tags == ()


def test_too_many_tags_are_refused_and_nothing_is_changed(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = tuple(f"{at}" for at in range(MOST_TAGS))
    store.change_marks([MarkChange((digest(0), digest(0)), add=names)])
    with pytest.raises(InputError, match=r"A picture has 100 tags at most: take some off it first"):
        store.change_marks(
            [MarkChange((digest(1),), True), MarkChange((digest(1), digest(0)), add=("more",))]
        )
    assert store.marks([digest(1)]) == {}
    monkeypatch.setattr(marks, "MOST_NAMES", MOST_TAGS)
    with pytest.raises(InputError, match=r"A library has 100 different tags at most"):
        put(store, "more", 1)
    put(store, "7", 1)
    assert len(store.count_marks().tags) == MOST_TAGS


def test_a_file_that_is_edited_takes_its_marks_along(store: EmbeddedStore) -> None:
    put(store, "rose", 0, 1)
    favour(store, 0)
    edited = replace(records(1)[0], digest="e" * 64, size=9)
    store.upsert([edited], units(1, DIM))
    assert store.marks(["e" * 64]) == {"e" * 64: Marks(True, ("rose",))}
    assert found(store, favourite=True) == ["00000.jpg", "copy.jpg"]
    store.upsert([replace(edited, mtime_ns=99)], units(1, DIM))
    assert store.marks(["e" * 64])["e" * 64].tags == ("rose",)


# ---- finding and counting


def test_filters_by_marks(store: EmbeddedStore) -> None:
    put(store, "rose", 0, 1, 4)
    put(store, "garden", 1, 2, 4)
    favour(store, 2, 4)
    assert found(store, tags=("ROSE",)) == ["00000.jpg", "00001.jpg", "00004.jpg", "copy.jpg"]
    assert found(store, tags=("rose", "garden")) == ["00001.jpg", "00004.jpg"]
    assert found(store, tags=("rose", " Rose", "garden")) == ["00001.jpg", "00004.jpg"]
    assert found(store, tags=("rose", "nothing has it")) == []
    assert found(store, favourite=True) == ["00002.jpg", "00004.jpg"]
    assert found(store, favourite=True, tags=("rose",), formats=("png",)) == ["00004.jpg"]
    assert found(store, favourite=True, formats=("jpeg",)) == ["00002.jpg"]


def test_tags_count_as_one_more_and_favourites_as_the_other_choice(store: EmbeddedStore) -> None:
    put(store, "rose", 0, 1, 4)
    put(store, "garden", 1, 2, 4)
    favour(store, 0, 2)
    every = store.facets(Filter())
    assert every.tags == (Choice("rose", 4), Choice("garden", 3))
    assert every.favourites == 3
    for choice in every.tags:
        one_more = store.facets(Filter(tags=("garden", str(choice.value))))
        told = {one.value: one.images for one in store.facets(Filter(tags=("Garden",))).tags}
        assert told[choice.value] == one_more.images
    roses = store.facets(Filter(tags=("rose",)))
    assert (roses.images, roses.favourites) == (4, 2)
    assert roses.formats == (Choice("JPEG", 3), Choice("PNG", 1))
    favourites = store.facets(Filter(favourite=True))
    assert (favourites.images, favourites.favourites) == (3, 3)
    assert favourites.tags == (Choice("rose", 2), Choice("garden", 1))
    assert store.facets(Filter(formats=("png",), favourite=True)).favourites == 0


def test_counts_follow_marks_without_reading_all_again(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    truly = columns._read

    def reading(connection: sqlite3.Connection) -> columns.Columns:
        read.append(1)
        return truly(connection)

    monkeypatch.setattr(columns, "_read", reading)
    assert store.facets(Filter()).tags == ()
    put(store, "rose", 0)
    store.set(indexing="a note on progress")
    with store._database.reading():  # so that the next question comes by another connection
        assert store.facets(Filter()).tags == (Choice("rose", 2),)
    favour(store, 1)
    assert store.facets(Filter()).favourites == 1
    assert len(read) == 1
    old = next(one for one in store.records() if one.relative == "copy.jpg")
    store.relocate([(old, replace(old, relative="new/copy.jpg"))])
    assert any(str(one.value).endswith("new") for one in store.facets(Filter()).folders)
    store.upsert([record("more.jpg", format="TIFF")], units(1, DIM))
    assert Choice("TIFF", 1) in store.facets(Filter()).formats
    assert len(read) == 3


# ---- libraries of other times


def test_a_library_without_marks_that_nobody_may_write_to(tmp_path: Path) -> None:
    assert tmp_path
    with open_folder() as top:
        folder = top / "library"
        folder.mkdir()
        with contextlib.closing(sqlite3.connect(folder / "library.sqlite")) as old:
            old.executescript(VERSION_1.read_text("utf-8"))
        folder.chmod(0o555)
        try:
            with ordinary_user(), EmbeddedStore(folder) as store:
                assert store.read_only
                everything: list[Record] = list(store.records())
                assert store.marks([one.digest for one in everything]) == {}
                assert store.count_marks() == MarkCounts(0, ())
                facets = store.facets(Filter())
                assert (facets.images, facets.favourites, facets.tags) == (2, 0, ())
                assert store.facets(Filter(tags=("rose",))).images == 0
                assert store.facets(Filter(favourite=True)).images == 0
                assert store.problems() == []
                with pytest.raises(LibraryReadOnlyError):
                    store.change_marks([MarkChange((everything[0].digest,), True)])
        finally:
            folder.chmod(0o755)


def test_a_library_of_the_version_before_gets_places_for_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[: schema.WITH_MARKS - 1])
        with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as before:
            schema.migrate(before)
            assert not marks.are_kept(before)
            patch.undo()
            schema.migrate(before)
            assert marks.are_kept(before)
            marks.change(before, MarkChange(("d",), True, ("rose",)))
            assert marks.of(before, ["d"]) == {"d": Marks(True, ("rose",))}


def test_a_tag_that_has_lost_its_name_is_told(store: EmbeddedStore, tmp_path: Path) -> None:
    put(store, "rose", 0, 1)
    assert store.problems() == []
    file = tmp_path / "library" / "library.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.executescript("DELETE FROM tags")
    assert store.problems() == ["2 marks have a tag that has no name."]
