"""`lookalike.Library`: where the rooms meet, asked as people ask it from Python."""

from __future__ import annotations

import dataclasses
import io
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lookalike import Filter, Library, image, isolation
from lookalike.errors import (
    FolderError,
    ImageError,
    ImageNotFoundError,
    InputError,
    LibraryBusyError,
    LibraryError,
    LibraryNotFoundError,
    LibraryReadOnlyError,
    ModelError,
    ModelMismatchError,
    TooManyPixelsError,
)
from lookalike.library import (
    Event,
    Hit,
    Indexed,
    Indexing,
    Progress,
    SearchIndex,
    Words,
    default_folder,
    read_features,
)
from lookalike.models import DEFAULT_MODEL
from lookalike.stores.embedded import builder
from tests import records as vectors
from tests.disks import open_folder, ordinary_user
from tests.pictures import GREEN, RED, TEXT, huge_png, make_jpeg, plain, textured
from tests.records import units
from tests.small_libraries import DIM, picture, tiny_model, write

NAMES = ["a.png", "b/1.png", "b/2.png", "b/c/3.png", "d.png"]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "pictures"
    write(folder, *NAMES)
    return folder


@pytest.fixture
def library(tmp_path: Path, tiny: Path, pictures: Path) -> Iterator[Library]:
    """Five pictures, indexed with the tiny model."""
    with Library.open(tmp_path / "library", model=tiny, create=True) as opened:
        opened.index(pictures)
        yield opened


def id_of(library: Library, relative: str) -> int:
    return next(one.id for one in library.records() if one.relative == relative)


def shown(hits: list[Hit]) -> list[tuple[str, float]]:
    return [(hit.record.relative, hit.score) for hit in hits]


# --- opening -------------------------------------------------------------------------------------


def test_a_new_library_is_empty_and_has_the_default_model(tmp_path: Path) -> None:
    with Library.open(tmp_path / "new" / "library", create=True) as library:
        assert library.folder == tmp_path / "new" / "library"
        assert (library.model, library.card.name) == (DEFAULT_MODEL, DEFAULT_MODEL)
        assert not library.read_only
        stats = library.stats()
        assert (stats.images, stats.skipped, stats.roots, stats.dim) == (0, 0, (), 1280)
        assert stats.bytes > 0
        assert (library.records(), library.skipped(), library.sample(3)) == ([], [], [])
        assert library.embeddings()[1].shape == (0, 1280)


def test_where_there_is_no_library(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFoundError, match="make one with `lookalike index FOLDER`"):
        Library.open(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_the_default_folder_is_the_user_s_or_the_one_that_is_named(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert default_folder().is_relative_to(home)
    monkeypatch.setenv("LOOKALIKE_LIBRARY", str(tmp_path / "named"))
    assert default_folder() == tmp_path / "named"
    with Library.open(create=True) as library:
        assert library.folder == tmp_path / "named"


def test_a_library_remembers_its_model(library: Library, tiny: Path, tmp_path: Path) -> None:
    wanted = library.search(id_of(library, "a.png"))
    library.close()
    for model in (None, tiny):
        for create in (False, True):
            with Library.open(library.folder, model=model, create=create) as again:
                assert again.card == library.card
                assert again.stats().dim == DIM
                assert again.search(id_of(again, "a.png")) == wanted


def test_another_model_is_refused_with_what_to_do(library: Library, tmp_path: Path) -> None:
    other = tiny_model(tmp_path, seed=1, name="other")
    for model in (other, "efficientnet-lite0"):
        for create in (False, True):
            wanted = r"was made with the model .*, not (other|efficientnet-lite0): leave out"
            with pytest.raises(ModelMismatchError, match=wanted):
                Library.open(library.folder, model=model, create=create)
    assert library.stats().images == 5


def test_other_weights_under_the_same_name_are_refused(
    tmp_path: Path, tiny: Path, pictures: Path
) -> None:
    for ending in (".onnx", ".toml"):
        shutil.copy(tiny.with_suffix(ending), tmp_path / f"mine{ending}")
    with Library.open(tmp_path / "library", model=tmp_path / "mine.onnx", create=True) as library:
        library.index(pictures)
    tiny_model(tmp_path, seed=1, name="mine")
    with pytest.raises(ModelMismatchError, match="other weights or another preprocess"):
        Library.open(tmp_path / "library")


def test_a_model_that_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nonsense"):
        Library.open(tmp_path / "library", model="nonsense", create=True)
    assert not (tmp_path / "library").exists()


def test_a_model_that_is_no_longer_there_is_missed_only_where_it_is_needed(
    tmp_path: Path, tiny: Path, pictures: Path
) -> None:
    for ending in (".onnx", ".toml"):
        shutil.copy(tiny.with_suffix(ending), tmp_path / f"mine{ending}")
    with Library.open(tmp_path / "library", model=tmp_path / "mine.onnx", create=True) as library:
        library.index(pictures)
    (tmp_path / "mine.onnx").unlink()
    with Library.open(tmp_path / "library") as library:
        assert len(library.search(id_of(library, "a.png"))) == 4
        assert len(library.search(pictures / "a.png")) == 5
        with pytest.raises(ModelError, match=r"mine\.onnx"):
            library.search(make_jpeg())


def test_a_closed_library_says_so(library: Library) -> None:
    library.close()
    library.close()
    with pytest.raises(LibraryError, match="open it again"):
        library.stats()


# --- searching -----------------------------------------------------------------------------------


def test_the_same_picture_asked_in_every_way_has_the_same_answer(
    library: Library, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_path = library.search(pictures / "b" / "1.png")
    assert shown(by_path)[0] == ("b/1.png", 1.0)
    assert by_path[0].distance == 0
    assert sorted(name for name, _ in shown(by_path)) == NAMES
    assert library.search((pictures / "b" / "1.png").read_bytes()) == by_path
    assert library.search(str(pictures / "b" / ".." / "b" / "1.png")) == by_path
    monkeypatch.chdir(pictures / "b")
    assert library.search("1.png") == by_path
    assert library.search("./1.png") == by_path
    copy = pictures.parent / "a copy"
    copy.write_bytes((pictures / "b" / "1.png").read_bytes())
    assert library.search(copy) == by_path
    assert library.search(id_of(library, "b/1.png")) == by_path[1:]


def test_hits_are_those_of_numpy(library: Library) -> None:
    records, rows = library.embeddings()
    for at, record in enumerate(records):
        scores = rows.astype(np.float64) @ rows[at].astype(np.float64)
        order = [other for other in np.argsort(-scores, kind="stable") if other != at]
        hits = library.search(record.id)
        assert [hit.record for hit in hits] == [records[other] for other in order]
        assert [hit.score for hit in hits] == pytest.approx(scores[order], abs=1e-6)
        assert hits[0].path == records[order[0]].path


def test_only_what_passes_a_filter_is_an_answer(library: Library, pictures: Path) -> None:
    below = Filter(folder=str(pictures / "b"))
    every = library.search(pictures / "a.png")
    wanted = [hit for hit in every if hit.record.relative.startswith("b/")]
    assert len(wanted) == 3
    assert library.search(pictures / "a.png", where=below) == wanted
    assert library.search(pictures / "a.png", 2, where=below, exact=True) == wanted[:2]
    alike = library.search(id_of(library, "b/1.png"), where=below)
    assert {hit.record.relative for hit in alike} == {"b/2.png", "b/c/3.png"}
    assert library.search(pictures / "a.png", where=Filter(formats=("JPEG",))) == []
    assert library.search(pictures / "a.png", exact=True) == every


def test_a_folder_is_known_by_its_real_path_or_by_the_link_that_was_followed(
    library: Library, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "elsewhere", "x.png")
    try:
        (pictures / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
        (tmp_path / "short").symlink_to(pictures / "b", target_is_directory=True)
    except OSError as error:
        pytest.skip(f"no links can be made here: {error}")
    library.index(pictures)
    monkeypatch.chdir(tmp_path)

    def found(folder: str | Path) -> set[str]:
        where = Filter(folder=library.known_folder(folder))
        return {hit.record.relative for hit in library.search("pictures/a.png", where=where)}

    assert found("pictures/link") == {"link/x.png"}
    assert found("short") == found(pictures / "b") == {"b/1.png", "b/2.png", "b/c/3.png"}
    assert found("short/c") == {"b/c/3.png"}
    assert found(tmp_path) == {*NAMES, "link/x.png"}
    assert found("nowhere") == set()


def test_exact_finds_what_a_search_in_cells_may_miss(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "EXACT_BYTES", 0)
    rows = units(20, DIM)[np.arange(800) % 20] + 0.3 * units(800, DIM, seed=1)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    library._store.commit(vectors.records(800), rows)
    library._store.save_caches()
    index = library.stats().index
    assert index is not None
    assert 0 < index.probes < index.cells
    assert (index.saved, index.waiting) == (805, 0)
    strangers = [picture(seed) for seed in range(100)]  # some of which lie between many cells
    truth = [library.search(one, where=Filter()) for one in strangers]
    assert [library.search(one, exact=True) for one in strangers] == truth
    missed = sum(library.search(one) != best for one, best in zip(strangers, truth, strict=True))
    assert missed > 0
    library._store.commit([vectors.record("new.jpg")], units(1, DIM, seed=2))
    later = library.stats().index
    assert later is not None
    assert (later.saved, later.waiting) == (805, 1)


@pytest.mark.parametrize("k", [0, -1])
def test_k_must_be_positive(library: Library, k: int) -> None:
    with pytest.raises(InputError, match=f"k must be 1 or more, not {k}"):
        library.search(1, k=k)


def test_k_is_how_many_answers_there_are_at_most(library: Library, pictures: Path) -> None:
    assert [len(library.search(pictures / "a.png", k=k)) for k in (1, 4, 5, 99)] == [1, 4, 5, 5]
    assert len(library.search(id_of(library, "a.png"), k=99)) == 4


def test_a_query_that_is_not_where_it_was_is_taken_from_the_library(
    library: Library, pictures: Path
) -> None:
    wanted = library.search(id_of(library, "b/1.png"))
    shutil.rmtree(pictures)
    assert library.search(pictures / "b" / "1.png") == wanted
    assert library.search("b/1.png") == wanted
    with pytest.raises(ImageError, match=r"There is no file .*9\.png: check the path"):
        library.search(pictures / "b" / "9.png")


def test_a_query_that_has_changed_is_read_again(library: Library, pictures: Path) -> None:
    other = (pictures / "d.png").read_bytes()
    (pictures / "a.png").write_bytes(other)
    assert shown(library.search(pictures / "a.png", k=1)) == [("d.png", 1.0)]
    (pictures / "a.png").write_bytes(TEXT)
    with pytest.raises(ImageError, match=r"a\.png is not a picture"):
        library.search(pictures / "a.png")


def test_a_dead_link_where_a_picture_was(library: Library, pictures: Path) -> None:
    (pictures / "a.png").unlink()
    try:
        (pictures / "a.png").symlink_to(pictures / "nowhere")
    except OSError as error:
        pytest.skip(f"no links can be made here: {error}")
    names = [hit.record.relative for hit in library.search(pictures / "a.png")]
    assert names
    assert "a.png" not in names


def test_a_file_here_is_meant_even_if_a_root_has_one_of_that_name(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    shutil.copy(tmp_path / "pictures" / "d.png", here / "a.png")
    monkeypatch.chdir(here)
    assert shown(library.search("a.png", k=1)) == [("d.png", 1.0)]


@pytest.mark.parametrize(
    ("query", "wanted", "error"),
    [
        (TEXT, "The query is not a picture", ImageError),
        (b"", "The query is empty", ImageError),
        (huge_png(), r"900.*pixels", TooManyPixelsError),
        (10**6, "The library holds no picture with the number 1000000", ImageNotFoundError),
        (10**30, "The library holds no picture with the number", ImageNotFoundError),
        (Words("a rose"), "finds by pictures only: `lookalike models` says", InputError),
    ],
)
def test_queries_that_cannot_be_asked(
    library: Library, query: bytes | int | Words, wanted: str, error: type[Exception]
) -> None:
    with pytest.raises(error, match=wanted):
        library.search(query)


def test_a_query_that_is_a_folder(library: Library, pictures: Path) -> None:
    with pytest.raises(ImageError, match="pictures"):
        library.search(pictures)


def test_an_empty_library_has_no_answers(tmp_path: Path, tiny: Path) -> None:
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        assert library.search(make_jpeg()) == []


def test_pictures_are_limited_in_pixels_where_asked(
    tmp_path: Path, tiny: Path, pictures: Path
) -> None:
    with Library.open(tmp_path / "library", model=tiny, create=True, max_pixels=100) as library:
        report = library.index(pictures)
        assert (report.added, len(report.skipped)) == (0, 5)
        assert library.stats().skipped == len(library.skipped()) == 5


def test_many_threads_search_while_a_folder_is_indexed(library: Library, pictures: Path) -> None:
    write(pictures, *(f"new/{number:02}.png" for number in range(64)))
    wrong: list[BaseException] = []
    done = threading.Event()

    def ask() -> None:
        try:
            while not done.is_set():
                hits = library.search(pictures / "a.png", k=3)
                assert shown(hits)[0] == ("a.png", 1.0)
                library.stats()
                library.thumbnail(hits[1].record.id)
        except BaseException as error:
            wrong.append(error)
            raise

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    report = library.index(pictures)
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert report.added == 64


# --- pictures to look at -------------------------------------------------------------------------


def test_records_and_those_that_are_none(library: Library) -> None:
    (record, *_) = library.records()
    assert library.record(record.id) == record
    for ask in (library.record, library.thumbnail, library.preview):
        with pytest.raises(ImageNotFoundError, match="no picture with the number 999"):
            ask(999)


def test_thumbnails_and_previews(library: Library, pictures: Path) -> None:
    (pictures / "large.jpg").write_bytes(make_jpeg(textured(3000, 1500)))
    library.index(pictures)
    large, small = id_of(library, "large.jpg"), id_of(library, "a.png")
    sizes = {}
    for name, content in {
        "thumbnail": library.thumbnail(large),
        "preview": library.preview(large),
        "small preview": library.preview(large, side=100),
        "small": library.thumbnail(small),
    }.items():
        with Image.open(io.BytesIO(content)) as image:
            assert image.format == "WEBP"
            sizes[name] = image.size
    assert sizes == {
        "thumbnail": (400, 200),
        "preview": (2048, 1024),
        "small preview": (100, 50),
        "small": (12, 10),
    }


def test_a_thumbnail_outlives_its_file_and_a_preview_does_not(
    library: Library, pictures: Path
) -> None:
    first, second = id_of(library, "a.png"), id_of(library, "d.png")
    content = library.thumbnail(first)
    shutil.rmtree(pictures)
    assert library.thumbnail(first) == content
    for ask, one in ((library.thumbnail, second), (library.preview, first)):
        with pytest.raises(ImageError, match=r"\.png is no longer there: connect its disk, or "):
            ask(one)


def _rewrite(file: Path) -> None:
    plain(GREEN, (31, 21)).save(file)


def _touch(file: Path) -> None:
    os.utime(file, ns=(1, 1))


@pytest.mark.parametrize("change", [_rewrite, _touch])
def test_a_file_that_has_changed_is_not_shown_as_the_picture_that_it_was(
    library: Library, pictures: Path, change: Callable[[Path], None]
) -> None:
    seen, unseen = id_of(library, "a.png"), id_of(library, "d.png")
    before = library.thumbnail(seen)
    assert library.original(library.record(unseen)) == pictures / "d.png"
    for file in (pictures / "a.png", pictures / "d.png"):
        change(file)
    assert library.thumbnail(seen) == before
    for ask, one in (
        (library.thumbnail, unseen),
        (library.preview, seen),
        (library.original, seen),
    ):
        with pytest.raises(ImageError, match=r"\.png has changed since it was indexed: index its"):
            ask(one)
    library.index(pictures)
    assert library.thumbnail(unseen)
    assert library.preview(seen)


@pytest.mark.parametrize("ask", [Library.thumbnail, Library.preview])
def test_a_file_that_changes_while_it_is_read_is_not_shown(
    library: Library,
    pictures: Path,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[Library, int], bytes],
) -> None:
    real = isolation.read

    def read(source: bytes | Path, **options: Any) -> image.Picture:
        _rewrite(pictures / "a.png")
        return real(source, **options)

    monkeypatch.setattr(isolation, "read", read)
    with pytest.raises(ImageError, match="has changed since it was indexed"):
        ask(library, id_of(library, "a.png"))
    assert not list((library.folder / "cache" / "thumbnails").rglob("*.webp"))


def test_a_thumbnail_follows_the_picture(library: Library, pictures: Path) -> None:
    image_id = id_of(library, "a.png")
    before = library.thumbnail(image_id)
    plain(GREEN, (30, 20)).save(pictures / "a.png")
    assert library.thumbnail(image_id) == before  # that of the picture which is in the library
    library.index(pictures)
    with Image.open(io.BytesIO(library.thumbnail(image_id))) as image:
        assert image.size == (30, 20)
        assert image.getpixel((5, 5)) == pytest.approx(GREEN, abs=6)


# --- care ----------------------------------------------------------------------------------------


def test_stats(library: Library, pictures: Path) -> None:
    (pictures / "text.jpg").write_bytes(TEXT)
    library.index(pictures)
    stats = library.stats()
    assert (stats.images, stats.skipped, stats.roots) == (5, 1, (str(pictures),))
    assert (stats.dim, stats.folder, stats.indexing) == (DIM, str(library.folder), None)
    assert stats.index == SearchIndex(cells=0, probes=0, recall=1.0, saved=5, waiting=0)
    (skipped,) = library.skipped()
    assert skipped.path == str(pictures / "text.jpg")
    assert skipped.reason.startswith("is not a picture")


def test_others_see_a_run_and_when_it_has_ended(library: Library, pictures: Path) -> None:
    write(pictures, *(f"new/{number:02}.png" for number in range(20)))
    seen: list[Indexing | None] = []
    with Library.open(library.folder) as other:

        def on_event(event: Event) -> None:
            if isinstance(event, Progress):
                seen.append(other.stats().indexing)

        library.index(pictures, on_event=on_event)
        assert other.stats().indexing is None
        assert other.stats().images == 25
    assert [(one.done, one.total) for one in seen if one] == [(0, 20), (16, 20), (20, 20)]


def test_a_run_that_fails_is_not_seen_any_more(library: Library, pictures: Path) -> None:
    write(pictures, "new.png")

    def on_event(event: Event) -> None:
        if isinstance(event, Indexed):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.index(pictures, on_event=on_event)
    assert library.stats().indexing is None
    assert library.stats().images == 6


def test_a_dead_run_s_note_is_not_believed_for_long(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    now = time.time()
    library._store.set(
        indexing=f'{{"done": 1, "total": 9, "images_per_second": 2.0, "seconds_left": 4.0, '
        f'"at": {now}}}'
    )
    assert library.stats().indexing == Indexing(1, 9, 2.0, 4.0)
    monkeypatch.setattr("time.time", lambda: now + 120)
    assert library.stats().indexing is None


def test_two_cannot_write_at_once(library: Library, pictures: Path) -> None:
    write(pictures, "new.png")
    with Library.open(library.folder) as other:
        refused: list[LibraryBusyError] = []

        def on_event(event: Event) -> None:
            if isinstance(event, Indexed):
                for write_too in (other.index, other.forget):
                    with pytest.raises(LibraryBusyError, match=f"process {os.getpid()}") as raised:
                        write_too(pictures)
                    refused.append(raised.value)

        assert library.index(pictures, on_event=on_event).added == 1
        assert len(refused) == 2
        assert other.index(pictures).unchanged == 6


def test_forget_takes_a_folder_out(library: Library, pictures: Path, tmp_path: Path) -> None:
    write(tmp_path / "more", "x.png")
    library.index(tmp_path / "more")
    with pytest.raises(InputError, match="is not a folder of this library"):
        library.forget(pictures / "b")
    shutil.rmtree(pictures)
    assert library.forget(pictures) == 5
    assert [record.relative for record in library.records()] == ["x.png"]
    assert library.stats().roots == (str((tmp_path / "more").resolve()),)
    assert (tmp_path / "more" / "x.png").exists()


def test_a_sound_library_checks_well_and_is_tidied(library: Library, pictures: Path) -> None:
    library.thumbnail(id_of(library, "a.png"))
    library.thumbnail(id_of(library, "d.png"))
    (pictures / "a.png").unlink()
    library.index(pictures)
    findings = library.check()
    assert all(finding.good for finding in findings)
    text = "\n".join(finding.text for finding in findings)
    assert "it holds 4 pictures" in text
    assert "has 8 numbers and length 1" in text
    assert "1 old thumbnails" in text
    assert "All 4 pictures" in text


def test_a_check_tells_what_is_missing(library: Library, pictures: Path) -> None:
    (pictures / "a.png").unlink()
    assert [one.text for one in library.check() if not one.good] == [
        f'1 of 5 pictures of {pictures} are gone: run `lookalike index "{pictures}"`.'
    ]
    shutil.rmtree(pictures)
    (bad,) = [one.text for one in library.check() if not one.good]
    assert "is not there, so its 5 pictures can be found but not shown" in bad


def test_a_check_tells_of_embeddings_that_are_none(library: Library) -> None:
    (record, *_) = library.records()
    library._store.upsert([record], np.full((1, DIM), 3, np.float32))
    assert any("1 embeddings are no unit vectors" in one.text for one in library.check())


def test_in_a_read_only_folder_it_answers_and_takes_nothing(tiny: Path, pictures: Path) -> None:
    with open_folder() as top:
        with Library.open(top / "library", model=tiny, create=True) as library:
            library.index(pictures)
            query = id_of(library, "a.png")
            wanted = library.search(query)
            library.thumbnail(query)
        names = sorted(path.name for path in (top / "library").rglob("*"))
        os.chmod(top / "library", 0o555)  # noqa: PTH101
        try:
            # the model is read from pytest's own folder, which is closed to an ordinary user
            (top / "model").mkdir()
            model = shutil.copytree(tiny.parent, top / "model", dirs_exist_ok=True) / tiny.name
            model.parent.chmod(0o755)
            with ordinary_user(), Library.open(top / "library", model=model) as library:
                assert library.read_only
                assert library.search(query) == wanted
                assert library.search(picture(3), k=1)
                assert library.thumbnail(query)
                assert library.stats().images == 5
                assert library.check()
                with pytest.raises(LibraryReadOnlyError, match="make this one writable"):
                    library.index(top)
                with pytest.raises(LibraryReadOnlyError, match="make this one writable"):
                    library.forget(pictures)
        finally:
            os.chmod(top / "library", 0o755)  # noqa: PTH101
        assert sorted(path.name for path in (top / "library").rglob("*")) == names


# --- taking it elsewhere, and judging it ---------------------------------------------------------


@pytest.fixture
def imported(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "imported", dim=DIM, create=True) as opened:
        yield opened


@pytest.mark.parametrize("form", ["numpy", "matrix"])
def test_what_is_exported_can_be_imported_and_answers_the_same(
    library: Library, imported: Library, tmp_path: Path, pictures: Path, form: str
) -> None:
    source = tmp_path / ("out" if form == "numpy" else "out.npy")
    if form == "numpy":
        assert library.export_numpy(source) == 5
        assert np.load(source / "b" / "1.png.npy").shape == (DIM,)
    else:
        assert library.export_matrix(source) == tmp_path / "out.json"
        assert np.load(source).shape == (5, DIM)
    events: list[Event] = []
    report = imported.adopt(read_features(source), pictures, on_event=events.append)
    assert (report.added, report.changed, report.skipped) == (5, 0, ())
    assert [one.action for one in events if isinstance(one, Indexed)] == ["added"] * 5
    assert [(one.done, one.total) for one in events if isinstance(one, Progress)] == [(5, 5)]
    assert events[-1] is report
    same = [dataclasses.replace(record, id=0) for record in library.records()]
    assert [dataclasses.replace(record, id=0) for record in imported.records()] == same
    np.testing.assert_array_equal(imported.embeddings()[1], library.embeddings()[1])
    for name in NAMES:
        hits = imported.search(pictures / name)
        assert shown(hits) == shown(library.search(pictures / name))
    assert imported.adopt(read_features(source), pictures).changed == 5
    assert imported.stats().images == 5


def test_an_imported_library_has_no_model_to_ask(
    library: Library, imported: Library, tmp_path: Path, pictures: Path
) -> None:
    library.export_numpy(tmp_path / "out")
    imported.adopt(read_features(tmp_path / "out"), pictures)
    assert imported.model == "imported"
    assert imported.thumbnail(id_of(imported, "a.png"))
    assert len(imported.search(id_of(imported, "a.png"))) == 4
    assert imported.index(pictures).unchanged == 5
    write(pictures, "new.png")
    for ask in (lambda: imported.search(make_jpeg()), lambda: imported.index(pictures)):
        with pytest.raises(ModelError, match="imported"):
            ask()
    assert imported.stats().images == 5
    assert all(finding.good for finding in imported.check())
    with Library.open(imported.folder) as again:
        assert (again.model, again.stats().dim) == ("imported", DIM)


def save_vectors(folder: Path, *names: str) -> None:
    for at, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(folder / f"{name}.npy", np.eye(DIM, dtype=np.float32)[at])


def test_names_without_endings_are_found_where_they_are_clear(
    imported: Library, tmp_path: Path, pictures: Path
) -> None:
    (pictures / "d.jpg").write_bytes(make_jpeg(plain(RED)))
    (pictures / "a.xmp").write_text("a sidecar")
    (pictures / "b" / "1.npy").write_bytes(b"a feature beside its picture")
    save_vectors(tmp_path / "out", "a", "b/1", "d", "none", "b/2.png")
    report = imported.adopt(read_features(tmp_path / "out"), pictures)
    assert [record.relative for record in imported.records()] == ["a.png", "b/1.png", "b/2.png"]
    assert [(one.path, one.reason) for one in report.skipped] == [
        ("d", "is not in the folder of the pictures"),
        ("none", "is not in the folder of the pictures"),
    ]


def test_pictures_that_are_missing_or_broken_are_skipped(
    imported: Library, tmp_path: Path, pictures: Path
) -> None:
    (pictures / "d.png").write_bytes(TEXT)
    save_vectors(tmp_path / "out", "a.png", "d.png", "gone.png")
    report = imported.adopt(read_features(tmp_path / "out"), pictures)
    assert report.added == 1
    assert [one.path for one in report.skipped] == [str(pictures / "d.png"), "gone.png"]


def test_importing_what_is_not_there_or_does_not_fit(
    library: Library, imported: Library, tmp_path: Path, pictures: Path
) -> None:
    save_vectors(tmp_path / "out", "x.png", "y.png")
    with pytest.raises(FolderError, match=r"None of the 2 pictures .*x\.png"):
        imported.adopt(read_features(tmp_path / "out"), pictures)
    np.save(tmp_path / "wide.npy", np.eye(DIM + 1, dtype=np.float32)[:1])
    (tmp_path / "wide.json").write_text('["a.png"]')
    with pytest.raises(InputError, match=r"have 9 numbers each and those of the library 8"):
        library.adopt(read_features(tmp_path / "wide.npy"), pictures)


def test_importing_below_a_root_keeps_its_paths(
    library: Library, tmp_path: Path, pictures: Path
) -> None:
    save_vectors(tmp_path / "out", "1.png", "c/3.png")
    before = id_of(library, "b/1.png")
    report = library.adopt(read_features(tmp_path / "out"), pictures / "b")
    assert (report.added, report.changed) == (0, 2)
    assert [record.relative for record in library.records()] == NAMES
    assert id_of(library, "b/1.png") == before
    hits = library.search(before, k=4)
    assert {hit.record.relative for hit in hits} == set(NAMES) - {"b/1.png"}
    np.testing.assert_array_equal(library.embeddings()[1][1], np.eye(DIM)[0])


def test_evaluate_by_folder_and_by_labels(tmp_path: Path, tiny: Path, photographs: Path) -> None:
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(photographs)
        by_folder = library.evaluate()
        assert by_folder.queries == 11  # two have no other picture of their class
        assert 0 < by_folder.map < 1
        labels = "file,label\n" + "".join(
            f"{record.relative},{record.relative.split('/')[0]}\n" for record in library.records()
        )
        (tmp_path / "labels.csv").write_text(labels, "utf-8")
        assert library.evaluate(tmp_path / "labels.csv") == by_folder
        drawn = [library.evaluate(queries=5, seed=seed) for seed in (0, 0, 1)]
        assert drawn[0] == drawn[1]
        assert drawn[0].queries == 5


# --- with the model that people use --------------------------------------------------------------


def test_real_photographs_find_their_like(tmp_path: Path, photographs: Path) -> None:
    with Library.open(tmp_path / "library", create=True) as library:
        report = library.index(photographs)
        assert (report.added, report.skipped) == (13, ())
        for name, like in (
            ("campus/campus 01.png", "campus/campus 02.png"),
            ("garden/tomatoes 01.png", "garden/tomatoes 03.png"),
            ("buildings/eiffel tower 01.png", "buildings/eiffel tower 02.png"),
        ):
            hits = library.search(photographs / name, k=2)
            assert shown(hits)[0] == (name, 1.0)
            assert hits[1].record.relative == like
            assert library.search(id_of(library, name), k=1) == hits[1:]
            by_content = library.search((photographs / name).read_bytes(), k=2)
            assert shown(by_content)[0][0] == name
            assert [hit.score for hit in by_content] == pytest.approx(
                [hit.score for hit in hits], abs=2e-6
            )
        assert library.index(photographs).unchanged == 13
