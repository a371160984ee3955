"""Words and labels without a download → how often they find, and say, what pictures show.

Captions of the sample photographs (``captions.csv``: a caption, and the photographs that it fits)
are asked of these photographs alone, and of them among the flowers; the names of the species of
the flowers; and the names of emoji of drawings of them, where there is a font that has them
(Debian's ``fonts-noto-color-emoji``). What labels are from unit vectors is held against what the
network itself says when it is given the pictures; `benchmarks.calibration` tells how often they are
right.
"""

from __future__ import annotations

import csv
import fnmatch
import json
import random
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks import flowers
from benchmarks.measuring import Figures, MissingError, Settings, alone, show
from lookalike import Filter, Library, Words, image, models, weights
from lookalike.encoder import Encoder, runtime
from lookalike.words import Labels
from scripts.gather_samples import gather

HERE = Path(__file__).parent
_FONTS = ("NotoColorEmoji.ttf", "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
_GLYPH = 109  # the size that Noto's drawings have
_SIDE = 224
_FLOWERS = 250  # that labels are measured on
_BEST = 10

Fits = Callable[[str], bool]
"""Whether a query fits the picture with this path, relative to its root."""


@dataclass(frozen=True)
class Found:
    """Of some queries: the shares whose first fitting picture is among the first 1, 5 and 10, the
    mean average precision, and the share of fitting pictures among the first 10; and what chance
    gives for the first 10."""

    pictures: int
    queries: int
    first: tuple[float, float, float]
    precision: float
    ten: float
    chance: float


def measure(settings: Settings) -> Figures:
    """All tables; collections that are not here are left out, with a sentence."""
    samples = settings.scratch / "samples"
    gather(samples)
    asked: list[tuple[str, Callable[[], Found]]] = [
        (
            "sample photographs, captions",
            lambda: _of(_index(settings, samples), captions(), samples),
        ),
        ("the same among the flowers", lambda: _among_flowers(settings, samples)),
        ("flowers, names of species", lambda: _of_flowers(settings, samples)),
        ("drawings of emoji, their names", lambda: _of(*_emoji(settings))),
    ]
    rows: list[tuple[str, ...]] = []
    figures: Figures = {}
    for name, find in asked:
        try:
            found = find()
        except MissingError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        rows.append((name, *_cells(found)))
        figures[f"words_{name.split(',')[0].replace(' ', '_')}_first10"] = found.first[2]
    head = ("collection, queries", "pictures", "queries", "1st", "in 5", "in 10", "chance", "mAP")
    show("Words", (*head, "P@10"), rows)
    labels(settings, samples)
    return figures


def captions() -> list[tuple[str, Fits]]:
    """The captions, each with what it fits."""
    with (HERE / "captions.csv").open(encoding="utf-8", newline="") as file:
        return [(row["caption"], _fits(row["pictures"].split(";"))) for row in csv.DictReader(file)]


def _fits(patterns: Sequence[str]) -> Fits:
    return lambda path: any(fnmatch.fnmatchcase(path, one) for one in patterns)


def species(settings: Settings) -> list[tuple[str, Fits]]:
    """The names of the flowers' species. Raises MissingError."""
    settings.pictures()
    assert settings.flowers is not None
    names = json.loads((settings.flowers / "cat_to_name.json").read_text("utf-8"))
    with (settings.flowers / "labels.csv").open(encoding="utf-8", newline="") as file:
        kinds = {row["filename"]: row["label"] for row in csv.DictReader(file)}
    return [
        (name, lambda path, kind=kind: kinds.get(path) == kind)  # type: ignore[misc]
        for kind, name in sorted(names.items())
    ]


def _index(settings: Settings, samples: Path) -> Path:
    """One library of the samples, and of the flowers where they are."""
    place = settings.scratch / "words.library"
    if not place.is_dir() or settings.flowers is None:
        more = [] if settings.flowers is None else [flowers.folder(settings)]
        with Library.open(place, create=True) as library:
            library.index([samples, *more])
    return place


def _of_samples(settings: Settings, samples: Path) -> Found:
    return _of(_index(settings, samples), captions(), samples)


def _among_flowers(settings: Settings, samples: Path) -> Found:
    settings.pictures()
    return _of(_index(settings, samples), captions())


def _of_flowers(settings: Settings, samples: Path) -> Found:
    settings.pictures()
    return _of(_index(settings, samples), species(settings), flowers.folder(settings))


def _emoji(settings: Settings) -> tuple[Path, list[tuple[str, Fits]]]:
    """Drawings of all emoji of one sign, and their names. Raises MissingError without a font."""
    font = next(filter(None, map(_font, _FONTS)), None)
    if font is None:
        raise MissingError("there is no font with emoji here: install Noto Color Emoji.")
    folder = settings.scratch / "emoji"
    folder.mkdir(exist_ok=True)
    asked: list[tuple[str, Fits]] = []
    for code in range(0x1F300, 0x1FB00):
        name = unicodedata.name(chr(code), "").lower()
        if name and _drawn(chr(code), font, folder / f"{code:x}.png"):
            asked.append((name, _fits([f"{code:x}.png"])))
    place = settings.scratch / "emoji.library"
    with Library.open(place, create=True) as library:
        library.index(folder)
    return place, asked


def _font(name: str) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(name, _GLYPH)
    except OSError:
        return None


def _drawn(sign: str, font: ImageFont.FreeTypeFont, file: Path) -> bool:
    """Draw a sign in colours; False where the font does not have it."""
    picture = Image.new("RGB", (_SIDE, _SIDE), "white")
    ImageDraw.Draw(picture).text((44, 50), sign, font=font, embedded_color=True)
    if picture.convert("L").convert("RGB").tobytes() == picture.tobytes():
        return False  # nothing, or the empty box, which has no colours
    picture.save(file)
    return True


def _of(place: Path, queries: Sequence[tuple[str, Fits]], folder: Path | None = None) -> Found:
    """Ask all queries of the pictures of a folder; those that fit none are left out."""
    first, precision, ten, chance, number = [], [], [], [], 0
    with Library.open(place) as library:
        where = Filter(folder=library.known_folder(folder)) if folder else None
        paths = [one.relative for one in library.records(where)]
        number = len(paths)
        for text, fits in queries:
            right = {path for path in paths if fits(path)}
            if right:
                hits = library.search(Words(text), number, where=where, exact=True)
                ranks = np.flatnonzero([hit.record.relative in right for hit in hits])
                first.append(int(ranks[0]))
                precision.append(float((np.arange(1, len(ranks) + 1) / (ranks + 1)).mean()))
                ten.append(float((ranks < _BEST).sum() / min(_BEST, len(right))))
                chance.append(1 - (1 - len(right) / number) ** _BEST)
    shares = tuple(float(np.mean(np.array(first) < n)) for n in (1, 5, 10))
    means = (float(np.mean(one)) for one in (precision, ten, chance))
    return Found(number, len(first), shares, *means)  # type: ignore[arg-type]


def _cells(found: Found) -> tuple[str, ...]:
    shares = (*found.first, found.chance, found.precision, found.ten)
    return (f"{found.pictures:,}", f"{found.queries:,}", *(f"{one:.3f}" for one in shares))


# ---- labels


def labels(settings: Settings, samples: Path) -> None:
    """How near labels from unit vectors are to the network's own."""
    files = sorted(path for path in samples.rglob("*") if path.suffix in {".png", ".jpg"})
    kinds = {"sample photographs": files}
    if settings.flowers is not None:
        kinds["flowers"] = random.Random(0).sample(settings.pictures(), _FLOWERS)
    rows = [(name, *_against_the_network(some)) for name, some in kinds.items()]
    head = ("pictures", "length", "same best", "int8", "off by", "int8")
    show("Labels from unit vectors, and those of the network", head, rows)


def _against_the_network(files: Sequence[Path]) -> tuple[str, ...]:
    """The length of the features; how often the best label is the same, and by how much its
    probability differs, from vectors of float32 and of the default model."""
    exact, quick = models.find("efficientnet-lite0"), models.find(models.DEFAULT_MODEL)
    path = str(weights.fetch(exact))
    session = runtime().InferenceSession(path, providers=["CPUExecutionProvider"])
    encoder, known = Encoder.load(quick), Labels.load(exact)
    lengths, same, off = [], [], []
    for file in files:
        picture = image.read(file, max_pixels=10**9, near=_SIDE).image
        feeds = {"image": image.to_input(picture, exact.preprocess)[np.newaxis]}
        features, logits = session.run(["embedding", "logits"], feeds)
        own = _shares(logits)[0]
        lengths.append(float(np.linalg.norm(features)))
        rows = (
            features / lengths[-1],
            encoder.encode(image.to_input(picture, quick.preprocess)[np.newaxis]),
        )
        found = [known.shares(row)[0] for row in rows]
        same.append([int(one.argmax()) == int(own.argmax()) for one in found])
        off.append([abs(float(one[own.argmax()] - own.max())) for one in found])
    length = f"{np.mean(lengths):.1f} ± {np.std(lengths):.1f}"
    (agree, agree8), (apart, apart8) = np.mean(same, 0), np.mean(off, 0)
    return length, f"{agree:.3f}", f"{agree8:.3f}", f"{apart:.3f}", f"{apart8:.3f}"


def _shares(logits: NDArray[Any]) -> NDArray[Any]:
    odds = np.exp(logits - logits.max(1, keepdims=True))
    shares: NDArray[Any] = odds / odds.sum(1, keepdims=True)
    return shares


if __name__ == "__main__":
    sys.exit(alone(measure))
