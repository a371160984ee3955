"""What happens in the server, and how its library is → figures for Prometheus, of one app alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lookalike.errors import LookalikeError

if TYPE_CHECKING:
    from lookalike.library import Event, Following, Pulse

_KEY = "lookalike figures"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_FRESH = 5.0  # seconds for which what was found out of a library is told again

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
"""Prometheus' text format, which everything that reads figures knows."""


class Figures:
    """The figures of one app; labels have a bounded number of values, whoever asks for whatever.

    ``queue`` tells how many requests wait for a thread.
    """

    def __init__(self, following: Following) -> None:
        self._registry = registry = CollectorRegistry()
        self.queue: Callable[[], int] = lambda: 0
        self._requests = Counter(
            "lookalike_requests",
            "Requests that were answered.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "lookalike_request_seconds",
            "Seconds from a request to the end of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._searches = Counter(
            "lookalike_searches",
            "Searches that were answered, by what was asked with.",
            ["kind"],
            registry=registry,
        )
        self._indexed = Counter(
            "lookalike_indexed",
            "Pictures that indexing beside this server has added, changed, moved, removed, and "
            "files that it has skipped.",
            ["action"],
            registry=registry,
        )
        self.running = Gauge(
            "lookalike_requests_running", "Requests that are being answered.", registry=registry
        )
        waiting = Gauge(
            "lookalike_requests_waiting", "Requests that wait for a thread.", registry=registry
        )
        waiting.set_function(lambda: float(self.queue()))
        ProcessCollector(registry=registry)
        registry.register(_OfLibrary(following))

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was running; ``route`` is the template of its address."""
        self.running.dec()
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def refused(self, status: int) -> None:
        """Count a request that came to no thread."""
        self._requests.labels("OTHER", "(none)", str(status)).inc()

    def searched(self, kind: str) -> None:
        """Count a search; ``kind`` is one of a few words."""
        self._searches.labels(kind).inc()

    def on_event(self, event: Event) -> None:
        """Count what indexing tells."""
        from lookalike.library import Indexed, Skipped

        if isinstance(event, Indexed):
            self._indexed.labels(event.action).inc()
        elif isinstance(event, Skipped):
            self._indexed.labels("skipped").inc()

    def told(self) -> bytes:
        """All figures in the format of `CONTENT_TYPE`."""
        return generate_latest(self._registry)


class _OfLibrary(Collector):
    """The state of a library, asked for when it is wanted."""

    def __init__(self, following: Following) -> None:
        self._following = following
        self._known: tuple[float, Pulse | None] = (-_FRESH, None)

    def describe(self) -> list[Metric]:
        """Nothing: what is told depends on whether the library can be read."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The figures as they are now."""
        pulse = self._pulse()
        yield _gauge("readable", "Whether the library can be read.", float(pulse is not None))
        if pulse is None:
            return
        yield _gauge("pictures", "Pictures in the library.", pulse.images)
        yield _gauge("bytes", "What the library takes on disk, thumbnails left out.", pulse.bytes)
        skipped = GaugeMetricFamily(
            "lookalike_skipped", "Files that are not in the library, by reason.", labels=["reason"]
        )
        for reason, number in pulse.skipped.items():
            skipped.add_metric([reason], number)
        yield skipped
        yield from _freshness(pulse)
        yield from _search(pulse)

    def _pulse(self) -> Pulse | None:
        asked, known = self._known
        if time.monotonic() - asked >= _FRESH:
            try:
                known = self._following.now().pulse()
            except LookalikeError:  # told as a figure, and by every request that needs the library
                known = None
            self._known = time.monotonic(), known
        return known


def _freshness(pulse: Pulse) -> Iterator[Metric]:
    now = time.time()
    for name, then, text in (
        ("commit_age_seconds", pulse.committed, "Seconds since pictures last came, changed, left."),
        ("run_age_seconds", pulse.finished, "Seconds since indexing last came to its end."),
    ):
        if then is not None:
            yield _gauge(name, text, max(0.0, now - then))
    running = pulse.indexing
    yield _gauge("indexing", "Whether a process indexes at the moment.", float(running is not None))
    if running is not None:
        yield _gauge("indexing_done", "Files that the running index has read.", running.done)
        yield _gauge("indexing_total", "Files that the running index reads.", running.total)


def _search(pulse: Pulse) -> Iterator[Metric]:
    loaded = float(pulse.loaded)
    yield _gauge("model_loaded", "Whether the model is in memory.", loaded)
    if (index := pulse.index) is None:
        return
    yield _gauge("cache_saved", "Pictures that the search cache holds.", index.saved)
    yield _gauge("cache_waiting", "Pictures that are compared one by one.", index.waiting)
    yield _gauge("cells", "Cells that pictures are sorted into; 0: all are compared.", index.cells)
    yield _gauge("recall", "Of the 30 best, the part that searches find.", index.recall)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"lookalike_{name}", text, value=value)


def attach(app: Flask, figures: Figures) -> None:
    """Give an app its figures."""
    app.extensions[_KEY] = figures


def of_app(app: Flask | None = None) -> Figures:
    """The figures of an app, or of the app of this request."""
    return cast(Figures, (app or current_app).extensions[_KEY])
