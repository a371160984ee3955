"""A library taken to another model and back: nothing lost, nothing mixed up."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from lookalike import Library
from lookalike.encoder import Encoder
from lookalike.errors import (
    ImageError,
    ImageNotFoundError,
    InputError,
    LibraryBusyError,
    LibraryReadOnlyError,
    ModelError,
    ModelMismatchError,
    ViewNotFoundError,
)
from lookalike.exchange import Features
from lookalike.indexing import Progress
from lookalike.library import PARTS, Event, Following, Report, Skipped
from lookalike.stores.embedded import WriteLock
from tests.disks import open_folder, ordinary_user
from tests.maps import write_folders
from tests.records import units
from tests.small_libraries import picture, tiny_model, write

NAMES = [f"{name}/{at:03}.png" for name in ("boats", "cats", "deserts") for at in range(12)]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "pictures"
    write_folders(folder, "boats", "cats", "deserts", noise=60)
    return folder


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return tiny_model(tmp_path, seed=1, name="other")


@pytest.fixture
def library(tmp_path: Path, tiny: Path, pictures: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library", model=tiny, create=True) as opened:
        opened.index(pictures)
        yield opened


def _ids(hits: object) -> list[int]:
    return [hit.record.id for hit in hits]  # type: ignore[attr-defined]


# --- building ------------------------------------------------------------------------------------


def test_vectors_are_those_of_a_library_of_that_model(
    library: Library, other: Path, pictures: Path, tmp_path: Path
) -> None:
    before = library.search(1)
    events: list[Event] = []
    built = library.upgrade_build(other, on_event=events.append)
    assert (built.model, built.added, built.missing) == (str(other.resolve()), 36, 0)
    assert events[-1] == built
    progress = [event for event in events if isinstance(event, Progress)]
    assert [event.done for event in progress] == [0, 16, 32, 36]
    assert library.search(1) == before
    (beside,) = library.upgrades().beside
    assert (beside.images, beside.missing, beside.dim) == (36, 0, 8)
    library.upgrade_switch(other)
    with Library.open(tmp_path / "second", model=other, create=True) as second:
        second.index(pictures)
        np.testing.assert_array_equal(library.embeddings()[1], second.embeddings()[1])
        assert library.search(pictures / NAMES[5], 5) == second.search(pictures / NAMES[5], 5)


def test_a_stopped_run_is_continued_and_new_pictures_are_added(
    library: Library, other: Path, pictures: Path
) -> None:
    stop = threading.Event()

    def end_soon(event: Event) -> None:
        if isinstance(event, Progress) and event.done:
            stop.set()

    first = library.upgrade_build(other, on_event=end_soon, stop=stop)
    assert (first.added, first.missing, first.stopped) == (16, 20, True)
    with pytest.raises(InputError, match=r"20 pictures have no vector of .*upgrade build"):
        library.upgrade_switch(other)
    second = library.upgrade_build(other)
    assert (second.added, second.missing, second.stopped) == (20, 0, False)
    write(pictures, "cats/new.png")
    (pictures / NAMES[0]).write_bytes(picture(99))
    library.index(pictures)
    assert library.upgrades().beside[0].missing == 2
    assert library.upgrade_build(other).added == 2


def test_pictures_that_cannot_be_read_or_have_changed_are_told(
    library: Library, other: Path, pictures: Path
) -> None:
    (pictures / NAMES[0]).unlink()
    (pictures / NAMES[1]).write_bytes(picture(99))
    (pictures / NAMES[2]).write_bytes(b"no picture any more")
    events: list[Event] = []
    built = library.upgrade_build(other, on_event=events.append)
    assert (built.added, built.missing) == (33, 3)
    reasons = {Path(one.path).name: one.reason for one in built.skipped}
    assert reasons["000.png"].startswith("cannot be read")
    assert reasons["001.png"] == "has changed since it was indexed: index its folder again"
    assert "not a picture" in reasons["002.png"]
    assert [event for event in events if isinstance(event, Skipped)] == list(built.skipped)


def test_the_library_is_searched_and_indexed_meanwhile(
    library: Library, other: Path, pictures: Path
) -> None:
    reports: list[Report] = []
    answers: list[int] = []

    def meanwhile(event: Event) -> None:
        if isinstance(event, Progress) and event.done == 16:
            (pictures / NAMES[35]).unlink()  # one that is still to be read
            write(pictures, "boats/new.png")
            with Library.open(library.folder) as second:
                reports.append(second.index(pictures))
                answers.append(len(second.search(1)))

    built = library.upgrade_build(other, on_event=meanwhile)
    assert (reports[0].added, reports[0].removed, answers) == (1, 1, [30])
    assert (built.added, built.missing) == (35, 1)


@pytest.mark.parametrize(
    ("model", "error", "sentence"),
    [
        ("nothing", ModelError, "There is no model 'nothing': choose one of"),
        ("none.onnx", ModelError, "none.onnx"),
        ("present", InputError, "tiny is the present model of the library: name another"),
    ],
)
def test_what_cannot_be_built_is_said(
    library: Library, tiny: Path, model: str, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        library.upgrade_build(tiny if model == "present" else model)
    assert library.upgrades().beside == ()


def test_a_model_whose_weights_are_broken_leaves_nothing_behind(
    library: Library, tmp_path: Path
) -> None:
    broken = tiny_model(tmp_path, seed=2, name="broken")
    broken.write_bytes(b"no graph")
    with pytest.raises(ModelError):
        library.upgrade_build(broken)
    assert library.upgrades().beside == ()


def test_an_empty_library_has_nothing_to_build_from(
    tmp_path: Path, tiny: Path, other: Path
) -> None:
    with (
        Library.open(tmp_path / "empty", model=tiny, create=True) as empty,
        pytest.raises(InputError, match="no pictures yet: `lookalike index FOLDER --model NAME`"),
    ):
        empty.upgrade_build(other)


# --- comparing -----------------------------------------------------------------------------------


def test_models_are_compared_by_what_they_have_in_common(library: Library, other: Path) -> None:
    library.upgrade_build(other)
    found = library.upgrade_compare(k=5)
    ids, rows = library._store.versions()[0], library.embeddings()[1]
    assert (found.images, found.queries, found.k) == (36, 36, 5)
    library.upgrade_switch(other)
    theirs = library.embeddings()[1]
    parts = [len(set(_nearest(rows, at)) & set(_nearest(theirs, at))) / 5 for at in range(len(ids))]
    assert found.overlap == pytest.approx(np.mean(parts), abs=1e-6)
    assert found.spread == pytest.approx(np.std(parts), abs=1e-6)
    back = library.upgrade_compare(k=5)
    assert (back.overlap, back.present, back.other) == (found.overlap, found.other, found.present)
    assert found.judged is not None
    assert back.judged is not None
    assert back.judged.present == found.judged.other
    assert found.judged.other.map == pytest.approx(library.evaluate().map)
    assert found.judged.labels == back.judged.labels == "folders"


def _nearest(rows: np.ndarray[tuple[int, int], np.dtype[np.float32]], at: int) -> list[int]:
    scores = rows @ rows[at]
    scores[at] = -2
    return np.argsort(-scores, kind="stable")[:5].tolist()  # type: ignore[no-any-return]


def test_labels_are_a_file_or_tags_or_folders(
    library: Library, other: Path, tmp_path: Path
) -> None:
    library.upgrade_build(other)
    labels = tmp_path / "labels.csv"
    rows = [f"{name},{'a' if at % 2 else 'b'}" for at, name in enumerate(NAMES)]
    labels.write_text("\n".join(["filename,label", *rows]), "utf-8")
    by_file = library.upgrade_compare(labels=labels).judged
    assert by_file is not None
    assert (by_file.labels, by_file.pictures) == ("file", 36)
    library.mark(*NAMES[:2], add="one")
    assert library.upgrade_compare().judged.labels == "folders"  # type: ignore[union-attr]
    library.mark(*NAMES[2:4], add="two")
    by_tags = library.upgrade_compare().judged
    assert by_tags is not None
    assert (by_tags.labels, by_tags.pictures) == ("tags", 4)
    labels.write_text("filename,label\nunknown.jpg,a\n", "utf-8")
    with pytest.raises(InputError, match="No label belongs to a picture"):
        library.upgrade_compare(labels=labels)


def test_one_picture_is_answered_side_by_side(library: Library, other: Path) -> None:
    library.upgrade_build(other)
    present = library.search(NAMES[3], 6, exact=True)
    pair = library.upgrade_beside(NAMES[3], k=5)
    assert pair.picture.relative == NAMES[3]
    assert list(pair.hits) == [hit for hit in present if hit.record.id != pair.picture.id][:5]
    library.upgrade_switch(other)
    assert _ids(pair.other_hits) == _ids(library.search(pair.picture.id, 5))
    assert pair.shared == len(set(_ids(pair.hits)) & set(_ids(pair.other_hits)))


def test_what_cannot_be_compared_is_said(
    library: Library, other: Path, tmp_path: Path, tiny: Path
) -> None:
    with pytest.raises(InputError, match="beside the present one there lies nothing yet"):
        library.upgrade_compare()
    for call in (library.upgrade_compare, library.upgrade_switch, library.upgrade_drop):
        with pytest.raises(InputError, match=r"no vectors of other beside.*upgrade build other"):
            call(other)
        with pytest.raises(InputError, match="is the present model"):
            call(tiny)
        with pytest.raises(ModelError, match="There is no model 'nothing'"):
            call("nothing")
    library.upgrade_build(other)
    third = tiny_model(tmp_path, seed=3, name="third")
    library.upgrade_build(third)
    with pytest.raises(InputError, match=r"there lies .*other.onnx, .*third.onnx"):
        library.upgrade_compare()
    with pytest.raises(InputError, match="k must be 1 or more"):
        library.upgrade_compare(other, k=0)
    with pytest.raises(ImageNotFoundError):
        library.upgrade_beside("nowhere.png", other)
    library.upgrade_drop(third)
    assert [one.model for one in library.upgrades().beside] == [str(other.resolve())]


def test_a_picture_without_a_vector_is_not_compared(
    library: Library, other: Path, pictures: Path
) -> None:
    (pictures / NAMES[0]).unlink()
    library.upgrade_build(other)
    assert library.upgrade_compare().images == 35
    with pytest.raises(InputError, match=r"has no vector of .*other.onnx"):
        library.upgrade_beside(NAMES[0])


# --- switching -----------------------------------------------------------------------------------


def test_nothing_that_the_owner_did_is_lost(
    library: Library, other: Path, pictures: Path, tiny: Path
) -> None:
    shutil.copy(pictures / NAMES[0], pictures / "copy.png")
    library.index(pictures)
    library.mark(NAMES[4], favourite=True, add=["tagged"])
    library.learn("kinds", folders=True)
    thumbnail = library.thumbnail(1)
    before = library.records(), library.embeddings()[1], library.search(1), library.views()
    in_view = library.search(1, view="kinds", neighbours=3)
    copies = library.duplicates()
    library.upgrade_build(other)
    switched = library.upgrade_switch(other)
    assert (switched.images, switched.blank, switched.former) == (37, 0, str(tiny.resolve()))
    assert (library.model, library.stats().model) == (switched.model, switched.model)
    assert library.records() == before[0]
    assert library.marks(NAMES[4])[0].tags == ("tagged",)
    assert library.duplicates() == copies
    assert library.thumbnail(1) == thumbnail
    assert library.views() == before[3]
    with pytest.raises(ModelMismatchError, match="learned for another model"):
        library.search(1, view="kinds")
    assert _ids(library.search(1, neighbours=3)) != _ids(before[2])
    assert library.search(1).verdict is not None
    assert all(finding.good for finding in library.check())
    library.upgrade_switch(tiny)
    np.testing.assert_array_equal(library.embeddings()[1], before[1])
    assert library.search(1) == before[2]
    assert library.search(1, view="kinds", neighbours=3) == in_view
    assert [one.missing for one in library.upgrades().beside] == [0]


def test_the_parts_of_pictures_wait_for_their_model_and_labels_are_made_again(
    tmp_path: Path, photographs: Path
) -> None:
    with Library.open(tmp_path / "real", create=True) as library:
        library.index(photographs, parts=True)
        every = [record.id for record in library.records()]
        parts, labels = library.search(1, 5, view=PARTS), library.labels(*every)
        library.upgrade_build("efficientnet-lite0")
        former = library.model
        library.upgrade_switch("efficientnet-lite0")
        with pytest.raises(ViewNotFoundError, match="index FOLDER --parts"):
            library.search(1, 5, view=PARTS)
        with Library.open(tmp_path / "second", model="efficientnet-lite0", create=True) as second:
            second.index(photographs)
            assert library.labels(*every) == second.labels(*every) != labels
        library.upgrade_switch(former)
        assert library.search(1, 5, view=PARTS) == parts
        assert library.labels(*every) == labels


def test_labels_go_with_a_model_that_has_none(
    tmp_path: Path, photographs: Path, other: Path
) -> None:
    with Library.open(tmp_path / "real", create=True) as library:
        library.index(photographs)
        cat = library.find("animals/cat.png").id
        assert library.labels(cat) != [()]
        library.upgrade_build(other)
        library.upgrade_switch(other)
        assert library.labels(cat) == [()]
        assert library.facets().labels == ()
        library.upgrade_switch("efficientnet-lite0-int8")
        assert library.labels(cat) != [()]


def test_pictures_that_cannot_be_read_are_left_blank_when_that_is_wanted(
    library: Library, other: Path, pictures: Path, tiny: Path, tmp_path: Path
) -> None:
    gone = pictures / NAMES[0]
    away, kept = gone.replace(tmp_path / "away"), library.embeddings()[1]
    library.upgrade_build(other)
    with pytest.raises(InputError, match=r"1 picture has no vector .*--leave-blank"):
        library.upgrade_switch(other)
    write(pictures, "cats/late.png")
    with Library.open(library.folder) as second:
        second.index(pictures / "cats")  # this one can be read: it is not left blank
    switched = library.upgrade_switch(other, leave_blank=True)
    assert (switched.images, switched.blank) == (36, 1)
    assert library.upgrades().blank == 1
    record = library.find(NAMES[0])
    assert record in library.records()
    assert "1 picture has no" in next(one.text for one in library.check() if not one.good)
    with pytest.raises(ImageError, match="no longer there"):
        library.search(record.id)
    assert record.id not in _ids(library.upgrade_compare(tiny) and library.search(2, 5))
    away.replace(gone)
    assert len(library.search(record.id, 5)) == 5  # its file is read for it
    library.index(pictures)
    assert library.upgrades().blank == 0
    assert library.find(NAMES[0]).id == record.id
    library.upgrade_build(tiny)
    library.upgrade_switch(tiny)
    rows = dict(zip(_relatives(library), library.embeddings()[1], strict=True))
    del rows["cats/late.png"]
    np.testing.assert_allclose(np.array(list(rows.values())), kept, atol=1e-6)


def test_a_blank_picture_is_in_nobody_s_way(library: Library, other: Path, pictures: Path) -> None:
    (pictures / NAMES[0]).unlink()
    library.upgrade_build(other)
    library.upgrade_switch(other, leave_blank=True)
    blank = library.find(NAMES[0]).id
    assert library.search(2, 40)[-1].score < 0 < len(library.search(2, neighbours=3))
    assert {hit.score for hit in library.search(2, 40) if hit.record.id == blank} == {0.0}
    assert len(library.map(method="components")) == 37 - 1
    assert library.duplicates().waiting == 1  # its file, which nobody has looked at
    assert library.search(2, view="whitened")[0].verdict is not None
    with pytest.raises(ImageError, match="no longer there"):
        library.search(blank)


def _relatives(library: Library) -> list[str]:
    return [record.relative for record in library.records()]


def test_imported_vectors_are_upgraded_and_come_back(
    tmp_path: Path, pictures: Path, other: Path
) -> None:
    with Library.open(tmp_path / "imported", dim=5, create=True) as library:
        library.adopt(Features(tuple(NAMES), units(36, 5)), pictures)
        with pytest.raises(ModelError, match="There is no model 'imported'"):
            library.upgrade_build("imported")
        library.upgrade_build(other)
        assert library.upgrade_compare().present == "imported"
        library.upgrade_switch(other)
        assert len(library.search(pictures / NAMES[0], 3)) == 3  # what an imported one cannot
        library.upgrade_switch("imported")
        np.testing.assert_array_equal(library.embeddings()[1], units(36, 5))
        with pytest.raises(ModelError, match="imported features"):
            library.search((pictures / NAMES[0]).read_bytes())


def test_a_model_that_has_changed_since_is_not_switched_to(
    library: Library, other: Path, tmp_path: Path
) -> None:
    library.upgrade_build(other)
    name = library.upgrades().beside[0].model
    tiny_model(tmp_path, seed=7, name="other")
    with pytest.raises(ModelMismatchError, match="other weights or another preprocess"):
        library.upgrade_switch(name)
    assert len(library.search(1)) == 30
    library.upgrade_build(other)  # beside what the file was before
    assert [one.model for one in library.upgrades().beside] == [name, name]
    library.upgrade_drop(name)
    tiny_model(tmp_path, seed=1, name="other")
    other.unlink()
    library.upgrade_switch(name)  # its vectors are there, and what they are is known
    assert len(library.search(1)) == 30


def test_another_writer_is_waited_for_or_told(library: Library, other: Path) -> None:
    library.upgrade_build(other)
    with WriteLock(library.folder), pytest.raises(LibraryBusyError, match="being written to"):
        library.upgrade_switch(other)
    assert library.upgrade_switch(other, wait=1).images == 36


def test_a_library_that_cannot_be_written_to_says_so(pictures: Path, tiny: Path) -> None:
    with open_folder() as top:
        other, folder = tiny_model(top, seed=1, name="other"), top / "library"
        with Library.open(folder, model=tiny, create=True) as library:
            library.index(pictures)
            library.upgrade_build(other)
        with closing_to_all(folder), ordinary_user(), Library.open(folder) as closed:
            assert closed.upgrade_compare().images == 36
            for call in (closed.upgrade_build, closed.upgrade_switch, closed.upgrade_drop):
                with pytest.raises(LibraryReadOnlyError):
                    call(other)


@contextmanager
def closing_to_all(folder: Path) -> Iterator[None]:
    folder.chmod(0o555)
    try:
        yield
    finally:
        folder.chmod(0o755)


# --- those who have it open ----------------------------------------------------------------------


def test_who_has_it_open_is_told_and_who_follows_goes_on(
    library: Library, other: Path, pictures: Path, tiny: Path
) -> None:
    following = Following(library)
    assert following.now() is library
    with Library.open(library.folder) as second:
        second.upgrade_build(other)
        assert following.now() is library
        second.upgrade_switch(other)
        for query in (1, pictures / NAMES[0]):
            with pytest.raises(ModelMismatchError, match="open it again"):
                library.search(query)
        assert following.now() is not library
        assert following.now().search(1) == second.search(1)
        second.upgrade_switch(tiny)
        assert following.now().model == library.model
        second.upgrade_switch(other)
        assert following.now().search(1) == second.search(1)
    following.close()


def test_no_question_is_answered_by_two_models(
    library: Library, other: Path, pictures: Path, tiny: Path
) -> None:
    """Threads ask through one that follows, while another switches to and fro."""
    library.upgrade_build(other)
    query = pictures / NAMES[7]
    right = {library.model: library.search(query, 4)}
    library.upgrade_switch(other)
    right[library.model] = library.search(query, 4)
    following = Following(library.reopened())
    wrong: list[object] = []
    asked = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                now = following.now()
                found = now.search(query, 4)
            except ModelMismatchError:
                continue
            asked.append(1)
            if found != right[now.model]:
                wrong.append(found)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for model in (tiny, other) * 3:
        library.upgrade_switch(model)
    done.set()
    for thread in threads:
        thread.join()
    following.now()
    following.close()
    assert wrong == []
    assert asked


def test_an_encoder_is_loaded_for_no_more_than_it_is_needed(
    library: Library, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.upgrade_build(other)
    monkeypatch.setattr(Encoder, "load", None)
    assert library.upgrade_switch(other).images == 36
    assert len(library.search(1)) == 30
