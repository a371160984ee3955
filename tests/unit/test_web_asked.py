"""Requests → ids, one line each in the log, and nothing of the library in it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from flask.testing import FlaskClient

from lookalike import Library, journal
from lookalike.errors import LibraryError
from lookalike.web import asked, create_app
from tests.served import client_of, id_of
from tests.small_libraries import tiny_model, write

ID = "abcdef-0123.XYZ_9"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    base = tmp_path_factory.mktemp("asked")
    write(base / "pictures", "aunt.png", "uncle.png")
    with Library.open(base / "library", model=tiny_model(base), create=True) as library:
        library.index(base / "pictures")
        yield library


@pytest.fixture
def client(library: Library, caplog: pytest.LogCaptureFixture) -> FlaskClient:
    caplog.set_level(logging.DEBUG, "lookalike.web")
    return client_of(library, hosts={"localhost"})


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [
        vars(one)
        for one in caplog.records
        if one.name == asked.__name__
        and vars(one)["route"] != "/openapi.json"  # the check of answers
    ]


def test_each_request_has_an_id_of_its_own(client: FlaskClient) -> None:
    ids = {client.get("/healthz").headers[asked.HEADER] for _ in range(5)}
    assert len(ids) == 5
    assert all(len(one) == 16 and one.isalnum() for one in ids)


def test_a_thread_is_free_of_a_request_that_is_answered(library: Library) -> None:
    create_app(library).test_client().get("/healthz", buffered=True)
    assert journal.request() is None


def test_a_well_formed_id_is_kept(client: FlaskClient) -> None:
    assert client.get("/healthz", headers={asked.HEADER: ID}).headers[asked.HEADER] == ID


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "with space", "né0123456", "a\tb345678"])
def test_any_other_is_replaced(client: FlaskClient, given: str) -> None:
    known = client.get("/healthz", headers={asked.HEADER: given}).headers[asked.HEADER]
    assert known != given
    assert len(known) == 16


def test_a_line_says_what_was_asked_and_not_of_what(
    client: FlaskClient, library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    number = id_of(library, "aunt.png")
    assert client.get(f"/api/images/{number}?v=secret").status_code == 200
    assert client.get("/api/facets?text=secret").status_code == 200
    assert client.post("/api/search", json={"id": number}).status_code == 200
    rows = [(one["method"], one["route"], one["status"], one["levelno"]) for one in lines(caplog)]
    assert rows == [
        ("GET", "/api/images/{image_id}", 200, logging.INFO),
        ("GET", "/api/facets", 200, logging.INFO),
        ("POST", "/api/search", 200, logging.INFO),
    ]
    assert all(one["ms"] >= 0 for one in lines(caplog))
    for word in ("secret", "aunt", "uncle", str(library.folder)):
        assert word not in caplog.text


def test_what_is_asked_for_by_the_hundred_is_told_to_who_debugs(
    client: FlaskClient, library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    number = id_of(library, "aunt.png")
    for path in (
        f"/api/images/{number}/thumbnail",
        "/api/stats",
        "/healthz",
        "/readyz",
        "/metrics",
    ):
        assert client.get(path).status_code == 200
    assert client.get("/api/images/999/thumbnail").status_code == 404
    levels = [(one["route"], one["levelno"]) for one in lines(caplog)]
    assert [level for _, level in levels] == [logging.DEBUG] * 5 + [logging.INFO]
    assert levels[0][0] == levels[-1][0] == "/api/images/{image_id}/thumbnail"
    assert lines(caplog)[-1]["problem"] == "ImageNotFoundError"


def test_what_is_refused_has_a_line_and_an_id(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [
        client.get("/no/such%0aaddress"),
        client.open("/healthz", method="BREW"),
        client.get("/healthz", headers={"Host": "evil.example"}),
        client.post("/api/marks", json={}, headers={"Origin": "http://evil.example"}),
    ]
    assert [one.status_code for one in answers] == [404, 405, 421, 403]
    for answer, line in zip(answers, lines(caplog), strict=True):
        assert answer.get_json()["request_id"] == answer.headers[asked.HEADER]
        assert line["status"] == answer.status_code
    assert [one["route"] for one in lines(caplog)][:2] == [asked.NOWHERE] * 2
    assert lines(caplog)[1]["method"] == "OTHER"
    assert "address" not in caplog.text


@pytest.mark.parametrize("error", [LibraryError("It cannot be read."), ZeroDivisionError("hidden")])
def test_a_fault_is_found_in_the_log_by_what_the_user_sees(
    library: Library,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def fail(*_: object) -> NoReturn:
        raise error

    ids: list[str | None] = []
    monkeypatch.setattr(Library, "stats", fail)
    monkeypatch.setattr(logging.Handler, "handle", _noting(ids, logging.Handler.handle))
    client = client_of(library)
    answer = client.get("/api/stats")
    assert answer.status_code in {500, 503}
    assert "Traceback" not in answer.text
    assert "hidden" not in answer.text
    assert {one for one in ids if one} == {answer.get_json()["request_id"]}
    (told,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert told.exc_info is not None
    assert told.exc_info[1] is error


def _noting(ids: list[str | None], handle: Any) -> Any:
    def handled(self: logging.Handler, record: logging.LogRecord) -> Any:
        if record.levelno == logging.ERROR:
            ids.append(journal.request())
        return handle(self, record)

    return handled


def test_an_error_page_names_the_request(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Library, "words", property(lambda _: 1 // 0))
    answer = client_of(library).get("/", headers={"Accept": "text/html"})
    assert answer.status_code == 500
    assert answer.headers[asked.HEADER] in answer.text


def test_a_file_and_a_stream_are_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "lookalike.web")
    write(tmp_path / "pictures", "one.png")
    with Library.open(tmp_path / "library", model=tiny_model(tmp_path), create=True) as library:
        library.index(tmp_path / "pictures")
        client = client_of(library)
        client.get(f"/api/images/{id_of(library, 'one.png')}/file").close()
        client.post("/api/export", json={"images": [1], "format": "csv"}).close()
        routes = [one["route"] for one in lines(caplog)]
        assert routes == [
            "/api/images/{image_id}/file",
            "/api/export",
        ]
        told = client.get("/metrics").text
    assert "lookalike_requests_running 1.0" in told  # the one that asks
