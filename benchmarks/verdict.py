"""Collections with kinds, some of which are left out → how often each verdict is right.

    python -m benchmarks.verdict flowers=flowers/labels.csv drawings

Each argument is a library, with the labels of its pictures after ``=``; without these, the folder
of a picture is its kind. Two collections are added that need no library: `shots`, eight cuts of
each of the photographs that packages bring, turned a little, lighter or darker, as if somebody had
gone on photographing; and `digits`, the handwritten ones of scikit-learn, where that is installed.

A third of the kinds is left out of a collection, and a fifth of the other pictures. What is left
makes a library. It is asked with the fifth, whose kinds it has; with pictures of the kinds that it
lacks; and with those of the other collections. The rates are those of every second kind. By the
other kinds the numbers in `lookalike.verdict` were chosen, with ``--choose``, which prints what
other numbers give there.
"""

from __future__ import annotations

import argparse
import io
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from benchmarks.kinds import Collection, Vectors, made, mixed, parts, read
from lookalike import Library, image
from lookalike.library.examples import combined, share
from lookalike.library.judging import Hits, Judging, Sought
from lookalike.stores.base import Catalogue, Hit, Record
from lookalike.verdict import usual

Query = tuple[Vectors, Any]

DRAWS = 3
_ASKED = 400  # questions of each sort to a library, at most
_HITS = 10  # of each answer, that are held against their kinds
_FOREIGN = 150  # pictures of each other collection
_COPIED = 200  # photographs that are copied

_POWERS, _LOST, _NOTHING = (0.4, 0.6, 0.8), (0.04, 0.06, 0.08), (0.1, 0.2, 0.3)  # to choose from


class Held:
    """Embeddings in memory, as much of a store as verdicts need: exact search, none of the rest."""

    def __init__(self, rows: Vectors) -> None:
        self.rows = rows
        self.dim, self.folder, self.read_only = rows.shape[1], Path(), True

    def settings(self) -> Mapping[str, str]:
        """Of one revision for good."""
        return {"revision": "1"}

    def count(self) -> int:
        """How many there are."""
        return len(self.rows)

    def versions(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Their numbers."""
        return np.arange(len(self.rows)), np.zeros(len(self.rows), np.int64)

    def embedding_blocks(self, ids: NDArray[np.int64]) -> Iterator[Query]:
        """Some of them, at once."""
        yield cast("Any", ids), self.rows[ids]

    def search(self, query: Vectors, k: int, *, without: Any = (), where: Any = None) -> list[Hit]:
        """The k closest."""
        scores = self.rows @ query
        scores[list(without)] = -2
        best = np.argpartition(-scores, min(k, len(scores) - 1))[:k]
        best = best[np.argsort(-scores[best])]
        return [Hit(_record(int(one)), float(scores[one]), 0.0) for one in best if scores[one] > -2]


@dataclass(frozen=True)
class Rates:
    """What becomes of questions: the parts of those with a first answer of their kind that are
    not told nothing (``kept``), of those of a kind that is ``absent`` and of those of a wholly
    ``foreign`` one that are; and the parts of hits of each verdict that are of the kind."""

    kept: float
    absent: float
    foreign: float
    strong: float
    weak: float
    nothing: float


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("collections", nargs="+", metavar="LIBRARY[=LABELS]")
    parser.add_argument("--choose", action="store_true", help="try other numbers on other kinds")
    parser.add_argument("--copies", help="the library whose photographs are copied")
    given = parser.parse_args()
    every = dict(map(read, given.collections))
    every |= made()
    every["mixed"] = mixed(every)
    if given.choose:
        _choose(every)
        return
    _show(every)
    _show_questions(every[next(iter(every))])
    _show_copies(given.copies or given.collections[0].partition("=")[0])


def _show(every: Mapping[str, Collection]) -> None:
    print("| collection | pictures | kinds | kept | absent | foreign | strong | weak | nothing |")
    print("|---|---|---|---|---|---|---|---|---|")
    first = next(iter(every))
    for name, collection in {**every, f"{first}, all kinds": every[first]}.items():
        part = collection if name not in every else collection.half(1)
        rates = _rates(part, _foreign(every, name), 2026)
        told = " | ".join(f"{one:.3f}" for one in vars(rates).values())
        print(
            f"| {name} | {len(part.rows):,} | {len(np.unique(part.kinds))} | {told} |", flush=True
        )


def _rates(collection: Collection, foreign: Vectors, seed: int) -> Rates:
    """The means of some draws."""
    found = [_draw(collection, foreign, seed + draw) for draw in range(DRAWS)]
    return Rates(*np.nanmean([list(vars(one).values()) for one in found], axis=0))


def _draw(collection: Collection, foreign: Vectors, seed: int) -> Rates:
    chance = np.random.default_rng(seed)
    library, present, absent = _split(collection, chance)
    judging = Judging(cast("Catalogue", Held(library.rows)))

    def told(rows: Vectors) -> list[Hits]:
        some = rows[chance.permutation(len(rows))[:_ASKED]]
        return [_answer(judging, row) for row in some]

    asked = present.of(chance.permutation(len(present.rows))[:_ASKED])
    answers = [_answer(judging, row) for row in asked.rows]
    right = [
        [library.kinds[hit.record.id] == kind for hit in hits]
        for hits, kind in zip(answers, asked.kinds, strict=True)
    ]
    verdicts = np.array([hit.verdict for hits in answers for hit in hits])
    of_kind = np.array([one for row in right for one in row])
    kept = [_found(hits) for hits, row in zip(answers, right, strict=True) if row[0]]
    return Rates(
        float(np.mean(kept)),
        1 - float(np.mean([_found(hits) for hits in told(absent.rows)])),
        1 - float(np.mean([_found(hits) for hits in told(foreign)])),
        *(
            float(of_kind[verdicts == level].mean()) if (verdicts == level).any() else np.nan
            for level in ("strong", "weak", "probably nothing")
        ),
    )  # fmt: skip


def _split(
    collection: Collection, chance: np.random.Generator
) -> tuple[Collection, Collection, Collection]:
    """The library, pictures of its kinds that it has not, and pictures of other kinds."""
    names = np.unique(collection.kinds)
    left_out = np.isin(collection.kinds, chance.choice(names, len(names) // 3, replace=False))
    others = chance.permutation(np.flatnonzero(~left_out))
    held, kept = np.split(others, [len(others) // 5])
    held = held[np.isin(collection.kinds[held], collection.kinds[kept])]
    return collection.of(kept), collection.of(held), collection.of(left_out)


def _answer(judging: Judging, row: Vectors, part: float = 1.0) -> Hits:
    store = cast("Any", judging)._store
    return judging.judged(store.search(row, _HITS), Sought(row, share=part))


def _found(hits: Hits) -> bool:
    return hits.verdict != "probably nothing"


def _foreign(every: Mapping[str, Collection], name: str) -> Vectors:
    """Pictures of the other collections; of none that went into a mixed one."""
    own = {name.partition(",")[0], "mixed"}
    if name == "mixed":
        own |= set(parts(every))
    chance = np.random.default_rng(1)
    return np.concatenate(
        [
            one.rows[chance.permutation(len(one.rows))[:_FOREIGN]]
            for other, one in every.items()
            if other not in own
        ]
    )


# ---- other questions


def _show_questions(collection: Collection) -> None:
    """Several pictures of one kind, and one of another that is not wanted."""
    chance = np.random.default_rng(2026)
    library, present, absent = _split(collection, chance)
    judging = Judging(cast("Catalogue", Held(library.rows)))
    print("\n| question | kept | absent |\n|---|---|---|")
    for name, weights in (
        ("one picture", [1.0]),
        ("three of a kind", [1.0, 1.0, 1.0]),
        ("two of a kind, one of another at -0.5", [1.0, 1.0, -0.5]),
    ):
        kept, found = (
            [_several(judging, library, part, weights, chance) for _ in range(_ASKED)]
            for part in (present, absent)
        )
        right = [one for one, first in kept if first]
        missed = 1 - np.mean([one for one, _ in found])
        print(f"| {name} | {np.mean(right):.3f} | {missed:.3f} |", flush=True)


def _several(
    judging: Judging,
    library: Collection,
    part: Collection,
    weights: list[float],
    chance: np.random.Generator,
) -> tuple[bool, bool]:
    """Whether something was found, and whether the first answer is of the kind."""
    kind = chance.choice(part.kinds)
    same, others = np.flatnonzero(part.kinds == kind), np.flatnonzero(part.kinds != kind)
    rows = [part.rows[chance.choice(same if weight > 0 else others)] for weight in weights]
    hits = _answer(judging, combined(rows, weights), share(rows, weights))
    return _found(hits), bool(library.kinds[hits[0].record.id] == kind)


# ---- the same picture


def _show_copies(place: str) -> None:
    """Photographs of a library, as other files: how many of these are told as the same."""
    print("\n| copy | told as the same picture |\n|---|---|")
    with Library.open(place) as library:
        judging = cast("Any", library)._judging
        records, _ = library.embeddings()
        chosen = np.random.default_rng(2026).permutation(len(records))[:_COPIED]
        encoder = cast("Any", library)._encoder()
        preprocess = encoder.card.preprocess
        pictures = [Image.open(library.original(records[one])).convert("RGB") for one in chosen]
        for name, change in COPIES.items():
            same = 0
            for one, picture in zip(chosen, pictures, strict=True):
                pixels = image.to_input(change(picture), preprocess)
                query = encoder.encode(pixels[np.newaxis])[0]
                found = cast("Any", library)._store.search(query, 3)
                hit = next((hit for hit in found if hit.record.id == records[one].id), None)
                told = judging.judged(found, Sought(query))
                same += bool(hit and told[found.index(hit)].verdict == "the same picture")
            print(f"| {name} | {same / len(chosen):.3f} |", flush=True)
        others = [library.search(records[one].id, 1) for one in chosen]
        wrong = np.mean([hits.verdict == "the same picture" for hits in others])
        print(f"| none: the nearest other picture | {wrong:.3f} |")


def _again(picture: Image.Image, quality: int) -> Image.Image:
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=quality)
    return Image.open(held).convert("RGB")


def _smaller(picture: Image.Image, part: float) -> Image.Image:
    size = (round(picture.width * part), round(picture.height * part))
    return picture.resize(size, Image.Resampling.BICUBIC)


def _cropped(picture: Image.Image, edge: float) -> Image.Image:
    wide, high = picture.size
    return picture.crop(
        (round(edge * wide), round(edge * high), round((1 - edge) * wide), round((1 - edge) * high))
    )


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "saved again as JPEG, quality 80": lambda one: _again(one, 80),
    "saved again as JPEG, quality 50": lambda one: _again(one, 50),
    "three quarters of the size": lambda one: _again(_smaller(one, 0.75), 90),
    "half the size (128 pixels high)": lambda one: _again(_smaller(one, 0.5), 90),
    "cropped by 2 % on each side": lambda one: _again(_cropped(one, 0.02), 90),
    "a tenth lighter": lambda one: _again(ImageEnhance.Brightness(one).enhance(1.1), 90),
}


# ---- choosing


def _choose(every: Mapping[str, Collection]) -> None:
    """The means of all collections, and the least, for other numbers than those that are used."""
    print("| power | lost | nothing | kept | least kept | absent | foreign | least foreign |")
    print("|---|---|---|---|---|---|---|---|")
    tried = itertools.product(_POWERS, _LOST, _NOTHING)
    for power, lost, nothing in tried:
        for name, value in (("_POWER", power), ("_LOST", lost), ("_NOTHING", nothing)):
            setattr(usual, name, value)
        found = [
            _rates(one.half(0), _foreign(every, name), 7)
            for name, one in every.items()
            if name != "mixed"
        ]
        kept, absent, foreign = (
            [getattr(one, name) for one in found] for name in ("kept", "absent", "foreign")
        )
        print(
            f"| {power} | {lost} | {nothing} | {np.mean(kept):.3f} | {min(kept):.3f} | "
            f"{np.mean(absent):.3f} | {np.mean(foreign):.3f} | {min(foreign):.3f} |",
            flush=True,
        )


def _record(number: int) -> Record:
    return Record("", str(number), 0, 0, "", 1, 1, "", id=number)


if __name__ == "__main__":
    main()
