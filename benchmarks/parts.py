"""Photographs with things pasted into them → how often the right one is found, and its box.

    python -m benchmarks.parts [--flowers FOLDER] [--quick]

A thing is the middle of a photograph, square or round; it is pasted at a known place of another
photograph, where it fills a twentieth, a tenth or a fifth. It is searched for as another picture
of it: lighter or darker, with another contrast and a little off the edges. Three collections: the
sample photographs as things in the flowers; flowers as things in other flowers, which are full of
things that look like them; and the sample photographs in each other. Each is asked by whole
pictures and by parts. After that, what parts cost: the time of indexing, of a search, and bytes.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from benchmarks.measuring import Figures, Settings, alone, alternate, show
from lookalike import Hit, Library
from lookalike.library import PARTS
from scripts.gather_samples import gather

_FRACTIONS = (0.05, 0.1, 0.2)
_BACKGROUNDS, _THINGS = 2000, 200
_SEED = 2026
_TIMED = 30  # searches

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Pasted:
    """What is searched for, and where it lies: the name of the picture, and the box there. Its
    ``own`` picture, where that is among the others, is no answer."""

    query: Path
    name: str
    box: Box
    own: str | None


@dataclass(frozen=True)
class Found:
    """How a collection answered: the parts of the things whose picture is first and among the
    first ten, and the mean overlap of the boxes with the places, intersection over union."""

    first: float
    ten: float
    overlap: float


def measure(settings: Settings) -> Figures:
    """Print the tables, and return the figures of things that fill a tenth."""
    chance = random.Random(_SEED)
    figures: Figures = {}
    rows = []
    for name, (things, backgrounds) in _collections(settings, chance).items():
        for fraction in _FRACTIONS:
            whole, part = _asked(settings, things, backgrounds, fraction, chance)
            rows.append(_row(name, len(backgrounds), fraction, whole, part))
            if fraction == 0.1:
                figures[f"parts_{name}_recall10"] = round(part.ten, 3)
                figures[f"whole_{name}_recall10"] = round(whole.ten, 3)
                figures[f"parts_{name}_overlap"] = round(part.overlap, 3)
    show(
        "Things pasted into photographs",
        ("things in", "pictures", "fill", "first, whole", "first ten", "first, parts",
         "first ten", "overlap"),
        rows,
    )  # fmt: skip
    return figures | _costs(settings)


def _collections(
    settings: Settings, chance: random.Random
) -> dict[str, tuple[list[Path], list[Path]]]:
    samples = settings.scratch / "samples"
    if not samples.is_dir():
        samples.mkdir()
        gather(samples)
    own = sorted(one for one in samples.rglob("*") if one.suffix in (".png", ".jpg"))
    flowers = settings.pictures(every=True)
    some = chance.sample(flowers, _BACKGROUNDS + _THINGS)
    backgrounds, things = some[:_BACKGROUNDS], some[_BACKGROUNDS:]
    if settings.quick:
        backgrounds, things = backgrounds[:300], things[:30]
    return {
        "samples_in_flowers": (own, backgrounds),
        "flowers_in_flowers": (things, backgrounds),
        "samples_in_samples": (own, own[1:] + own[:1]),
    }


# ---- one collection


def _asked(
    settings: Settings,
    things: Sequence[Path],
    backgrounds: Sequence[Path],
    fraction: float,
    chance: random.Random,
) -> tuple[Found, Found]:
    """What whole pictures and what parts answer, where things fill that much."""
    folder = settings.scratch / f"pasted{chance.random()}"
    pasted = _write(folder, things, backgrounds, fraction, chance)
    with Library.open(folder / "library", create=True) as library:
        library.index(folder / "pictures", parts=True)
        return _found(library, pasted, None), _found(library, pasted, PARTS)


def _found(library: Library, pasted: Sequence[Pasted], view: str | None) -> Found:
    numbers = {record.relative: record.id for record in library.records()}
    ranks, overlaps = [], []
    for one in pasted:
        ids = library.ranking(one.query, library.count(), view=view).ids.tolist()
        place = ids.index(numbers[one.name])
        (hit,) = library.answers(one.query, 1, offset=place, view=view).hits
        before = one.own is not None and ids.index(numbers[one.own]) < place
        ranks.append(place - before)
        overlaps.append(_overlap(hit, one.box))
    first, ten = (float(np.mean([rank < k for rank in ranks])) for k in (1, 10))
    return Found(first, ten, float(np.mean(overlaps)))


def _overlap(hit: Hit, place: Box) -> float:
    """Of the box of a hit, which is the whole picture where it has none, with a place."""
    box = hit.box or (0.0, 0.0, 1.0, 1.0)
    wide = min(box[0] + box[2], place[0] + place[2]) - max(box[0], place[0])
    high = min(box[1] + box[3], place[1] + place[3]) - max(box[1], place[1])
    inside = max(0.0, wide) * max(0.0, high)
    return inside / (box[2] * box[3] + place[2] * place[3] - inside)


def _row(name: str, pictures: int, fraction: float, whole: Found, part: Found) -> tuple[str, ...]:
    told = (whole.first, whole.ten, part.first, part.ten, part.overlap)
    return (name.replace("_", " "), f"{pictures:,}", f"{fraction:.2f}", *(f"{x:.2f}" for x in told))


# ---- pictures


def _write(
    folder: Path,
    things: Sequence[Path],
    backgrounds: Sequence[Path],
    fraction: float,
    chance: random.Random,
) -> list[Pasted]:
    """Write backgrounds, a thing in each of the first, and what is searched with."""
    (folder / "pictures").mkdir(parents=True)
    (folder / "queries").mkdir()
    found = []
    own = {background: f"{number:05}.png" for number, background in enumerate(backgrounds)}
    for number, background in enumerate(backgrounds):
        name = f"{number:05}.png"
        picture = _small(_opened(background))
        if number < len(things):
            thing = _small(_middle(_opened(things[number]), chance))
            query = folder / "queries" / name
            _varied(thing, chance).save(query)
            box = _paste(picture, thing, fraction, chance)
            found.append(Pasted(query, name, box, own.get(things[number])))
        picture.save(folder / "pictures" / name)
    return found


def _opened(file: Path) -> Image.Image:
    with Image.open(file) as opened:
        return opened.convert("RGB")


def _small(picture: Image.Image) -> Image.Image:
    picture.thumbnail((500, 500))
    return picture


def _middle(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Most of a photograph, or a square of it."""
    if chance.random() < 0.4:
        return picture
    side = min(picture.size) * 0.9
    left, top = ((length - side) / 2 for length in picture.size)
    return picture.crop((round(left), round(top), round(left + side), round(top + side)))


def _paste(picture: Image.Image, thing: Image.Image, fraction: float, chance: random.Random) -> Box:
    """Put a thing somewhere into a picture, with an edge or round; returns where."""
    (across, down), shape = picture.size, thing.width / thing.height
    high = (fraction * across * down / shape) ** 0.5
    fit = min(1.0, 0.98 * across / (high * shape), 0.98 * down / high)
    wide, high = max(8, round(high * shape * fit)), max(8, round(high * fit))
    mask = Image.new("L", (wide, int(high)), 255)
    if chance.random() < 0.5:
        mask.paste(0, (0, 0, wide, int(high)))
        ImageDraw.Draw(mask).ellipse((1, 1, wide - 2, high - 2), fill=255)
        mask = mask.filter(ImageFilter.GaussianBlur(1.5))
    left, top = chance.randint(0, across - wide), chance.randint(0, down - int(high))
    picture.paste(thing.resize(mask.size, Image.Resampling.LANCZOS), (left, top), mask)
    return left / across, top / down, wide / across, high / down


def _varied(thing: Image.Image, chance: random.Random) -> Image.Image:
    lit = ImageEnhance.Brightness(thing).enhance(chance.uniform(0.8, 1.25))
    lit = ImageEnhance.Contrast(lit).enhance(chance.uniform(0.85, 1.2))
    left, top, right, bottom = (chance.uniform(0, 0.06) for _ in range(4))
    wide, high = thing.size
    return lit.crop(
        (round(left * wide), round(top * high), round((1 - right) * wide),
         round((1 - bottom) * high))
    )  # fmt: skip


# ---- what it costs


def _costs(settings: Settings) -> Figures:
    """Indexing with parts and without, in turns; a search by parts; bytes a picture."""
    pictures = settings.pictures()[: 200 if settings.quick else 1000]
    folder = settings.scratch / "some"
    folder.mkdir(exist_ok=True)
    for picture in pictures:
        (folder / picture.name).symlink_to(picture)
    kept: list[Library] = []

    def index(*, parts: bool) -> None:
        library = Library.open(settings.scratch / f"costs{len(kept)}", create=True)
        kept.append(library)
        library.index(folder, parts=parts)

    rounds = 2 if settings.quick else 3
    tasks = {"plain": lambda: index(parts=False), "parts": lambda: index(parts=True)}
    taken = alternate(tasks, rounds=rounds, warm_up=0)
    library = next(one for one in kept if one.views())
    within, whole = _searches(library)
    figures: Figures = {
        "parts_index_ratio": round(taken["parts"].over(taken["plain"]).median, 3),
        "parts_search_ms": round(within, 2),
        "parts_kb": round(library.stats().bytes / library.count() / 1000, 1),
    }
    for one in kept:
        one.close()
    header = ("pictures", "indexing, times", "search ms", "kB a picture", "whole ms")
    show("What parts cost", header, [(f"{len(pictures):,}", *figures.values(), round(whole, 2))])
    return figures


def _searches(library: Library) -> tuple[float, float]:
    """Milliseconds of a search by parts, and of one by whole pictures that compares all."""
    query = next(iter(library.records())).id
    tasks = {
        "parts": lambda: library.answers(query, 30, view=PARTS),
        "whole": lambda: library.answers(query, 30),
    }
    taken = alternate(tasks, rounds=_TIMED)
    return taken["parts"].scaled(1000).median, taken["whole"].scaled(1000).median


if __name__ == "__main__":
    sys.exit(alone(measure))
