"""Requests from elsewhere, addresses that are not, faults → refusals that give nothing away."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from flask.testing import FlaskClient

from lookalike import Library, web
from tests.pictures import make_jpeg
from tests.served import client_of, form

STATIC = Path(web.__file__).parent / "static"
HERE = frozenset({"localhost", "127.0.0.1", "::1"})
ORIGIN = "http://127.0.0.1:5000"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.open(tmp_path_factory.mktemp("empty"), create=True) as library:
        yield library


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return client_of(library, hosts=HERE)


@pytest.mark.parametrize("path", ["/", "/api/stats", "/static/x/app.js", "/nowhere"])
def test_every_answer_is_kept_safe(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers
    policy = headers["Content-Security-Policy"]
    for words in ("default-src 'self'", "object-src 'none'", "base-uri 'none'"):
        assert words in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "localhost", "LOCALHOST:80", "[::1]:5000"])
def test_names_of_this_machine_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:5000", "", "[::1", "evil@", "192.168.0.9"]
)
@pytest.mark.parametrize("path", ["/", "/healthz", "/nowhere"])
def test_other_names_are_refused(client: FlaskClient, host: str, path: str) -> None:
    response = client.get(path, headers={"Host": host})
    assert response.status_code == 421
    assert response.mimetype == "application/problem+json"


def test_without_a_list_every_name_is_answered(library: Library) -> None:
    client = client_of(library)
    assert client.get("/healthz", headers={"Host": "photos.example"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:5001"},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": ORIGIN},
    ],
)
def test_pages_of_other_sites_cannot_search(client: FlaskClient, headers: dict[str, str]) -> None:
    response = _search(client, headers)
    assert response.status_code == 403
    assert response.get_json()["detail"] == "Pages of other sites may not use this server."


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": ORIGIN},
        {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_our_page_and_programs_can_search(client: FlaskClient, headers: dict[str, str]) -> None:
    assert _search(client, headers).status_code == 200


def _search(client: FlaskClient, headers: dict[str, str]) -> Any:
    headers = {"Host": "127.0.0.1:5000", **headers}
    return client.post("/api/search", headers=headers, **form(make_jpeg()))


def test_people_get_a_page_and_programs_a_problem(client: FlaskClient) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = client.get("/nowhere", headers=browser)
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "There is nothing at this address." in page.text
    for path, headers in (("/nowhere", {}), ("/api/nowhere", browser)):
        problem = client.get(path, headers=headers)
        assert (problem.status_code, problem.mimetype) == (404, "application/problem+json")


def test_another_method_says_which_ones_there_are(client: FlaskClient) -> None:
    response = client.get("/api/search")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]
    assert response.get_json()["detail"] == "This address does not answer to GET."


@pytest.mark.parametrize(
    "name", ["../../app.py", "%2e%2e/%2e%2e/app.py", "../page.html", "nothing.js", "x.py", ""]
)
def test_only_files_of_the_page_are_static(client: FlaskClient, name: str) -> None:
    assert client.get(f"{files(client)}/{name}").status_code == 404


def files(client: FlaskClient) -> str:
    """The address that the files of the page have now."""
    found = re.search(r'"(static/[0-9a-f]{12})/app\.js"', client.get("/").text)
    assert found
    return f"/{found[1]}"


def test_files_of_the_page_are_asked_for_once(client: FlaskClient) -> None:
    response = client.get(f"{files(client)}/app.js")
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/0123456789ab/app.js").status_code == 404  # of another version
    assert "immutable" not in client.get("/").headers.get("Cache-Control", "")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("app.js", "text/javascript"), ("style.css", "text/css"), ("logo.svg", "image/svg+xml")],
)
def test_files_of_the_page_have_their_types(client: FlaskClient, name: str, kind: str) -> None:
    response = client.get(f"{files(client)}/{name}")
    assert (response.status_code, response.mimetype) == (200, kind)


@pytest.mark.parametrize("path", ["/", "/map", "/duplicates", "/upgrade", "/nowhere"])
def test_pages_ask_nobody_else_for_anything(client: FlaskClient, path: str) -> None:
    page = client.get(path, headers={"Accept": "text/html"}).text
    assert "//" not in page.replace("<!doctype html>", "")
    assert "<style" not in page
    assert "<script>" not in page
    assert " style=" not in page
    assert not re.search(r"<[^>]* on[a-z]+=", page)


def test_scripts_make_no_page_out_of_text() -> None:
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
    scripts = sorted(STATIC.rglob("*.js"))
    assert len(scripts) > 40
    assert [one.name for one in scripts if re.search(ways, one.read_text("utf-8"))] == []


def test_a_fault_is_recorded_and_not_shown(
    library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_self: Library) -> NoReturn:
        raise RuntimeError("the secret of the inner workings")

    monkeypatch.setattr(Library, "stats", fail)
    with caplog.at_level(logging.ERROR):
        response = client_of(library).get("/api/stats")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert (
        response.get_json()["detail"]
        == "Something went wrong on the server; its log has the details."
    )
    assert "the secret of the inner workings" in caplog.text


def test_trouble_in_the_background_is_told(library: Library) -> None:
    client = client_of(library, trouble=lambda: "The disk is full.")
    assert client.get("/api/stats").get_json()["trouble"] == "The disk is full."
