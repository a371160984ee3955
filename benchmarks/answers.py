"""Collections with labels → how well pictures find their like: plain, with neighbours, in views.

    python -m benchmarks.answers [--flowers FOLDER] [--quick]

Three collections: the flowers, with the labels that lie beside them; the sample photographs, each
folder a class; and parts of these, where what was cut from one photograph is a class. Views are
learned from one part of each collection and judged on the other alone: the flowers as they were
divided officially, the others by halves of each class.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks import flowers
from benchmarks.measuring import Figures, MissingError, Settings, alone, show
from lookalike import Example, Library, Record
from lookalike.errors import InputError
from lookalike.library import WHITENED, Evaluation
from scripts.gather_samples import gather

_AROUND = (1, 3, 5, 10, 15, 20, 30)
_QUERIES = 2000
_ROUNDS, _MARKS, _ASKED = 3, 10, 200  # of relevance feedback
_WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "whitened": {"view": WHITENED},
    "around_10": {"neighbours": 10},
}
_PARTS = 8  # that are cut from a photograph
_FEW = 5  # pictures of a class, where few are labelled

Labels = dict[str, str]
"""The path of a picture below its folder → its class."""


@dataclass(frozen=True)
class Collection:
    """Pictures in a library, the class of each, and which of them are learned from."""

    name: str
    library: Path
    labels: Labels
    learned: frozenset[str]

    def table(self, file: Path, some: Sequence[str]) -> Path:
        """Write the labels of some pictures, as the command takes them."""
        with file.open("w", newline="") as out:
            csv.writer(out).writerows(
                [("file", "label"), *((one, self.labels[one]) for one in some)]
            )
        return file


def measure(settings: Settings) -> Figures:
    """Precision and mean average precision of every way to search, on every collection."""
    figures: Figures = {}
    for collection in collections_of(settings):
        with Library.open(collection.library) as library:
            for way, one in _ways(library, collection, settings.scratch).items():
                figures[f"{collection.name}_{way}_p1"] = round(one.p_at_1, 3)
                figures[f"{collection.name}_{way}_map"] = round(one.map, 3)
            figures |= _feedback(library, collection)
    return figures


def _ways(library: Library, collection: Collection, scratch: Path) -> dict[str, Evaluation]:
    every = collection.table(scratch / "all.csv", list(collection.labels))
    found = {
        "plain": library.evaluate(every, queries=_QUERIES),
        "whitened": library.evaluate(every, queries=_QUERIES, view=WHITENED),
    }
    for count in _AROUND:
        found[f"around_{count}"] = library.evaluate(every, queries=_QUERIES, neighbours=count)
    _print(f"{collection.name}: all pictures", found)
    learned = _views(library, collection, scratch)
    _print(f"{collection.name}: held-out pictures alone", learned)
    return {**found, **learned}


def _views(library: Library, collection: Collection, scratch: Path) -> dict[str, Evaluation]:
    """Held-out pictures as they are, and in views that were learned from the others."""
    tested = [one for one in collection.labels if one not in collection.learned]
    test = collection.table(scratch / "test.csv", tested)
    found = {"held_out_plain": library.evaluate(test)}
    for name, some in (
        ("learned", sorted(collection.learned)),
        ("learned_from_five", _few(collection)),
    ):
        try:
            library.learn(name, labels=collection.table(scratch / "learn.csv", some))
        except InputError as error:
            print(f"{collection.name}, {name}: {error}")
            continue
        found[name] = library.evaluate(test, view=name)
        found[f"{name}_around_10"] = library.evaluate(test, view=name, neighbours=10)
    return found


def _few(collection: Collection) -> list[str]:
    """Five pictures of each class, at random."""
    inside = defaultdict(list)
    for one in np.random.default_rng(0).permutation(sorted(collection.learned)).tolist():
        inside[collection.labels[one]].append(one)
    return [one for some in inside.values() for one in some[:_FEW]]


def _feedback(library: Library, collection: Collection) -> Figures:
    """Somebody who asks with a picture, and three times marks the first ten they have not seen."""
    records = [one for one in library.records() if one.relative in collection.labels]
    classes = {one.id: collection.labels[one.relative] for one in records}
    sizes = Counter(classes.values())
    able = [one for one, label in classes.items() if sizes[label] > _ROUNDS]
    asked = np.random.default_rng(1).choice(able, min(_ASKED, len(able)), replace=False).tolist()
    rows = []
    figures: Figures = {}
    for name, how in _WAYS.items():
        told = np.array([_session(library, classes, one, how) for one in asked]).mean(axis=0)
        rows.append((name, *told))
        figures[f"{collection.name}_feedback_{name}"] = round(float(told[-1] - told[0]), 3)
    header = ("P@30", "at first", *(f"round {one + 1}" for one in range(_ROUNDS)))
    show(f"{collection.name}: {len(asked)} people who mark ten answers, three times", header, rows)
    return figures


def _session(
    library: Library, classes: dict[int, str], query: int, how: dict[str, Any]
) -> list[float]:
    """The precision of the first thirty before any mark and after each round; what was marked as
    like the query counts as found, as it stays on the screen."""
    marked = {query: True}
    found = []
    for _ in range(_ROUNDS + 1):
        examples = [Example(one, 1.0 if good else -0.5) for one, good in marked.items()]
        ranked = [hit.record.id for hit in library.search(_even(examples), 60, **how)]
        good = [one for one, its in marked.items() if its and one != query]
        shown = (good + [one for one in ranked if one in classes])[:30]
        found.append(float(np.mean([classes[one] == classes[query] for one in shown])))
        for one in [one for one in ranked if one in classes][:_MARKS]:
            marked[one] = classes[one] == classes[query]
    return found


def _even(examples: Sequence[Example]) -> list[Example]:
    """The wanted weigh 1 together and the unwanted .5, however many there are."""
    wanted = sum(one.weight > 0 for one in examples)
    unwanted = len(examples) - wanted
    return [
        Example(one.picture, 1 / wanted if one.weight > 0 else -0.5 / unwanted) for one in examples
    ]


def _print(title: str, found: dict[str, Evaluation]) -> None:
    header = ("", "queries", "P@1", "P@10", "P@30", "mAP")
    rows = [
        (
            way,
            one.queries,
            *(f"{figure:.3f}" for figure in (one.p_at_1, one.p_at_10, one.p_at_30, one.map)),
        )
        for way, one in found.items()
    ]
    show(title, header, rows)


# ---- the collections


def collections_of(settings: Settings) -> Iterator[Collection]:
    samples = settings.scratch / "samples"
    gather(samples)
    yield _by_folder("samples", samples, settings)
    parts = settings.scratch / "parts"
    _cut(samples, parts)
    yield _by_folder("parts", parts, settings)
    try:
        yield _flowers(settings)
    except MissingError as error:
        print(error)


def _by_folder(name: str, folder: Path, settings: Settings) -> Collection:
    library = settings.scratch / f"{name}.library"
    with Library.open(library, create=True) as opened:
        opened.index(folder)
        relatives = [one.relative for one in opened.records()]
    labels = {one: one.rpartition("/")[0] for one in relatives}
    learned = set()
    inside = defaultdict(list)
    for one in np.random.default_rng(0).permutation(relatives).tolist():
        inside[labels[one]].append(one)
    for some in inside.values():
        learned |= set(some[: len(some) // 2])
    return Collection(name, library, labels, frozenset(learned))


def _cut(samples: Path, parts: Path) -> None:
    """From each photograph some parts of half its sides, at random places."""
    for number, file in enumerate(
        sorted(one for one in samples.rglob("*") if one.suffix in (".jpg", ".png"))
    ):
        chance = np.random.default_rng(number)
        with Image.open(file) as opened:
            picture = opened.convert("RGB")
        folder = parts / f"{number:03}"
        folder.mkdir(parents=True, exist_ok=True)
        wide, high = picture.width // 2, picture.height // 2
        for part in range(_PARTS):
            left, top = int(chance.integers(wide)), int(chance.integers(high))
            picture.crop((left, top, left + wide, top + high)).save(
                folder / f"{part}.jpg", quality=90
            )


def _flowers(settings: Settings) -> Collection:
    library = flowers.library(settings)
    (root,) = {one.root for one in _records(library)}
    with (Path(root).parent / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    there = {one.relative for one in _records(library)}
    labels = {row["filename"]: row["label"] for row in rows if row["filename"] in there}
    learned = {row["filename"] for row in rows if row["official_split"] != "test"} & there
    return Collection("flowers", library, labels, frozenset(learned))


def _records(library: Path) -> list[Record]:
    with Library.open(library) as opened:
        return opened.records()


if __name__ == "__main__":
    sys.exit(alone(measure))
