"""REST about favourites and tags: marking, what answers tell of it, and filters by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from lookalike import Library
from lookalike.library import Marks
from tests.served import client_of
from tests.small_libraries import write

CALL, TAGS = "/api/marks", "/api/tags"


@pytest.fixture
def library(tmp_path: Path, tiny: Path) -> Iterator[Library]:
    write(tmp_path / "pictures", *(f"{at}.png" for at in range(6)))
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(tmp_path / "pictures")
        yield library


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return client_of(library)


def hits(client: FlaskClient, **body: Any) -> list[dict[str, Any]]:
    answer = client.post("/api/search", json={"id": 1, **body})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.get_json()["hits"]
    return found


def test_pictures_are_marked(client: FlaskClient, library: Library) -> None:
    answer = client.post(CALL, json={"images": [2, 3.0, 2], "favourite": True, "add": [" Rose"]})
    after = [{"id": one, "favourite": True, "tags": ["Rose"]} for one in (2, 3, 2)]
    assert (answer.status_code, answer.get_json()) == (200, {"images": after})
    answer = client.post(CALL, json={"images": [3], "favourite": False, "remove": ["ROSE"]})
    assert answer.get_json() == {"images": [{"id": 3, "favourite": False, "tags": []}]}
    assert client.post(CALL, json={"images": [2]}).get_json() == {"images": after[:1]}
    assert library.marks(2, 3) == [Marks(True, ("Rose",)), Marks()]


def test_answers_tell_what_is_marked(client: FlaskClient) -> None:
    client.post(CALL, json={"images": [2], "favourite": True, "add": ["rose", "garden"]})
    told = {"favourite": True, "tags": ["garden", "rose"]}
    details = client.get("/api/images/2").get_json()
    sample = next(one for one in client.get("/api/images").get_json()["images"] if one["id"] == 2)
    hit = next(one for one in hits(client) if one["id"] == 2)
    for one in (details, sample, hit):
        assert told.items() <= one.items()
    other = next(one for one in hits(client) if one["id"] == 3)
    assert (other["favourite"], other["tags"]) == (False, [])


def test_a_mark_changes_the_version_of_what_is_told(client: FlaskClient) -> None:
    for address in ("/api/images/2", TAGS, "/api/facets"):
        first = client.get(address)
        known = {"If-None-Match": first.headers["ETag"]}
        assert client.get(address, headers=known).status_code == 304
        client.post(CALL, json={"images": [2], "add": [f"for {address}"]})
        assert client.get(address, headers=known).status_code == 200


def test_all_tags_are_counted(client: FlaskClient) -> None:
    assert client.get(TAGS).get_json() == {"favourites": 0, "tags": []}
    client.post(CALL, json={"images": [1, 2], "favourite": True, "add": ["tree", "Rose"]})
    client.post(CALL, json={"images": [3], "add": ["tree"]})
    tags = [{"value": "Rose", "images": 2}, {"value": "tree", "images": 3}]
    assert client.get(TAGS).get_json() == {"favourites": 2, "tags": tags}


def test_searches_and_counts_are_held_to_marks(client: FlaskClient) -> None:
    client.post(CALL, json={"images": [2, 3, 4], "add": ["rose"]})
    client.post(CALL, json={"images": [3, 4], "add": ["tree"]})
    client.post(CALL, json={"images": [4, 5], "favourite": True})
    cases: list[tuple[dict[str, Any], str, set[int]]] = [
        ({"tags": ["Rose"]}, "tag=Rose", {2, 3, 4}),
        ({"tags": ["rose", "tree"]}, "tag=rose&tag=tree", {3, 4}),
        ({"favourite": True}, "favourite=true", {4, 5}),
        ({"favourite": True, "tags": ["tree"]}, "favourite=true&tag=tree", {4}),
        ({"favourite": False, "tags": []}, "favourite=false", {2, 3, 4, 5, 6}),
    ]
    for given, address, wanted in cases:
        assert {hit["id"] for hit in hits(client, filter=given)} == wanted
        facets = client.get(f"/api/facets?{address}").get_json()
        assert facets["images"] == len(wanted) + (1 if len(wanted) == 5 else 0)
    both = client.get("/api/facets?tag=tree").get_json()
    assert both["tags"] == [{"value": "rose", "images": 2}, {"value": "tree", "images": 2}]
    assert both["favourites"] == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "Send an object"),
        ({}, "Send the numbers"),
        ({"images": []}, "Name from 1 to 5,000 pictures"),
        ({"images": [1] * 5001}, "Name from 1 to 5,000 pictures"),
        ({"images": [1, "2"]}, "Send the numbers"),
        ({"images": [True]}, "Send the numbers"),
        ({"images": [10**18]}, "Send the numbers"),
        ({"images": [1], "favourite": 1}, '"favourite" is true or false'),
        ({"images": [1], "favourite": None}, '"favourite" is true or false'),
        ({"images": [1], "add": "rose"}, '"add" is a list of tags'),
        ({"images": [1], "remove": [1]}, '"remove" is a list of tags'),
        ({"images": [1], "add": ["x"] * 101}, '"add" has 100 tags at most'),
        ({"images": [1], "add": [""]}, "is no tag"),
        ({"images": [1], "remove": ["x" * 101]}, "has 101: shorten it"),
        ({"images": [1], "tags": ["x"]}, "There is no field 'tags'"),
    ],
)
def test_what_does_not_fit_is_refused(client: FlaskClient, body: Any, words: str) -> None:
    answer = client.post(CALL, json=body)
    assert answer.status_code == 400
    assert words in answer.get_json()["detail"]
    assert client.get(TAGS).get_json() == {"favourites": 0, "tags": []}


def test_marks_come_as_json_and_are_of_pictures_that_there_are(client: FlaskClient) -> None:
    assert client.post(CALL, data={"images": "1"}).status_code == 415
    assert client.post(CALL, json={"images": [1, 99], "favourite": True}).status_code == 404
    assert client.get(TAGS).get_json()["favourites"] == 0


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("favourite=yes", "favourite is true or false"),
        ("favourite=true&favourite=true", "Give favourite once"),
        ("tag=", "is no tag"),
        (f"tag={'x' * 101}", "has 101"),
    ],
)
def test_filters_that_do_not_fit_are_refused(client: FlaskClient, query: str, words: str) -> None:
    answer = client.get(f"/api/facets?{query}")
    assert answer.status_code == 400
    assert words in answer.get_json()["detail"]


@pytest.mark.parametrize("given", [{"tags": "rose"}, {"tags": [1]}, {"favourite": 1}])
def test_filters_of_a_search_that_do_not_fit(client: FlaskClient, given: Any) -> None:
    answer = client.post("/api/search", json={"id": 1, "filter": given})
    assert (answer.status_code, "of the filter must be" in answer.text) == (400, True)


@pytest.mark.parametrize(
    "header", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}]
)
def test_pages_of_other_sites_mark_nothing(
    client: FlaskClient, library: Library, header: dict[str, str]
) -> None:
    body = {"images": [1], "favourite": True}
    assert client.post(CALL, json=body, headers=header).status_code == 403
    assert library.marks(1) == [Marks()]
