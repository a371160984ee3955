"""The page in a real browser → how soon it shows something, its answers, and how it scrolls.

Everything is measured by the browser's own clock: the first paint by its performance entries, the
answers from the end of the response to the frame that shows them, scrolling by the time between two
frames. Twice: over the flowers, and over a hundred thousand pictures with clustered vectors, which
are a few hundred small files under many names.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import flowers, pictures
from benchmarks.browsing import browser
from benchmarks.clusters import Mixture
from benchmarks.measuring import Figures, MissingError, Sample, Settings, alone, show
from benchmarks.serving import served
from lookalike import Library
from lookalike.library import Features

_SHAPES = ((320, 240), (240, 320), (320, 213), (320, 180))
_FRAME = 1000 / 60  # milliseconds between two frames of a usual screen
_PACE = 40  # pixels a frame: a screen in a third of a second
_JUMPS = (0.5, 0.9, 0.1, 0.7, 0.3)  # parts of all answers


def measure(settings: Settings) -> Figures:
    """First paint, answers and frames; medians and 95th percentiles in milliseconds."""
    rounds = 3 if settings.quick else 11
    figures: Figures = {}
    try:
        figures |= _figures("flowers", flowers.library(settings), rounds)
    except MissingError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
    many = synthetic(settings.scratch / "page", 5_000 if settings.quick else 100_000)
    return figures | _figures("100000", many, rounds)


# ---- a library


def synthetic(base: Path, count: int, *, files: int = 256, mixture: Mixture | None = None) -> Path:
    """The folder of a library of as many pictures, which is made where it is not there."""
    library = base / "library"
    if not library.is_dir():
        names = _pictures(base / "pictures", count, files)
        vectors = np.concatenate(list((mixture or Mixture()).chunks(count)))
        with Library.open(library, create=True) as opened:
            report = opened.adopt(Features(names, vectors), base / "pictures")
        if report.added != count:
            raise MissingError(f"Of {count:,} pictures {report.added:,} are in the library.")
    return library


def _pictures(folder: Path, count: int, files: int) -> tuple[str, ...]:
    """Some files, each under many names in folders of a thousand → the names below the folder."""
    first = folder / "0000"
    names = [f"{number // 1000:04}/{number % 1000:03}.jpg" for number in range(count)]
    for name in dict.fromkeys(name[:4] for name in names):
        (folder / name).mkdir(parents=True)
    for number, name in enumerate(names):
        if number < files:
            made = pictures.synthetic(number, _SHAPES[number % len(_SHAPES)])
            (folder / name).write_bytes(pictures.jpeg(made))
        else:
            os.link(first / f"{number % files:03}.jpg", folder / name)
    return tuple(names)


# ---- the browser


@dataclass(frozen=True, slots=True)
class Visit:
    """What the browser told of opening the page at the answers to one picture, in milliseconds:
    its first paint, how long the answer took, and the frames that show the answers and all their
    thumbnails on the screen, after the answer had come."""

    paint: float
    answer: float
    results: float
    thumbnails: float


def _figures(name: str, library: Path, rounds: int, frames: int = 600) -> Figures:
    with Library.open(library) as opened:
        asked = [record.id for record in opened.sample(rounds + 1)]
    with served(library) as server, _browser() as driver:
        visits = [_visit(driver, server.url, number) for number in asked][1:]
        passed = Sample(tuple(driver.execute_async_script(_SCROLL, _PACE, frames)))
        jump = Sample(tuple(driver.execute_async_script(_JUMP, share) for share in _JUMPS))
        stretches = Sample(tuple(driver.execute_script(_STRETCHES)))
    taken = {
        "paint": Sample(tuple(one.paint for one in visits)),
        "answer": Sample(tuple(one.answer for one in visits)),
        "results": Sample(tuple(one.results for one in visits)),
        "thumbnails": Sample(tuple(one.thumbnails for one in visits)),
        "stretch": stretches,
        "jump": jump,
        "frame": passed,
    }
    show(
        f"The page over {name}, in milliseconds",
        ("", "median (least to most)", "95 %"),
        [(what, sample, sample.quantile(0.95)) for what, sample in taken.items()],
    )
    figures: Figures = {}
    for what, sample in taken.items():
        figures[f"page_{name}_{what}_ms"] = round(sample.median, 1)
        figures[f"page_{name}_{what}_p95_ms"] = round(sample.quantile(0.95), 1)
    late = sum(max(0, round(value / _FRAME) - 1) for value in passed.values)
    figures[f"page_{name}_frames_dropped"] = round(late / (late + len(passed.values)), 4)
    return figures


@contextmanager
def _browser() -> Iterator[Any]:
    """A browser that watches each page that it opens. Raises MissingError where there is none."""
    with browser(1280, 860) as driver:
        driver.set_script_timeout(120)
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH})
        yield driver


def _visit(driver: Any, address: str, number: int) -> Visit:
    driver.get(f"{address}?like={number}")
    told = _wait(lambda: driver.execute_script("return window.told()"))
    return Visit(*told)


def _wait(found: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := found()):
        if time.monotonic() > deadline:
            raise MissingError("The page did not show its answers within a minute.")
        time.sleep(0.05)
    return value


# Notes the frames in which the first answers, and all thumbnails on the screen, are there: what a
# frame draws is complete when its script begins to run in the next one.
_WATCH = """
localStorage.setItem("lookalike.fold", "no"); // each of the few files is there many times
const seen = {};
performance.setResourceTimingBufferSize(10000);
const onScreen = () => [...document.querySelectorAll(".tile .caption")]
  .map((caption) => caption.closest(".tile"))
  .filter((tile) => tile.getBoundingClientRect().top < innerHeight);
const look = () => {
  const tiles = onScreen();
  if (tiles.length) seen.results ??= performance.now();
  const images = tiles.map((tile) => tile.querySelector("img"));
  const complete = tiles.length && images.every((image) => image?.complete ?? true);
  if (complete) seen.thumbnails ??= performance.now();
  if (!seen.thumbnails) requestAnimationFrame(look);
};
requestAnimationFrame(look);
window.told = () => {
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const search = performance.getEntriesByType("resource")
    .find(({ name }) => name.endsWith("/api/search"));
  if (!seen.thumbnails || !paint || !search) return null;
  return [paint.startTime, search.responseEnd - search.startTime,
    seen.results - search.responseEnd, seen.thumbnails - search.responseEnd];
};
"""

# The time between frames while the answers are scrolled through.
_SCROLL = """
const [pace, number, done] = arguments;
const frames = [];
let before = null;
performance.clearResourceTimings();
const step = (now) => {
  if (before !== null) frames.push(now - before);
  before = now;
  if (frames.length === number) { done(frames); return; }
  window.scrollBy({ top: pace, behavior: "instant" });
  requestAnimationFrame(step);
};
requestAnimationFrame(step);
"""

# How long the stretches of answers took that were fetched since.
_STRETCHES = """
return performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/api/search"))
  .map(({ duration }) => duration);
"""

# From a jump to somewhere among the answers to the frame that shows them.
_JUMP = """
const [share, done] = arguments;
const began = performance.now();
const shown = () => [...document.querySelectorAll(".tile")].some((tile) => {
  const { top, bottom } = tile.getBoundingClientRect();
  return top < innerHeight && bottom > 80;
});
window.scrollTo({ top: share * document.documentElement.scrollHeight, behavior: "instant" });
const look = () => {
  if (shown()) done(performance.now() - began);
  else requestAnimationFrame(look);
};
requestAnimationFrame(() => requestAnimationFrame(look));
"""

if __name__ == "__main__":
    sys.exit(alone(measure))
