"""examples/rest_client.py, as someone would copy it, against the real server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples import rest_client
from lookalike import Library
from tests.pictures import TEXT, make_jpeg, textured
from tests.served import Running, id_of, make_library, opened

TOKEN = "correct-horse-battery-staple-9"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("example")
    make_library(folder).close()
    (folder / "query.jpg").write_bytes(make_jpeg(textured(seed=3)))
    (folder / "list.jpg").write_bytes(TEXT)
    return folder


@pytest.fixture(scope="module")
def running(base: Path) -> Iterator[Running]:
    started = Running(base / "library", door={"token": TOKEN})
    yield started
    started.stop()


@pytest.fixture
def client(running: Running) -> rest_client.Client:
    return rest_client.Client(running.url, token=TOKEN)


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", rest_client.__file__, *arguments]
    return subprocess.run(
        command,
        env={**os.environ, "LOOKALIKE_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.slow
def test_the_example_prints_what_it_finds(running: Running, base: Path) -> None:
    done = run(running.url, base / "query.jpg")
    assert (done.returncode, done.stderr) == (0, "")
    *hits, count = done.stdout.splitlines()
    assert hits[0].startswith("1.000 ")
    assert hits[0].endswith('plain 3.jpg"')
    assert count == f"{len(hits)} of {len(hits)} pictures"
    refused = run(running.url, base / "list.jpg")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "is not a picture" in refused.stderr


@pytest.mark.slow
def test_the_calls_of_the_example(client: rest_client.Client, base: Path) -> None:
    with Library.open(base / "library") as library:
        number = id_of(library, "plain 1.jpg")
        expected = [hit.record.id for hit in library.search(number, 1000, exact=True)]
        images = library.count()
    assert [hit["id"] for hit in client.every_hit(number, at_once=4)] == expected
    filtered = client.search_file(base / "query.jpg", k=2, filter={"formats": ["TIFF"]})
    assert [hit["relative"] for hit in filtered["hits"]] == ["sub/scan.tif"]
    assert client.stats() == client.stats()
    assert client.stats()["images"] == client.facets()["images"] == images
    assert client.facets("format=TIFF")["images"] == 1
    assert opened(client.thumbnail(filtered["hits"][0])).format == "WEBP"
    with pytest.raises(rest_client.LookalikeError, match="holds no picture"):
        client.search_id(999_999)
