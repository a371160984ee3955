"""Layers: vectors that pictures have beside their embeddings, and what becomes of them."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lookalike.errors import (
    InputError,
    LibraryDamagedError,
    LibraryError,
    ModelMismatchError,
)
from lookalike.stores.base import Catalogue, Ids, Label, Layer, Record, Rows
from lookalike.stores.base.layers import Kind
from lookalike.stores.embedded import EmbeddedStore, schema
from tests.records import ROOT, open_store, record, records, units

DIM, OTHER = 6, 4
FORMER = Layer("former", "one", "model one", DIM)
LAYER = Layer("other", "two", "model two", OTHER)
PARTS = Layer("parts", "one", "model one", DIM, per_image=3, kind="int8")
SETTINGS = {"model": "model two", "identity": "two", "dim": str(OTHER)}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with open_store(tmp_path / "library", DIM) as opened:
        opened.reshape(DIM, "one")
        opened.set(model="model one", identity="one")
        opened.commit(records(5), units(5, DIM))
        yield opened


def _rows(count: int, layer: Layer = LAYER, seed: int = 1) -> Rows:
    return units(count * layer.per_image, layer.dim, seed).reshape(count, -1, layer.dim)


def _fill(store: Catalogue, layer: Layer = LAYER, upto: int = 99) -> Rows:
    some = list(store.records())[:upto]
    rows = _rows(len(some), layer)
    store.begin_layer(layer)
    ids, digests = [one.id for one in some], [one.digest for one in some]
    assert store.write_layer(layer.name, ids, digests, rows) == len(some)
    return rows


def _read(store: Catalogue, name: str, ids: Ids | None = None) -> tuple[list[int], Rows]:
    found, rows = zip(*store.layer_blocks(name, ids), strict=True)
    return np.concatenate(found).tolist(), np.concatenate(rows)


@pytest.mark.parametrize(
    ("kind", "apart"), [("float32", 0.0), ("float16", 5e-4), ("int8", 1 / 254 + 1e-6)]
)
@pytest.mark.parametrize("per_image", [1, 3])
def test_rows_come_back_as_they_were_kept(
    store: EmbeddedStore, kind: Kind, apart: float, per_image: int
) -> None:
    layer = dataclasses.replace(LAYER, kind=kind, per_image=per_image)
    rows = _fill(store, layer)
    ids, found = _read(store, layer.name)
    assert (ids, found.shape, str(found.dtype)) == ([1, 2, 3, 4, 5], rows.shape, "float32")
    assert float(np.abs(found - rows).max()) <= apart
    some, few = _read(store, layer.name, np.array([2, 5, 9]))
    assert some == [2, 5]
    np.testing.assert_array_equal(few, found[[1, 4]])
    assert store.layers() == [layer]


def test_zeros_and_single_large_numbers_survive_a_byte_each(store: EmbeddedStore) -> None:
    layer = dataclasses.replace(LAYER, kind="int8")
    store.begin_layer(layer)
    rows = np.zeros((2, 1, OTHER), np.float32)
    rows[1, 0, 2] = -3e4
    one, two = list(store.records())[:2]
    store.write_layer(layer.name, [one.id, two.id], [one.digest, two.digest], rows)
    np.testing.assert_array_equal(_read(store, layer.name)[1], rows)


def test_what_is_missing_is_what_came_or_changed_since(store: EmbeddedStore) -> None:
    assert store.layer_missing("other").tolist() == [1, 2, 3, 4, 5]
    _fill(store, upto=3)
    assert store.layer_missing("other").tolist() == [4, 5]
    _fill(store)
    _fill(store, PARTS)
    changed = record("00001.jpg", digest="another")
    store.commit([changed, record("new.jpg")], units(2, DIM, 3), removed=[4])
    for name in ("other", "parts"):
        assert store.layer_missing(name).tolist() == [2, 7]
        assert _read(store, name)[0] == [1, 3, 5]
    store.commit([dataclasses.replace(records(1)[0], mtime_ns=9)], units(1, DIM, 4))
    assert store.layer_missing("other").tolist() == [2, 7]  # the content is the same
    assert store.problems() == []


def test_rows_of_pictures_that_have_changed_or_gone_meanwhile_are_passed_over(
    store: EmbeddedStore,
) -> None:
    some = list(store.records())
    store.begin_layer(LAYER)
    store.commit([record("00001.jpg", digest="another")], units(1, DIM, 3), removed=[1])
    ids, digests = [one.id for one in some], [one.digest for one in some]
    assert store.write_layer("other", ids, digests, _rows(5)) == 3
    assert _read(store, "other")[0] == [3, 4, 5]


def test_a_layer_that_is_begun_again_keeps_its_rows_unless_it_is_another(
    store: EmbeddedStore,
) -> None:
    _fill(store)
    store.begin_layer(LAYER)
    assert len(store.layer_missing("other")) == 0
    newer = dataclasses.replace(LAYER, identity="three")
    store.begin_layer(newer)
    assert len(store.layer_missing("other")) == 5
    assert store.layers() == [newer]
    assert store.drop_layer("other")
    assert not store.drop_layer("other")
    assert (store.layers(), list(store.layer_blocks("other"))) == ([], [])


def test_rows_that_do_not_fit_are_refused(store: EmbeddedStore) -> None:
    with pytest.raises(InputError, match="There is no layer 'other': begin it first"):
        store.write_layer("other", [1], ["a"], _rows(1))
    store.begin_layer(LAYER)
    with pytest.raises(InputError, match="1 vectors of 4 numbers"):
        store.write_layer("other", [1], ["a"], np.zeros((1, 2, OTHER), np.float32))


def test_rows_of_a_wrong_length_are_told(store: EmbeddedStore, tmp_path: Path) -> None:
    _fill(store)
    with contextlib.closing(sqlite3.connect(tmp_path / "library" / "library.sqlite")) as other:
        other.execute("UPDATE layer_rows SET rows = x'00' WHERE image = 2")
        other.commit()
    with pytest.raises(LibraryDamagedError, match="lookalike doctor"):
        list(store.layer_blocks("other"))
    assert store.problems() == ["1 rows of the layer 'other' fit no picture."]


# --- the switch ------------------------------------------------------------------------------


def _switch(store: EmbeddedStore, name: str, former: Layer, settings: dict[str, str]) -> int:
    without = store.switch_layer(name, former, settings)
    store.reshape(int(settings["dim"]), settings["identity"])
    return without


def test_a_switch_and_back_keeps_everything(store: EmbeddedStore) -> None:
    before = store.embeddings()
    there = store.search(before[1][2], 3)
    rows = _fill(store)
    parts = _fill(store, PARTS)
    store.save_caches()
    assert _switch(store, "other", FORMER, SETTINGS) == 0
    known, found = store.embeddings()
    np.testing.assert_array_equal(found, rows[:, 0])
    assert known == before[0]
    assert store.search(rows[2, 0], 1)[0].record.id == 3
    assert {name: store.settings()[name] for name in SETTINGS} == SETTINGS
    assert store.layers() == [FORMER, PARTS]
    np.testing.assert_array_equal(_read(store, "former")[1][:, 0], before[1])
    assert store.problems() == []
    store.save_caches()
    _switch(store, "former", LAYER, {"model": "model one", "identity": "one", "dim": str(DIM)})
    np.testing.assert_array_equal(store.embeddings()[1], before[1])
    assert store.search(before[1][2], 3) == there
    np.testing.assert_allclose(_read(store, "parts")[1], parts, atol=1 / 254 + 1e-6)
    assert store.layers() == [LAYER, PARTS]


def test_whoever_has_it_open_hears_that_it_is_of_another_model(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    with EmbeddedStore(tmp_path / "library") as reader:
        query = units(5, DIM)[2]
        assert reader.search(query, 1)[0].record.id == 3
        _fill(store)
        _switch(store, "other", FORMER, SETTINGS)
        with pytest.raises(ModelMismatchError, match=r"another model.*open it again"):
            reader.search(query, 1)


def test_what_classifiers_said_is_forgotten(store: EmbeddedStore) -> None:
    store.set_labels({1: [Label("daisy", 0.9)]})
    _fill(store)
    _switch(store, "other", FORMER, SETTINGS)
    assert store.labels([1]) == {}
    assert len(store.without_labels()) == 5


def test_pictures_without_rows_are_zeros_until_they_are_committed_again(
    store: EmbeddedStore,
) -> None:
    before = store.embeddings()[1]
    _fill(store, upto=3)
    assert _switch(store, "other", FORMER, SETTINGS) == 2
    assert store.blanks().tolist() == [4, 5]
    assert not store.embedding(4).any()  # type: ignore[union-attr]
    assert [row[2] for row in store.known_files(ROOT)] == [2, 2, 2, -1, -1]
    assert len(_read(store, "former")[0]) == 5
    store.commit([_of(store, 4)], units(1, OTHER))
    assert store.blanks().tolist() == [5]
    assert store.delete([5]) == 1
    assert store.blanks().tolist() == []
    store.begin_layer(LAYER)
    _switch(store, "former", LAYER, {"model": "model one", "identity": "one", "dim": str(DIM)})
    np.testing.assert_array_equal(store.embeddings()[1], before[:4])


def test_zeros_never_become_rows(store: EmbeddedStore) -> None:
    _fill(store, upto=3)
    _switch(store, "other", FORMER, SETTINGS)
    _switch(store, "former", LAYER, {"model": "model one", "identity": "one", "dim": str(DIM)})
    assert store.layer_missing("other").tolist() == [4, 5]
    assert store.blanks().tolist() == []


def test_only_embeddings_can_be_switched_to(store: EmbeddedStore) -> None:
    _fill(store, PARTS)
    with pytest.raises(InputError, match="holds no embeddings"):
        store.switch_layer("parts", FORMER, SETTINGS)
    with pytest.raises(InputError, match="no layer 'nothing'"):
        store.switch_layer("nothing", FORMER, SETTINGS)
    assert store.layers() == [PARTS]
    assert store.settings()["identity"] == "one"


def test_a_switch_that_fails_on_the_way_changes_nothing(store: EmbeddedStore) -> None:
    before = store.embeddings()[1], store.settings(), store.versions()[1].tolist()
    store.set_labels({1: [Label("daisy", 0.9)]})
    rows = _fill(store)
    with pytest.raises(LibraryError):
        store.switch_layer("other", FORMER, {"model": None})  # type: ignore[dict-item]
    np.testing.assert_array_equal(store.embeddings()[1], before[0])
    assert store.versions()[1].tolist() == before[2]
    assert store.settings()["identity"] == before[1]["identity"]
    assert (store.layers(), len(store.labels([1]))) == ([LAYER], 1)
    np.testing.assert_array_equal(_read(store, "other")[1], rows)


def test_a_library_of_an_earlier_version_has_no_layers(store: EmbeddedStore) -> None:
    with store._database.reading() as connection:  # as where nobody may write
        connection.execute(f"PRAGMA user_version = {schema.WITH_LAYERS - 1}")
    assert (store.layers(), store.blanks().tolist()) == ([], [])
    assert store.layer_missing("other").tolist() == [1, 2, 3, 4, 5]


def _of(store: Catalogue, image: int) -> Record:
    found = store.get(image)
    assert found is not None
    return found
