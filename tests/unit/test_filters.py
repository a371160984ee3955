"""`Filter` → what it refuses, and the ids that pass it in a library of any age and size."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from lookalike.errors import InputError
from lookalike.stores.base import Filter
from lookalike.stores.embedded import EmbeddedStore, schema
from lookalike.stores.embedded.filters import matching
from tests.records import ROOT, open_store, record, units

DIM = 4


@pytest.mark.parametrize(
    "text",
    [
        *("", "24", "24-05-01", "2024-5", "2024-13", "2024-00", "2024-02-30", "2023-02-29", "0000"),
        *("May", "2024-05-", "2024-05-31 18:00", "2024-05-31T", "2024-05-31T24", "2024-05-31T1"),
        *(
            "2024-05-31T18:60",
            "2024-05-31T18:00:00Z",
            "2024\n",
            "\uff12\uff10\uff12\uff14",
            "\u0662\u0660\u0662\u0664",
            "-2024",
            "2024%",
        ),
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"is no date: write it as 2024, 2024-05 or"):
        Filter(taken_from=text)
    with pytest.raises(InputError, match=r"is no date: write it as 2024, 2024-05 or"):
        Filter(taken_to=text)


@pytest.mark.parametrize(
    "text", ["0001", "2024", "2024-02", "2024-02-29", "2024-02-29T23", "2024-02-29T23:59:59"]
)
def test_what_is_a_date_is_taken(text: str) -> None:
    assert Filter(taken_from=text, taken_to=text).taken_to == text


@pytest.mark.parametrize("side", [0, -1])
def test_a_side_has_a_pixel_at_least(side: int) -> None:
    with pytest.raises(InputError, match=f"A side has 1 pixel or more, not {side}"):
        Filter(min_side=side)


_HALF = [] if os.name == "nt" else ["/a\ud800b"]  # of a pair: Windows has such names


@pytest.mark.parametrize("folder", ["", "pictures", "./pictures", "/a\0b", *_HALF])
def test_what_is_no_absolute_path_is_refused(folder: str) -> None:
    with pytest.raises(InputError, match="is no folder's absolute path"):
        Filter(folder=folder)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with open_store(tmp_path / "library", DIM) as opened:
        yield opened


def passing(store: EmbeddedStore, wanted: Filter) -> list[int]:
    with store._database.reading() as connection:
        found = matching(connection, wanted)
    assert found.dtype == np.int64
    return [int(one) for one in found]


def test_the_ids_are_in_rising_order_whatever_the_order_of_the_filter(store: EmbeddedStore) -> None:
    cameras = ["z", "a", "Z", "b z"] * 500
    some = [record(f"{2000 - at}.jpg", camera=name) for at, name in enumerate(cameras)]
    store.upsert(some, units(len(some), DIM))
    assert passing(store, Filter()) == list(range(1, 2001))
    wanted = [at + 1 for at, name in enumerate(cameras) if "z" in name.lower()]
    assert passing(store, Filter(camera="Z")) == wanted
    assert passing(store, Filter(camera="none")) == []


def test_a_library_whose_index_is_missing_answers_the_same(store: EmbeddedStore) -> None:
    """One that cannot be written to stays at its version, without what came later."""
    store.upsert([record(f"{at}.jpg", camera=f"c{at}") for at in range(9)], units(9, DIM))
    wanted = Filter(camera="C7", formats=("jpeg",), min_side=3)
    before = passing(store, wanted)
    assert len(before) == 1
    with store._database.writing() as connection:
        connection.execute("DROP INDEX images_by_properties")
    assert passing(store, wanted) == before


def test_a_filter_is_answered_from_the_index_and_not_from_the_table() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.migrate(connection)
        told: list[str] = []
        connection.set_trace_callback(told.append)
        matching(connection, Filter(taken_from="2024", formats=("PNG",), min_side=9, camera="x"))
        connection.set_trace_callback(None)
        asked = [text for text in told if "FROM images" in text]
        assert len(asked) == 2
        for text in asked:
            plan = connection.execute(f"EXPLAIN QUERY PLAN {text}").fetchall()
            assert any("COVERING INDEX images_by_properties" in row[3] for row in plan), plan


def test_more_of_everything_than_sqlite_takes_as_values(store: EmbeddedStore) -> None:
    roots = [f"{ROOT}/{at}" for at in range(1500)]
    store.upsert([record("a.jpg", root) for root in roots], units(1500, DIM))
    store.upsert([record("a.jpg", ROOT + "2")], units(1, DIM))
    assert len(passing(store, Filter(folder=ROOT))) == 1500
    many = tuple(f"F{at}" for at in range(40_000))
    assert len(passing(store, Filter(formats=(*many, "jpeg")))) == 1501
    assert passing(store, Filter(formats=many)) == []
    assert passing(store, Filter(ids=frozenset(range(0, 3000, 2)))) == list(range(2, 1502, 2))


@pytest.mark.parametrize("camera", ["\ud800", "\0", "'", '"', "';--"])
def test_a_text_that_no_camera_can_have(store: EmbeddedStore, camera: str) -> None:
    store.upsert([record("a.jpg", camera="Acme")], units(1, DIM))
    assert passing(store, Filter(camera=camera)) == []
    assert passing(store, Filter(formats=(camera,))) == []


def test_numbers_that_sqlite_does_not_have(store: EmbeddedStore) -> None:
    store.upsert([record("a.jpg", width=2**40, height=2**40)], units(1, DIM))
    assert passing(store, Filter(min_side=10**30)) == []
    assert passing(store, Filter(ids=frozenset([1, 10**30, -(10**30), 2**63]))) == [1]
