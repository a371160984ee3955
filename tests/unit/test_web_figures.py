"""The figures for Prometheus: true, of one app alone, bounded, without names of the library."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from lookalike import Library
from lookalike.library import Indexed, Skipped
from lookalike.web import create_app, figures
from tests.pictures import make_jpeg
from tests.served import client_of, form, id_of
from tests.small_libraries import tiny_model, write

Told = dict[str, dict[tuple[str, ...], float]]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    base = tmp_path_factory.mktemp("figures")
    write(base / "pictures", "aunt.png", "uncle.png")
    (base / "pictures" / "cousin.jpg").touch()
    (base / "pictures" / "nephew.jpg").write_text("a shopping list")
    with Library.open(base / "library", model=tiny_model(base), create=True) as library:
        library.index(base / "pictures")
        yield library


@pytest.fixture
def client(library: Library) -> FlaskClient:
    return client_of(library)


def told(client: FlaskClient) -> Told:
    """Every sample by its name, and by the values of its labels in order of their names; without
    what the client asked in order to check answers."""
    found: Told = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for one in family.samples:
            labels = tuple(value for _, value in sorted(one.labels.items()))
            if "/openapi.json" not in labels:
                found.setdefault(one.name, {})[labels] = one.value
    return found


def test_the_format_is_the_one_that_everything_reads(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "# TYPE lookalike_requests_total counter" in answer.text


def test_requests_are_counted_by_the_template_of_their_address(
    client: FlaskClient, library: Library
) -> None:
    for name in ("aunt.png", "uncle.png"):
        client.get(f"/api/images/{id_of(library, name)}")
    client.get("/api/images/99")
    counted = told(client)
    route = "/api/images/{image_id}"
    assert counted["lookalike_requests_total"] == {
        ("GET", route, "200"): 2,
        ("GET", route, "404"): 1,
    }
    assert counted["lookalike_request_seconds_count"][route,] == 3
    assert 0 < counted["lookalike_request_seconds_sum"][route,] < 60
    assert counted["lookalike_request_seconds_bucket"]["+Inf", route] == 3
    assert counted["lookalike_requests_running"] == {(): 1}
    assert counted["lookalike_requests_waiting"] == {(): 0}


def test_searches_are_counted_by_what_was_asked_with(client: FlaskClient, library: Library) -> None:
    number = id_of(library, "aunt.png")
    client.post("/api/search", **form(make_jpeg()))
    client.post("/api/search", json={"id": number})
    client.post("/api/search", json={"id": number, "offset": 1})
    client.post("/api/search", json={"examples": [{"id": number}]})
    assert client.post("/api/search", json={"words": "a cup"}).status_code == 400
    assert told(client)["lookalike_searches_total"] == {
        ("upload",): 1,
        ("picture",): 2,
        ("examples",): 1,
    }


def test_labels_cannot_be_multiplied_from_outside(client: FlaskClient) -> None:
    for number in range(20):
        client.get(f"/nowhere/{number}")
        client.open("/healthz", method=f"BREW{number}")
        client.get(f"/api/images/{10**6 + number}/thumbnail?v={number}")
        client.get(f"/static/{number}/{number}.js")
    assert set(told(client)["lookalike_requests_total"]) == {
        ("GET", "(none)", "404"),
        ("OTHER", "(none)", "405"),
        ("GET", "/api/images/{image_id}/thumbnail", "404"),
        ("GET", "/static/{version}/{name}", "404"),
    }


def test_how_the_library_is(client: FlaskClient, library: Library) -> None:
    counted = told(client)
    for name, value in {
        "readable": 1,
        "pictures": 2,
        "bytes": library.stats().bytes,
        "indexing": 0,
        "cache_saved": 2,
        "cache_waiting": 0,
        "cells": 0,
        "recall": 1,
    }.items():
        assert counted[f"lookalike_{name}"] == {(): value}, name
    skipped = {key[0]: value for key, value in counted["lookalike_skipped"].items()}
    assert {key: value for key, value in skipped.items() if value} == {
        "empty": 1,
        "not_a_picture": 1,
    }
    for name in ("commit", "run"):
        assert 0 <= counted[f"lookalike_{name}_age_seconds"][()] < 600
    if sys.platform == "linux":
        assert counted["process_open_fds"][()] > 3


def test_no_name_is_told(client: FlaskClient, library: Library) -> None:
    client.get("/api/facets?text=secret")
    text = client.get("/metrics").text
    for word in ("secret", "aunt", "cousin", str(library.folder), library.model):
        assert word not in text


def test_each_app_counts_for_itself(library: Library) -> None:
    one, other = client_of(library), client_of(library)
    one.get("/healthz")
    assert ("GET", "/healthz", "200") in told(one)["lookalike_requests_total"]
    assert "lookalike_requests_total" not in told(other)


def test_a_library_that_cannot_be_read_is_told_of(tmp_path: Path) -> None:
    library = Library.open(tmp_path, create=True)
    client = client_of(library)
    library.close()
    counted = told(client)
    assert counted["lookalike_readable"] == {(): 0}
    assert "lookalike_pictures" not in counted


def test_indexing_beside_is_counted_while_it_runs(library: Library, tmp_path: Path) -> None:
    app = create_app(library)
    counting = figures.of_app(app)
    library._store.set(
        indexing=f'{{"at": {time.time()}, "done": 3, "total": 8, "images_per_second": 1.0,'
        ' "seconds_left": 5}'
    )
    try:
        for event in (Indexed("a", "added"), Indexed("b", "added"), Skipped("c", "is empty")):
            counting.on_event(event)
        counting.refused(503)
        counting.queue = lambda: 7
        counted = told(app.test_client())
    finally:
        library._store.set(indexing="")
    assert counted["lookalike_indexed_total"] == {("added",): 2, ("skipped",): 1}
    assert counted["lookalike_requests_total"] == {("OTHER", "(none)", "503"): 1}
    assert counted["lookalike_requests_waiting"] == {(): 7}
    assert [counted[f"lookalike_indexing{part}"][()] for part in ("", "_done", "_total")] == [
        *(1, 3, 8)
    ]
