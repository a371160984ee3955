"""The figures of a run → the plots of docs/performance.md, small SVG files that git can compare."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Latest = Mapping[str, Any]
_OURS, _OTHERS, _INK = "#2a6f97", "#a9b4bc", "#333333"


def draw(latest: Latest, folder: Path) -> list[Path]:
    """Draw what there are figures for → the files. Needs matplotlib."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update(
        {
            "svg.hashsalt": "lookalike",  # the same figures give the same bytes
            "svg.fonttype": "none",
            "font.family": "sans-serif",
            "font.size": 9,
            "text.color": _INK,
            "axes.edgecolor": _INK,
            "axes.labelcolor": _INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )
    return [
        *_indexing(latest, folder / "performance-indexing.svg"),
        *_search(latest, folder / "performance-search.svg"),
        *_growth(latest, folder / "performance-growth.svg"),
    ]


def _indexing(latest: Latest, target: Path) -> Iterable[Path]:
    bars = [
        ("encoder alone", latest.get("encoder_per_s")),
        ("Lookalike, end to end", latest.get("index_per_s")),
        ("the whole command", latest.get("index_command_per_s")),
        ("in float32, end to end", latest.get("index_float32_per_s")),
        ("the paper's pipeline", latest.get("paper_per_s")),
    ]
    known = [(name, rate) for name, rate in bars if rate is not None]
    if known:
        figure, axes = _sheet(1, 1.6)
        _bars(axes[0], known, "pictures a second (more is better)", ours=(1, 2, 3))
        yield _save(figure, target)


def _search(latest: Latest, target: Path) -> Iterable[Path]:
    sets = [
        (title, latest[name])
        for name, title in (
            ("search_flowers", "the flowers, 8,189"),
            ("search_clustered", "100,000 clustered"),
        )
        if name in latest
    ]
    if not sets:
        return
    figure, axes = _sheet(len(sets), 2.2)
    for place, (title, rows) in zip(axes, sets, strict=True):
        bars = [(f"{row['engine']} ({row['recall30']:.3f})", row["p50_ms"]) for row in rows]
        place.set_xscale("log")
        _bars(place, bars, "ms a query (p50)", ours=(0,))
        place.set_title(f"{title} (recall)", fontsize=9)
    yield _save(figure, target)


def _growth(latest: Latest, target: Path) -> Iterable[Path]:
    rows = latest.get("growth")
    if not rows:
        return
    columns = [
        name
        for name in rows[0]
        if name != "pictures" and all(isinstance(row.get(name, 0), float | int) for row in rows)
    ]
    figure, axes = _sheet(len(columns), 2.0, across=4)
    for place, name in zip(axes, columns, strict=False):
        points = [(row["pictures"], row[name]) for row in rows if row.get(name)]
        place.plot(*zip(*points, strict=True), marker="o", markersize=3, color=_OURS)
        place.set_xscale("log")
        place.set_yscale("log")
        place.yaxis.set_minor_formatter("")
        place.set_ylim(*_decades([value for _, value in points]))
        place.set_title(name.replace("_", " "), fontsize=8)
        place.tick_params(labelsize=7)
    for place in axes[len(columns) :]:
        place.set_visible(False)
    yield _save(figure, target)


def _decades(values: Sequence[float]) -> tuple[float, float]:
    """Whole powers of ten around some values: what hardly grows shall look like it."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return 10.0**low, 10.0 ** max(high, low + 1)


def _sheet(plots: int, height: float, across: int = 2) -> tuple[Any, Sequence[Any]]:
    from matplotlib import pyplot

    columns = min(plots, across)
    rows = -(-plots // columns)
    figure, axes = pyplot.subplots(rows, columns, figsize=(8, height * rows), squeeze=False)
    return figure, list(axes.flat)


def _bars(axes: Any, bars: Sequence[tuple[str, float]], label: str, ours: Sequence[int]) -> None:
    colours = [_OURS if at in ours else _OTHERS for at in range(len(bars))]
    drawn = axes.barh([name for name, _ in bars], [value for _, value in bars], color=colours)
    axes.bar_label(drawn, fmt="%.3g", padding=3, fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel(label, fontsize=8)


def _save(figure: Any, target: Path) -> Path:
    from matplotlib import pyplot

    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})
    pyplot.close(figure)
    # matplotlib leaves blanks at the ends of lines
    lines = target.read_text("utf-8").splitlines()
    target.write_text("\n".join(line.rstrip() for line in lines) + "\n", "utf-8", newline="\n")
    return target
