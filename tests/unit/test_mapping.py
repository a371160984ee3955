"""Vectors → places that keep neighbours together, clusters and their names, kept and extended."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lookalike import mapping
from lookalike.errors import MissingExtraError
from lookalike.mapping import Chart, Drawing, Source, draw
from lookalike.mapping.components import components
from lookalike.mapping.layout import lay_out
from lookalike.mapping.placing import among
from lookalike.stores.base import Embedding, Ids
from tests.maps import clustered


def source(rows: Embedding, ids: Ids | None = None, **options: object) -> Source:
    """A library of these rows, whose ids are 1, 2, ... and versions the same times ten."""
    numbers = np.arange(1, len(rows) + 1) if ids is None else ids
    place = {image: at for at, image in enumerate(numbers.tolist())}

    def blocks(wanted: Ids) -> Iterator[tuple[Ids, Embedding]]:
        for some in np.array_split(wanted, max(1, len(wanted) // 7)):
            yield some, rows[[place[image] for image in some.tolist()]]

    return Source(numbers, 10 * numbers, rows.shape[1], blocks, **options)  # type: ignore[arg-type]


def drawn(rows: Embedding, method: str | None = "components") -> Chart:
    chart = draw(source(rows), None, method)
    assert chart is not None
    return chart


def nearest(places: np.ndarray, at: int) -> int:
    away = np.linalg.norm(places - places[at], axis=1)
    away[at] = np.inf
    return int(away.argmin())


# ---- components


def test_components_are_the_directions_of_greatest_variance() -> None:
    rows = clustered(5, 40) * np.linspace(1, 3, 32, dtype=np.float32)
    found = components(np.array_split(rows, 3), 32)
    wanted = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)[2]
    assert np.allclose(found.mean, rows.mean(axis=0), atol=1e-6)
    assert np.allclose(np.abs(np.sum(found.axes[:, :4].T * wanted[:4], axis=1)), 1, atol=1e-4)
    assert np.allclose(found.axes.T @ found.axes, np.eye(32), atol=1e-5)


def test_the_same_rows_have_the_same_components() -> None:
    rows = clustered(3, 20)
    one, other = components([rows], 32), components([rows], 32)
    assert np.array_equal(one.axes, other.axes)


# ---- layout


def test_the_layout_keeps_neighbours_and_is_the_same_again() -> None:
    rows = clustered(4, 30)
    told: list[int] = []
    places = lay_out(rows, tell=told.append)
    assert places.shape == (120, 2)
    assert places.dtype == np.float32
    assert all(nearest(places, at) // 30 == at // 30 for at in range(120))
    assert told == sorted(told)
    assert told[-1] == mapping.ROUNDS
    assert np.allclose(lay_out(rows), places)


def test_a_layout_can_be_stopped() -> None:
    stop, told = threading.Event(), []

    def tell(drawing: Drawing) -> None:
        told.append(drawing)
        if drawing.doing == "arranging" and drawing.done > 0:
            stop.set()

    assert draw(source(clustered(3, 20), tell=tell, stop=stop), None, "neighbours") is None
    assert told[-1].done < mapping.ROUNDS


def test_without_the_package_there_is_a_plain_map_and_a_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "openTSNE", None)  # as where it is not installed
    assert not mapping.is_possible()
    assert drawn(clustered(3, 20), None).method == "components"
    with pytest.raises(MissingExtraError, match="needs one more package") as told:
        drawn(clustered(3, 20), "neighbours")
    assert mapping.INSTALL in str(told.value)


# ---- places among others


def test_a_new_row_lies_among_its_neighbours_and_not_between_two_clusters() -> None:
    rows = clustered(2, 30, seed=3)
    places = np.repeat(np.array([[0, 0], [10, 0]], np.float32), 30, axis=0)
    places += np.random.default_rng(0).normal(0, 0.1, places.shape).astype(np.float32)
    new = clustered(2, 33, seed=3)[[30, 31, 32, 63, 64, 65]]
    found = among(np.concatenate([rows[:1], rows[59:], new]), rows, places)
    assert np.abs(found[0] - places[0]).max() < 0.5
    assert np.abs(found[1] - places[59]).max() < 0.5
    assert all(min(abs(x), abs(x - 10)) < 0.5 for x in found[:, 0].tolist())


# ---- drawing and extending


@pytest.mark.parametrize("method", mapping.METHODS)
def test_new_pictures_find_places_and_the_others_stay(method: str) -> None:
    rows = clustered(3, 40, seed=1)
    some = np.setdiff1d(np.arange(120), np.arange(0, 120, 10))  # all but twelve
    first = draw(source(rows[some], some + 1), None, method)
    second = draw(source(rows), first, method)
    assert first is not None
    assert second is not None
    assert np.array_equal(second.places[: len(first.ids)], first.places)
    assert sorted(second.ids.tolist()) == list(range(1, 121))
    assert second.versions.tolist() == (10 * second.ids).tolist()
    cluster = (second.ids - 1) // 40
    for at in range(len(first.ids), 120):
        assert cluster[nearest(second.places, at)] == cluster[at]
    assert draw(source(rows), second, method) is second


def test_a_changed_picture_gets_another_place_and_a_removed_one_vanishes() -> None:
    rows = clustered(3, 40, seed=1)
    before = drawn(rows)
    rows[0] = rows[80]
    now = source(rows[:119])
    changed = replace(now, versions=np.where(now.ids == 1, 7, now.versions))
    assert mapping.standing(before, changed.ids, changed.versions).missing.tolist() == [1]
    after = draw(changed, before, "components")
    assert after is not None
    standing = mapping.standing(after, changed.ids, changed.versions)
    assert (len(standing.rows), len(standing.missing)) == (119, 0)
    place = dict(zip(after.ids[standing.rows].tolist(), after.places[standing.rows], strict=True))
    assert np.allclose(place[1], place[81], atol=1e-4)


def test_much_that_is_new_or_gone_lays_everything_out_anew() -> None:
    rows = clustered(3, 40, seed=2)
    known = drawn(rows[:90])
    few = mapping.standing(known, np.arange(1, 106), 10 * np.arange(1, 106))
    many = mapping.standing(known, np.arange(1, 121), 10 * np.arange(1, 121))
    left = mapping.standing(known, np.arange(1, 61), 10 * np.arange(1, 61))
    assert [mapping.fits(known, one, "components") for one in (few, many, left)] == [
        True, False, False
    ]  # fmt: skip
    assert not mapping.fits(known, few, None)  # the better method has become possible
    again = draw(source(rows), known, "components")
    assert again is not None
    assert again.drawn == 120
    assert len(again.anchors) == 120


def test_a_large_library_is_laid_out_by_some_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookalike.mapping.drawing.MOST", 40)
    rows = clustered(3, 40, seed=1)
    told: list[Drawing] = []
    chart = draw(source(rows, tell=told.append), None, "neighbours")
    assert chart is not None
    assert (len(chart.anchors), len(chart.ids), chart.drawn) == (40, 120, 120)
    assert {one.doing for one in told} == {"reading", "arranging", "placing"}
    cluster = (chart.ids - 1) // 40
    assert all(cluster[nearest(chart.places, at)] == cluster[at] for at in range(120))


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_handful_has_places_too(number: int) -> None:
    chart = drawn(clustered(1, number)) if number else drawn(np.empty((0, 32), np.float32))
    assert chart.places.shape == (number, 2)
    assert np.isfinite(chart.places).all()
    assert mapping.clusters_of(chart.places).belongs.tolist() == [-1] * number


# ---- clusters


def blobs(*sizes: int) -> np.ndarray:
    chance = np.random.default_rng(0)
    middles = [(0, 0), (8, 0), (0, 8)][: len(sizes)]
    made = [
        chance.normal(middle, 0.6, (size, 2)) for middle, size in zip(middles, sizes, strict=True)
    ]
    return np.concatenate(made).astype(np.float32)


def test_clusters_are_hills_the_largest_first() -> None:
    found = mapping.clusters_of(blobs(300, 500, 100))
    assert len(found.middles) == 3
    parts = np.split(found.belongs, [300, 800])
    for part, number in zip(parts, (1, 0, 2), strict=True):
        assert np.mean(part == number) > 0.9
    assert found.belongs[found.middles].tolist() == [0, 1, 2]


def test_one_hill_with_a_rough_top_is_one_cluster() -> None:
    found = mapping.clusters_of(blobs(2000))
    assert len(found.middles) == 1


def test_what_lies_alone_belongs_nowhere() -> None:
    alone = np.array([[5, 5], [-4, 9]], np.float32)
    found = mapping.clusters_of(np.concatenate([blobs(400, 400), alone]))
    assert found.belongs[-2:].tolist() == [-1, -1]


def test_pictures_at_one_place_are_no_trouble() -> None:
    assert len(mapping.clusters_of(np.zeros((50, 2), np.float32)).middles) == 1


# ---- names


def test_a_cluster_is_called_by_what_is_telling() -> None:
    belongs = np.repeat(np.array([0, 1, 2, -1], np.int32), 10)
    rows = np.arange(40)
    labels = {
        "all": rows,  # says nothing: everything has it
        "roses": rows[:9],
        "some roses": rows[:6],
        "half": rows[10:14],  # too few of the cluster
        "nowhere": rows[30:],
    }
    assert mapping.telling(list(labels), list(labels.values()), belongs) == ["roses", None, None]


# ---- kept


def test_a_chart_is_kept_for_its_model(tmp_path: Path) -> None:
    chart = drawn(clustered(3, 20))
    mapping.save(tmp_path, "a model", chart)
    again = mapping.load(tmp_path, "a model")
    assert again is not None
    assert (again.method, again.drawn) == (chart.method, chart.drawn)
    for name in ("ids", "versions", "places", "anchors"):
        assert np.array_equal(getattr(again, name), getattr(chart, name))
    assert np.array_equal(again.components.axes, chart.components.axes)
    assert mapping.load(tmp_path, "another") is None
    assert mapping.load(tmp_path / "nothing", "a model") is None
    assert [file.name for file in mapping.file_in(tmp_path).parent.iterdir()] == ["chart.npz"]


@pytest.mark.parametrize("keep", [0, 10, 0.5])
def test_a_damaged_file_is_as_none(
    keep: float, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mapping.save(tmp_path, "a model", drawn(clustered(3, 20)))
    file = mapping.file_in(tmp_path)
    content = file.read_bytes()
    file.write_bytes(content[: int(keep if keep >= 1 else keep * len(content))])
    assert mapping.load(tmp_path, "a model") is None
    assert "drawn anew" in caplog.text


def test_where_nothing_can_be_written_it_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "map").write_text("in the way")
    mapping.save(tmp_path, "a model", drawn(clustered(3, 20)))
    assert "not kept" in caplog.text
