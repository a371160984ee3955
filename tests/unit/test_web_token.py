"""Requests with a token, with a wrong one and without → who sees the pictures, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from lookalike import Library
from lookalike.web.guard.access import Access
from tests.pictures import make_jpeg
from tests.served import client_of, form

TOKEN = "correct-horse-battery-staple-9"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.open(tmp_path_factory.mktemp("empty"), create=True) as library:
        yield library


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return client_of(library, access=Access(TOKEN))


def rules(client: FlaskClient) -> list[tuple[str, str]]:
    """Every address of the app with one of its methods."""
    return [
        (method, re.sub(r"<[^>]*>", "1", rule.rule))
        for rule in client.application.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
        if rule.rule not in {"/healthz", "/readyz", "/token"}
    ]


def test_nothing_is_seen_without_the_token(client: FlaskClient) -> None:
    addresses = [*rules(client), ("GET", "/nowhere"), ("HEAD", "/"), ("OPTIONS", "/api/search")]
    assert len(addresses) > 40
    for method, address in addresses:
        for headers in ({}, BROWSER, {"Cookie": "lookalike=1"}, {"Authorization": "Basic eDp5"}):
            response = client.open(address, method=method, headers=headers)
            assert response.status_code == 401, (method, address, headers)
            assert response.headers["WWW-Authenticate"].startswith("Bearer ")
            assert response.headers["Cache-Control"] == "no-store"


def test_whether_it_is_well_needs_no_token_and_tells_nothing(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    assert client.get("/readyz").get_json() == {"status": "ready"}


def test_programs_send_the_token_in_a_header(client: FlaskClient) -> None:
    response = client.get("/api/stats", headers=BEARER)
    assert response.status_code == 200
    assert response.cache_control.private
    assert client.post("/api/search", headers=BEARER, **form(make_jpeg())).status_code == 200
    wrong = client.get("/api/stats", headers={"Authorization": f"Bearer {TOKEN}x"})
    assert wrong.status_code == 401
    assert wrong.get_json()["detail"] == "This is not the token of this server."
    missing = client.get("/api/stats").get_json()["detail"]
    assert missing.startswith("This server asks for a token: send the header")


def cookie_of(response: Any) -> str:
    header: str = response.headers["Set-Cookie"]
    assert TOKEN not in header
    for word in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=31536000"):
        assert word in header
    return header


def test_an_address_with_the_token_opens_the_page_and_is_left(client: FlaskClient) -> None:
    entered = client.get(f"/map?token={TOKEN}&x=1%26", headers=BROWSER)
    assert entered.status_code == 200
    assert "Secure" not in cookie_of(entered)
    assert entered.headers["Cache-Control"] == "no-store"
    assert '<meta http-equiv="refresh" content="0; url=map?x=1%26">' in entered.text
    assert TOKEN not in entered.text
    assert client.get("/").status_code == 200
    assert client.get("/api/stats").status_code == 200
    client.delete_cookie(Access(TOKEN).cookie_name)
    assert client.get("/api/stats").status_code == 401


def test_the_token_in_an_address_is_for_pages_alone(client: FlaskClient) -> None:
    assert client.get(f"/api/stats?token={TOKEN}").status_code == 401
    assert client.post(f"/api/search?token={TOKEN}", **form(make_jpeg())).status_code == 401
    wrong = client.get("/?token=wrong-but-long-enough", headers=BROWSER)
    assert wrong.status_code == 401
    assert "This is not the token of this server." in wrong.text
    assert "Set-Cookie" not in wrong.headers


def test_the_form_takes_the_token(client: FlaskClient) -> None:
    page = client.get("/", headers=BROWSER)
    assert (page.status_code, page.mimetype) == (401, "text/html")
    assert '<form class="token" method="post" action="/token">' in page.text
    assert page.headers["Referrer-Policy"] == "same-origin"  # or the form would have no origin
    for name in ("style.css", "logo.svg"):
        (address,) = set(re.findall(rf'"(/static/[0-9a-f]{{12}}/{re.escape(name)})"', page.text))
        assert client.get(address).status_code == 200
        assert client.get(address.replace(name, "app.js")).status_code == 401
    wrong = client.post("/token", data={"token": "wrong-but-long-enough"}, headers=BROWSER)
    assert wrong.status_code == 401
    assert 'role="alert"' in wrong.text
    right = client.post("/token", data={"token": f" {TOKEN}\n"}, headers=BROWSER)
    assert (right.status_code, right.headers["Location"]) == (303, "/")
    cookie_of(right)
    assert client.get("/").status_code == 200
    assert client.post("/token").status_code == 303  # who is inside is inside


def test_another_site_cannot_use_the_form_or_the_cookie(client: FlaskClient) -> None:
    evil = {"Origin": "https://evil.example"}
    assert client.post("/token", data={"token": TOKEN}, headers=evil).status_code == 403
    client.get(f"/?token={TOKEN}")
    assert client.post("/api/search", headers=evil, **form(make_jpeg())).status_code == 403


def test_wrong_tokens_are_held_back_and_browsers_inside_are_not(library: Library) -> None:
    client, inside = client_of(library, access=(access := Access(TOKEN))), None
    inside = client_of(library, access=access)
    inside.get(f"/?token={TOKEN}")
    wrong = {"Authorization": "Bearer wrong-but-long-enough"}
    statuses = [client.get("/api/stats", headers=wrong).status_code for _ in range(12)]
    assert statuses[:9] == [401] * 9
    assert statuses[-1] == 429
    refused = client.get("/api/stats", headers=BEARER)  # nobody may go on guessing
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 6
    assert refused.get_json()["detail"].startswith("The token was wrong too often")
    form_page = client.post("/token", data={"token": TOKEN}, headers=BROWSER)
    assert form_page.status_code == 429
    assert int(form_page.headers["Retry-After"]) >= 1
    assert inside.get("/api/stats").status_code == 200


def test_behind_a_proxy_guesses_count_for_who_makes_them(library: Library) -> None:
    client = client_of(library, access=Access(TOKEN), proxies={"127.0.0.1"})

    def ask(address: str, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
        return client.get("/api/stats", headers=headers).status_code

    assert {ask("203.0.113.5", "wrong-but-long-enough") for _ in range(12)} == {401, 429}
    assert ask("203.0.113.5", TOKEN) == 429
    assert ask("203.0.113.6", TOKEN) == 200


def test_cookies_are_for_secure_connections_where_there_is_one(library: Library) -> None:
    told = {"X-Forwarded-Proto": "https"}
    behind = client_of(library, access=Access(TOKEN), proxies={"127.0.0.1"})
    assert "Secure" in cookie_of(behind.get(f"/?token={TOKEN}", headers=told))
    plain = client_of(library, access=Access(TOKEN))
    assert "Secure" not in cookie_of(plain.get(f"/?token={TOKEN}", headers=told))


def test_without_a_token_the_form_leads_to_the_page(library: Library) -> None:
    client = client_of(library)
    assert client.post("/token", data={"token": "x"}).headers["Location"] == "/"
    assert client.get("/?token=x").status_code == 200
