"""Files that were swapped for links, pipes, texts and other pictures → none of them is served."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from lookalike import Library
from lookalike.errors import ImageError
from lookalike.library import originals
from tests.pictures import encode, make_jpeg, textured
from tests.served import client_of

SECRET = b"root:x:0:0:root:/root:/bin/sh\n"
LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes as POSIX has them")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    (tmp_path / "pictures").mkdir()
    file = tmp_path / "pictures" / "a.jpg"
    file.write_bytes(make_jpeg(textured()))
    return file


@pytest.fixture
def library(picture: Path, tmp_path: Path, tiny: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library", create=True, model=tiny) as library:
        library.index(picture.parent)
        yield library


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return client_of(library)


def disguised(content: bytes, like: Path, place: Path) -> Path:
    """A file with the size and the time of another: all that the library compares at first."""
    status = like.stat()
    place.write_bytes(content.ljust(status.st_size, b"\n")[: status.st_size])
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
    return place


def test_the_file_is_sent_as_it_lies_there(client: FlaskClient, picture: Path) -> None:
    content = picture.read_bytes()
    whole = client.get("/api/images/1/file")
    assert (whole.status_code, whole.data, whole.mimetype) == (200, content, "image/jpeg")
    assert whole.headers["Content-Disposition"] == "inline; filename=a.jpg"
    assert "default-src 'none'" in whole.headers["Content-Security-Policy"]
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    part = client.get("/api/images/1/file", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, content[10:20])
    tag = {"If-None-Match": whole.headers["ETag"]}
    assert client.get("/api/images/1/file", headers=tag).status_code == 304
    assert client.get("/api/images/1/file", headers={"Range": "bytes=999999-"}).status_code == 416
    head = client.head("/api/images/1/file")
    assert (head.status_code, head.data, head.content_length) == (200, b"", len(content))


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors as Linux shows them")
def test_no_file_stays_open(client: FlaskClient) -> None:
    def ask() -> None:
        for headers in ({}, {"Range": "bytes=1-2"}, {"Range": "bytes=999999-"}, {"If-Match": "x"}):
            client.get("/api/images/1/file", headers=headers).close()
        client.head("/api/images/1/file").close()

    ask()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count
    for _ in range(5):
        ask()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - a count


def _text(picture: Path, aside: Path) -> None:
    picture.write_bytes(SECRET)


def _disguised_text(picture: Path, aside: Path) -> None:
    disguised(SECRET, picture, aside / "text").replace(picture)


def _other_kind(picture: Path, aside: Path) -> None:
    disguised(encode(textured(seed=1), "PNG"), picture, aside / "png").replace(picture)


def _link(picture: Path, aside: Path) -> None:
    (aside / "secret").write_bytes(SECRET)
    picture.unlink()
    picture.symlink_to(aside / "secret")


def _link_to_the_disguised(picture: Path, aside: Path) -> None:
    target = disguised(SECRET, picture, aside / "secret")
    picture.unlink()
    picture.symlink_to(target)


def _link_to_passwords(picture: Path, aside: Path) -> None:
    picture.unlink()
    picture.symlink_to("/etc/passwd")


def _linked_folder(picture: Path, aside: Path) -> None:
    (aside / "pictures").mkdir()
    (aside / "pictures" / "a.jpg").write_bytes(make_jpeg(textured(seed=2)))
    picture.parent.rename(aside / "before")
    picture.parent.symlink_to(aside / "pictures")


def _pipe(picture: Path, aside: Path) -> None:
    picture.unlink()
    os.mkfifo(picture)


def _folder(picture: Path, aside: Path) -> None:
    picture.unlink()
    picture.mkdir()


Swap = Callable[[Path, Path], None]


@LINKS
@pytest.mark.parametrize(
    "swap",
    [
        *(_text, _disguised_text, _other_kind, _link, _link_to_the_disguised),
        *(_link_to_passwords, _linked_folder, _pipe, _folder),
    ],
)
def test_what_was_swapped_is_not_served(
    client: FlaskClient, picture: Path, tmp_path: Path, swap: Swap
) -> None:
    (tmp_path / "aside").mkdir()
    swap(picture, tmp_path / "aside")
    for name in ("file", "thumbnail", "preview", "metadata"):
        response = client.get(f"/api/images/1/{name}")
        if (swap, name) == (_other_kind, "metadata"):
            continue  # tells what the file says of itself, and that is a picture's
        if swap is _other_kind and name != "file":
            assert response.mimetype in {"image/webp", "application/problem+json"}
            continue  # a picture, made anew
        assert response.status_code == 404, name
        assert b"root:" not in response.data
    packed = client.post("/api/export", json={"images": [1], "format": "zip"})
    assert packed.status_code == 200
    assert b"root:" not in packed.data
    assert b"has changed" in packed.data or b"no longer there" in packed.data


@LINKS
def test_a_swap_between_the_look_and_the_opening_is_noticed(
    library: Library, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "aside").mkdir()
    real = originals.checked

    def look_and_swap(record: object) -> Path:
        place = real(record)  # type: ignore[arg-type]
        _link_to_passwords(picture, tmp_path / "aside")
        return place

    monkeypatch.setattr(originals, "checked", look_and_swap)
    with pytest.raises(ImageError, match="has changed since it was indexed"):
        library.open_original(1)


@pytest.mark.parametrize(
    "path",
    [
        "/api/images/..%2f..%2f..%2fetc%2fpasswd/file",
        "/api/images/1/file/../../../../etc/passwd",
        "/api/images/1%00/file",
        "/api/images/-1/file",
        "/api/images/1/file?path=/etc/passwd",
        "/static/../../../etc/passwd",
        "//etc/passwd",
        "/api/images/999999999999999999999/file",
    ],
)
def test_addresses_do_not_lead_out(client: FlaskClient, picture: Path, path: str) -> None:
    response = client.get(path)
    assert b"root:" not in response.data
    if response.status_code == 200:  # what is asked for beside the number is nothing
        assert response.data == picture.read_bytes()
