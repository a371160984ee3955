"""REST: numbers of pictures → a download, while two are under way at most."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lookalike import Library
from lookalike.web.openapi_export import MOST_EXPORTED, MOST_EXPORTS
from tests.served import client_of, id_of
from tests.small_libraries import write

CALL = "/api/export"
SCORED = {"id": 1, "score": 1, "distance": 0}


def make_library(base: Path, model: Path) -> Library:
    """A library of five small pictures in ``base/pictures``."""
    write(base / "pictures", *(f"plain {number}.jpg" for number in range(4)), "sub/scan.tif")
    library = Library.open(base / "library", model=model, create=True)
    library.index(base / "pictures")
    return library


@pytest.fixture(scope="module")
def library(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with make_library(tmp_path_factory.mktemp("served"), tiny) as library:
        yield library


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return client_of(library)


def ask(client: FlaskClient, *images: Any, kind: str = "json", **more: Any) -> TestResponse:
    return client.post(CALL, json={"images": images, "format": kind, **more})


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_files_come_as_they_are(client: FlaskClient, library: Library) -> None:
    records = [library.record(id_of(library, name)) for name in ("scan.tif", "plain 1.jpg")]
    response = ask(client, *(one.id for one in records), kind="zip")
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == "attachment; filename=lookalike.zip"
    assert response.headers["Lookalike-Left-Out"] == "0"
    assert response.cache_control.no_store
    packed = zipfile.ZipFile(io.BytesIO(response.data))
    assert packed.namelist() == ["scan.tif", "plain 1.jpg", "manifest.csv"]
    for record, name in zip(records, packed.namelist(), strict=False):
        assert packed.read(name) == Path(record.path).read_bytes()


def test_lists_keep_the_order_and_the_scores(client: FlaskClient, library: Library) -> None:
    hits = client.post("/api/search", json={"id": id_of(library, "plain 0.jpg")}).get_json()["hits"]
    scored = [{name: hit[name] for name in ("id", "score", "distance")} for hit in hits[:3]]
    table = rows(ask(client, *reversed(scored), kind="csv").data)
    assert [(int(row["id"]), float(row["score"])) for row in table] == [
        (one["id"], one["score"]) for one in reversed(scored)
    ]
    told = ask(client, scored[0], scored[1]["id"], query="Like plain 0.jpg").get_json()
    assert told["query"] == "Like plain 0.jpg"
    assert told["hits"][0]["distance"] == scored[0]["distance"]
    assert (told["hits"][1]["path"], told["hits"][1]["score"]) == (hits[1]["path"], None)


def test_lists_say_what_a_search_said(client: FlaskClient, library: Library) -> None:
    first, second = id_of(library, "plain 0.jpg"), id_of(library, "plain 1.jpg")
    box = [0.1, 0.25, 0.5, 0.5]
    said = {"id": first, "score": 0.5, "distance": 1, "verdict": "weak", "box": box, "liked": 0.75}
    plain = {"id": second, "score": 0.5, "distance": 1, "verdict": None}
    told = ask(client, said, plain).get_json()["hits"]
    assert [(hit["verdict"], hit["box"]) for hit in told] == [("weak", box), (None, None)]
    assert [hit["liked"] for hit in told] == [0.75, None]
    table = rows(ask(client, said, plain, kind="csv").data)
    assert [(row["verdict"], row["box"]) for row in table] == [
        ("weak", "0.1,0.25,0.5,0.5"),
        ("", ""),
    ]
    assert ask(client, said, kind="sheet").status_code == 200


def test_who_is_named_twice_is_there_once(client: FlaskClient, library: Library) -> None:
    first, second = id_of(library, "plain 0.jpg"), id_of(library, "plain 1.jpg")
    told = ask(client, first, float(second), {"id": first, "score": 1, "distance": 0}).get_json()
    assert [(hit["id"], hit["score"]) for hit in told["hits"]] == [(first, None), (second, None)]


def test_a_contact_sheet_shows_thumbnails(client: FlaskClient, library: Library) -> None:
    response = ask(client, id_of(library, "scan.tif"), kind="sheet", query="Розы")
    assert response.mimetype == "application/pdf"
    assert response.data.startswith(b"%PDF-")
    assert len(response.data) > 10_000


def test_what_is_gone_is_counted(tmp_path: Path, tiny: Path) -> None:
    with make_library(tmp_path, tiny) as library:
        gone, there = id_of(library, "plain 2.jpg"), id_of(library, "plain 3.jpg")
        Path(library.record(gone).path).unlink()
        response = ask(client_of(library), gone, there, kind="zip")
    assert response.headers["Lookalike-Left-Out"] == "1"
    packed = zipfile.ZipFile(io.BytesIO(response.data))
    assert packed.namelist() == ["plain 3.jpg", "manifest.csv"]
    assert "no longer there" in rows(packed.read("manifest.csv"))[1]["left_out"]


def test_there_are_two_places(client: FlaskClient, library: Library) -> None:
    number = id_of(library, "plain 0.jpg")
    body = {"images": [number], "format": "zip"}
    # Not by the checked client, which reads to the end.
    opened = [
        FlaskClient(client.application, TestResponse).post(CALL, json=body)
        for _ in range(MOST_EXPORTS)
    ]
    refused = ask(client, number, kind="zip")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
    assert refused.get_json()["detail"].startswith("2 exports are under way already: ")
    opened[0].close()
    assert ask(client, number).status_code == 200
    opened[1].close()
    assert [ask(client, number).status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ([], "The JSON must be an object such as"),
        ({}, "The JSON must be an object such as"),
        ({"images": [1]}, "The JSON must be an object such as"),
        ({"images": [1], "format": "zip", "k": 3}, "There is no field 'k' in an export."),
        ({"images": [1], "format": "tar"}, "format is one of csv, json, zip, sheet."),
        ({"images": [1], "format": ["zip"]}, "format is one of"),
        ({"images": [1], "format": "zip", "query": None}, "query is a text of at most 1000"),
        ({"images": [1], "format": "zip", "query": "x" * 1001}, "query is a text of at most 1000"),
        ({"images": [], "format": "zip"}, "images is a list of 1 to 10,000 pictures."),
        ({"images": {"1": 1}, "format": "zip"}, "images is a list of"),
        ({"images": [1] * (MOST_EXPORTED + 1), "format": "csv"}, "images is a list of"),
        ({"images": ["1"], "format": "zip"}, "A picture is its number"),
        ({"images": [True], "format": "zip"}, "A picture is its number"),
        ({"images": [-1], "format": "zip"}, "A picture is its number"),
        ({"images": [1.5], "format": "zip"}, "A picture is its number"),
        ({"images": [10**18], "format": "zip"}, "A picture is its number"),
        ({"images": [{"id": 1}], "format": "zip"}, "A picture is its number"),
        ({"images": [{"id": 1, "score": 2, "distance": 0}], "format": "csv"}, "score is a number"),
        ({"images": [{"id": 1, "score": "1", "distance": 0}], "format": "csv"}, "score is a"),
        ({"images": [{"id": 1, "score": 1, "distance": -1}], "format": "csv"}, "distance is a"),
        ({"images": [{**SCORED, "verdict": "fine"}], "format": "csv"}, "verdict is one of the"),
        ({"images": [{**SCORED, "verdict": ["weak"]}], "format": "csv"}, "verdict is one of the"),
        ({"images": [{**SCORED, "box": [0, 0, 2, 1]}], "format": "csv"}, "box is left, top,"),
        ({"images": [{**SCORED, "box": "0,0,1,1"}], "format": "csv"}, "box is left, top,"),
        ({"images": [{**SCORED, "liked": 1.5}], "format": "csv"}, "liked is a number from 0 to 1."),
        ({"images": [{**SCORED, "copies": []}], "format": "csv"}, "A picture is its number"),
    ],
)
def test_what_does_not_fit_gets_a_sentence(
    client: FlaskClient, body: object, sentence: str
) -> None:
    response = client.post(CALL, json=body)
    assert response.status_code == 400
    assert sentence in response.get_json()["detail"]


def test_what_is_no_json_or_not_there(client: FlaskClient) -> None:
    assert client.post(CALL, data={"images": "1", "format": "csv"}).status_code == 415
    assert ask(client, 999_999).status_code == 404
    assert ask(client, float("nan")).status_code == 400
    large = json.dumps({"images": [1], "format": "csv", "query": "x" * 2**21})
    response = client.post(CALL, data=large, content_type="application/json")
    assert response.status_code == 413
    assert response.get_json()["detail"] == "The JSON of an export is at most 2048 kB."


def test_pages_of_other_sites_get_nothing(client: FlaskClient) -> None:
    headers = {"Origin": "https://evil.example"}
    refused = client.post(CALL, json={"images": [1], "format": "zip"}, headers=headers)
    assert refused.status_code == 403
