"""REST: several pictures and parts of pictures, as JSON and as files of a form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lookalike import Example, Hit, Library
from lookalike.web.schemas import MOST_EXAMPLES
from tests.pictures import TEXT, make_jpeg, textured
from tests.served import client_of, form, form_of, id_of, make_library

BOX = [0.25, 0.25, 0.5, 0.5]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with make_library(tmp_path_factory.mktemp("served")) as library:
        yield library


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return client_of(library)


def ask(client: FlaskClient, *examples: Any, **how: Any) -> TestResponse:
    return client.post("/api/search", json={"examples": list(examples), **how})


def send(client: FlaskClient, contents: list[bytes], examples: Any, **how: str) -> TestResponse:
    files = [(one, f"{place}.jpg") for place, one in enumerate(contents)]
    text = examples if isinstance(examples, str) else json.dumps(examples)
    return client.post("/api/search", **form_of(files, examples=text, **how))


def found(hits: list[Hit]) -> list[tuple[int, float]]:
    return [(hit.record.id, hit.score) for hit in hits]


def answered(response: TestResponse) -> list[tuple[int, float]]:
    assert response.status_code == 200, response.get_json()
    return [(hit["id"], hit["score"]) for hit in response.get_json()["hits"]]


def test_examples_of_the_library_are_those_of_python(client: FlaskClient, library: Library) -> None:
    one, two, three = (id_of(library, f"plain {n}.jpg") for n in range(3))
    response = ask(client, {"id": one, "box": BOX}, {"id": two}, {"id": three, "weight": -0.5}, k=4)
    box = (0.25, 0.25, 0.5, 0.5)
    asked = [Example(one, box=box), Example(two), Example(three, -0.5)]
    assert answered(response) == found(library.search(asked, 4))
    shown = response.get_json()["query"]["examples"]
    assert [example["picture"]["relative"] for example in shown] == [
        "plain 0.jpg", "plain 1.jpg", "plain 2.jpg"
    ]  # fmt: skip
    assert [example["weight"] for example in shown] == [1, 1, -0.5]
    assert [example.get("box") for example in shown] == [BOX, None, None]


def test_one_example_answers_as_its_number_does(client: FlaskClient, library: Library) -> None:
    number = id_of(library, "plain 1.jpg")
    plain = client.post("/api/search", json={"id": number})
    assert answered(ask(client, {"id": number})) == answered(plain)


def test_uploads_and_pictures_of_the_library_are_mixed(
    client: FlaskClient, library: Library
) -> None:
    contents = [make_jpeg(textured(seed=seed)) for seed in (21, 22)]
    number = id_of(library, "plain 4.jpg")
    examples = [
        {"image": 1, "weight": 0.5},
        {"id": number, "weight": -0.25},
        {"image": 0, "box": BOX},
    ]
    response = send(client, contents, examples, k="5", exact="true", filter='{"min_side": 1}')
    asked = [
        Example(contents[1], 0.5),
        Example(number, -0.25),
        Example(contents[0], box=(0.25, 0.25, 0.5, 0.5)),
    ]
    assert answered(response) == found(library.search(asked, 5))
    shown = response.get_json()["query"]["examples"]
    assert shown[0]["picture"] == {"name": "1.jpg", "size": len(contents[1])}
    assert shown[2] == {
        "picture": {"name": "0.jpg", "size": len(contents[0])}, "weight": 1, "box": BOX
    }  # fmt: skip


def test_one_file_with_a_box(client: FlaskClient, library: Library) -> None:
    content = make_jpeg(textured(seed=3))
    response = send(client, [content], [{"image": 0, "box": BOX}])
    expected = library.search(Example(content, box=(0.25, 0.25, 0.5, 0.5)))
    assert answered(response) == found(expected)


LIST = f'"examples" must be a list of 1 to {MOST_EXAMPLES} objects.'
ONE_OF = 'An example has one of "id", "image"'
PLACE = '"image" of an example must be the place of its file'


@pytest.mark.parametrize(
    ("examples", "sentence"),
    [
        (None, LIST),
        ({}, LIST),
        ([], LIST),
        ([{"id": 1}] * (MOST_EXAMPLES + 1), LIST),
        ([1], "An example must be an object"),
        ([None], "An example must be an object"),
        ([{"id": 1, "score": 1}], "There is no field 'score' in an example."),
        ([{}], ONE_OF),
        ([{"weight": 1}], ONE_OF),
        ([{"id": 1, "image": 0}], ONE_OF),
        ([{"image": 0}], PLACE),
        ([{"image": True}], PLACE),
        ([{"image": "0"}], PLACE),
        ([{"image": -1}], PLACE),
        ([{"id": "1"}], '"id" must be the number of a picture'),
        ([{"id": True}], '"id" must be the number of a picture'),
        ([{"id": -1}], '"id" must be the number of a picture'),
        ([{"id": 1, "weight": "1"}], "A weight is a number from -1 to 1."),
        ([{"id": 1, "weight": None}], "A weight is a number from -1 to 1."),
        ([{"id": 1, "weight": 2}], "A weight is a number from -1 to 1."),
        ([{"id": 1, "weight": 10**400}], "A weight is a number from -1 to 1."),
        ([{"id": 1, "weight": float("nan")}], "A weight is a number from -1 to 1."),
        ([{"id": 1, "box": [0, 0, 1]}], "A box is four numbers"),
        ([{"id": 1, "box": {"left": 0}}], "A box is four numbers"),
        ([{"id": 1, "box": "0011"}], "A box is four numbers"),
        ([{"id": 1, "box": [0, 0, 0, 1]}], "The box is empty"),
        ([{"id": 1, "box": [0.5, 0, 0.6, 1]}], "The box reaches beyond the picture"),
        ([{"id": 1, "box": [0, 0, float("inf"), 1]}], "The box reaches beyond the picture"),
        ([{"id": 1, "weight": -1}], "No picture is wanted"),
        ([{"id": 1}, {"id": 1, "weight": -1}], "cancel each other out"),
    ],
)
def test_examples_that_do_not_fit_get_a_sentence(
    client: FlaskClient, examples: Any, sentence: str
) -> None:
    response = client.post("/api/search", json={"examples": examples})
    assert response.status_code == 400
    detail = response.get_json()["detail"]
    assert sentence in detail
    assert detail.endswith(".")


@pytest.mark.parametrize(
    ("examples", "files", "sentence"),
    [
        ("", 1, '"examples" must be JSON such as'),
        ("[" * 100_000, 1, '"examples" must be JSON such as'),
        ("[]", 1, LIST),
        ([{"image": 1}], 1, PLACE),
        ([{"image": 0}], 2, "Each file"),
        ([{"id": 1}], 1, "Each file"),
    ],
)
def test_files_and_examples_that_do_not_fit_get_a_sentence(
    client: FlaskClient, examples: Any, files: int, sentence: str
) -> None:
    response = send(client, [make_jpeg()] * files, examples)
    assert response.status_code == 400
    assert sentence in response.get_json()["detail"]


@pytest.mark.parametrize(
    "body", [{"id": 1, "examples": [{"id": 1}]}, {"words": "x", "examples": [{"id": 1}]}]
)
def test_a_search_is_asked_in_one_way(client: FlaskClient, body: dict[str, Any]) -> None:
    response = client.post("/api/search", json=body)
    assert response.status_code == 400
    assert response.get_json()["detail"] == (
        'Send one of "id", "words" and "examples", or a "view" alone.'
    )


def test_an_example_that_is_not_there(client: FlaskClient) -> None:
    assert ask(client, {"id": 1}, {"id": 999_999}).status_code == 404


def test_an_example_that_is_no_picture_is_named_by_its_place(client: FlaskClient) -> None:
    response = send(client, [make_jpeg(), TEXT], [{"image": 0}, {"image": 1}])
    assert response.status_code == 422
    assert response.get_json()["detail"].startswith("Example 2 is not a picture")


def test_a_part_of_a_file_that_is_gone(tmp_path: Path) -> None:
    with make_library(tmp_path) as library:
        record = library.record(id_of(library, "plain 0.jpg"))
        Path(record.path).unlink()
        response = ask(client_of(library), {"id": record.id, "box": BOX})
        assert response.status_code == 422
        assert "no longer there" in response.get_json()["detail"]
        assert ask(client_of(library), {"id": record.id}).status_code == 200


def test_uploads_are_limited_together(library: Library) -> None:
    client = client_of(library, max_upload=2**20)
    examples = [{"image": 0}, {"image": 1}]
    response = send(client, [bytes(600_000), bytes(600_000)], examples)
    assert response.status_code == 413
    assert "1 MB" in response.get_json()["detail"]


def test_the_form_of_one_picture_is_what_it_was(client: FlaskClient) -> None:
    response = client.post("/api/search", **form(make_jpeg(textured(seed=3)), "q.jpg"))
    assert response.get_json()["query"]["name"] == "q.jpg"
