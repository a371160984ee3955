"""Pictures in folders → views that are learned, and searches in these and with neighbours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lookalike import Filter, Library
from lookalike.errors import InputError, ModelMismatchError, ViewNotFoundError
from lookalike.library import MOST_NEIGHBOURS, WHITENED
from lookalike.neighbours import folder_in
from tests.maps import write_folders
from tests.small_libraries import tiny_model

KINDS = ("boats", "cats", "deserts")
NOISE = 60  # so much that pictures of one kind hardly find each other


@pytest.fixture(scope="module")
def full(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of three kinds, and a library of them. Never changed."""
    base = tmp_path_factory.mktemp("full").resolve()
    write_folders(base / "pictures", *KINDS, noise=NOISE)
    with Library.open(base / "library", model=tiny, create=True) as library:
        library.index(base / "pictures")
    return base


@pytest.fixture
def base(full: Path, tmp_path: Path) -> Path:
    """The same pictures, and a library of them to be changed."""
    shutil.copytree(full / "library", tmp_path / "library")
    return tmp_path


@pytest.fixture
def library(base: Path) -> Iterator[Library]:
    with Library.open(base / "library") as library:
        yield library


def kinds_of(library: Library, number: int = 1, **how: object) -> list[str]:
    """The folders of the answers to a picture."""
    hits = library.search(number, 11, **how)  # type: ignore[arg-type]
    return [hit.record.relative.split("/")[0] for hit in hits]


# ---- neighbours


def test_scores_are_cosines_of_what_pictures_stand_for(library: Library) -> None:
    alone = library.search(3, 35, view=WHITENED)
    around = library.search(3, 35, neighbours=5)
    assert len(alone) == len(around) == 35  # all but itself
    for hits in (alone, around):
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)
        assert all(-1 <= score <= 1 for score in scores)
        for hit in hits:
            assert hit.distance == pytest.approx((2 - 2 * hit.score) ** 0.5, abs=2e-6)
    assert around[0].score > alone[0].score
    assert kinds_of(library, 3, neighbours=5).count("boats") >= kinds_of(library, 3).count("boats")


def test_they_compose_with_filters_stretches_folding_and_distributions(library: Library) -> None:
    every = library.answers(3, 100, neighbours=3, distribution=True)
    assert every.total == 35
    assert every.distribution is not None
    assert sum(every.distribution.counts) == 35
    ids = [hit.record.id for hit in every.hits]
    parts = [
        library.answers(3, 10, offset=offset, neighbours=3).hits for offset in range(0, 35, 10)
    ]
    assert [hit.record.id for part in parts for hit in part] == ids
    library.mark(*ids[5:8], add="some")
    tagged = library.search(3, 10, where=Filter(tags=("some",)), neighbours=3)
    assert [hit.record.id for hit in tagged] == ids[5:8]
    assert [hit.score for hit in tagged] == [hit.score for hit in every.hits[5:8]]
    folded = library.answers(3, 100, neighbours=3, fold=True)
    assert (folded.folded, folded.total) == (0, 35)


def test_it_follows_the_library_and_asks_the_cache(
    full: Path, library: Library, base: Path
) -> None:
    before = [hit.record.id for hit in library.search(3, 35, neighbours=3)]
    write_folders(base / "more", "boats", each=3, first=40)
    library.index(base / "more")
    after = library.search(3, 50, neighbours=3)
    assert len(after) == 38
    assert {hit.record.id for hit in after} > set(before)
    library.forget(base / "more")
    assert [hit.record.id for hit in library.search(3, 50, neighbours=3)] == before
    with Library.open(base / "library") as other:
        assert [hit.record.id for hit in other.search(3, 50, neighbours=3)] == before
    notes = list(folder_in(base / "library" / "cache").glob("*.json"))
    assert len(notes) == 1
    # a cache that is damaged is made again
    for file in folder_in(base / "library" / "cache").glob("*/near.npy"):
        file.write_bytes(file.read_bytes()[:-9])
    with Library.open(base / "library") as other:
        assert [hit.record.id for hit in other.search(3, 50, neighbours=3)] == before


def test_who_only_reads_is_answered_too(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Library.open(base / "library") as library:
        before = library.search(3, 10, neighbours=3)
        shutil.rmtree(folder_in(base / "library" / "cache"))
    with Library.open(base / "library") as library:
        monkeypatch.setattr(type(library._store), "read_only", True)
        assert library.search(3, 10, neighbours=3) == before
    assert not folder_in(base / "library" / "cache").exists()


@pytest.mark.parametrize("count", [-1, MOST_NEIGHBOURS + 1])
def test_a_number_of_neighbours_that_is_none(library: Library, count: int) -> None:
    with pytest.raises(InputError, match=f"from 0 to {MOST_NEIGHBOURS}, not {count}"):
        library.search(1, neighbours=count)
    with pytest.raises(InputError, match="neighbours is a number"):
        library.evaluate(neighbours=count)


def test_a_library_without_pictures_has_no_answers(tiny: Path, tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        (tmp_path / "one.png").write_bytes(b"")
        write_folders(tmp_path / "other", "boats", each=1)
        query = next((tmp_path / "other").rglob("*.png"))
        assert library.search(query, neighbours=3) == []


# ---- classes


def test_a_view_is_learned_kept_used_and_forgotten(library: Library, base: Path) -> None:
    learned = library.learn("kinds", folders=True)
    assert (learned.name, learned.kind) == ("kinds", "classes")
    assert (learned.pictures, learned.classes, learned.left_out) == (36, 3, 0)
    assert learned.after > learned.before
    (note,) = library.views()
    assert (note.name, note.about["after"]) == ("kinds", learned.after)
    best = library.search(3, 10, view="kinds")
    with Library.open(base / "library") as other:
        assert other.search(3, 10, view="kinds") == best
    assert kinds_of(library, 3, view="kinds").count("boats") > kinds_of(library, 3).count("boats")
    around = kinds_of(library, 3, view="kinds", neighbours=3)
    assert around.count("boats") > kinds_of(library, 3).count("boats")
    library.forget_view("kinds")
    assert library.views() == []
    with pytest.raises(ViewNotFoundError, match=r"no view 'kinds' in this library: it has white"):
        library.search(3, view="kinds")
    with pytest.raises(ViewNotFoundError, match="`lookalike views` lists them"):
        library.forget_view("kinds")


def test_a_view_that_is_learned_again_replaces_the_first(library: Library) -> None:
    library.learn("kinds", folders=True)
    before = library.search(3, 35, view="kinds")
    boats, cats = (
        [one.id for one in library.records() if one.relative.startswith(kind)]
        for kind in ("boats", "cats")
    )
    library.mark(*boats, add="sea")
    library.mark(*cats[:6], add="house")
    library.mark(*cats[6:8], add=["house", "sea"])
    learned = library.learn("kinds", tags=True)
    assert (learned.pictures, learned.classes, learned.left_out) == (18, 2, 2)
    assert library.search(3, 35, view="kinds") != before


def test_evaluation_is_in_a_view_and_with_neighbours(library: Library) -> None:
    plain = library.evaluate()
    library.learn("kinds", folders=True)
    assert library.evaluate(view="kinds").map > plain.map
    assert library.evaluate(neighbours=5).map > plain.map
    with pytest.raises(ViewNotFoundError):
        library.evaluate(view="other")


def test_labels_of_a_file_and_what_they_lack(library: Library, base: Path) -> None:
    def labels(*rows: str) -> Path:
        file = base / "labels.csv"
        file.write_text("\n".join(["file,label", *rows]))
        return file

    some = [f"{kind}/{number:03}.png,{kind}" for kind in KINDS for number in range(11)]
    assert library.learn("kinds", labels=labels(*some, "gone.png,cats")).pictures == 33
    for rows, why in (
        (some[:11], r"have the same, 'boats': a view needs two classes"),
        (some[:3] + some[11:14], "label 4 pictures in two classes at least"),
        (["gone.png,cats"], "No label belongs to a picture"),
        ([*some, "boats/000.png,cats"], "labels"),
    ):
        with pytest.raises(InputError, match=why):
            library.learn("other", labels=labels(*rows))
    assert [one.name for one in library.views()] == ["kinds"]


def test_what_does_not_help_is_refused_and_not_kept(library: Library, base: Path) -> None:
    chance = np.random.default_rng(4)
    named = chance.permutation(["odd", "even"] * 18).tolist()
    rows = [f"{one.relative},{label}" for one, label in zip(library.records(), named, strict=True)]
    file = base / "labels.csv"
    file.write_text("\n".join(["file,label", *rows]))
    with pytest.raises(InputError, match="would not help: pictures that were held out"):
        library.learn("odd", labels=file)
    assert library.views() == []


# ---- what is liked


def test_what_is_liked_is_searched_alone_and_with_a_picture(library: Library) -> None:
    cats = [one for one in library.records() if one.relative.startswith("cats")]
    learned = library.learn("cats", liked=cats[:3], unliked=["boats/001.png"])
    assert (learned.kind, learned.pictures, learned.before) == ("liked", 4, 0.5)
    assert learned.after > 0.8
    alone = library.search(None, 12, view="cats")
    assert sum(hit.record.relative.startswith("cats") for hit in alone) > 6
    assert library.search(None, 12, view="cats", neighbours=3)[0].score > 0.5
    assert kinds_of(library, cats[5].id, view="cats").count("cats") > 6
    library.mark(*cats[:4], favourite=True)
    assert library.learn("best", favourites=True).pictures == 4


def test_a_view_of_classes_cannot_be_asked_alone(library: Library) -> None:
    library.learn("kinds", folders=True)
    for view in ("kinds", None):
        with pytest.raises(InputError, match="nothing to search with"):
            library.search(None, view=view)


def test_clicks_that_say_nothing_are_refused(library: Library) -> None:
    named = {one.relative: one for one in library.records()}
    boat, cat = named["boats/001.png"], named["cats/001.png"]
    for how, why in (
        ({"liked": [boat]}, "one alone is a search"),
        ({"liked": [], "unliked": [boat]}, "Name two pictures that are liked"),
        ({"liked": [boat, cat], "unliked": [boat]}, "both liked and not liked"),
        ({"favourites": True}, "no favourites"),
        ({"tags": True}, "No picture has a label"),
        ({}, "Say what to learn from"),
        ({"tags": True, "folders": True}, "one of labels, folders"),
    ):
        with pytest.raises(InputError, match=why):
            library.learn("clicks", **how)
    at_random = np.random.default_rng(0).permutation(list(named)).tolist()
    with pytest.raises(InputError, match="would not help: a picture that is liked"):
        library.learn("clicks", liked=at_random[:9], unliked=at_random[9:18])
    assert library.views() == []


# ---- names, and other models


@pytest.mark.parametrize("name", ["", " x", "x ", "-x", "a\nb", "x" * 61])
def test_a_name_that_is_none(library: Library, name: str) -> None:
    with pytest.raises(InputError, match="is no name for a view"):
        library.learn(name, folders=True)


def test_the_name_of_what_every_library_has_is_taken(library: Library) -> None:
    with pytest.raises(InputError, match="'whitened' is that of a view of its own"):
        library.learn(WHITENED, folders=True)
    library.learn("odd/name .. ☂", folders=True)  # what no file could be called
    assert len(library.search(1, 5, view="odd/name .. ☂")) == 5


def test_a_view_of_another_model_is_refused(library: Library, tmp_path: Path) -> None:
    library.learn("kinds", folders=True)
    kept = library._store.view("kinds")
    assert kept is not None
    other = tiny_model(tmp_path, seed=5, name="other")
    write_folders(tmp_path / "pictures", *KINDS)
    with Library.open(tmp_path / "others", model=other, create=True) as library:
        library.index(tmp_path / "pictures")
        library._store.keep_view(kept)
        with pytest.raises(ModelMismatchError, match="learned for another model"):
            library.search(1, view="kinds")


def test_who_asks_what_is_liked_is_told_how_likely(library: Library) -> None:
    cats = [f"cats/{at:03}.png" for at in range(11)]
    learned = library.learn("cats", liked=cats)
    assert learned.odds is not None
    hits = library.search(None, 36, view="cats")
    told = [hit.liked for hit in hits]
    assert told == [round(float(learned.odds.of(hit.score)), 6) for hit in hits]
    assert told == sorted(told, reverse=True)  # type: ignore[type-var]
    cat = np.array(["cats" in hit.path for hit in hits])
    assert np.array(told, float)[cat].mean() > 0.5
    assert np.array(told, float)[~cat].mean() < 0.2
    folded = library.answers(None, 3, view="cats", fold=True, where=Filter(text="boats")).hits
    assert all(hit.liked is not None for hit in folded)
    # beside a picture, and with neighbours, scores are others
    assert {hit.liked for hit in library.search(3, 5, view="cats")} == {None}
    assert {hit.liked for hit in library.search(None, 5, view="cats", neighbours=5)} == {None}


def test_too_little_in_common_is_not_told(library: Library) -> None:
    cats = [f"cats/{at:03}.png" for at in range(2)]
    assert library.learn("two", liked=cats).odds is None
    assert {hit.liked for hit in library.search(None, 5, view="two")} == {None}
