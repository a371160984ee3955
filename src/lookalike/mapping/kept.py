"""A chart ↔ one file in a library's cache, which may be deleted at any time."""

from __future__ import annotations

from pathlib import Path

from lookalike import cachefile
from lookalike.cachefile import Arrays, Note
from lookalike.mapping.chart import Chart
from lookalike.mapping.components import Components

_METHOD = 1
"""Another number draws every map anew: to be raised where it would come out differently."""


def file_in(cache: Path) -> Path:
    """Where a chart lies in a library's cache."""
    return cache / "map" / "chart.npz"


def load(cache: Path, identity: str) -> Chart | None:
    """What was drawn for the model with this identity; None where there is nothing to be read."""
    wanted = {"kept": _METHOD, "identity": identity}
    return cachefile.load(file_in(cache), wanted, _chart, anew="the map is drawn anew")


def _chart(note: Note, held: Arrays) -> Chart:
    return Chart(
        method=note["method"],
        drawn=int(note["drawn"]),
        components=Components(held["mean"], held["axes"]),
        **{name: held[name] for name in ("ids", "versions", "places", "anchors")},
    )


def save(cache: Path, identity: str, chart: Chart) -> None:
    """Keep a chart in place of what is there; where that cannot be done, it is told in the log."""
    note = {"kept": _METHOD, "identity": identity, "method": chart.method, "drawn": chart.drawn}
    arrays = {
        **{name: getattr(chart, name) for name in ("ids", "versions", "places", "anchors")},
        "mean": chart.components.mean,
        "axes": chart.components.axes,
    }
    cachefile.save(file_in(cache), note, arrays, what="the map")
