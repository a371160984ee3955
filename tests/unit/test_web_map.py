"""REST about the map: what is on it, where the points are, and the drawing beside the server."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from lookalike import Library
from lookalike.web import drawing
from tests.maps import write_folders
from tests.served import client_of

CALL, POINTS = "/api/map", "/api/map/points"


@pytest.fixture
def library(tiny: Path, tmp_path: Path) -> Iterator[Library]:
    write_folders(tmp_path / "pictures", "boats", "cats")
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(tmp_path / "pictures")
        yield library


@pytest.fixture
def client(library: Library) -> Iterator[FlaskClient]:
    client = client_of(library)
    yield client
    drawing.of_app(client.application).stop()


def known(client: FlaskClient) -> Any:
    response = client.get(CALL)
    assert response.status_code == 200
    return response.get_json()


def drawn(client: FlaskClient, **query: str) -> Any:
    assert client.post(CALL, query_string=query).status_code == 202
    deadline = time.monotonic() + 30
    while (answer := known(client))["drawing"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return answer


def test_the_map_is_drawn_on_request(client: FlaskClient) -> None:
    before = known(client)
    assert (before["images"], before["waiting"], before["method"]) == (0, 24, None)
    assert client.get(POINTS).get_json()["ids"] == []
    after = drawn(client)
    assert (after["images"], after["waiting"], after["method"]) == (24, 0, "neighbours")
    assert after["install"] is None
    assert sorted(one["name"] for one in after["clusters"]) == ["boats", "cats"]
    first = after["clusters"][0]
    assert first["middle"]["relative"].startswith(f"{first['name']}/")


def test_points_come_as_columns_that_may_be_kept(client: FlaskClient, library: Library) -> None:
    drawn(client)
    response = client.get(POINTS)
    columns = response.get_json()
    assert sorted(columns["ids"]) == [record.id for record in library.records()]
    assert len({len(columns[name]) for name in ("ids", "x", "y", "clusters")}) == 1
    assert max(*columns["x"], *columns["y"]) == columns["side"]
    assert set(columns["clusters"]) == {0, 1}
    found = library.map(draw=False)
    assert columns["x"][0] == round(float(found.places[0, 0]) * columns["side"])
    tag = response.headers["ETag"]
    assert client.get(POINTS, headers={"If-None-Match": tag}).status_code == 304
    drawn(client, rebuild="true")
    assert client.get(POINTS, headers={"If-None-Match": tag}).status_code == 200


def test_a_mark_leaves_the_points_and_renames(client: FlaskClient) -> None:
    before = drawn(client)
    points = client.get(POINTS)
    assert points.headers["ETag"] == f'"{before["points"]}"'
    cats = next(at for at, one in enumerate(before["clusters"]) if one["name"] == "cats")
    columns = points.get_json()
    pairs = zip(columns["ids"], columns["clusters"], strict=True)
    inside = [image for image, cluster in pairs if cluster == cats]
    client.post("/api/marks", json={"images": inside, "add": ["pets"]})
    after = known(client)
    assert after["points"] == before["points"]
    assert after["version"] != before["version"]
    assert after["clusters"][cats]["name"] == "pets"
    tag = points.headers["ETag"]
    assert client.get(POINTS, headers={"If-None-Match": tag}).status_code == 304


def test_rebuild_is_true_or_false(client: FlaskClient) -> None:
    response = client.post(CALL, query_string={"rebuild": "1"})
    assert response.status_code == 400
    assert response.get_json()["detail"] == "rebuild is true or false."


def test_without_the_package_it_says_how_to_get_it(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openTSNE", None)  # as where it is not installed
    answer = drawn(client)
    assert (answer["method"], answer["images"]) == ("components", 24)
    assert answer["install"].startswith("pip install ")


def test_trouble_is_told(client: FlaskClient, library: Library) -> None:
    library.close()
    client.post(CALL)
    job = drawing.of_app(client.application)
    deadline = time.monotonic() + 10
    while job.step() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "open it again" in str(job.trouble())


def test_the_page_is_there(client: FlaskClient) -> None:
    page = client.get("/map")
    assert page.status_code == 200
    for shown in (page, client.get("/")):  # the bar of a selection is on both
        assert b'data-most-examples="32"' in shown.data
        assert b'maxlength="100"' in shown.data
