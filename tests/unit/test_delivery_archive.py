"""Files of pictures → a ZIP that holds them as they are, and names those that it does not."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lookalike.delivery import Export, Files, Piece, export, kind_of
from lookalike.delivery.archive import MANIFEST
from lookalike.errors import ImageError, InputError
from lookalike.library.originals import original
from lookalike.stores.base import Record
from tests.records import record

FILES = Files(original, lambda one: original(one).open("rb"), lambda _: b"")


def picture(folder: Path, relative: str, content: bytes = b"abc") -> Record:
    """A file, and the record that a library would have of it."""
    file = folder / relative
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    status = file.stat()
    return record(relative, str(folder), size=status.st_size, mtime_ns=status.st_mtime_ns)


def pack(*records: Record) -> tuple[zipfile.ZipFile, Export]:
    made = export([Piece(one) for one in records], "zip", FILES)
    packed = zipfile.ZipFile(io.BytesIO(b"".join(made.chunks)))
    assert packed.testzip() is None
    return packed, made


def manifest(packed: zipfile.ZipFile) -> list[dict[str, str]]:
    text = packed.read(MANIFEST).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_files_are_in_it_as_they_are(tmp_path: Path) -> None:
    contents = {"a.jpg": b"\xff\xd8" * 400_000, "sub/b.png": b"", "写真.jpg": b"x"}
    records = [picture(tmp_path, name, content) for name, content in contents.items()]
    packed, made = pack(*records)
    assert packed.namelist() == ["a.jpg", "b.png", "写真.jpg", MANIFEST]
    for name, content in zip(packed.namelist(), contents.values(), strict=False):
        entry = packed.getinfo(name)
        assert packed.read(entry) == content
        assert (entry.compress_type, entry.compress_size) == (zipfile.ZIP_STORED, len(content))
        assert entry.date_time[:2] == (2023, 11)
    rows = manifest(packed)
    assert [(row["file"], row["path"], row["left_out"]) for row in rows] == [
        (name, one.path, "") for name, one in zip(packed.namelist(), records, strict=False)
    ]
    assert made.left_out == []
    assert all((tmp_path / name).read_bytes() == content for name, content in contents.items())


def test_equal_names_are_told_apart_on_every_system(tmp_path: Path) -> None:
    names = ["1/a.jpg", "2/a.jpg", "3/A.JPG", "4/a (2).jpg", "5/manifest.csv"]
    if os.name == "posix":
        names += ['6/what: "a"?.jpg', "7/con.jpg", "8/line\nbreak.jpg", "9/dots. ."]
    packed, _ = pack(*(picture(tmp_path, name) for name in names))
    found = packed.namelist()
    assert found[:5] == ["a.jpg", "a (2).jpg", "A (3).JPG", "a (2) (2).jpg", "manifest (2).csv"]
    if os.name == "posix":
        assert found[5:-1] == ["what_ _a__.jpg", "_con.jpg", "line_break.jpg", "dots"]
    assert len({name.casefold() for name in found}) == len(found)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_that_are_not_unicode(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    try:
        one = picture(tmp_path, name)
    except OSError:
        pytest.skip("this disk takes Unicode only")
    packed, _ = pack(one)
    assert packed.namelist()[0] == "caf_.jpg"
    assert manifest(packed)[0]["name"] == "caf\\udce9.jpg"


def test_what_is_gone_or_changed_is_left_out_and_named(tmp_path: Path) -> None:
    gone, changed, kept = (picture(tmp_path, f"{name}.jpg") for name in ("gone", "new", "kept"))
    Path(gone.path).unlink()
    Path(changed.path).write_bytes(b"something else")
    packed, made = pack(gone, changed, kept)
    assert packed.namelist() == ["kept.jpg", MANIFEST]
    assert [one.record for one in made.left_out] == [gone, changed]
    told = {row["name"]: (row["file"], row["left_out"]) for row in manifest(packed)}
    assert told["kept.jpg"] == ("kept.jpg", "")
    assert told["gone.jpg"][0] == ""
    assert "no longer there" in told["gone.jpg"][1]
    assert "has changed since it was indexed" in told["new.jpg"][1]


def test_what_goes_after_the_beginning_is_named_too(tmp_path: Path) -> None:
    first, second = picture(tmp_path, "a.jpg", bytes(10**6)), picture(tmp_path, "b.jpg")
    made = export([Piece(first), Piece(second)], "zip", FILES)
    begun = next(made.chunks)
    assert made.left_out == []
    Path(second.path).unlink()
    packed = zipfile.ZipFile(io.BytesIO(begun + b"".join(made.chunks)))
    assert packed.namelist() == ["a.jpg", MANIFEST]
    assert [one.record for one in made.left_out] == [second]
    assert manifest(packed)[1]["name"] == "b.jpg"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_bytes(bytes(600_000)),
        lambda file: os.utime(file, (1, 1)),
        lambda file: os.truncate(file, 2 * 10**6),
    ],
    ids=["shorter", "touched", "longer"],
)
def test_a_file_that_changes_while_it_is_packed_breaks_it_off(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    one = picture(tmp_path, "a.jpg", bytes(10**6))
    made = export([Piece(one)], "zip", FILES)
    next(made.chunks)
    spoil(Path(one.path))
    with pytest.raises(ImageError, match=r"a\.jpg' changed while it was packed"):
        list(made.chunks)


def test_gigabytes_need_no_memory(tmp_path: Path) -> None:
    one = picture(tmp_path, "large.tif")
    size = 2**26
    with Path(one.path).open("wb") as file:
        file.truncate(size)  # nothing of it takes room on most disks
    status = Path(one.path).stat()
    large = record("large.tif", str(tmp_path), size=size, mtime_ns=status.st_mtime_ns)
    made = export([Piece(large)], "zip", FILES)
    tracemalloc.start()
    total = sum(map(len, made.chunks))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total > size
    assert peak < 2**22


def test_who_stops_reading_leaves_no_file_open(tmp_path: Path) -> None:
    one = picture(tmp_path, "a.jpg", bytes(10**6))
    made = export([Piece(one)], "zip", FILES)
    next(made.chunks)
    made.chunks.close()  # type: ignore[attr-defined]
    Path(one.path).unlink()  # which Windows refuses while it is open


def test_a_time_before_the_format_began(tmp_path: Path) -> None:
    old = picture(tmp_path, "old.jpg")
    os.utime(old.path, (1, 1))
    packed, _ = pack(record("old.jpg", str(tmp_path), size=3, mtime_ns=10**9))
    assert packed.getinfo("old.jpg").date_time == (1980, 1, 1, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.CSV", "csv"), ("a.json", "json"), ("b/a.b.zip", "zip"), ("s.Pdf", "sheet")],
)
def test_the_ending_says_the_kind(name: str, kind: str) -> None:
    assert kind_of(name) == kind


@pytest.mark.parametrize("name", ["list.txt", "list", ".csv", "zip"])
def test_another_ending_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"end its name in \.csv, \.json, \.zip, \.pdf\."):
        kind_of(name)


def test_nothing_and_other_kinds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no pictures to export"):
        export([], "zip", FILES)
    with pytest.raises(InputError, match="no export as 'tar': choose one of csv, json, zip, sheet"):
        export([Piece(picture(tmp_path, "a.jpg"))], "tar", FILES)


def test_the_digest_of_what_is_packed(tmp_path: Path) -> None:
    one = picture(tmp_path, "a.jpg", os.urandom(700_001))
    packed, _ = pack(one)
    packed.extract("a.jpg", tmp_path / "out")
    digests = [
        hashlib.sha256(file.read_bytes()).hexdigest()
        for file in (tmp_path / "a.jpg", tmp_path / "out" / "a.jpg")
    ]
    assert digests[0] == digests[1]
