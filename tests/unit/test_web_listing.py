"""REST without a query, and by numbers: what passes a filter, and the first of all answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from lookalike import Filter, Library
from tests.served import client_of, form
from tests.small_libraries import write

LIST, IDS, RANKING = "/api/list", "/api/list/ids", "/api/search/ids"


@pytest.fixture
def library(tmp_path: Path, tiny: Path) -> Iterator[Library]:
    write(tmp_path / "pictures", *(f"{at}.png" for at in range(6)))
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(tmp_path / "pictures")
        library.mark(2, 4, 5, favourite=True, add="rose")
        yield library


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return client_of(library)


def test_favourites_and_tags_are_listed_without_a_query(
    client: FlaskClient, library: Library
) -> None:
    where = Filter(favourite=True, tags=("rose",))
    told = client.get(f"{LIST}?favourite=true&tag=ROSE").get_json()
    assert [one["path"] for one in told["images"]] == [one.path for one in library.records(where)]
    assert (told["total"], told["next"]) == (3, None)
    assert told["images"][0]["favourite"]
    assert told["images"][0]["tags"] == ["rose"]
    assert client.get(f"{IDS}?favourite=true").get_json() == {"ids": library.listed(where).tolist()}


def test_stretch_after_stretch_gives_each_once(client: FlaskClient, library: Library) -> None:
    found: list[int] = []
    at: int | None = 0
    while at is not None:
        part = client.get(f"{LIST}?k=2&offset={at}").get_json()
        assert part["total"] == 6
        found += [one["id"] for one in part["images"]]
        at = part["next"]
    assert found == [one.id for one in library.records()]
    assert found == client.get(IDS).get_json()["ids"]
    beyond = client.get(f"{LIST}?offset=100").get_json()
    assert (beyond["images"], beyond["total"], beyond["next"]) == ([], 6, None)


@pytest.mark.parametrize("address", [LIST, IDS])
def test_a_mark_changes_the_version_of_a_list(client: FlaskClient, address: str) -> None:
    first = client.get(f"{address}?favourite=true")
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get(f"{address}?favourite=true", headers=known).status_code == 304
    client.post("/api/marks", json={"images": [2], "favourite": False})
    assert client.get(f"{address}?favourite=true", headers=known).status_code == 200


@pytest.mark.parametrize("how", [{}, {"fold": True}, {"neighbours": 2}, {"view": "whitened"}])
def test_a_ranking_is_the_answers_by_numbers(client: FlaskClient, how: dict[str, object]) -> None:
    body = {"id": 1, **how, "filter": {"favourite": True}}
    hits = client.post("/api/search", json={**body, "offset": 0}).get_json()
    told = client.post(RANKING, json=body).get_json()
    assert told == {
        "ids": [hit["id"] for hit in hits["hits"]],
        "scores": [hit["score"] for hit in hits["hits"]],
        "distances": [hit["distance"] for hit in hits["hits"]],
        "total": hits["total"],
    }


def test_a_ranking_of_an_upload(client: FlaskClient, library: Library) -> None:
    content = Path(library.record(3).path).read_bytes()
    told = client.post(RANKING, **form(content, "query.png")).get_json()
    assert (told["ids"][0], told["total"]) == (3, 6)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (f"{LIST}?k=0", "k is a whole number from 1 to 1000."),
        (f"{LIST}?k=two", "k is a whole number from 1 to 1000."),
        (f"{LIST}?offset=-1", "offset is a whole number from 0 to 1000000000."),
        (f"{LIST}?offset=1&offset=2", "Give offset once."),
        (f"{LIST}?from=soon", "is no date"),
        (f"{IDS}?k=1", "There is no field 'k' in a list of filters."),
        (f"{LIST}?colour=red", "There is no field 'colour'"),
    ],
)
def test_what_does_not_fit_is_said(client: FlaskClient, address: str, words: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert words in answer.get_json()["detail"]


def test_an_empty_library_lists_nothing(tmp_path: Path, tiny: Path) -> None:
    with Library.open(tmp_path / "empty", model=tiny, create=True) as library:
        client = client_of(library)
        assert client.get(LIST).get_json() == {"images": [], "total": 0, "next": None}
        assert client.get(IDS).get_json() == {"ids": []}
