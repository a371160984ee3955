"""REST: what a program asks → what the library says, as the OpenAPI document promises it."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lookalike import Filter, Library
from tests.pictures import TEXT, huge_png, make_jpeg, plain, textured
from tests.served import (
    BYTES_NAME,
    NOT_UNICODE,
    ODD_NAME,
    client_of,
    described,
    form,
    id_of,
    make_library,
    opened,
)

TOTAL = 10 if NOT_UNICODE else 9


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with make_library(tmp_path_factory.mktemp("served")) as library:
        yield library


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return client_of(library)


def upload(
    client: FlaskClient, content: bytes, name: str = "query.jpg", **fields: str
) -> TestResponse:
    return client.post("/api/search", **form(content, name, **fields))


# ---- searching


def test_an_upload_finds_its_twin_first_and_the_others_in_order(client: FlaskClient) -> None:
    answer = upload(client, make_jpeg(textured(seed=3)), "my query.jpg").get_json()
    assert answer["query"]["name"] == "my query.jpg"
    hits = answer["hits"]
    assert len(hits) == TOTAL
    assert hits[0]["relative"] == "plain 3.jpg"
    assert hits[0]["score"] == pytest.approx(1, abs=1e-3)
    assert hits[0]["distance"] == pytest.approx(0, abs=0.05)
    scores = [hit["score"] for hit in hits]
    assert scores == sorted(scores, reverse=True)
    for hit in hits:
        assert hit["distance"] == pytest.approx((2 - 2 * hit["score"]) ** 0.5, abs=1e-2)


def test_rest_agrees_with_python(client: FlaskClient, library: Library) -> None:
    content = make_jpeg(textured(seed=42))
    hits = upload(client, content).get_json()["hits"]
    expected = library.search(content)
    assert [hit["path"] for hit in hits] == [hit.path for hit in expected]
    assert [hit["score"] for hit in hits] == pytest.approx([hit.score for hit in expected])


def test_k_limits_the_hits(client: FlaskClient) -> None:
    assert len(upload(client, make_jpeg(), k="2").get_json()["hits"]) == 2
    number = client.get("/api/images?sample=1").get_json()["images"][0]["id"]
    found = client.post("/api/search", json={"id": number, "k": 3}).get_json()["hits"]
    assert len(found) == 3


def test_a_picture_of_the_library_leaves_itself_out(client: FlaskClient, library: Library) -> None:
    number = id_of(library, "plain 1.jpg")
    answer = client.post("/api/search", json={"id": number}).get_json()
    assert answer["query"]["relative"] == "plain 1.jpg"
    assert len(answer["hits"]) == TOTAL - 1
    assert number not in {hit["id"] for hit in answer["hits"]}


FILTERED: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"*"}),
    ({"formats": ["TIFF", "heif"]}, {"sub/scan.tif", "sub/phone.heic"}),
    ({"camera": "acme"}, {"sub/camera.jpg"}),
    ({"taken_from": "2024-02-29", "taken_to": "2024-02"}, {"sub/camera.jpg"}),
    ({"taken_to": "2024-02-28"}, set()),
    ({"min_side": 300, "formats": ["TIFF", "HEIC", "JPEG"], "taken_from": "2025"}, set()),
    ({"min_side": 10**30}, set()),
    ({"camera": "\ud800"}, set()),
    ({"folder": "/no/such/folder", "min_side": 1}, set()),
]


@pytest.mark.parametrize(("wanted", "names"), FILTERED)
def test_filters_of_json_and_of_forms_are_those_of_python(
    client: FlaskClient, library: Library, wanted: dict[str, Any], names: set[str]
) -> None:
    if os.name == "nt" and "folder" in wanted:
        wanted = {**wanted, "folder": "C:\\no"}
    number = id_of(library, "plain 1.jpg")
    asked = client.post("/api/search", json={"id": number, "filter": wanted, "exact": True})
    hits = asked.get_json()["hits"]
    found = {hit["relative"] for hit in hits}
    assert found == names or (names == {"*"} and len(hits) == TOTAL - 1)
    content = Path(library.record(number).path).read_bytes()
    uploaded = upload(client, content, filter=json.dumps(wanted), exact="false").get_json()["hits"]
    assert [hit for hit in uploaded if hit["id"] != number] == hits


def test_a_filter_by_folder(client: FlaskClient, library: Library) -> None:
    root = library.stats().roots[0]
    wanted = {"folder": os.path.join(root, "sub")}  # noqa: PTH118 - JSON takes a str
    number = id_of(library, "plain 1.jpg")
    hits = client.post("/api/search", json={"id": number, "filter": wanted}).get_json()["hits"]
    assert {hit["relative"] for hit in hits} == {"sub/scan.tif", "sub/phone.heic", "sub/camera.jpg"}


def _json(**body: Any) -> dict[str, Any]:
    return {"json": {"id": 1, **body}}


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (_json(exact=1), "exact is true or false."),
        (_json(exact=None), "exact is true or false."),
        (form(b"x", exact="yes"), "exact is true or false."),
        (form(b"x", exact=""), "exact is true or false."),
        (_json(filter=None), "The filter must be an object"),
        (_json(filter=[]), "The filter must be an object"),
        (form(b"x", filter="[]"), "The filter must be an object"),
        (form(b"x", filter="{"), '"filter" must be JSON'),
        (form(b"x", filter=""), '"filter" must be JSON'),
        (form(b"x", filter="[" * 100_000), '"filter" must be JSON'),
        (_json(filter={"ids": [1]}), "There is no field 'ids' in a filter."),
        (_json(filter={"folder": 1}), '"folder" of the filter must be a text.'),
        (_json(filter={"folder": None}), '"folder" of the filter must be a text.'),
        (_json(filter={"folder": "pictures"}), "'pictures' is no folder's absolute path"),
        (_json(filter={"folder": "/a\0b"}), "is no folder's absolute path"),
        (_json(filter={"formats": "JPEG"}), '"formats" of the filter must be a list of texts.'),
        (_json(filter={"formats": [1]}), '"formats" of the filter must be a list of texts.'),
        (_json(filter={"taken_from": 2024}), '"taken_from" of the filter must be a text.'),
        (_json(filter={"taken_from": "May"}), "'May' is no date: write it as 2024"),
        (_json(filter={"taken_to": "2024-02-30"}), "'2024-02-30' is no date"),
        (form(b"x", filter='{"taken_to": "24"}'), "'24' is no date"),
        (_json(filter={"camera": ["x"]}), '"camera" of the filter must be a text.'),
        (_json(filter={"min_side": "9"}), '"min_side" of the filter must be a whole number.'),
        (_json(filter={"min_side": True}), '"min_side" of the filter must be a whole number.'),
        (_json(filter={"min_side": 9.5}), '"min_side" of the filter must be a whole number.'),
        (_json(filter={"min_side": 0}), "A side has 1 pixel or more, not 0."),
        (
            form(b"x", filter='{"min_side": NaN}'),
            '"min_side" of the filter must be a whole number.',
        ),
    ],
)
def test_a_filter_that_does_not_fit_gets_a_sentence(
    client: FlaskClient, request_: dict[str, Any], sentence: str
) -> None:
    response = client.post("/api/search", **request_)
    assert response.status_code == 400
    detail = response.get_json()["detail"]
    assert sentence in detail
    assert detail.endswith(".")


def test_an_empty_library_answers_with_a_hint(tmp_path: Path) -> None:
    with Library.open(tmp_path, create=True) as empty:
        client = client_of(empty)
        answer = upload(client, make_jpeg()).get_json()
        assert answer["hits"] == []
        assert "index a folder" in answer["hint"]
        assert client.get("/api/images").get_json() == {"images": []}


@pytest.mark.parametrize(
    ("content", "status"),
    [(TEXT, 422), (b"", 422), (make_jpeg()[:300], 422), (huge_png(), 413)],
    ids=["text", "nothing", "truncated", "900 megapixels"],
)
def test_what_is_no_picture_gets_a_sentence(
    client: FlaskClient, content: bytes, status: int
) -> None:
    response = upload(client, content)
    assert response.status_code == status
    assert response.get_json()["detail"].startswith("The query ")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"data": {}, "content_type": "multipart/form-data"}, 400),
        ({"data": {"image": "text, not a file"}, "content_type": "multipart/form-data"}, 400),
        (form(b"x", k="0"), 400),
        (form(b"x", k="1001"), 400),
        (form(b"x", k="three"), 400),
        (form(b"x", limit="3"), 400),
        ({"data": {"image": [(io.BytesIO(b"x"), "x"), (io.BytesIO(b"y"), "y")]}}, 400),
        ({"data": b"\xff\xd8\xff", "content_type": "image/jpeg"}, 415),
        ({}, 415),
        ({"data": "{", "content_type": "application/json"}, 400),
        ({"data": b"\xff", "content_type": "application/json"}, 400),
        ({"data": "[" * 5000, "content_type": "application/json"}, 400),
        ({"data": " " * 70_000 + "{}", "content_type": "application/json"}, 413),
        ({"json": [1]}, 400),
        ({"json": {}}, 400),
        ({"json": {"id": "1"}}, 400),
        ({"json": {"id": True}}, 400),
        ({"json": {"id": -1}}, 400),
        ({"json": {"id": 1.5}}, 400),
        ({"data": '{"id": %s}' % ("9" * 5000), "content_type": "application/json"}, 400),
        ({"json": {"id": 1, "k": 0}}, 400),
        ({"json": {"id": 1, "k": 2.5}}, 400),
        ({"json": {"id": 1, "q": "cats"}}, 400),
        ({"json": {"id": 999_999}}, 404),
        ({"json": {"id": 2**63}}, 404),
        ({"json": {"id": 10**30}}, 404),
    ],
)
def test_a_request_that_does_not_fit_gets_a_sentence(
    client: FlaskClient, request_: dict[str, Any], status: int
) -> None:
    response = client.post("/api/search", **request_)
    assert response.status_code == status
    problem = response.get_json()
    assert problem["status"] == status
    assert problem["detail"].endswith(".")


def test_an_upload_beyond_the_limit_is_refused(library: Library) -> None:
    client = client_of(library, max_upload=2 * 2**20)
    beyond_the_request = upload(client, bytes(3 * 2**20))
    beyond_the_picture = upload(client, bytes(2 * 2**20 + 1))
    for response in (beyond_the_request, beyond_the_picture):
        assert response.status_code == 413
        assert "2 MB" in response.get_json()["detail"]
    assert upload(client, bytes(2 * 2**20)).status_code == 422


# ---- looking at pictures


def test_the_details_of_a_photograph(client: FlaskClient, library: Library) -> None:
    number = id_of(library, "camera.jpg")
    found = client.get(f"/api/images/{number}").get_json()
    assert (found["width"], found["height"]) == (240, 320)
    assert found["taken"] == "2024-02-29T10:11:12"
    assert found["camera"] == "Acme Box 1"
    assert found["latitude"] == pytest.approx(47.375)
    assert found["longitude"] == pytest.approx(8.54)
    assert found["format"] == "JPEG"
    assert found["large"] == found["file"]
    assert found["relative"] == "sub/camera.jpg"


def test_large_views_are_what_a_browser_can_show(client: FlaskClient, library: Library) -> None:
    for name in ("scan.tif", "phone.heic"):
        found = client.get(f"/api/images/{id_of(library, name)}").get_json()
        assert found["large"] == found["preview"]
        shown = client.get(found["large"])
        assert opened(shown.data).format == "WEBP"
        assert opened(shown.data).size == (found["width"], found["height"])


def test_addresses_follow_the_app_to_where_it_is_mounted(client: FlaskClient) -> None:
    mounted = {"base_url": "http://localhost/photos"}
    found = client.get("/api/images?sample=1", **mounted).get_json()["images"][0]
    details = client.get(f"/api/images/{found['id']}", **mounted).get_json()
    for kind in ("thumbnail", "preview", "file"):
        address = details[kind]
        assert address.startswith(f"/photos/api/images/{found['id']}/{kind}?v=")
        assert client.get(address.removeprefix("/photos"), **mounted).status_code == 200


@pytest.mark.parametrize("kind", ["thumbnail", "preview"])
def test_renditions_are_kept_by_browsers(client: FlaskClient, kind: str) -> None:
    number = client.get("/api/images?sample=1").get_json()["images"][0]["id"]
    address = client.get(f"/api/images/{number}").get_json()[kind]
    response = client.get(address)
    assert opened(response.data).format == "WEBP"
    control = response.cache_control
    assert (control.private, control.max_age, control.immutable) == (True, 31_536_000, True)
    assert not control.public
    etag = response.headers["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200
    assert client.head(address).headers["ETag"] == etag


def test_only_what_the_document_says_is_kept_for_good(
    client: FlaskClient, library: Library
) -> None:
    found = client.get(f"/api/images/{id_of(library, 'plain 2.jpg')}").get_json()
    paths = described(client.application)["paths"]
    kept = {}
    for kind in ("thumbnail", "preview", "file"):
        parameters = paths[f"/api/images/{{image_id}}/{kind}"]["get"]["parameters"]
        (version,) = (one for one in parameters if one["name"] == "v")
        control = client.get(found[kind]).cache_control
        kept[kind] = bool(control.immutable)
        assert kept[kind] == ("cached for good" in version["description"])
        assert control.immutable or control.no_cache
    assert kept == {"thumbnail": True, "preview": True, "file": False}


def test_an_address_without_the_right_version_is_not_kept(client: FlaskClient) -> None:
    for query in ("", "?v=0123456789ab"):
        number = client.get("/api/images?sample=1").get_json()["images"][0]["id"]
        control = client.get(f"/api/images/{number}/thumbnail{query}").cache_control
        assert control.no_cache
        assert not control.immutable


def test_the_original_is_the_file_itself(client: FlaskClient, library: Library) -> None:
    record = library.record(id_of(library, "plain 2.jpg"))
    content = Path(record.path).read_bytes()
    response = client.get(f"/api/images/{record.id}/file")
    assert response.data == content
    assert response.mimetype == "image/jpeg"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    part = client.get(f"/api/images/{record.id}/file", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, content[10:20])
    etag = response.headers["ETag"]
    again = client.get(f"/api/images/{record.id}/file", headers={"If-None-Match": etag})
    assert again.status_code == 304


def test_what_browsers_cannot_show_is_a_download(client: FlaskClient, library: Library) -> None:
    response = client.get(f"/api/images/{id_of(library, 'scan.tif')}/file")
    assert response.mimetype == "image/tiff"
    assert response.headers["Content-Disposition"] == "attachment; filename=scan.tif"


def test_only_what_was_indexed_is_given_away(tmp_path: Path) -> None:
    with make_library(tmp_path) as library:
        client = client_of(library)
        changed, gone = (library.record(id_of(library, f"plain {n}.jpg")) for n in (0, 1))
        Path(changed.path).write_bytes(make_jpeg(plain()))  # a picture that nobody indexed
        Path(gone.path).unlink()
        for record, word in ((changed, "changed"), (gone, "no longer")):
            response = client.get(f"/api/images/{record.id}/file")
            assert response.status_code == 404
            assert word in response.get_json()["detail"]
            for kind in ("thumbnail", "preview"):
                response = client.get(f"/api/images/{record.id}/{kind}?v={record.digest[:12]}")
                assert response.status_code == 404
                assert word in response.get_json()["detail"]
                assert not response.cache_control.max_age
        found = client.post("/api/search", json={"id": gone.id})
        assert found.status_code == 200


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_the_place_of_a_picture_does_not_hang(tmp_path: Path) -> None:
    with make_library(tmp_path) as library:
        record = library.record(id_of(library, "plain 0.jpg"))
        Path(record.path).unlink()
        os.mkfifo(record.path)
        for kind in ("file", "thumbnail", "preview"):
            assert client_of(library).get(f"/api/images/{record.id}/{kind}").status_code == 404


@pytest.mark.parametrize("tail", ["", "/thumbnail", "/preview", "/file"])
@pytest.mark.parametrize("number", ["999999", "0", "9" * 18])
def test_a_picture_that_is_not_there(client: FlaskClient, number: str, tail: str) -> None:
    response = client.get(f"/api/images/{number}{tail}")
    assert response.status_code == 404
    assert response.get_json()["detail"].endswith(".")


@pytest.mark.parametrize(
    "number", ["x", "-1", "9" * 19, str(10**30), "9" * 5000, "%D9%A3", "..%2f..%2fpasswd"]
)
def test_what_is_no_number_is_not_found(client: FlaskClient, number: str) -> None:
    assert client.get(f"/api/images/{number}").status_code == 404


def test_a_thumbnail_that_was_made_is_shown_whatever_becomes_of_the_file(tmp_path: Path) -> None:
    with make_library(tmp_path) as library:
        client = client_of(library)
        record = library.record(id_of(library, "plain 0.jpg"))
        before = client.get(f"/api/images/{record.id}/thumbnail").data
        Path(record.path).write_bytes(make_jpeg(plain()))
        assert client.get(f"/api/images/{record.id}/thumbnail").data == before
        Path(record.path).unlink()
        assert client.get(f"/api/images/{record.id}/thumbnail").data == before


# ---- names


def test_every_name_travels(client: FlaskClient, library: Library) -> None:
    response = client.get("/api/images?sample=200")
    response.data.decode("ascii")
    names = {one["relative"] for one in json.loads(response.data)["images"]}
    assert names == {record.relative for record in library.records()}
    assert ODD_NAME in names
    assert (BYTES_NAME in names) == NOT_UNICODE


@pytest.mark.parametrize("name", [ODD_NAME, *([BYTES_NAME] if NOT_UNICODE else [])])
def test_pictures_with_odd_names_are_served(
    client: FlaskClient, library: Library, name: str
) -> None:
    found = client.get(f"/api/images/{id_of(library, name)}").get_json()
    assert os.fsencode(found["path"]) == os.fsencode(library.record(found["id"]).path)
    for kind in ("file", "thumbnail", "preview"):
        assert client.get(found[kind]).status_code == 200


def test_an_upload_may_have_any_name(client: FlaskClient) -> None:
    answer = upload(client, make_jpeg(plain()), 'a "b" 🦊.jpg').get_json()
    assert "🦊" in answer["query"]["name"]


# ---- the rest


def test_stats_say_what_there_is(client: FlaskClient, library: Library) -> None:
    stats = client.get("/api/stats").get_json()
    assert (stats["images"], stats["skipped"]) == (TOTAL, 1)
    assert stats["model"] == library.model
    assert stats["folder"] == str(library.folder)
    assert stats["indexing"] is None
    assert stats["trouble"] is None
    assert stats["index"] == {
        "cells": 0, "probes": 0, "recall": 1.0, "saved": TOTAL, "waiting": 0
    }  # fmt: skip


def test_health(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    assert client.get("/readyz").get_json() == {"status": "ready"}


def test_health_and_hints_cost_no_statistics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Library.open(tmp_path, create=True) as empty:
        client = client_of(empty)
        monkeypatch.delattr(Library, "stats")
        assert client.get("/readyz").get_json()["status"] == "ready"
        assert "index a folder" in upload(client, make_jpeg()).get_json()["hint"]


def test_a_sample_is_as_large_as_asked(client: FlaskClient) -> None:
    assert len(client.get("/api/images?sample=4").get_json()["images"]) == 4
    assert len(client.get("/api/images").get_json()["images"]) == TOTAL
    for text in ("0", "201", "many", "-1", "", "%D9%A3"):
        assert client.get(f"/api/images?sample={text}").status_code == 400


# ---- stretches, distributions and facets


def test_an_offset_goes_through_all_answers(client: FlaskClient, library: Library) -> None:
    number = id_of(library, "plain 1.jpg")
    asked = {"id": number, "exact": True}
    every = client.post("/api/search", json={**asked, "k": 100}).get_json()
    assert {"total", "next", "distribution"} & set(every) == set()
    found: list[dict[str, Any]] = []
    at: int | None = 0
    while at is not None:
        part = client.post("/api/search", json={"id": number, "k": 4, "offset": at}).get_json()
        assert part["total"] == TOTAL - 1
        found += part["hits"]
        at = part["next"]
    assert found == every["hits"]
    beyond = client.post("/api/search", json={"id": number, "offset": 10**9}).get_json()
    assert (beyond["hits"], beyond["total"], beyond["next"]) == ([], TOTAL - 1, None)


def test_the_distribution_is_that_of_python(client: FlaskClient, library: Library) -> None:
    content = make_jpeg(textured(seed=3))
    told = upload(client, content, distribution="true", k="1").get_json()
    expected = library.answers(content, 1, distribution=True)
    assert expected.distribution is not None
    assert told["distribution"]["counts"] == list(expected.distribution.counts)
    assert sum(told["distribution"]["counts"]) == told["total"] == TOTAL
    assert told["next"] == 1
    without = upload(client, content, distribution="false", offset="0").get_json()
    assert "distribution" not in without


def test_facets_are_those_of_python(client: FlaskClient, library: Library) -> None:
    assert client.get("/api/facets").get_json()["images"] == TOTAL
    address = "/api/facets?format=jpg&format=TIFF&from=2024&to=2024-02&camera=acme&min_side=1"
    told = client.get(address).get_json()
    wanted = Filter(None, ("jpg", "TIFF"), "2024", "2024-02", "acme", 1)
    assert told == json.loads(json.dumps(asdict(library.facets(wanted))))
    assert told["images"] == 1
    assert told["taken"] == [{"value": "2024-02", "images": 1}]
    root = library.stats().roots[0]
    below = client.get("/api/facets", query_string={"folder": f"{root}{os.sep}sub"})
    assert below.get_json()["images"] == 3


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("formats=JPEG", "There is no field 'formats' in a list of filters"),
        ("from=May", "is no date"),
        ("from=2024&from=2025", "Give from once"),
        ("min_side=0", "min_side is a whole number from 1 on"),
        ("min_side=big", "min_side is a whole number from 1 on"),
        ("min_side=\u0663", "min_side is a whole number from 1 on"),
        ("folder=sub", "is no folder's absolute path"),
    ],
)
def test_facets_of_what_does_not_fit(client: FlaskClient, query: str, words: str) -> None:
    answer = client.get(f"/api/facets?{query}")
    assert answer.status_code == 400
    assert words in answer.get_json()["detail"]


# ---- answers that a client has already


@pytest.mark.parametrize("address", ["/api/stats", "/api/facets", "/openapi.json", "/api/images/1"])
def test_json_that_has_not_changed_is_not_sent_again(client: FlaskClient, address: str) -> None:
    first = client.get(address)
    assert (first.status_code, first.cache_control.no_cache) == (200, True)
    tag = first.headers["ETag"]
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    other = client.get(address, headers={"If-None-Match": '"another"'})
    assert (other.status_code, other.data) == (200, first.data)


def test_json_that_has_changed_is_sent(tmp_path: Path) -> None:
    with make_library(tmp_path) as library:
        client = client_of(library)
        addresses = ("/api/stats", "/api/facets")
        tags = [client.get(address).headers["ETag"] for address in addresses]
        (tmp_path / "pictures" / "new.jpg").write_bytes(make_jpeg(textured(seed=77)))
        library.index(tmp_path / "pictures")
        for address, tag in zip(addresses, tags, strict=True):
            answer = client.get(address, headers={"If-None-Match": tag})
            assert answer.status_code == 200
            assert answer.get_json()["images"] == TOTAL + 1
