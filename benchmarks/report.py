"""benchmarks/latest.json → the tables and plots of docs/performance.md.

python -m benchmarks.report            write them; the plots need matplotlib
python -m benchmarks.report --check    whether the tables are those of latest.json
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.__main__ import LATEST
from benchmarks.measuring import ROOT, digits

PAGE = ROOT / "docs" / "performance.md"
Latest = Mapping[str, Any]

PLOTS = {
    "indexing": (
        "index_per_s",
        "![Pictures a second, and of what it is made](performance-indexing.svg)",
    ),
    "search": (
        "search_clustered",
        "![Milliseconds a query for Lookalike, NumPy, faiss and LanceDB](performance-search.svg)",
    ),
    "growth": ("growth", "![Costs from few pictures to a million](performance-growth.svg)"),
}
"""Each plot stands where the figure that it needs was measured."""

SECTIONS = ("indexing", "large", "search", "million", "startup", "page", "map", "growth")
TARGETS: Sequence[tuple[str, str, Callable[[float], bool], str]] = (
    ("index_vs_encoder", ">= 0.85", lambda x: x >= 0.85, "indexing"),
    ("index_vs_paper", ">= 25", lambda x: x >= 25, "indexing"),
    ("jpeg12mp_vs_full", "<= 0.2", lambda x: x <= 0.2, "large"),
    ("jpeg12mp_cosine_min", ">= 0.995", lambda x: x >= 0.995, "large"),
    ("index_peak_mb", "< 700", lambda x: x < 700, "large"),
    ("search_flowers_ms", "< 3", lambda x: x < 3, "search"),
    ("cold_search_s", "<= 0.7", lambda x: x <= 0.7, "startup"),
    ("help_s", "<= 0.15", lambda x: x <= 0.15, "startup"),
    ("upload_vs_encoder", "<= 1.5", lambda x: x <= 1.5, "startup"),
    ("page_flowers_paint_ms", "< 1000", lambda x: x < 1000, "page"),
    ("page_flowers_results_ms", "< 200", lambda x: x < 200, "page"),
    ("page_100000_paint_ms", "< 1000", lambda x: x < 1000, "page"),
    ("page_100000_results_ms", "< 200", lambda x: x < 200, "page"),
    ("page_100000_stretch_p95_ms", "< 200", lambda x: x < 200, "page"),
    ("page_100000_frame_p95_ms", "< 34", lambda x: x < 34, "page"),
    ("million_recall30", ">= 0.99", lambda x: x >= 0.99, "million"),
    ("million_p95_ms", "< 15", lambda x: x < 15, "million"),
    ("million_private_mb", "< 300", lambda x: x < 300, "million"),
    ("million_first_answer_s", "< 0.5", lambda x: x < 0.5, "million"),
    ("million_add1000_s", "< 5", lambda x: x < 5, "million"),
    ("map_moving_fps", ">= 30", lambda x: x >= 30, "map"),
    ("map_zooming_fps", ">= 30", lambda x: x >= 30, "map"),
)
_OPERATIONS = 2 * 0.39  # thousand millions for one picture through EfficientNet-Lite0
_FLOWERS, _CLUSTERED, _DIM = 8189, 100_000, 1280


def main(arguments: Sequence[str] | None = None) -> int:
    """Write tables and plots, or say whether the tables are current → exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if it is old")
    given = parser.parse_args(arguments)
    latest: Latest = json.loads(LATEST.read_text("utf-8"))
    old = PAGE.read_text("utf-8")
    new = page(old, latest)
    if not given.check:
        from benchmarks import plots

        PAGE.write_text(new, encoding="utf-8", newline="\n")
        plots.draw(latest, PAGE.parent)
    elif new != old:
        print("docs/performance.md is old: run `python -m benchmarks.report`.", file=sys.stderr)
        return 1
    return 0


def page(text: str, latest: Latest) -> str:
    """The page with these figures. Raises LookupError where a mark is missing."""
    for name, render in TABLES.items():
        begin = f"<!-- {name}: written by python -m benchmarks.report -->"
        end = f"<!-- end {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise LookupError(f"{PAGE.name} needs the marks {begin} and {end}, once each.")
        before, after = text.partition(begin)[0], text.partition(end)[2]
        text = f"{before}{begin}\n\n{render(latest)}\n\n{end}{after}"
    return text


def origin(latest: Latest) -> str:
    """On what, when and of which commit the figures are."""
    machine, versions = latest["machine"], latest["versions"]
    memory = f", {machine['memory_gb']:g} GB of memory" if machine["memory_gb"] else ""
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"Measured on {latest['date']} at commit `{latest['commit'][:12]}` on {machine['cores']} "
        f"cores of {machine['processor']}{memory}, {machine['system']}, no graphics card. "
        f"Versions: {packages}."
    )


def targets(latest: Latest) -> str:
    """What was aimed at, and what was measured."""
    rows = [
        (f"`{name}`", _value(latest[name]), aim, "yes" if met(latest[name]) else "**no**", _by(by))
        for name, aim, met, by in TARGETS
        if name in latest
    ]
    return _table(("figure", "measured", "aim", "reached", "command"), rows)


def limits(latest: Latest) -> str:
    """How far what was measured is from what the machine can do at most, in milliseconds."""
    rows = [
        (what, bound, digits(least), digits(measured), digits(measured / least))
        for what, bound, least, measured in _bounds(latest)
    ]
    return _table(("", "bound by", "least, ms", "measured, ms", "times the least"), rows)


def _bounds(latest: Latest) -> Iterator[tuple[str, str, float, float]]:
    speed, flow = latest.get("limit_gflops"), latest.get("limit_memory_gb_per_s")
    if speed and "encoder_float32_per_s" in latest:
        work = f"{_OPERATIONS:.2f} thousand million operations, at the rate of a matrix product"
        one = 1e3 / latest["encoder_float32_per_s"]
        yield "encode a picture in float32, both cores", work, 1e3 * _OPERATIONS / speed, one
    if "index_per_s" in latest:
        encoder = 1e3 / latest["encoder_per_s"]
        yield "index a picture, both cores", "the encoder", encoder, 1e3 / latest["index_per_s"]
    if "jpeg12mp_least_ms" in latest:
        least, taken = latest["jpeg12mp_least_ms"], latest["jpeg12mp_reduced_ms"]
        yield "read a JPEG of 12 megapixels", "the decoder going through its bits", least, taken
    for name, rows in (("flowers", _FLOWERS), ("clustered", _CLUSTERED)):
        if flow and f"search_{name}_ms" in latest:
            size = rows * _DIM * 4 / 1e6
            bound = f"reading {size:,.0f} MB from memory, if all is compared"
            yield f"search {rows:,} vectors", bound, size / flow, latest[f"search_{name}_ms"]


def growth_limits(latest: Latest) -> str:
    """What bounds each column of the growth, for the most pictures that it was measured with."""
    rows = [
        (what, bound, digits(least), digits(measured), digits(measured / least))
        for what, bound, least, measured in _growth_bounds(latest)
    ]
    return _table(("", "bound by", "least", "measured", "times the least"), rows)


def _growth_bounds(latest: Latest) -> Iterator[tuple[str, str, float, float]]:
    rows, vector = latest.get("growth") or [{}], 4 * _DIM
    last, encoded = rows[-1], [row["index_ms"] for row in rows if "index_ms" in row]
    flow, write = latest.get("limit_memory_gb_per_s"), latest.get("limit_write_gb_per_s")
    if encoded and "encoder_per_s" in latest:
        yield "index, ms a picture", "the encoder", 1e3 / latest["encoder_per_s"], encoded[-1]
    if write and "store_ms" in last:
        bound = "writing the vector to the log, the database and the cache"
        yield "store, ms a picture", bound, 3 * vector / write / 1e6, last["store_ms"]
    if "bytes_each" in last:
        yield "bytes a picture", "the vector, as truth and as cache", 2 * vector, last["bytes_each"]
    if flow and "million_probes" in latest and "p50_ms" in last:
        cells, probes = latest["million_cells"], latest["million_probes"]
        read = vector * (cells + probes * last["pictures"] / cells) / 1e6
        bound = f"reading {read:.0f} MB, centroids and cells, from memory"
        yield "search, p50 in ms", bound, read / flow, last["p50_ms"]
    if "find_s" in last:
        bound = "`find` asking for every file's size"
        yield "look again, s", bound, last["find_s"], last["again_s"]


def _figures_of(benchmark: str) -> Callable[[Latest], str]:
    """All single figures of one benchmark, then its lists of rows as tables."""

    def render(latest: Latest) -> str:
        names = latest["measured_by"].get(benchmark, [])
        if not names:
            return f"Not measured on this machine: `python -m benchmarks.{benchmark}`."
        needed, plot = PLOTS.get(benchmark, ("", ""))
        drawn = [plot] if needed in latest else []
        single = [name for name in names if not isinstance(latest[name], list)]
        lines = [(f"`{name}`", _value(latest[name])) for name in single]
        tables = [_table(("figure", "measured"), lines)] if lines else []
        for name in names:
            if isinstance(latest[name], list) and latest[name]:
                tables.append(f"`{name}`:\n\n{_rows(latest[name])}")
        return "\n\n".join([*drawn, *tables, f"The command: `python -m benchmarks.{benchmark}`."])

    return render


def _rows(rows: Sequence[Mapping[str, float | str]]) -> str:
    header = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[_short(row[name]) if name in row else "" for name in header] for row in rows]
    return _table([name.replace("_", " ") for name in header], cells)


TABLES: dict[str, Callable[[Latest], str]] = {
    "origin": origin,
    "targets": targets,
    "limits": limits,
    "growth-limits": growth_limits,
    **{name: _figures_of(name) for name in SECTIONS},
}


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,}" if value else "0"


def _short(value: float | str) -> str:
    return digits(value) if isinstance(value, float) else _value(value)


def _by(benchmark: str) -> str:
    return f"`python -m benchmarks.{benchmark}`"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
