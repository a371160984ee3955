"""The parts of pictures in a library: kept while indexing, found with a box, forgotten."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike import Example, Filter, Library
from lookalike.errors import ImageError, InputError, ModelError, ViewNotFoundError
from lookalike.indexing import Event, Progress
from lookalike.library import PARTS, Hits, Words
from tests.pictures import textured
from tests.scenes import BOX, overlap, photographs_in, write_scene
from tests.small_libraries import tiny_model


@pytest.fixture(scope="module")
def cat(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cat, which is what is looked for; it is small in one of the pictures beside it."""
    return write_scene(tmp_path_factory.mktemp("scene").resolve() / "pictures", photographs)


@pytest.fixture(scope="module")
def folder(cat: Path) -> Path:
    return cat.with_name("pictures")


@pytest.fixture(scope="module")
def library(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.open(tmp_path_factory.mktemp("library"), create=True) as library:
        library.index(folder, parts=True)
        yield library


def ahead(hits: Hits) -> float:
    """How far the best is above the next."""
    return hits[0].score - hits[1].score


def test_what_fills_an_eighth_is_found_first_and_a_box_says_where(
    library: Library, cat: Path
) -> None:
    hits = library.search(cat, 5, view=PARTS)
    assert hits[0].record.relative == "scene.png"
    assert ahead(hits) > 2 * ahead(library.search(cat, 5))  # the whole is a church
    assert hits[0].box is not None
    assert overlap(hits[0].box, BOX) > 0.5
    assert 0 < hits[0].score < 1
    assert hits[0].distance == pytest.approx((2 - 2 * hits[0].score) ** 0.5, abs=1e-5)


def test_a_picture_of_the_library_finds_itself_whole(library: Library, folder: Path) -> None:
    first, *_ = library.search(folder / "03.png", 3, view=PARTS)
    assert first.record.relative == "03.png"
    assert first.score > 0.999
    assert first.box is None


def test_an_id_leaves_itself_out_and_a_box_of_it_is_looked_for(
    library: Library, folder: Path, cat: Path
) -> None:
    scene = next(one.id for one in library.records() if one.relative == "scene.png")
    assert scene not in [hit.record.id for hit in library.search(scene, 40, view=PARTS)]
    part = library.search(Example(folder / "scene.png", box=BOX), 40, view=PARTS)
    whole = library.search(cat, 40, view=PARTS)
    assert part[0].record.relative == whole[0].record.relative == "scene.png"
    assert part[0].score > whole[1].score


def test_all_answers_filters_and_rankings_agree(library: Library, cat: Path) -> None:
    every = library.answers(cat, 40, view=PARTS)
    assert every.total == 30
    assert [hit.score for hit in every.hits] == sorted((h.score for h in every.hits), reverse=True)
    assert library.answers(cat, 5, offset=5, view=PARTS).hits == every.hits[5:10]
    assert library.ranking(cat, 40, view=PARTS).ids.tolist() == [h.record.id for h in every.hits]
    assert library.search(cat, 3, view=PARTS, where=Filter(min_side=5000)) == []
    assert [hit.box for hit in library.search(cat, 40, view=PARTS)] == [h.box for h in every.hits]


def test_several_pictures_and_words_are_looked_for_together(
    library: Library, folder: Path, cat: Path
) -> None:
    one = [Example(cat), Example(folder / "05.png", -0.5)]
    assert library.search(one, 3, view=PARTS)[0].record.relative == "scene.png"
    assert library.search(Words("a cat"), 3, view=PARTS)[0].record.relative == "scene.png"


def test_answers_are_not_judged(library: Library, cat: Path) -> None:
    found = library.search(cat, 3, view=PARTS)
    assert found.verdict == "not judged"
    assert found.reason is not None
    assert found.reason.startswith("Answers by parts are not judged")
    assert {hit.verdict for hit in found} == {"not judged"}


def test_the_embeddings_are_those_of_a_library_without(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    with Library.open(tmp_path, create=True) as plain:
        plain.index(folder)
        assert np.array_equal(plain.embeddings()[1], library.embeddings()[1])


def test_parts_that_are_wanted_later_are_the_same(
    library: Library, folder: Path, cat: Path, tmp_path: Path
) -> None:
    with Library.open(tmp_path, create=True) as later:
        later.index(folder)
        with pytest.raises(ViewNotFoundError, match="index FOLDER --parts"):
            later.search(cat, view=PARTS)
        report = later.index(folder, parts=True)
        assert report.unchanged == 30
        found, wanted = (one.search(cat, 9, view=PARTS) for one in (later, library))
        assert [hit.record.relative for hit in found] == [hit.record.relative for hit in wanted]
        assert found[0].score == pytest.approx(wanted[0].score, abs=1e-4)


def test_what_comes_and_changes_has_parts_and_what_goes_has_none(
    photographs: Path, cat: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, one in enumerate(photographs_in(photographs)[:6]):
        Image.open(one).convert("RGB").resize((320, 240)).save(folder / f"{number}.png")
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(folder, parts=True)
        Image.open(cat).save(folder / "new.png")
        Image.open(cat).save(folder / "again.png")  # the same content, which is not encoded again
        Image.open(cat).rotate(180).save(folder / "3.png")
        (folder / "0.png").unlink()
        library.index(folder)  # they are kept from now on
        found = library.answers(cat, 9, view=PARTS)
        assert found.total == library.count() == 7
        assert {hit.record.relative for hit in found.hits[:2]} == {"new.png", "again.png"}
        assert found.hits[0].score > 0.999
        assert [note.name for note in library.views()] == [PARTS]


def test_a_few_pictures_do_not_tell_for_ever_how_parts_vary(
    photographs: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    with Library.open(tmp_path / "library", create=True) as library:
        drawn = []
        for number in range(9):
            textured(seed=number).save(folder / f"{number}.png")
            if number in (1, 3, 8):
                library.index(folder, parts=True)
                drawn.append(library.views()[0].about["pictures"])
                assert library.answers(folder / "0.png", view=PARTS).total == number + 1
    assert drawn == [2, 2, 9]


def test_a_run_that_is_stopped_is_completed_by_the_next(
    folder: Path, cat: Path, tmp_path: Path
) -> None:
    stop = threading.Event()

    def after_some(event: Event) -> None:
        if isinstance(event, Progress) and event.done:
            stop.set()

    with Library.open(tmp_path, create=True) as library:
        library.index(folder)
        library.index(folder, parts=True, stop=stop, on_event=after_some)
        found = library.answers(cat, view=PARTS)
        assert 0 < found.total < 30
        assert found.reason is not None
        assert f"{30 - found.total} pictures have no parts yet" in found.reason
        assert found.lacking == library.search(cat, view=PARTS).lacking == 30 - found.total
        library.index(folder)
        assert library.answers(cat, view=PARTS).total == 30
        assert library.answers(cat, view=PARTS).lacking == 0
        assert library.answers(cat).lacking is None


@pytest.mark.parametrize("way", ["index", "forget"])
def test_parts_are_forgotten(way: str, cat: Path, photographs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        textured(seed=number).save(folder / f"{number}.png")
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(folder, parts=True)
        if way == "index":
            library.index(folder, parts=False)
        else:
            library.forget_view(PARTS)
        assert library.views() == []
        with pytest.raises(ViewNotFoundError):
            library.search(cat, view=PARTS)
        library.index(folder)
        assert library.views() == []


def test_parts_are_no_space_of_pictures(library: Library, cat: Path) -> None:
    with pytest.raises(InputError, match="without neighbours"):
        library.search(cat, view=PARTS, neighbours=5)
    with pytest.raises(InputError, match="for searching"):
        library.evaluate(view=PARTS)
    with pytest.raises(InputError, match="give a picture"):
        library.search(None, view=PARTS)
    with pytest.raises(InputError, match="take another"):
        library.learn(PARTS, folders=True)


def test_a_file_that_is_gone_cannot_be_looked_for(photographs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        textured(seed=number).save(folder / f"{number}.png")
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(folder, parts=True)
        (folder / "1.png").unlink()
        gone = next(one.id for one in library.records() if one.relative == "1.png")
        with pytest.raises(ImageError, match=r"1\.png"):
            library.search(gone, view=PARTS)


def test_a_model_that_sees_no_regions_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    textured().save(folder / "one.png")
    model = tiny_model(tmp_path)
    with (
        Library.open(tmp_path / "library", model=model, create=True) as library,
        pytest.raises(ModelError, match="region by region"),
    ):
        library.index(folder, parts=True)
