"""REST about duplicates: the groups, the search beside the server, and decisions."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from lookalike import Library
from lookalike.web import looking
from tests.copies import cropped, scene, write
from tests.served import client_of, id_of

CALL, LOOK, DECISIONS = (f"/api/duplicates{tail}" for tail in ("", "/look", "/decisions"))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Three scenes, a crop of the first, and an exact copy of the second."""
    pictures = tmp_path / "pictures"
    for seed in range(3):
        write(pictures, f"{seed}", scene(seed), quality=97)
    write(pictures, "crop", cropped(scene(0)))
    shutil.copy(pictures / "1.jpg", pictures / "copy of 1.jpg")
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(pictures)
        yield library


@pytest.fixture
def client(library: Library) -> Iterator[FlaskClient]:
    client = client_of(library)
    yield client
    looking.of_app(client.application).stop()


def known(client: FlaskClient, **query: Any) -> Any:
    response = client.get(CALL, query_string=query)
    assert response.status_code == 200
    return response.get_json()


def looked(client: FlaskClient) -> Any:
    assert client.post(LOOK).status_code == 202
    deadline = time.monotonic() + 30
    while (answer := known(client))["looking"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return answer


def test_copies_are_folded_into_one_hit(client: FlaskClient, library: Library) -> None:
    def folded(**how: Any) -> Any:
        asked = {"id": id_of(library, "2.jpg"), "fold": True, **how}
        return client.post("/api/search", json=asked).get_json()

    before = folded()
    assert (before["total"], before["folded"], before["waiting"]) == (3, 1, 5)
    looked(client)
    after = folded()
    assert (after["total"], after["folded"], after["waiting"]) == (2, 2, 0)
    names = [[one["relative"] for one in (hit, *hit["copies"])] for hit in after["hits"]]
    assert sorted(map(sorted, names)) == [["0.jpg", "crop.jpg"], ["1.jpg", "copy of 1.jpg"]]
    assert [folded(k=1, offset=at)["hits"][0] for at in (0, 1)] == after["hits"]
    plain = folded(fold=False)
    assert {"total", "folded", "waiting"}.isdisjoint(plain)
    assert all("copies" not in hit for hit in plain["hits"])
    assert client.post("/api/search", json={"id": 1, "fold": 1}).status_code == 400


def test_exact_copies_are_known_at_once_and_near_ones_after_a_look(client: FlaskClient) -> None:
    before = known(client)
    assert (before["total"], before["copies"], before["waiting"]) == (1, 1, 5)
    answer = looked(client)
    assert (answer["total"], answer["copies"], answer["waiting"]) == (2, 2, 0)
    assert answer["spare"] == sum(group["spare"] for group in answer["groups"])
    hows = {group["copies"][0]["how"][0]: group for group in answer["groups"]}
    assert hows.keys() == {"exact", "cropped"}
    assert hows["cropped"]["best"]["relative"] == "0.jpg"
    assert hows["cropped"]["copies"][0]["shown"] == pytest.approx(0.36, abs=0.02)
    assert known(client, exact="true")["total"] == 1


def test_groups_come_in_pages(client: FlaskClient) -> None:
    whole = looked(client)
    first = known(client, limit=1)
    second = known(client, limit=1, offset=first["next"])
    assert (first["next"], second["next"], second["total"]) == (1, None, 2)
    assert first["groups"] + second["groups"] == whole["groups"]
    assert known(client, offset=7)["groups"] == []


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"offset": "-1"}, {"offset": "x"}, {"exact": "1"}]
)
def test_what_does_not_fit_is_refused(client: FlaskClient, query: dict[str, str]) -> None:
    assert client.get(CALL, query_string=query).status_code == 400


def test_a_decision_is_remembered_and_taken_back(client: FlaskClient, library: Library) -> None:
    looked(client)
    images = [id_of(library, "0.jpg"), id_of(library, "crop.jpg")]
    answer = client.post(DECISIONS, json={"images": images})
    assert (answer.status_code, answer.get_json()) == (200, {"pairs": 1})
    assert known(client)["total"] == 1
    (pair,) = client.get(DECISIONS).get_json()["decisions"]
    assert {pair["first"]["relative"], pair["second"]["relative"]} == {"0.jpg", "crop.jpg"}
    answer = client.delete(DECISIONS, query_string={"image": images})
    assert (answer.status_code, answer.get_json()) == (200, {"pairs": 1})
    assert known(client)["total"] == 2
    assert client.get(DECISIONS).get_json() == {
        "decisions": [], "total": 0, "offset": 0, "next": None
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ([], 400),
        ({"images": [1]}, 400),
        ({"images": [1, 1]}, 400),
        ({"images": [1, "2"]}, 400),
        ({"images": [1, True]}, 400),
        ({"images": [1, -2]}, 400),
        ({"images": [1, 10**18]}, 400),
        ({"images": [1, 2], "more": 1}, 400),
        ({"images": list(range(101))}, 400),
        ({"images": [1, 10**17]}, 404),
    ],
)
def test_a_decision_that_does_not_fit_is_refused(
    client: FlaskClient, body: Any, status: int
) -> None:
    assert client.post(DECISIONS, json=body).status_code == status


@pytest.mark.parametrize("query", ["", "image=1", "image=1&image=x", "image=1&image=1"])
def test_taking_back_nothing_is_refused(client: FlaskClient, query: str) -> None:
    assert client.delete(f"{DECISIONS}?{query}").status_code == 400


def test_a_decision_comes_as_json(client: FlaskClient) -> None:
    form = client.post(DECISIONS, data={"images": "1"})
    assert form.status_code == 415
    deep = b"[" * 40_000
    for body, status in ((b"{", 400), (deep, 400), (b" " * 70_000, 413)):
        answer = client.post(DECISIONS, data=body, content_type="application/json")
        assert answer.status_code == status


@pytest.mark.parametrize(
    "header", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}]
)
def test_pages_of_other_sites_decide_nothing(
    client: FlaskClient, library: Library, header: dict[str, str]
) -> None:
    images = [one.id for one in library.records()][:2]
    calls: list[Callable[[], Any]] = [
        lambda: client.post(LOOK, headers=header),
        lambda: client.post(DECISIONS, json={"images": images}, headers=header),
        lambda: client.delete(DECISIONS, query_string={"image": images}, headers=header),
    ]
    assert [call().status_code for call in calls] == [403, 403, 403]
    assert library.told_apart() == []


def test_a_search_that_fails_says_why(client: FlaskClient, library: Library) -> None:
    library.folder.joinpath("cache", "duplicates").write_text("in the way")
    assert looked(client)["trouble"] is None  # a cache is no reason to fail
    library.close()
    search = looking.of_app(client.application)
    search.start()
    deadline = time.monotonic() + 30
    while search.step():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert "has been closed" in str(search.trouble())


def test_a_search_that_was_stopped_begins_no_more(client: FlaskClient) -> None:
    search = looking.of_app(client.application)
    search.stop()
    search.start()
    assert search.step() is None


def test_the_page_is_there(client: FlaskClient) -> None:
    response = client.get("/duplicates")
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert "/duplicates.js" in response.text
    assert 'href="duplicates"' in client.get("/").text
