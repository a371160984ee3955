"""REST: why a picture is an answer, to another of the library and to whatever was searched with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from flask.testing import FlaskClient

from lookalike import Example, Library
from tests.pictures import TEXT, make_jpeg, textured
from tests.served import client_of, form, form_of, id_of, make_library
from tests.small_libraries import write

BOX = (0.25, 0.25, 0.5, 0.5)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with make_library(tmp_path_factory.mktemp("served")) as library:
        yield library


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return client_of(library)


def plain(why: Any) -> Any:
    return json.loads(json.dumps(asdict(why)))


def test_why_it_is_like_another_is_what_python_says(client: FlaskClient, library: Library) -> None:
    one, two = id_of(library, "plain 0.jpg"), id_of(library, "camera.jpg")
    response = client.get(f"/api/images/{two}/explanation?like={one}")
    assert response.status_code == 200
    assert response.get_json() == plain(library.explain(one, two))
    part = client.get(f"/api/images/{two}/explanation?like={one}&box=0.25,2.5e-1,0.5,.5")
    assert part.status_code == 400
    part = client.get(f"/api/images/{two}/explanation?like={one}&box=0.25,2.5e-1,0.5,0.5")
    assert part.get_json() == plain(library.explain(Example(one, box=BOX), two))
    assert part.get_json() != response.get_json()


def test_an_answer_that_is_known_is_not_sent_again(client: FlaskClient, library: Library) -> None:
    one, two = id_of(library, "plain 0.jpg"), id_of(library, "plain 1.jpg")
    address = f"/api/images/{two}/explanation?like={one}"
    first = client.get(address)
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get(address, headers=known).status_code == 304
    other = client.get(f"{address}&box=0,0,0.5,0.5", headers=known)
    assert other.status_code == 200


def test_the_body_of_a_search_asks_why_of_one_of_its_answers(
    client: FlaskClient, library: Library
) -> None:
    one, two, three = (id_of(library, f"plain {n}.jpg") for n in range(3))
    address = f"/api/images/{three}/explanation"
    known = client.post(address, json={"id": one, "k": 5, "filter": {"min_side": 1}})
    assert known.get_json() == plain(library.explain(one, three))
    several = {"examples": [{"id": one, "box": list(BOX)}, {"id": two, "weight": -0.5}]}
    asked = [Example(one, box=BOX), Example(two, -0.5)]
    assert client.post(address, json=several).get_json() == plain(library.explain(asked, three))
    content = make_jpeg(textured(seed=11))
    upload = client.post(address, **form(content, k="5"))
    assert upload.get_json() == plain(library.explain(content, three))
    mixed = [{"image": 0, "weight": 0.5}, {"id": two}]
    both = client.post(address, **form_of([(content, "a.jpg")], examples=json.dumps(mixed)))
    asked = [Example(content, 0.5), Example(two)]
    assert both.get_json() == plain(library.explain(asked, three))


@pytest.mark.parametrize(
    ("tail", "sentence"),
    [
        ("", '"like" must be the number'),
        ("?like=", '"like" must be the number'),
        ("?like=one", '"like" must be the number'),
        ("?like=1&like=2", "Give like once."),
        ("?like=1&k=3", "There is no field 'k' in an explanation."),
        ("?like=1&box=0,0,1", "box is four numbers"),
        ("?like=1&box=0,0,1,nan", "box is four numbers"),
        ("?like=1&box=0.5,0,1,1", "The box reaches beyond the picture"),
    ],
)
def test_what_does_not_fit_is_refused(client: FlaskClient, tail: str, sentence: str) -> None:
    response = client.get(f"/api/images/1/explanation{tail}")
    assert response.status_code == 400
    assert sentence in response.get_json()["detail"]


def test_pictures_that_are_not_there_or_are_none(client: FlaskClient, library: Library) -> None:
    one = id_of(library, "plain 0.jpg")
    assert client.get(f"/api/images/{one}/explanation?like=999").status_code == 404
    assert client.get(f"/api/images/999/explanation?like={one}").status_code == 404
    assert client.post("/api/images/999/explanation", json={"id": one}).status_code == 404
    assert client.post(f"/api/images/{one}/explanation", **form(TEXT)).status_code == 422
    words = client.post(f"/api/images/{one}/explanation", json={"words": "a house"})
    assert words.status_code == 400
    assert words.get_json()["detail"].startswith("Words have no regions")


def test_a_model_that_cannot_tell_says_so(tmp_path: Any, tiny: Any) -> None:
    write(tmp_path / "pictures", "a.png", "b.png")
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(tmp_path / "pictures")
        one, other = (record.id for record in library.records())
        response = client_of(library).get(f"/api/images/{one}/explanation?like={other}")
    assert response.status_code == 400
    assert "`lookalike models` says which ones explain" in response.get_json()["detail"]
