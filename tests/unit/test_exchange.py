"""`lookalike.exchange`: what is written comes back, and what does not fit is refused by name."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from lookalike.errors import InputError, LibraryFullError
from lookalike.exchange import (
    Features,
    export_paths,
    read_matrix,
    read_numpy,
    write_matrix,
    write_numpy,
)
from lookalike.exchange import write as writing
from lookalike.stores.base import Embedding, Record

PLAIN = ["a/b.jpg", "a/c d.jpg", "a/deep/er/e.png", "z.jpg"]
AWKWARD = ["a b/it's.jpg", "a b/😀 é.jpg", "trailing .jpg", "x.npy", "x.npy.jpg"]
POSIX_ONLY = ['say "hi".jpg', "two\nlines.jpg", "back\\slash.jpg", "C:drive.jpg", "tab\t.jpg"]
LINUX_ONLY = ["caf\udce9.jpg", "\udcff/\udcfe.jpg"]
DEMANDING = [*(POSIX_ONLY * (os.sep == "/")), *(LINUX_ONLY * (sys.platform == "linux"))]
NAMES = sorted(PLAIN + AWKWARD + DEMANDING)


def record(relative: str, root: str = "/pictures") -> Record:
    return Record(root, relative, 1, 1, "", 1, 1, "JPEG")


def units(count: int, dim: int = 6, seed: int = 0) -> Embedding:
    rows = np.random.default_rng(seed).normal(size=(count, dim))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32)


def make_matrix(folder: Path, array: npt.NDArray[Any], paths: object) -> Path:
    file = folder / "features.npy"
    np.save(file, array)
    file.with_suffix(".json").write_text(json.dumps(paths), "utf-8")
    return file


def assert_same(features: Features, paths: list[str], rows: Embedding) -> None:
    assert list(features.paths) == paths
    assert features.embeddings.dtype == np.float32
    np.testing.assert_array_equal(features.embeddings, rows)


# What is written comes back.


def test_one_file_a_picture_comes_back(tmp_path: Path) -> None:
    rows = units(len(NAMES))
    out = tmp_path / "new" / "out"
    assert write_numpy([record(name) for name in NAMES], rows, out) == len(NAMES)
    assert_same(read_numpy(out), NAMES, rows)


def test_one_file_a_picture_is_plain_numpy_named_as_the_picture(tmp_path: Path) -> None:
    rows = units(1, dim=5)
    write_numpy([record("a/b.jpg")], rows, tmp_path)
    array = np.load(tmp_path / "a" / "b.jpg.npy")
    assert array.shape == (5,)
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, rows[0])
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["b.jpg.npy"]


def test_a_matrix_and_its_list_come_back(tmp_path: Path) -> None:
    rows = units(len(NAMES))
    listing = write_matrix([record(name) for name in NAMES], rows, tmp_path / "m.npy")
    assert listing == tmp_path / "m.json"
    assert json.loads(listing.read_bytes()) == NAMES
    np.testing.assert_array_equal(np.load(tmp_path / "m.npy"), rows)
    assert_same(read_matrix(tmp_path / "m.npy"), NAMES, rows)
    assert {file.name for file in tmp_path.iterdir()} == {"m.json", "m.npy"}


def test_rows_that_are_no_copy_of_their_own_are_written_right(tmp_path: Path) -> None:
    rows = units(8, dim=4)
    for view in (rows[::-2], np.asfortranarray(rows[:4])):
        names = [f"{index}.jpg" for index in range(4)]
        write_matrix([record(name) for name in names], view, tmp_path / "m.npy")
        write_numpy([record(name) for name in names], view, tmp_path / "d")
        np.testing.assert_array_equal(read_matrix(tmp_path / "m.npy").embeddings, view)
        np.testing.assert_array_equal(read_numpy(tmp_path / "d").embeddings, view)


def test_writing_again_replaces_and_leaves_other_files(tmp_path: Path) -> None:
    first, second = units(1), units(1, seed=1)
    (tmp_path / "mine.txt").write_text("kept")
    for rows in (first, second):
        write_numpy([record("a.jpg")], rows, tmp_path)
        write_matrix([record("a.jpg")], rows, tmp_path / "all.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "a.jpg.npy"), second[0])
    np.testing.assert_array_equal(np.load(tmp_path / "all.npy"), second)
    assert (tmp_path / "mine.txt").read_text() == "kept"


def test_nothing_to_write_is_no_error(tmp_path: Path) -> None:
    empty = np.empty((0, 4), np.float32)
    assert write_numpy([], empty, tmp_path / "d") == 0
    write_matrix([], empty, tmp_path / "m.npy")
    assert np.load(tmp_path / "m.npy").shape == (0, 4)


def test_each_root_has_a_folder_of_its_own(tmp_path: Path) -> None:
    records = [
        record("x.jpg", "/disk/a/photos"),
        record("x.jpg", "/disk/b/Photos"),
        record("x.jpg", "/disk/c/photos-2"),
        record("y.jpg", "/disk/c/photos-2"),
        record("x.jpg", "/"),
    ]
    expected = ["photos/x.jpg", "Photos-2/x.jpg"]
    expected += ["photos-2-2/x.jpg", "photos-2-2/y.jpg", "root/x.jpg"]
    assert export_paths(records) == expected
    rows = units(len(records))
    write_numpy(records, rows, tmp_path / "d")
    write_matrix(records, rows, tmp_path / "m.npy")
    order = sorted(range(len(records)), key=expected.__getitem__)
    for features in (read_numpy(tmp_path / "d"), read_matrix(tmp_path / "m.npy")):
        assert_same(features, sorted(expected), rows[order])


# What cannot be written.


@pytest.mark.parametrize("relative", ["../out.jpg", "a/../../out.jpg", "/etc/out.jpg", "", "a\0b"])
def test_nothing_is_written_outside(tmp_path: Path, relative: str) -> None:
    with pytest.raises(InputError, match="relative to the folder"):
        write_numpy([record(relative)], units(1), tmp_path / "in")
    assert list(tmp_path.iterdir()) == []


def test_a_link_does_not_lead_outside(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    try:
        (tmp_path / "in" / "a").symlink_to(tmp_path / "out", target_is_directory=True)
    except OSError:
        pytest.skip("links need a privilege on this machine")
    with pytest.raises(InputError, match="leads out of"):
        write_numpy([record("a/b/c.jpg")], units(1), tmp_path / "in")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_link_in_place_of_a_file_is_replaced_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "precious.npy"
    outside.write_text("precious")
    (tmp_path / "in").mkdir()
    try:
        (tmp_path / "in" / "a.jpg.npy").symlink_to(outside)
    except OSError:
        pytest.skip("links need a privilege on this machine")
    write_numpy([record("a.jpg")], units(1), tmp_path / "in")
    assert outside.read_text() == "precious"
    assert np.load(tmp_path / "in" / "a.jpg.npy").shape == (6,)


def test_a_file_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file")
    for write in (
        lambda: write_numpy([record("b.jpg")], units(1), tmp_path / "a"),
        lambda: write_numpy([record("a/b.jpg")], units(1), tmp_path),
        lambda: write_matrix([record("b.jpg")], units(1), tmp_path / "a" / "m.npy"),
        lambda: write_matrix([record("b.jpg")], units(1), tmp_path / "missing" / "m.npy"),
    ):
        with pytest.raises(InputError, match="could not be written"):
            write()
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_name_too_long_for_the_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="could not be written"):
        write_numpy([record("a" * 254)], units(1), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="needs permissions that bind this user",
)
def test_a_folder_without_permission_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InputError, match="Permission denied"):
            write_numpy([record("a.jpg")], units(1), tmp_path)
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said_to_be_full() -> None:
    with (
        pytest.raises(LibraryFullError, match=r"'/dev/full' could not be written .* disk is full"),
        writing._writing("/dev/full"),
        Path("/dev/full").open("wb") as file,
    ):
        writing._save(file, units(2000, dim=64))


def test_a_failure_on_the_way_leaves_the_old_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = units(2), units(2, seed=1)
    records = [record("a.jpg"), record("b.jpg")]
    write_matrix(records, old, tmp_path / "m.npy")
    save = writing._save

    def fill_disk(file: Any, array: Embedding) -> None:
        save(file, array[:1])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "_save", fill_disk)
    with pytest.raises(LibraryFullError):
        write_matrix(records, new, tmp_path / "m.npy")
    assert_same(read_matrix(tmp_path / "m.npy"), ["a.jpg", "b.jpg"], old)
    assert {file.name for file in tmp_path.iterdir()} == {"m.json", "m.npy"}


@pytest.mark.parametrize("shape", [(1, 4), (3, 4), (2,), (2, 2, 2)])
def test_embeddings_that_do_not_fit_the_records(tmp_path: Path, shape: tuple[int, ...]) -> None:
    records, rows = [record("a.jpg"), record("b.jpg")], np.ones(shape, np.float32)
    with pytest.raises(InputError, match="do not fit 2 pictures"):
        write_numpy(records, rows, tmp_path)
    with pytest.raises(InputError, match="do not fit 2 pictures"):
        write_matrix(records, rows, tmp_path / "m.npy")


def test_a_matrix_needs_its_ending(tmp_path: Path) -> None:
    for call in (
        lambda: write_matrix([], units(0), tmp_path / "m.json"),
        lambda: read_matrix(tmp_path / "m.txt"),
    ):
        with pytest.raises(InputError, match=r"does not end in \.npy"):
            call()


# Features that were computed elsewhere.


@pytest.mark.parametrize("dtype", ["<f2", ">f4", "<f8", "int8", "uint16", "int64", "longdouble"])
def test_real_types_become_unit_float32(tmp_path: Path, dtype: str) -> None:
    np.save(tmp_path / "a.jpg.npy", np.array([3, 0, 4], dtype))
    file = make_matrix(tmp_path, np.array([[3, 0, 4]], dtype), ["a.jpg"])
    expected = np.array([[0.6, 0, 0.8]], np.float32)
    assert_same(read_matrix(file), ["a.jpg"], expected)
    file.unlink()
    assert_same(read_numpy(tmp_path), ["a.jpg"], expected)


def test_axes_of_length_one_are_dropped_as_keras_has_them(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    for name, shape in (("a", (1, 4)), ("b", (1, 1, 1, 4)), ("c", (4,)), ("d", (1, 4, 1))):
        np.save(folder / f"{name}.jpg.npy", np.ones(shape))
    np.testing.assert_array_equal(read_numpy(folder).embeddings, np.full((4, 4), 0.5))
    file = make_matrix(tmp_path, np.ones((2, 1, 1, 4)), ["a", "b"])
    np.testing.assert_array_equal(read_matrix(file).embeddings, np.full((2, 4), 0.5))


def test_very_long_and_very_short_rows_are_normalised(tmp_path: Path) -> None:
    rows = np.array([[3e30, 4e30], [3e-30, 4e-30], [0.6, 0.8]], np.float32)
    features = read_matrix(make_matrix(tmp_path, rows, ["a", "b", "c"]))
    np.testing.assert_allclose(features.embeddings, [[0.6, 0.8]] * 3, rtol=1e-6)


def test_rows_come_back_in_order_of_path(tmp_path: Path) -> None:
    file = make_matrix(tmp_path, np.eye(3), ["c.jpg", "./a//b.jpg", "b.jpg"])
    expected = np.eye(3, dtype=np.float32)[[1, 2, 0]]
    assert_same(read_matrix(file), ["a/b.jpg", "b.jpg", "c.jpg"], expected)


def test_a_list_may_be_lines_of_text(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.eye(2))
    (tmp_path / "m.txt").write_bytes("\ufeffé b.jpg\r\na.jpg\r\n".encode())
    assert read_matrix(tmp_path / "m.npy").paths == ("a.jpg", "é b.jpg")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones((7, 7, 2)), r"shape \(7, 7, 2\)"),
        (np.ones((2, 4)), r"shape \(2, 4\)"),
        (np.array(1.0), r"shape \(\)"),
        (np.empty((0,)), r"shape \(0,\)"),
        (np.empty((0, 4)), r"shape \(0, 4\)"),
        (np.array([1, np.nan]), "NaN or infinite"),
        (np.array([1, -np.inf]), "NaN or infinite"),
        (np.array([1, 1e300]), "NaN or infinite"),
        (np.zeros(2), "only 0"),
        (np.ones(3, np.complex64), "type complex64"),
        (np.ones(3, bool), "type bool"),
        (np.array(["a", "b"]), "type <U1"),
        (np.array([{}, 1], object), "not a whole .npy file"),
        (np.ones(3, [("x", "f4")]), r"type \["),
    ],
)
def test_an_array_that_is_no_vector_is_refused_by_name(
    tmp_path: Path, array: npt.NDArray[Any], message: str
) -> None:
    np.save(tmp_path / "good.jpg.npy", np.ones(2))
    np.save(tmp_path / "the bad.jpg.npy", array)
    with pytest.raises(InputError, match=rf"the bad\.jpg\.npy.*{message}"):
        read_numpy(tmp_path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda _: b"not an array at all",
        lambda whole: whole[:-1],
        lambda whole: whole[:40],
        lambda whole: whole.replace(b"(2,)", b"(9**9,)"),
        lambda whole: whole.replace(b"(2,), }         ", b"(99999999999,), }"),
        lambda _: b"PK\x03\x04" + bytes(60),
    ],
)
def test_a_file_that_is_no_array_is_refused_by_name(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    file = tmp_path / "x.jpg.npy"
    np.save(file, np.ones(2))
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(InputError, match=r"x\.jpg\.npy' is not a whole \.npy file"):
        read_numpy(tmp_path)


def test_vectors_of_two_lengths_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.jpg.npy", np.ones(3))
    np.save(tmp_path / "b.jpg.npy", np.ones(4))
    with pytest.raises(InputError, match=r"b\.jpg\.npy' holds 4 numbers and .*a\.jpg\.npy' 3"):
        read_numpy(tmp_path)


def test_a_folder_without_vectors_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".npy").write_text("no name")
    with pytest.raises(InputError, match=r"holds no \.npy files"):
        read_numpy(tmp_path)
    for wrong in (tmp_path / "missing", tmp_path / ".npy"):
        with pytest.raises(InputError, match="is not a folder"):
            read_numpy(wrong)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones(2), r"shape \(2,\)"),
        (np.array(1.0), r"shape \(\)"),
        (np.empty((0, 4)), r"shape \(0, 4\)"),
        (np.ones((2, 7, 7)), r"shape \(2, 7, 7\)"),
        (np.ones((3, 4)), "2 paths and .* 3 rows"),
        (np.array([[1.0, 2], [3, np.nan]]), r"row of 'b\.jpg' in .* NaN"),
        (np.array([[0, 0], [3, 1]]), r"row of 'a\.jpg' in .* only 0"),
    ],
)
def test_an_array_that_is_no_matrix_is_refused(
    tmp_path: Path, array: npt.NDArray[Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_matrix(make_matrix(tmp_path, array, ["a.jpg", "b.jpg"]))


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["a.jpg", "../b.jpg"], r"'\.\./b\.jpg': use paths relative"),
        (["a.jpg", "/b.jpg"], "'/b.jpg': use paths relative"),
        (["a.jpg", "c/../b.jpg"], "use paths relative"),
        (["a.jpg", ""], "use paths relative"),
        (["a.jpg", "./a.jpg"], r"'a\.jpg' twice"),
        (["a.jpg"], "1 paths and .* 2 rows"),
        (["a.jpg", 7], "something else than paths"),
        ({"a.jpg": 0, "b.jpg": 1}, "something else than paths"),
    ],
)
def test_a_list_that_does_not_fit_is_refused(tmp_path: Path, paths: object, message: str) -> None:
    with pytest.raises(InputError, match=rf"features\.json.*{message}"):
        read_matrix(make_matrix(tmp_path, np.eye(2), paths))


def test_a_list_that_is_missing_or_no_json_is_refused(tmp_path: Path) -> None:
    file = make_matrix(tmp_path, np.eye(2), [])
    for content in (b"{", b"\xff\xfe\xfd", b"[" * 100_000):
        file.with_suffix(".json").write_bytes(content)
        with pytest.raises(InputError, match=r"features\.json' is not JSON"):
            read_matrix(file)
    file.with_suffix(".json").unlink()
    with pytest.raises(InputError, match=r"no list of paths beside it.*features\.json"):
        read_matrix(file)
    with pytest.raises(InputError, match=r"missing\.npy' could not be read"):
        read_matrix(tmp_path / "missing.npy")
