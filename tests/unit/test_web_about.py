"""REST: a picture's file → what it says of itself, and its folder for who sits at this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from lookalike import Library
from tests.openers import ONLY_XDG, Opener
from tests.served import Running, client_of, id_of, make_library, opened

ORIGIN = "http://127.0.0.1:5000"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with make_library(tmp_path_factory.mktemp("served")) as library:
        yield library


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return client_of(library, at_home=True)


@pytest.fixture
def opener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opener:
    return Opener(tmp_path).move_in(monkeypatch)


# ---- what the file says


def test_what_the_file_says(client: FlaskClient, library: Library) -> None:
    said = client.get(f"/api/images/{id_of(library, 'camera.jpg')}/metadata").get_json()
    assert (said["camera"], said["orientation"], said["skipped"]) == ("Acme Box 1", 6, [])
    assert said["latitude"] == pytest.approx(47.375)


def test_it_has_an_etag(client: FlaskClient, library: Library) -> None:
    address = f"/api/images/{id_of(library, 'camera.jpg')}/metadata"
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_there_is_nothing_of_what_is_not_there(client: FlaskClient, library: Library) -> None:
    assert client.get("/api/images/999999/metadata").status_code == 404
    number = id_of(library, "plain 2.jpg")
    Path(library.record(number).path).unlink()
    answer = client.get(f"/api/images/{number}/metadata")
    assert answer.status_code == 404
    assert "is no longer there" in answer.get_json()["detail"]


# ---- larger than a screen


@pytest.mark.parametrize("name", ["phone.heic", "scan.tif"])
def test_what_browsers_cannot_show_has_a_whole_preview(
    client: FlaskClient, library: Library, name: str
) -> None:
    record = library.record(id_of(library, name))
    image = client.get(f"/api/images/{record.id}").get_json()
    assert image["whole"] == f"{image['preview']}&side=8192"
    whole = client.get(image["whole"])
    assert opened(whole.data).size == (record.width, record.height)
    assert "immutable" in whole.headers["Cache-Control"]


def test_what_browsers_show_is_whole_as_it_is(client: FlaskClient, library: Library) -> None:
    image = client.get(f"/api/images/{id_of(library, 'plain 1.jpg')}").get_json()
    assert image["whole"] == image["file"]


def test_a_preview_is_as_large_as_was_asked(client: FlaskClient, library: Library) -> None:
    address = f"/api/images/{id_of(library, 'scan.tif')}/preview"
    small, usual = client.get(f"{address}?side=100"), client.get(address)
    assert opened(small.data).size == (100, 75)
    assert small.headers["ETag"] != usual.headers["ETag"]
    again = client.get(f"{address}?side=100", headers={"If-None-Match": small.headers["ETag"]})
    assert again.status_code == 304
    for side in ("0", "8193", "x", "", "²"):
        assert client.get(f"{address}?side={side}").status_code == 400


# ---- the folder


@ONLY_XDG
@pytest.mark.parametrize("headers", [{}, {"Origin": ORIGIN}, {"Origin": "http://localhost:80"}])
def test_who_sits_here_is_shown_the_folder(
    client: FlaskClient, library: Library, opener: Opener, headers: dict[str, str]
) -> None:
    record = library.record(id_of(library, "camera.jpg"))
    headers = {"Host": "127.0.0.1:5000", **headers, "Sec-Fetch-Site": "same-origin"}
    answer = client.post(f"/api/images/{record.id}/reveal", headers=headers)
    assert answer.get_json() == {"path": record.path}
    assert opener.asked() == [os.fsencode(Path(record.path).parent)]
    assert b'id="viewer-reveal" type="button">' in client.get("/").data


FROM_ELSEWHERE = [
    ({"REMOTE_ADDR": "192.168.0.7"}, {}),
    ({"REMOTE_ADDR": ""}, {}),
    ({}, {"X-Forwarded-For": "192.168.0.7"}),
    ({}, {"Forwarded": "for=192.168.0.7"}),
    ({}, {"Via": "1.1 proxy"}),
    ({}, {"Origin": "https://photos.example", "Sec-Fetch-Site": "same-origin"}),
    ({}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}),
    ({}, {"Origin": "http://[::1", "Sec-Fetch-Site": "same-origin"}),
]


@pytest.mark.parametrize(("environ", "headers"), FROM_ELSEWHERE)
def test_who_asks_from_elsewhere_is_not(
    client: FlaskClient,
    library: Library,
    opener: Opener,
    environ: dict[str, str],
    headers: dict[str, str],
) -> None:
    address = f"/api/images/{id_of(library, 'camera.jpg')}/reveal"
    answer = client.post(address, headers=headers, environ_overrides=environ)
    assert answer.status_code == 403
    assert "copy the path" in answer.get_json()["detail"]
    assert opener.asked() is None
    assert (
        b'id="viewer-reveal" type="button" hidden>'
        in client.get("/", headers=headers, environ_overrides=environ).data
    )


def test_pages_of_other_sites_cannot_open_windows(
    client: FlaskClient, library: Library, opener: Opener
) -> None:
    address = f"/api/images/{id_of(library, 'camera.jpg')}/reveal"
    answer = client.post(
        address, headers={"Origin": "http://localhost:9", "Host": "localhost:5000"}
    )
    assert answer.status_code == 403
    assert client.get(address).status_code == 405
    assert opener.asked() is None


def test_a_server_that_others_reach_never_does(library: Library, opener: Opener) -> None:
    client = client_of(library)
    answer = client.post(f"/api/images/{id_of(library, 'camera.jpg')}/reveal")
    assert answer.status_code == 403
    assert opener.asked() is None


@ONLY_XDG
def test_without_a_desktop_there_is_a_sentence(client: FlaskClient, library: Library) -> None:
    answer = client.post(f"/api/images/{id_of(library, 'camera.jpg')}/reveal")
    assert answer.status_code == 403
    assert "No desktop" in answer.get_json()["detail"]
    assert b'id="viewer-reveal" type="button" hidden>' in client.get("/").data


@ONLY_XDG
def test_a_file_that_is_gone_is_not_shown(
    client: FlaskClient, library: Library, opener: Opener
) -> None:
    number = id_of(library, "plain 3.jpg")
    Path(library.record(number).path).unlink()
    answer = client.post(f"/api/images/{number}/reveal")
    assert answer.status_code == 404
    assert "is no longer there" in answer.get_json()["detail"]
    assert client.post("/api/images/999999/reveal").status_code == 404
    assert opener.asked() is None


@ONLY_XDG
@pytest.mark.slow
@pytest.mark.parametrize(("host", "allowed"), [("127.0.0.1", True), ("0.0.0.0", False)])
def test_the_running_server_knows_who_reaches_it(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, allowed: bool
) -> None:
    opener = Opener(tmp_path).move_in(monkeypatch)
    door = {} if allowed else {"open": True, "hosts": ["127.0.0.1"]}
    running = Running(library.folder, host=host, door=door)
    try:
        number = id_of(library, "camera.jpg")
        status, _ = running.ask("POST", f"/api/images/{number}/reveal")
    finally:
        running.stop()
    assert status == (200 if allowed else 403)
    assert (opener.asked() is not None) == allowed
