"""The flowers' library → what it costs to be watched: log, figures, readiness; what a doctor takes.

    python -m benchmarks.watching

Searches over REST are measured in turns: with the log and the figures as `lookalike serve` has
them, and in an app that keeps neither. The first search is measured with a model that was loaded at
the start, and without.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from flask.testing import FlaskClient

from benchmarks import flowers
from benchmarks.measuring import (
    Figures,
    Sample,
    Settings,
    alone,
    alternate,
    lookalike,
    show,
    timed,
)
from lookalike import Library, journal
from lookalike.web import asked, create_app

Task = Callable[[], object]
_COLUMNS = ("alone", "watched", "alone_least", "watched_least")


def measure(settings: Settings) -> Figures:
    """Milliseconds of requests with and without, of what watches; seconds of the doctor."""
    place = flowers.library(settings)
    rounds = 50 if settings.quick else 400
    figures = _requests(place, rounds)
    show(
        "Watched, ms: medians, and the least",
        ["", "not watched", "watched", "not watched", "watched"],
        [
            [name, *(figures.get(f"{name}_{one}_ms") for one in _COLUMNS)]
            for name in ("search_upload", "search_known", "thumbnail", "healthz")
        ],
    )
    figures |= _first(place) | _doctor(place, 3 if settings.quick else 5)
    show(
        "Others",
        ["", ""],
        [
            [one, figures[one]]
            for one in figures
            if not one.endswith(tuple(f"{c}_ms" for c in _COLUMNS))
        ],
    )
    return figures


def _requests(place: Path, rounds: int) -> Figures:
    handler = journal.handler_of("json", discreet=True)
    with Library.open(place) as library, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        handler.setStream(nowhere)
        record = library.sample(1)[0]
        content = Path(record.path).read_bytes()
        clients = {"alone": _unwatched(library), "watched": create_app(library).test_client()}
        log = logging.getLogger("lookalike.web")
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False
        figures: Figures = {}
        makers: dict[str, Callable[[FlaskClient], Task]] = {
            "search_upload": lambda client: _upload(client, content),
            "search_known": lambda client: _known(client, record.id),
            "thumbnail": lambda client: _get(client, f"/api/images/{record.id}/thumbnail"),
            "healthz": lambda client: _get(client, "/healthz"),
        }
        for name, task in makers.items():
            pair = {f"{name}_{kind}": task(client) for kind, client in clients.items()}
            for one, sample in alternate(pair, rounds=rounds).items():
                figures |= {
                    f"{one}_ms": sample.scaled(1e3).median,
                    f"{one}_least_ms": 1e3 * min(sample.values),
                }
        others = {path: _get(clients["watched"], f"/{path}") for path in ("readyz", "metrics")}
        for one, sample in alternate(others, rounds=rounds).items():
            figures[f"{one}_ms"] = sample.scaled(1e3).median
        log.removeHandler(handler)
        return figures


def _unwatched(library: Library) -> FlaskClient:
    """An app that tells nobody of its requests."""
    with patch.object(asked, "attach"):
        return create_app(library).test_client()


def _upload(client: FlaskClient, content: bytes) -> Task:
    from io import BytesIO

    def ask() -> None:
        data = {"image": (BytesIO(content), "query.jpg")}
        with client.post("/api/search", data=data, buffered=True) as answer:
            assert answer.status_code == 200

    return ask


def _known(client: FlaskClient, number: int) -> Task:
    def ask() -> None:
        with client.post("/api/search", json={"id": number}, buffered=True) as answer:
            assert answer.status_code == 200

    return ask


def _get(client: FlaskClient, path: str) -> Task:
    def ask() -> None:
        with client.get(path, buffered=True) as answer:
            assert answer.status_code == 200

    return ask


def _first(place: Path) -> Figures:
    """The first search of a server, whose model was loaded at its start or was not."""
    found: dict[str, float] = {}
    for name, warm in (("first_search_cold_ms", False), ("first_search_warm_ms", True)):
        with Library.open(place) as library:
            content = Path(library.sample(1)[0].path).read_bytes()
            if warm:
                library.warm()
            found[name] = 1e3 * timed(_upload(create_app(library).test_client(), content))
    return {**found}


def _doctor(place: Path, rounds: int) -> Figures:
    """The whole command, and the same for the machine alone."""
    every = [lookalike("doctor", "--library", place).seconds for _ in range(rounds)]
    alone_s = timed(_checks_of_machine)
    return {"doctor_s": Sample(tuple(every)).median, "doctor_machine_s": alone_s}


def _checks_of_machine() -> None:
    from lookalike.library import check_machine, check_model

    check_machine()
    check_model()


if __name__ == "__main__":
    sys.exit(alone(measure))
