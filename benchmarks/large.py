"""Large pictures → what a reduced decoding saves and what it costs; the memory that indexing takes.

The pictures of 12 megapixels are made here: the flowers side by side at their own size, so that
there is real detail in every corner; flowers enlarged four times; and clouds of colour with
detail at all scales. Without the flowers there are only the clouds. *Full* is what any program does
with Pillow: it decodes all pixels and resizes them; *reduced* is what Lookalike does.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks import pictures
from benchmarks.measuring import (
    Figures,
    Sample,
    Settings,
    alone,
    alternate,
    lookalike,
    show,
)
from lookalike.encoder import Encoder
from lookalike.image import Input, Preprocess, read, to_input
from lookalike.models import DEFAULT_MODEL, find

_12_MP, _24_MP, _50_MP, _100_MP = (4000, 3000), (6000, 4000), (8660, 5774), (12_000, 8_334)


def measure(settings: Settings) -> Figures:
    """The reduced decoding of JPEGs beside the full one; the peak over a folder of odd pictures."""
    return {**_reduced(settings), **_peak(settings)}


# ---- a photograph of 12 megapixels


class _Measured(NamedTuple):
    """Milliseconds of both ways for some pictures, and the cosines between their vectors.

    ``least`` is what the decoder alone takes at its smallest scale: whatever the scale, it has to
    go through all bits of the file.
    """

    full: Sample
    reduced: Sample
    least: Sample
    cosine: Sample


def _together(parts: Iterable[_Measured]) -> _Measured:
    columns = zip(*parts, strict=True)
    return _Measured(*(Sample(sum((part.values for part in one), ())) for one in columns))


def _reduced(settings: Settings) -> Figures:
    encoder = Encoder.load(find(DEFAULT_MODEL))
    rounds = 3 if settings.quick else 7
    by_kind = {
        kind: _compare([pictures.jpeg(made) for made in photographs], encoder, rounds)
        for kind, photographs in _photographs(settings)
    }
    whole = by_kind["all"] = _together(by_kind.values())
    show(
        "A JPEG of 12 megapixels, from its bytes to the model's input, one core",
        ("", "full, ms", "reduced, ms", "ratio", "at least, ms", "cosine of the two vectors"),
        [
            (
                *(kind, taken.full, taken.reduced, taken.reduced.over(taken.full)),
                *(taken.least, _exact(taken.cosine)),
            )
            for kind, taken in by_kind.items()
        ],
    )
    ratio = whole.reduced.over(whole.full)
    return {
        "jpeg12mp_full_ms": round(whole.full.median, 1),
        "jpeg12mp_reduced_ms": round(whole.reduced.median, 1),
        "jpeg12mp_least_ms": round(whole.least.median, 1),
        "jpeg12mp_vs_full": round(ratio.median, 4),
        "jpeg12mp_vs_full_most": round(max(ratio.values), 4),
        "jpeg12mp_cosine": round(whole.cosine.median, 5),
        "jpeg12mp_cosine_min": round(min(whole.cosine.values), 5),
    }


def _compare(contents: Sequence[bytes], encoder: Encoder, rounds: int) -> _Measured:
    preprocess = encoder.card.preprocess

    def one(content: bytes) -> _Measured:
        full = partial(_by_pillow, content, preprocess)
        reduced = partial(_input, content, preprocess, preprocess.near)
        least = partial(_decoded, content)
        ways: dict[str, Callable[[], object]] = {"full": full, "reduced": reduced, "least": least}
        taken = alternate(ways, rounds=rounds)
        vectors = encoder.encode(np.stack([_input(content, preprocess, None), reduced()]))
        cosine = float(vectors[0] @ vectors[1])
        middle = {way: Sample((sample.median * 1e3,)) for way, sample in taken.items()}
        return _Measured(**middle, cosine=Sample((cosine,)))

    return _together(map(one, contents))


def _input(content: bytes, preprocess: Preprocess, near: int | None) -> Input:
    return to_input(read(content, near=near).image, preprocess)


def _by_pillow(content: bytes, preprocess: Preprocess) -> Input:
    side = (preprocess.size, preprocess.size)
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB").resize(side, Image.Resampling.BICUBIC))


def _decoded(content: bytes) -> None:
    opened = Image.open(io.BytesIO(content))
    opened.draft(None, (1, 1))
    opened.load()


def _photographs(settings: Settings) -> Iterator[tuple[str, list[Image.Image]]]:
    each = 2 if settings.quick else 4
    if settings.flowers:
        flowers = settings.pictures()
        for name, tile in (("flowers side by side", 250), ("flowers enlarged", 1000)):
            some = len(flowers) // each
            parts = (flowers[part * some : (part + 1) * some] for part in range(each))
            yield name, [pictures.mosaic(part, _12_MP, tile) for part in parts]
    yield "clouds of colour", [pictures.synthetic(seed, _12_MP) for seed in range(each)]


def _exact(sample: Sample) -> str:
    return f"{sample.median:.5f} (least {min(sample.values):.5f})"


# ---- a folder of large pictures


def _peak(settings: Settings) -> Figures:
    folder = settings.scratch / "large"
    made = _odd_pictures(settings, folder / "pictures")
    ran = lookalike("index", folder / "pictures", "--library", folder / "library", "--json")
    report = json.loads(ran.output.splitlines()[-1])
    skipped = len(report["skipped"])
    shutil.rmtree(folder)
    show(
        "Indexing a folder of large pictures",
        ("pictures", "added", "skipped", "seconds", "peak, MB"),
        [(made, report["added"], skipped, ran.seconds, ran.peak)],
    )
    figures: Figures = {
        "index_large_s": round(ran.seconds, 1),
        "index_large_skipped": skipped,
    }
    return figures if ran.peak is None else {"index_peak_mb": round(ran.peak, 1), **figures}


def _odd_pictures(settings: Settings, folder: Path) -> str:
    """Progressive JPEGs, PNGs, a TIFF and many small ones → what was made, in words."""
    folder.mkdir(parents=True)
    jpegs, pngs, small = (8, 3, 200) if settings.quick else (40, 12, 3000)
    progressive = pictures.jpeg(pictures.synthetic(0, _24_MP), progressive=True)
    packed = pictures.png(pictures.synthetic(1, _12_MP).resize(_50_MP))
    little = pictures.jpeg(pictures.synthetic(2, (400, 300)))
    for number in range(jpegs):
        (folder / f"{number:04}.jpg").write_bytes(pictures.renamed_jpeg(progressive, number))
    for number in range(pngs):
        (folder / f"{number:04}.png").write_bytes(pictures.renamed_png(packed, number))
    for number in range(small):
        (folder / f"small {number:04}.jpg").write_bytes(pictures.renamed_jpeg(little, number))
    broad = pictures.synthetic(3, _12_MP).resize(_100_MP)
    broad.save(folder / "one.tif", compression="tiff_lzw")
    return f"{jpegs} JPEG of 24 MP, {pngs} PNG of 50 MP, a TIFF of 100 MP, {small:,} small"


if __name__ == "__main__":
    sys.exit(alone(measure))
