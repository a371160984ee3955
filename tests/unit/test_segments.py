"""The files of a search cache: what was written comes back, and anything else is told from it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from lookalike.stores.base import Embedding
from lookalike.stores.embedded import EmbeddedStore, builder, rowfile
from lookalike.stores.embedded.manifest import FILE, Saved, tidy
from lookalike.stores.embedded.segments import (
    DamagedCacheError,
    Segment,
    Writer,
    checksum,
    files_of,
)
from tests.disks import small_disk
from tests.records import open_store, records, units

DIM = 24
COUNT = 700
PAGE = 4096


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture(params=["flat", "cells"])
def saved(
    request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EmbeddedStore]:
    """A store whose cache is two segments, with dead rows in the first."""
    if request.param == "cells":
        monkeypatch.setattr(builder, "EXACT_BYTES", 0)
    with open_store(folder, DIM) as store:
        store.upsert(records(COUNT), units(COUNT, DIM))
        store.save_caches()
        store.upsert(records(60), units(60, DIM, seed=1))
        store.delete([one.id for one in store.records()][100:140])
        store.save_caches()
        yield store


def load(store: EmbeddedStore) -> Saved:
    """What is saved, with every block held against its checksum."""
    with store._database.reading() as connection:
        found = Saved.load(store.folder / "cache", DIM, connection)
    for segment in found.segments:
        segment.verify()
    return found


def content(found: Saved) -> list[npt.NDArray[Any]]:
    """All that a search goes by."""
    arrays: list[npt.NDArray[Any]] = [np.array(found.revision)]
    for segment, dead in zip(found.segments, found.dead, strict=True):
        stretches = [rows.copy() for _, rows in segment.rows.stretches(0, len(segment))]
        arrays += [segment.ids, segment.order, segment.starts, segment.sums, dead, *stretches]
        arrays += [np.array(segment.revision), np.array(segment.celled)]
    if found.cells is not None:
        arrays += [found.cells.centroids, found.cells.probes, np.array(found.cells.recall)]
    return arrays


def same(one: list[npt.NDArray[Any]], other: list[npt.NDArray[Any]]) -> bool:
    return len(one) == len(other) and all(map(np.array_equal, one, other))


def files(folder: Path) -> list[Path]:
    """The files of all four kinds."""
    return sorted(file for file in (folder / "cache").iterdir() if file.suffix in FOUR)


FOUR = (".npy", ".npz", ".json")


def write(folder: Path, rows: Embedding, blocks: int = 1) -> Segment:
    """A segment of rows whose ids are 10, 11, ..., spread over blocks by turns, as one writes it
    that gets them in two parts."""
    where = (np.arange(len(rows)) % blocks).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(np.bincount(where, minlength=blocks))])
    ids = np.arange(len(rows)) + 10
    half = len(rows) // 2
    with Writer(folder, rows.shape[1], starts.astype(np.int64)) as writer:
        for part in (slice(0, half), slice(half, None)):
            if len(ids[part]):
                writer.place(ids[part], rows[part], where[part])
        writer.finish(7, celled=blocks > 1)
    return Segment.open(folder, writer.name, rows.shape[1])


def test_what_was_saved_comes_back(saved: EmbeddedStore) -> None:
    found = load(saved)
    assert [len(segment) for segment in found.segments] == [COUNT, 60]
    assert [int(dead.sum()) for dead in found.dead] == [100, 0]
    living = {
        int(id_): row
        for segment, dead in zip(found.segments, found.dead, strict=True)
        for id_, row in zip(*segment.embeddings(dead, np.sort(segment.ids)), strict=True)
    }
    records, embeddings = saved.embeddings()
    assert sorted(living) == sorted(one.id for one in records)
    for one, row in zip(records, embeddings, strict=True):
        np.testing.assert_array_equal(living[one.id], row)


@pytest.mark.slow
def test_a_bit_that_has_changed_is_noticed_or_does_not_matter(
    saved: EmbeddedStore, folder: Path
) -> None:
    """In each file at many places: in NumPy's headers, in the numbers, in the archive's list."""
    sound = content(load(saved))
    chance = np.random.default_rng(5)
    noticed = 0
    for file in files(folder):
        good = file.read_bytes()
        ends = chance.integers(min(len(good), 700), size=(2, 60))
        for at in [*ends[0], *(len(good) - 1 - ends[1]), *chance.integers(len(good), size=40)]:
            noticed += _noticed(saved, file, int(at), int(chance.integers(8)), sound)
        file.write_bytes(good)
    assert noticed > 500
    assert same(content(load(saved)), sound)


def _noticed(
    store: EmbeddedStore, file: Path, at: int, bit: int, sound: list[npt.NDArray[Any]]
) -> bool:
    good = file.read_bytes()
    bad = bytearray(good)
    bad[at] ^= 1 << bit
    file.write_bytes(bad)
    try:
        found = load(store)
    except DamagedCacheError:
        return True
    finally:
        file.write_bytes(good)
    assert not found.segments or same(content(found), sound), (file.name, at, bit)
    return False


def test_an_archive_whose_list_calls_an_array_encrypted_or_packed(
    saved: EmbeddedStore, folder: Path
) -> None:
    sound = content(load(saved))
    for file in (folder / "cache").glob("*.npz"):
        entry = file.read_bytes().rindex(b"PK\x01\x02")
        for at, bit in ((8, 0), (10, 3)):
            assert _noticed(saved, file, entry + at, bit, sound)


def test_an_array_whose_own_header_says_that_it_is_shorter(
    saved: EmbeddedStore, folder: Path
) -> None:
    """Its rows that were removed would be back."""
    (file,) = (folder / "cache").glob("state-*.npz")
    good = file.read_bytes()
    assert good.count(b"'shape': (100,)") == 1
    file.write_bytes(good.replace(b"'shape': (100,)", b"'shape': (10,) "))
    with pytest.raises(DamagedCacheError, match="CRC"):
        load(saved)


def test_a_file_of_any_shorter_length_is_noticed(saved: EmbeddedStore, folder: Path) -> None:
    chance = np.random.default_rng(6)
    for file in files(folder):
        good = file.read_bytes()
        lengths = {0, 1, len(good) - 1, *chance.integers(len(good), size=20).tolist()}
        if len(good) > PAGE:
            lengths.add(len(good) - PAGE)
        for length in lengths:
            file.write_bytes(good[:length])
            with pytest.raises(DamagedCacheError):
                load(saved)
        file.write_bytes(good)
    load(saved)


def _zeroes(file: Path) -> None:
    """A page in the middle that was never written."""
    content = bytearray(file.read_bytes())
    middle = len(content) // 2 // PAGE * PAGE
    content[middle : middle + PAGE] = bytes(len(content[middle : middle + PAGE]))
    file.write_bytes(content)


def _shifted(file: Path) -> None:
    """Four bytes lost in the middle, four more at the end."""
    content = file.read_bytes()
    middle = len(content) // 2
    file.write_bytes(content[:middle] + content[middle + 4 :] + b"abcd")


@pytest.mark.parametrize("harm", [_zeroes, _shifted])
def test_pages_that_are_not_what_was_written(
    saved: EmbeddedStore, folder: Path, harm: Callable[[Path], None]
) -> None:
    for file in files(folder):
        good = file.read_bytes()
        harm(file)
        assert file.read_bytes() != good
        with pytest.raises(DamagedCacheError):
            load(saved)
        file.write_bytes(good)
    load(saved)


def _change_places(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


@pytest.mark.parametrize("kinds", [["rows"], ["segment"], ["rows", "segment"]])
def test_files_that_changed_places_between_two_segments(
    saved: EmbeddedStore, folder: Path, kinds: list[str]
) -> None:
    for kind in kinds:
        _change_places(*sorted((folder / "cache").glob(f"{kind}-*")))
    with pytest.raises(DamagedCacheError):
        load(saved)


@pytest.mark.parametrize(
    ("kinds", "told"),
    [(["rows"], "is damaged"), (["segment"], "another"), (["rows", "segment"], "another")],
)
def test_files_that_changed_places_between_two_segments_of_one_size(
    tmp_path: Path, kinds: list[str], told: str
) -> None:
    names = [write(tmp_path, units(5, DIM, seed)).name for seed in (1, 2)]
    for kind in kinds:
        _change_places(*sorted(tmp_path.glob(f"{kind}-*")))
    for name in names:
        with pytest.raises(DamagedCacheError, match=told):
            Segment.open(tmp_path, name, DIM).verify()


def test_a_state_that_was_written_for_other_segments(saved: EmbeddedStore, folder: Path) -> None:
    """Its masks would lie over other rows, and pictures that were removed would be back."""
    (older,) = (folder / "cache").glob("state-*.npz")
    shutil.copy(older, folder / "older")
    saved.delete([one.id for one in saved.records()][:5])
    saved.save_caches()
    (newer,) = (folder / "cache").glob("state-*.npz")
    shutil.copy(folder / "older", newer)
    with pytest.raises(DamagedCacheError, match="other segments"):
        load(saved)


# --- what is read --------------------------------------------------------------------------------


@pytest.fixture(params=["mapped", "read"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files are mapped and large ones read; here they are small."""
    if request.param == "read":
        monkeypatch.setattr(rowfile, "MAPPED_BYTES", 0)
        monkeypatch.setattr(rowfile, "_BUFFER_BYTES", 500)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("dim", [1, 2, 7, 24])
@pytest.mark.parametrize(("count", "blocks"), [(1, 1), (7, 9), (50, 1), (300, 6)])
def test_scores_are_those_of_the_rows(tmp_path: Path, dim: int, count: int, blocks: int) -> None:
    rows, query = units(count, dim, seed=3), units(1, dim, seed=4)[0]
    segment = write(tmp_path, rows, blocks)
    chance = np.random.default_rng(8)
    dead = chance.random(count) < 0.3
    truth = np.where(dead[segment.ids.argsort()], -np.inf, rows @ query)

    found = segment.scan(query, dead)
    np.testing.assert_array_equal(found.ids, segment.ids)
    np.testing.assert_allclose(found.scores, truth[found.ids - 10], atol=1e-6)

    chosen = sorted({0, blocks // 2, blocks - 1})
    found = segment.scan(query, dead, chosen)
    assert set(found.ids.tolist()) == {10 + at for at in range(count) if at % blocks in chosen}
    np.testing.assert_allclose(found.scores, truth[found.ids - 10], atol=1e-6)

    for share in (0.05, 0.8):  # few are gathered, for many all are read
        wanted = np.flatnonzero(chance.random(count) < share) + 10
        found = segment.among(query, dead, np.concatenate([[1], wanted, [5000]]))
        np.testing.assert_array_equal(np.sort(found.ids), wanted)
        np.testing.assert_allclose(found.scores, truth[found.ids - 10], atol=1e-6)

    ids, vectors = segment.embeddings(dead, np.arange(0, 5000))
    np.testing.assert_array_equal(vectors, rows[ids - 10])
    assert len(ids) == count - dead.sum()


@pytest.mark.usefixtures("way")
def test_an_empty_segment(tmp_path: Path) -> None:
    segment = write(tmp_path, units(0, DIM))
    segment.verify()
    query, dead = units(1, DIM)[0], segment.nothing_dead()
    assert len(segment.scan(query, dead).ids) == 0
    assert len(segment.among(query, dead, np.arange(3)).ids) == 0
    assert len(segment.embeddings(dead, np.arange(3))[0]) == 0


@pytest.mark.parametrize("mapped", [0, 1 << 20])
def test_rows_of_a_file_that_is_cut_short_while_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mapped: int
) -> None:
    monkeypatch.setattr(rowfile, "MAPPED_BYTES", mapped)
    segment = write(tmp_path, units(COUNT, DIM), 3)
    segment.verify()
    file = tmp_path / files_of(segment.name)[0]
    file.write_bytes(file.read_bytes()[:-PAGE])
    dead, query = segment.nothing_dead(), units(1, DIM)[0]
    for ask in (
        lambda: segment.scan(query, dead),
        lambda: segment.among(query, dead, segment.ids[-3:].copy()),
        lambda: segment.embeddings(dead, segment.ids[-3:].copy()),
        segment.verify,
    ):
        with pytest.raises(DamagedCacheError, match="cannot be read"):
            ask()
    if not mapped:
        near = segment.scan(query, dead, [0])  # a block that is all there
        assert len(near.ids) == segment.starts[1]


@pytest.mark.parametrize("dim", [1, 3, 4, 25])
def test_a_checksum_is_the_sum_of_those_of_its_parts(dim: int) -> None:
    rows = units(40, dim)
    parts = np.array([checksum(rows[:13]), checksum(rows[13:])], np.uint64)
    assert checksum(rows) == parts.sum(dtype=np.uint64)
    for at in range(40):
        other = rows.copy()
        other[at] = 0
        assert checksum(other) != checksum(rows)


# --- what is written -----------------------------------------------------------------------------


@pytest.mark.parametrize("kilobytes", [4, 40, 64, 68, 72])
def test_a_disk_that_fills_leaves_nothing(kilobytes: int) -> None:
    with small_disk(kilobytes + 4) as disk:
        with pytest.raises(OSError, match="No space left"):
            write(disk, units(COUNT, DIM))
        assert list(disk.glob("*.part")) == []
        tidy(disk)
        assert list(disk.iterdir()) == []


def test_tidying_keeps_what_the_manifest_names(saved: EmbeddedStore, folder: Path) -> None:
    before = files(folder)
    for name in ("rows-1.npy", "segment-1.npz", "state-1.npz", "rows-2.npy.part", f"{FILE}.part"):
        (folder / "cache" / name).write_bytes(b"half of something")
    (folder / "cache" / "thumbnails").mkdir()
    (folder / "cache" / "thumbnails" / "one.part").write_bytes(b"another room's")
    tidy(folder / "cache")
    assert files(folder) == before
    assert list((folder / "cache").glob("*.part")) == []
    assert (folder / "cache" / "thumbnails" / "one.part").exists()
    load(saved)
