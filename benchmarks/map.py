"""The map: seconds to lay pictures out, the neighbours it keeps, frames while it is looked at.

The flowers, and a hundred thousand clustered vectors. *Kept* is the share of the ten nearest
pictures, by the cosine of the embeddings, that are among the ten nearest on the map. Frames are
counted in a headless Chromium of the size of a laptop's screen, which is panned and zoomed by the
input that a mouse gives. Without a graphics card the page writes the pixels itself.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import flowers
from benchmarks.browsing import browser
from benchmarks.clusters import Mixture
from benchmarks.filling import fill
from benchmarks.measuring import Figures, MissingError, Settings, alone, in_child, show, timed
from benchmarks.serving import served
from lookalike import Library

_KEPT = 10
_ASKED = 1000  # pictures whose neighbours are looked at
_SECONDS = 4.0  # that each kind of movement is watched
_COUNT = """
window.ticks = [];
const tick = (now) => { window.ticks.push(now); window.going && requestAnimationFrame(tick); };
window.going = true;
requestAnimationFrame(tick);
"""
_COUNTED = "window.going = false; return window.ticks;"


def measure(settings: Settings) -> Figures:
    """Seconds, memory and neighbours kept for both collections; frames a second for the large."""
    figures: Figures = {}
    try:
        figures |= _laid_out("flowers", flowers.library(settings))
    except MissingError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
    large = settings.scratch / "map.library"
    fill(large, Mixture().chunks(5_000 if settings.quick else 100_000)).close()
    figures |= _laid_out("clustered", large)
    try:
        figures |= _looked_at(large)
    except MissingError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
    shutil.rmtree(large)
    return figures


def _laid_out(name: str, folder: Path) -> Figures:
    (seconds, again, kept), memory = in_child(_draw, folder)
    found = {"map_s": seconds, "map_again_s": again, "map_kept": kept}
    show(f"{name}: the map", list(found), [list(found.values())])
    figures: Figures = {
        f"map_{name}_s": round(seconds, 1),
        f"map_{name}_again_s": round(again, 3),
        f"map_{name}_kept10": round(kept, 3),
    }
    if memory.peak is not None:
        figures[f"map_{name}_peak_mb"] = round(memory.peak)
    return figures


def _draw(folder: Path) -> tuple[float, float, float]:
    """Seconds to draw the map anew, and to be told it in a library that was just opened; and the
    neighbours that it keeps."""
    with Library.open(folder) as library:
        seconds = timed(lambda: library.map(rebuild=True))
    with Library.open(folder) as library:
        again = timed(lambda: library.map(draw=False))
        return seconds, again, _kept(library)


def _kept(library: Library) -> float:
    records, rows = library.embeddings()
    found = library.map(draw=False)
    at = dict(zip(found.ids.tolist(), found.places, strict=True))
    places = np.array([at[record.id] for record in records])
    asked = np.random.default_rng(0).choice(len(rows), min(_ASKED, len(rows)), replace=False)
    shares = []
    for row in asked.tolist():
        alike = _nearest(-(rows @ rows[row]), row)
        near = _nearest(np.square(places - places[row]).sum(axis=1), row)
        shares.append(len(alike & near) / _KEPT)
    return float(np.mean(shares))


def _nearest(away: np.ndarray[Any, np.dtype[np.float32]], own: int) -> set[int]:
    away[own] = np.inf
    return set(np.argpartition(away, _KEPT)[:_KEPT].tolist())


# ---- in a browser


def _looked_at(folder: Path) -> Figures:
    """Frames a second while the map is moved, and while it is zoomed in and out."""
    with served(folder) as server, browser(1440, 900, "--enable-unsafe-swiftshader") as driver:
        driver.get(f"{server.url}map")
        started = time.monotonic()
        while not driver.execute_script("return document.getElementById('points').dataset.points"):
            if time.monotonic() - started > 60:
                raise MissingError("Chromium does not show the map.")
            time.sleep(0.1)
        shown = time.monotonic() - started
        box = driver.execute_script(
            "const b = document.getElementById('points').getBoundingClientRect();"
            "return [b.left + b.width / 2, b.top + b.height / 2]"
        )
        moved = _frames(driver, lambda: _move(driver, *box))
        zoomed = _frames(driver, lambda: _zoom(driver, *box))
    rows = [("moving", *moved), ("zooming", *zoomed)]
    show("frames a second", ("", "all", "the slowest of twenty"), rows)
    return {
        "map_shown_s": round(shown, 2),
        "map_moving_fps": round(moved[0], 1),
        "map_zooming_fps": round(zoomed[0], 1),
        "map_slow_fps": round(min(moved[1], zoomed[1]), 1),
    }


def _frames(driver: Any, act: Callable[[], None]) -> tuple[float, float]:
    driver.execute_script(_COUNT)
    act()
    steps = np.diff(np.array(driver.execute_script(_COUNTED))) / 1e3
    return 1 / float(steps.mean()), 1 / float(np.quantile(steps, 0.95))


def _mouse(driver: Any, kind: str, x: float, y: float, **more: Any) -> None:
    driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **more})


def _move(driver: Any, x: float, y: float) -> None:
    _mouse(driver, "mousePressed", x, y, button="left", clickCount=1)
    started = time.monotonic()
    while (since := time.monotonic() - started) < _SECONDS:
        across, down = 250 * np.sin(3 * since), 200 * np.sin(2 * since)
        _mouse(driver, "mouseMoved", x + float(across), y + float(down), button="left", buttons=1)
    _mouse(driver, "mouseReleased", x + 200, y + 200, button="left", clickCount=1)


def _zoom(driver: Any, x: float, y: float) -> None:
    started = time.monotonic()
    while (since := time.monotonic() - started) < _SECONDS:
        closer = -60 if since < _SECONDS / 2 else 60
        _mouse(driver, "mouseWheel", x, y, deltaX=0, deltaY=closer)


if __name__ == "__main__":
    sys.exit(alone(measure))
