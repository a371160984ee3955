"""REST about views: learning, listing and forgetting them, and searches in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from lookalike import Library
from tests.maps import write_folders
from tests.scenes import BOX, overlap, write_scene
from tests.served import client_of

CALL, SEARCH = "/api/views", "/api/search"


@pytest.fixture
def library(tmp_path: Path, tiny: Path) -> Iterator[Library]:
    write_folders(tmp_path / "pictures", "boats", "cats", "deserts", noise=60)
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(tmp_path / "pictures")
        yield library


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return client_of(library)


def hits(client: FlaskClient, **body: Any) -> list[tuple[int, float]]:
    answer = client.post(SEARCH, json=body)
    assert answer.status_code == 200, answer.text
    return [(hit["id"], hit["score"]) for hit in answer.get_json()["hits"]]


def test_a_view_is_learned_listed_used_and_forgotten(client: FlaskClient, library: Library) -> None:
    assert client.get(CALL).get_json() == {"views": []}
    learned = client.post(CALL, json={"name": "kinds", "from": "folders"})
    assert learned.status_code == 200, learned.text
    told = learned.get_json()
    (view,) = client.get(CALL).get_json()["views"]
    assert view.pop("made") == library.views()[0].made
    assert view == told
    assert (told["pictures"], told["classes"], told["kind"]) == (36, 3, "classes")
    found = hits(client, id=3, view="kinds", k=9)
    assert found == [(one.record.id, one.score) for one in library.search(3, 9, view="kinds")]
    assert client.delete(CALL, query_string={"name": "kinds"}).status_code == 204
    assert client.get(CALL).get_json() == {"views": []}
    assert client.delete(CALL, query_string={"name": "kinds"}).status_code == 404
    answer = client.post(SEARCH, json={"id": 3, "view": "kinds"})
    assert answer.status_code == 404
    assert "There is no view 'kinds'" in answer.get_json()["detail"]


def test_neighbours_are_asked_for_in_json_and_in_forms(
    client: FlaskClient, library: Library
) -> None:
    expected = [(one.record.id, one.score) for one in library.search(3, 9, neighbours=4)]
    assert hits(client, id=3, neighbours=4, k=9) == expected
    picture = library.original(3).read_bytes()
    from io import BytesIO

    answer = client.post(
        SEARCH,
        data={
            "image": (BytesIO(picture), "a.png"),
            "neighbours": "4",
            "view": "whitened",
            "k": "9",
        },
        content_type="multipart/form-data",
    )
    told = [(hit["id"], hit["score"]) for hit in answer.get_json()["hits"]]
    own = library.search(picture, 9, neighbours=4)
    assert told == [(one.record.id, one.score) for one in own]
    stretch = client.post(SEARCH, json={"id": 3, "neighbours": 4, "offset": 2, "k": 3}).get_json()
    assert [one["id"] for one in stretch["hits"]] == [one for one, _ in expected[2:5]]
    assert stretch["total"] == 35


def test_what_is_liked_is_asked_alone(client: FlaskClient, library: Library) -> None:
    answer = client.post(CALL, json={"name": "some", "liked": [1, 2, 3, 4], "unliked": [20]})
    assert answer.status_code == 200, answer.text
    told = client.post(SEARCH, json={"view": "some", "k": 5}).get_json()
    assert told["query"] == {"view": "some"}
    own = library.search(None, 5, view="some")
    assert [one.get("liked") for one in told["hits"]] == [one.liked for one in own]
    assert [one["id"] for one in told["hits"]] == [one.record.id for one in own]
    explained = client.post("/api/images/1/explanation", json={"view": "some"})
    assert explained.status_code == 400
    assert "explain pictures" in explained.get_json()["detail"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"name": "x"}, "what to learn from"),
        ({"name": "x", "from": "folders", "liked": [1, 2]}, "what to learn from"),
        ({"name": "x", "from": "moods"}, "one of folders, tags, favourites"),
        ({"from": "folders"}, "what the view is called"),
        ({"name": 3, "from": "folders"}, "what the view is called"),
        ({"name": "", "from": "folders"}, "no name for a view"),
        ({"name": "x", "liked": "all"}, "list of at most"),
        ({"name": "x", "liked": [1], "other": 2}, "no field 'other'"),
        ({"name": "x", "from": "favourites"}, "There are no favourites"),
        ([], "Send an object"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(
    client: FlaskClient, body: object, why: str
) -> None:
    answer = client.post(CALL, json=body)
    assert answer.status_code == 400
    assert why in answer.get_json()["detail"]


def test_other_mistakes(client: FlaskClient) -> None:
    assert client.post(CALL, data="name=x").status_code == 415
    assert client.delete(CALL).status_code == 400
    assert client.post(CALL, json={"name": "x", "liked": [1, 999]}).status_code == 404
    for body, why in (
        ({"id": 1, "neighbours": 31}, "neighbours is a whole number from 0 to 30"),
        ({"id": 1, "view": 3}, '"view" is the name of a view'),
        ({"k": 3}, 'or a "view" alone'),
    ):
        answer = client.post(SEARCH, json=body)
        assert answer.status_code == 400
        assert why in answer.get_json()["detail"]


def test_parts_are_a_view_whose_hits_have_boxes(photographs: Path, tmp_path: Path) -> None:
    cat = write_scene(tmp_path / "pictures", photographs, count=6)
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(tmp_path / "pictures", parts=True)
        client = client_of(library)
        (view,) = client.get(CALL).get_json()["views"]
        assert (view["name"], view["kind"], view["pictures"]) == ("parts", "parts", 6)
        sent = {"image": (cat.open("rb"), "cat.png"), "view": "parts"}
        answer = client.post(SEARCH, data=sent)
        assert answer.status_code == 200, answer.text
        found = answer.get_json()["hits"]
        own = library.search(cat, view="parts")
        assert answer.get_json()["lacking"] == 0
        assert [hit.get("box") for hit in found] == [hit.box and list(hit.box) for hit in own]
        assert overlap(found[0]["box"], BOX) > 0.35
        both = client.post(SEARCH, json={"id": 1, "view": "parts", "neighbours": 3})
        assert both.status_code == 400
        assert "without neighbours" in both.get_json()["detail"]
        assert client.delete(CALL, query_string={"name": "parts"}).status_code == 204
        assert client.post(SEARCH, json={"id": 1, "view": "parts"}).status_code == 404
