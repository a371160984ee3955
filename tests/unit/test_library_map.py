"""`Library.map`: pictures in folders → a plane that follows the library, and clusters by name."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lookalike import Library, mapping
from lookalike.errors import InputError
from lookalike.library import Drawing, PictureMap
from tests.maps import write_folders

FOLDERS = ("boats", "cats", "deserts")


@pytest.fixture(scope="module")
def full(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of three kinds, and a library of them with a map. Never changed."""
    base = tmp_path_factory.mktemp("full")
    write_folders(base / "pictures", *FOLDERS)
    with Library.open(base / "library", model=tiny, create=True) as library:
        library.index(base / "pictures")
        library.map()
    return base


@pytest.fixture
def base(tiny: Path, tmp_path: Path) -> Path:
    """The same with a plain map, to be changed."""
    write_folders(tmp_path / "pictures", *FOLDERS)
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(tmp_path / "pictures")
        library.map(method="components")
    return tmp_path


@pytest.fixture
def library(base: Path) -> Iterator[Library]:
    with Library.open(base / "library") as library:
        yield library


def places(library: Library, found: PictureMap) -> dict[str, tuple[float, float]]:
    names = {one.id: one.relative for one in library.records()}
    rows = zip(found.ids.tolist(), found.places.tolist(), strict=True)
    return {names[image]: (x, y) for image, (x, y) in rows}


def test_the_map_is_kept_and_has_its_clusters_by_folder(full: Path) -> None:
    with Library.open(full / "library") as library:
        found = library.map(draw=False)
        assert (len(found), found.waiting, found.method) == (36, 0, "neighbours")
        assert found.places.min() >= 0
        assert found.places.max() <= 1
        assert sorted(str(one.name) for one in found.clusters) == list(FOLDERS)
        assert [one.images for one in found.clusters] == [12, 12, 12]
        for cluster in found.clusters:
            assert cluster.middle is not None
            assert cluster.middle.relative.startswith(f"{cluster.name}/")
        folder = [library.record(image).relative.split("/")[0] for image in found.ids.tolist()]
        assert len(set(zip(folder, found.belongs.tolist(), strict=True))) == 3
        assert library.map(draw=False) is found


def test_tags_name_clusters_before_folders_do(full: Path, tmp_path: Path) -> None:
    shutil.copytree(full / "library", tmp_path / "library")
    with Library.open(tmp_path / "library") as library:
        pictures = {one.relative: one for one in library.records()}
        cats = [one for name, one in pictures.items() if name.startswith("cats/")]
        before = library.map(draw=False).version
        library.mark(*cats[:5], add=["asleep"])  # of fewer than half: it tells nothing
        library.mark(*pictures.values(), add=["mine"])  # of all: neither does that
        library.mark(*cats, add=["pets"])
        found = library.map(draw=False)
        assert sorted(str(one.name) for one in found.clusters) == ["boats", "deserts", "pets"]
        assert found.version != before


def test_marks_change_names_and_leave_the_points(library: Library) -> None:
    before = library.map(draw=False)
    cats = [one for one in library.records() if one.relative.startswith("cats/")]
    library.mark(*cats, add=["pets"])
    after = library.map(draw=False)
    assert after.plane is before.plane is library.plane()
    assert after.version != before.version
    assert "pets" in [one.name for one in after.clusters]
    library.mark(*cats, remove=["pets"])
    assert [one.name for one in library.map(draw=False).clusters] == [
        one.name for one in before.clusters
    ]


def test_a_folder_that_moves_names_its_cluster_anew(base: Path, library: Library) -> None:
    before = library.map(draw=False)
    (base / "pictures" / "cats").rename(base / "pictures" / "lions")
    library.index(base / "pictures")
    after = library.map(draw=False)
    names = {"cats": "lions"}
    assert [one.name for one in after.clusters] == [
        names.get(str(one.name), one.name) for one in before.clusters
    ]


def test_before_it_is_drawn_all_wait(tiny: Path, tmp_path: Path) -> None:
    write_folders(tmp_path / "pictures", "cats")
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        empty = library.map()
        assert (len(empty), empty.waiting, empty.method, empty.clusters) == (0, 0, None, ())
        library.index(tmp_path / "pictures")
        known = library.map(draw=False)
        assert (len(known), known.waiting, known.method) == (0, 12, None)
        assert known.version != empty.version


def test_new_pictures_join_their_neighbours_and_removed_ones_vanish(
    library: Library, base: Path
) -> None:
    before = places(library, library.map(rebuild=True))
    write_folders(base / "pictures", "cats", each=3, first=12)
    (base / "pictures" / "boats" / "000.png").unlink()
    library.index(base / "pictures")
    waiting = library.map(draw=False)
    assert (len(waiting), waiting.waiting) == (35, 3)
    after = library.map()
    assert (len(after), after.waiting) == (38, 0)
    assert len({waiting.version, after.version}) == 2
    now = places(library, after)
    assert "boats/000.png" not in now
    for name in ("012", "013", "014"):
        away = {
            other: float(np.hypot(*np.subtract(now[f"cats/{name}.png"], now[other])))
            for other in before.keys() & now.keys()
        }
        assert min(away, key=away.__getitem__).startswith("cats/")


def test_another_process_that_draws_is_seen(library: Library) -> None:
    before = library.map(draw=False)
    with Library.open(library.folder) as other:
        other.map()
    after = library.map(draw=False)
    assert (before.method, after.method) == ("components", "neighbours")
    assert before.version != after.version


def test_what_is_stopped_leaves_the_map_as_it_was(library: Library) -> None:
    before = library.map(draw=False)
    stop = threading.Event()
    stop.set()
    assert library.map(rebuild=True, stop=stop) is before


def test_progress_is_told(library: Library) -> None:
    told: list[Drawing] = []
    library.map(rebuild=True, on_step=told.append)
    assert [one.doing for one in told] == sorted(
        (one.doing for one in told), key=["reading", "arranging", "placing"].index
    )
    last = told[-1]
    assert last.done == last.total


def test_there_are_two_methods(library: Library) -> None:
    with pytest.raises(InputError, match="neighbours or components"):
        library.map(method="magic")


def test_the_cache_may_be_deleted(library: Library) -> None:
    shutil.rmtree(mapping.file_in(library.folder / "cache").parent)
    assert library.map(draw=False).method is None
    assert library.map(method="components").method == "components"
