"""A machine, a model and a library → findings: each is made wrong once, and found."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lookalike import Library, checkup, models
from lookalike.checkup import Finding, machine
from lookalike.checkup.model import formula
from lookalike.encoder import Encoder
from lookalike.image import sniff
from lookalike.library import check_machine, check_model
from lookalike.models import known_numbers
from lookalike.stores.embedded import WriteLock, builder
from scripts.reference_vectors import formula_picture
from scripts.write_checkup_samples import samples
from tests.records import open_store, records, units
from tests.small_libraries import DIM, tiny_model, write

KNOWN = json.loads((Path(__file__).parent / "known_vectors.json").read_text("utf-8"))
NAMES = tuple(f"{number}.png" for number in range(30))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    write(tmp_path / "pictures", *NAMES)
    model = tiny_model(tmp_path)
    with Library.open(tmp_path / "library", model=model, create=True) as library:
        library.index(tmp_path / "pictures")
        yield library


def wrong(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(one.check, one.text) for one in findings if one.standing != "ok"]


def only(findings: list[Finding], check: str, standing: str) -> str:
    """The one finding that is not well, which must be this."""
    ((found, text),) = wrong(findings)
    assert found == check
    assert next(one.standing for one in findings if one.text == text) == standing
    assert ": " in text  # what to do
    return text


def change(library: Library, *statements: str) -> None:
    with sqlite3.connect(library.folder / "library.sqlite") as connection:
        for one in statements:
            connection.execute(one)
    connection.close()


# ---- the machine


def test_this_machine_is_fit() -> None:
    findings = check_machine()
    assert wrong(findings) == []
    assert findings[0].check == "machine"
    text = next(one.text for one in findings if one.check == "decoders" and "JPEG" in one.text)
    for kind in ("AVIF", "BMP", "GIF", "HEIF", "PNG", "TIFF", "WEBP"):
        assert kind in text


def test_the_samples_are_one_of_each_format() -> None:
    shipped = {file.name: file.read_bytes() for file in machine._SAMPLES.iterdir()}
    assert set(shipped) == set(samples())
    kinds = {sniff(content) for content in shipped.values()}
    assert (len(shipped), len(kinds)) == (9, 8)  # by its first bytes, the RAW file is a TIFF


@pytest.fixture
def tampered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The samples, to be changed."""
    folder = shutil.copytree(machine._SAMPLES, tmp_path / "samples")
    monkeypatch.setattr(machine, "_SAMPLES", folder)
    return folder


def test_a_decoder_that_fails_is_named(tampered: Path) -> None:
    content = (tampered / "sample.webp").read_bytes()
    (tampered / "sample.webp").write_bytes(content[:40])
    assert only(check_machine(), "decoders", "problem").startswith("WEBP files are not decoded")


def test_a_decoder_that_is_wrong_is_named(tampered: Path) -> None:
    from PIL import Image

    with Image.open(tampered / "sample.png") as sample:
        red, green, blue = sample.split()
    Image.merge("RGB", (blue, green, red)).save(tampered / "sample.png")
    assert only(check_machine(), "decoders", "problem").startswith("PNG files are decoded wrongly")


def test_without_rawpy_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    findings = check_machine()
    assert wrong(findings) == []
    assert any('pip install "rawpy' in one.text for one in findings)


def test_without_samples_that_is_said(tampered: Path) -> None:
    shutil.rmtree(tampered)
    assert "install Lookalike again" in only(check_machine(), "decoders", "problem")


def test_a_clock_that_was_never_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1e6)
    assert "set the clock" in only(check_machine(), "clock", "warning")


# ---- the model


def test_the_known_numbers_are_those_of_the_reference() -> None:
    for name, known in KNOWN.items():
        assert known_numbers(models.find(name)) == tuple(known["formula"][:48])
    np.testing.assert_array_equal(np.asarray(formula()), np.asarray(formula_picture()))


@pytest.mark.parametrize("name", ["efficientnet-lite0-int8", "efficientnet-lite0"])
def test_the_models_that_come_along_give_their_numbers(name: str) -> None:
    findings = check_model(name)
    assert wrong(findings) == []
    assert [one.check for one in findings] == ["model", "vector"]
    assert "numbers that it is known for" in findings[1].text


class _Odd:
    """Gives what nobody expects."""

    def __init__(self, vector: list[float]) -> None:
        self._vector = np.array(vector, np.float32)

    def encode(self, _batch: object) -> np.ndarray:
        return self._vector[None]


@pytest.mark.parametrize(
    ("vector", "says"),
    [
        ([1.0] + [0.0] * 1279, "does not give the numbers"),
        ([0.0] * 1280, "of length 0"),
        ([float("nan")] * 1280, "of length nan"),
    ],
)
def test_numbers_that_are_others_are_told(vector: list[float], says: str) -> None:
    card = models.find("efficientnet-lite0-int8")
    findings = list(checkup.of_model(card, lambda: _Odd(vector)))  # type: ignore[arg-type, return-value]
    assert says in only(findings, "vector", "problem")


def test_of_an_unknown_model_that_is_said(tmp_path: Path) -> None:
    card = models.find(tiny_model(tmp_path))
    findings = list(checkup.of_model(card, lambda: Encoder.load(card)))
    assert wrong(findings) == []
    assert "is not known of this model" in findings[-1].text


def test_weights_that_are_others_are_told(library: Library, tmp_path: Path) -> None:
    with (tmp_path / "tiny.onnx").open("ab") as file:
        file.write(b"more")
    assert wrong(library.check())[0][0] == "model"


# ---- the store


def test_a_sound_library_is_looked_at_from_all_sides(library: Library) -> None:
    findings = library.check()
    assert wrong(findings) == []
    assert [one.check for one in findings] == [
        *("store", "vectors", "index", "permissions", "room", "lock", "model", "vector"),
        *("files", "caches"),
    ]
    assert "16 searches find all that comparing everything finds." in [one.text for one in findings]


@pytest.mark.parametrize(
    ("statements", "says"),
    [
        (("DROP TRIGGER image_goes", "DELETE FROM images WHERE id = 3"),
             "1 embeddings have no picture"),
        (("DELETE FROM texts WHERE rowid = 3",), "1 pictures cannot be found by text"),
        (("INSERT INTO texts (rowid, path) VALUES (99, 'x')",), "1 texts have no picture"),
        (("INSERT INTO labels VALUES (1, 'x')", "INSERT INTO labelled VALUES (1, 99, 0.5)"),
         "1 labels have no picture"),
        (("INSERT INTO labelled VALUES (77, 1, 0.5)",),
         "1 rows of labelled refer to labels that are not there"),
        (("INSERT INTO skipped VALUES (77, x'61', 1, 1, 'is odd', '')",),
         "1 rows of skipped refer to roots that are not there"),
    ],
)  # fmt: skip
def test_rows_that_do_not_fit_are_told(
    library: Library, statements: tuple[str, ...], says: str
) -> None:
    change(library, *statements)
    texts = [text for _, text in wrong(library.check())]
    assert any(says in text for text in texts), texts
    assert all("Put the library back from a copy" in text for text in texts)


def test_an_index_of_sqlite_that_does_not_fit_is_told(library: Library) -> None:
    change(
        library,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, 'images(digest)', 'images(format)') "
        "WHERE name = 'images_by_digest'",
    )
    with Library.open(library.folder) as again:
        assert any("SQLite reports" in text for _, text in wrong(again.check()))


def test_a_cache_that_answers_otherwise_is_told(library: Library) -> None:
    """Of rows that changed behind the library's back, its cache cannot know."""
    library.search(1)
    vectors = np.random.default_rng(1).standard_normal((30, DIM)).astype(np.float32)
    with sqlite3.connect(library.folder / "library.sqlite") as connection:
        for image, row in enumerate(vectors / np.linalg.norm(vectors, axis=1)[:, None], start=1):
            connection.execute(
                "UPDATE embeddings SET vector = ? WHERE image = ?", (row.tobytes(), image)
            )
    connection.close()
    text = only(library.check(), "index", "problem")
    assert f"delete the folder {library.folder / 'cache'}" in text
    shutil.rmtree(library.folder / "cache")
    with Library.open(library.folder) as again:
        assert wrong(again.check()) == []


def test_of_a_library_in_cells_a_little_may_be_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "EXACT_BYTES", 0)
    count, kinds = 2000, 40
    mixed = units(kinds, 32)[np.arange(count) % kinds] + 0.05 * units(count, 32, seed=1)
    vectors = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    with open_store(tmp_path, 32) as store:
        store.commit(records(count), vectors.astype(np.float32))
        store.save_caches()
        assert 0 < store.search_index().probes < store.search_index().cells
        assert wrong(list(checkup.of_store(store))) == []
        search = store.search
        monkeypatch.setattr(store, "search", lambda query, k: search(query, k // 2))
        text = only(list(checkup.of_store(store)), "index", "problem")
    assert re.match(r"Searches find \d\d of 160 answers that comparing everything finds", text)


def test_an_empty_library_has_nothing_to_compare(tmp_path: Path) -> None:
    with Library.open(tmp_path / "empty", create=True) as empty:
        assert "index" not in [one.check for one in empty.check()]


# ---- the disk


def test_pictures_that_have_changed_are_counted(library: Library, tmp_path: Path) -> None:
    for name in NAMES[:2]:
        os.utime(tmp_path / "pictures" / name, (1, 1))
    assert only(library.check(), "files", "warning").startswith("2 pictures have changed in ")


def test_a_disk_that_is_nearly_full(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    total, used, _ = shutil.disk_usage(library.folder)
    usage = type(shutil.disk_usage(library.folder))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(total, used, 50 * 10**6))
    assert only(library.check(), "room", "warning").startswith("50 MB are free where")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such mode")
def test_a_folder_that_everybody_may_change(library: Library) -> None:
    library.folder.chmod(0o777)
    assert "chmod o-w" in only(library.check(), "permissions", "warning")
    library.folder.chmod(0o1777)  # as /tmp: nobody may touch what is another's
    assert wrong(library.check()) == []


def test_who_is_writing_is_told(library: Library) -> None:
    with WriteLock(library.folder):
        texts = [text.text for text in library._findings() if text.check == "lock"]
    assert texts[0].startswith(f"It is being written to by process {os.getpid()} on ")
    assert WriteLock(library.folder).held_by() is None


def test_a_note_that_a_killed_process_left_holds_nobody_up(library: Library) -> None:
    (library.folder / "write.json").write_text('{"pid": 1, "host": "x", "since": "then"}')
    assert wrong(library.check()) == []
    assert WriteLock(library.folder).held_by() is None
    library.index(library.stats().roots)


def test_a_library_from_the_future(library: Library) -> None:
    ahead = int((time.time() + 7200) * 1e6)
    change(library, f"UPDATE settings SET value = '{ahead}' WHERE name = 'revision'")
    with Library.open(library.folder) as again:
        assert "set the clock" in only(again.check(), "clock", "warning")
