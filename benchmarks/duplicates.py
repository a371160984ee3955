"""Photographs and copies made of them → what is found, of each kind, and what is found wrongly.

The copies are those of `benchmarks.copies`. One counts as found where it is told together with the
photograph that it was made of. Of what is told, all pairs that lie in one group are counted, and
the groups.

imagededup is measured on the same folder where ``LOOKALIKE_HASH_PYTHON`` names a Python that has
it. Its hashes need neither PyTorch nor the network::

    python -m venv hashes
    hashes/bin/pip install imagededup==0.3.3.post2 --no-deps
    hashes/bin/pip install numpy pillow scipy scikit-learn PyWavelets tqdm matplotlib
    LOOKALIKE_HASH_PYTHON=hashes/bin/python python -m benchmarks.duplicates

Its network is left out: the weights of it come from a host that is no package registry.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from benchmarks import copies, same_shots
from benchmarks.measuring import ROOT, Figures, Settings, alone, run, show, timed
from lookalike import Library
from lookalike.library import Duplicates

PYTHON = "LOOKALIKE_HASH_PYTHON"
_DEFAULT = 10  # bits by which imagededup lets hashes differ unless it is told otherwise
_METHODS = ("PHash", "DHash", "WHash", "AHash")

Pair = tuple[str, str]
"""Names of files, the first one before the second."""


@dataclass(frozen=True)
class Found:
    """What a method tells of a folder: pairs, and groups of what hangs together; in how long, and
    what of all processors' time that took: on a machine that others use, too, the wall clock tells
    little."""

    pairs: set[Pair]
    groups: list[set[str]]
    seconds: float = 0.0
    busy: float = 0.0


def measure(settings: Settings) -> Figures:
    """Recall by kind, and precision, of Lookalike and of imagededup's hashes."""
    folder = copies.make(settings, int(os.environ.get("LOOKALIKE_COPIES_SEED", copies.SEED)))
    with Library.open(settings.scratch / "duplicates.library", create=True) as library:
        library.index(folder)
        count = library.count()
        before = time.process_time()
        seconds = timed(library.duplicates)
        busy = time.process_time() - before
        told = library.duplicates(look=False)
    found = {"Lookalike": by_groups(told, seconds, busy)}
    if python := os.environ.get(PYTHON):
        found |= _imagededup(python, folder, settings.scratch)
    _show(found, folder, count)
    _show_wrong(found["Lookalike"])
    right = recalls(found["Lookalike"].pairs, folder)
    return {
        "duplicates_s": round(seconds, 1),
        "duplicates_per_s": round(count / seconds, 1),
        "duplicates_ms_each": round(1000 * busy / count, 2),
        "duplicates_recall_min": min(right.values()),
        "duplicates_precision": round(precision(found["Lookalike"].pairs), 4),
        "duplicates_best_is_good": round(_best_is_good(told), 4),
        "duplicates_said": str({kind: round(part, 3) for kind, part in _said(told).items()}),
    }


def by_groups(told: Duplicates, seconds: float = 0.0, busy: float = 0.0) -> Found:
    """What Lookalike tells."""
    groups = [
        {Path(one.path).name for one in (group.best, *(copy.record for copy in group.copies))}
        for group in told.groups
    ]
    pairs = {pair for group in groups for pair in combinations(sorted(group), 2)}
    return Found(pairs, groups, seconds, busy)


# ---- how good that is


def recalls(pairs: set[Pair], folder: Path) -> dict[str, float]:
    """For each kind, the part of the copies that are told with their photograph."""
    photographs = {file.stem: file.name for file in folder.iterdir() if " " not in file.stem}
    made: dict[str, list[bool]] = {kind: [] for kind in copies.KINDS}
    for copy in (file.name for file in folder.glob("* *")):
        one, other = sorted([copy, photographs[copies.made_of(copy)]])
        made[copies.kind_of(copy)].append((one, other) in pairs)
    return {kind: sum(right) / max(len(right), 1) for kind, right in made.items()}


def precision(pairs: set[Pair]) -> float:
    """The part of the pairs that show one photograph."""
    return sum(_is_copy(*pair) for pair in pairs) / max(len(pairs), 1)


def _is_copy(one: str, other: str) -> bool:
    return _shot_of(one) == _shot_of(other)


def _is_made_of(copy: str, other: str) -> bool:
    return bool(copies.kind_of(copy)) and copies.made_of(copy) == copies.made_of(other)


@functools.cache
def _shot_of(name: str) -> str:
    """One name for all photographs that are one shot."""
    shown = copies.made_of(name)
    return next((min(group) for group in _SAME if shown in group), shown)


def _pure(groups: list[set[str]]) -> float:
    """The part of the groups that show one photograph only."""
    return sum(len(set(map(_shot_of, group))) == 1 for group in groups) / max(len(groups), 1)


def _whole(groups: list[set[str]], folder: Path) -> float:
    """The part of the photographs that were copied which lie in one group with all their copies."""
    wanted = defaultdict(set)
    for file in folder.iterdir():
        wanted[copies.made_of(file.name)].add(file.name)
    copied = [names for names in wanted.values() if len(names) > 1]
    group_of = {name: group for group in groups for name in group}
    return sum(names <= group_of.get(min(names), set()) for names in copied) / len(copied)


_NO_LOSS = ("", "JPEG 90")  # what a person may keep without losing anything that can be seen


def _best_is_good(told: Duplicates) -> float:
    """Of the groups with a photograph and its copies, the part in which it is proposed to keep the
    photograph, or the copy of it that was only saved again, with a high quality."""
    right = []
    for group in told.groups:
        names = {Path(one.record.path).name for one in group.copies} | {Path(group.best.path).name}
        if any(map(copies.kind_of, names)) and not all(map(copies.kind_of, names)):
            right.append(copies.kind_of(Path(group.best.path).name) in _NO_LOSS)
    return sum(right) / max(len(right), 1)


_WORDS = {
    "JPEG": "recompressed",
    "scaled": "resized",
    "cropped": "cropped",
    "turned": "turned",
    "mirrored": "mirrored",
    "caption": "edited",
    "border": "bordered",
}


def _said(told: Duplicates) -> dict[str, float]:
    """Of the copies of each kind in groups with such a best, the part of which just that is said
    which was done to them."""
    said: dict[str, list[bool]] = defaultdict(list)
    for group in told.groups:
        best = Path(group.best.path).name
        for copy in group.copies:
            name = Path(copy.record.path).name
            if copies.kind_of(best) in _NO_LOSS and _is_made_of(name, best):
                word = _WORDS[copies.kind_of(name).split(" ")[0]]
                said[copies.kind_of(name)].append(copy.how == (word,))
    return {kind: sum(some) / len(some) for kind, some in sorted(said.items())}


# ---- imagededup


def _imagededup(python: str, folder: Path, scratch: Path) -> dict[str, Found]:
    """What each of imagededup's hashes finds by default, and where it is best."""
    found = {}
    script = ROOT / "benchmarks" / "peer_imagededup_hash.py"
    for method in _METHODS:
        result = scratch / f"{method}.json"
        run(python, script, folder, result, method, str(_DEFAULT))
        told = json.loads(result.read_text("utf-8"))
        bits = {(one, other): distance for one, other, distance in told["pairs"]}
        best = max(range(max(bits.values()) + 1), key=lambda most: _quality(bits, most, folder))
        for name, most in ((f"{method}, {_DEFAULT}", _DEFAULT), (f"{method}, {best}", best)):
            pairs = {pair for pair, distance in bits.items() if distance <= most}
            found[name] = Found(pairs, _connected(pairs), told["seconds"], told["busy"])
    return found


def _quality(bits: dict[Pair, int], most: int, folder: Path) -> float:
    """The harmonic mean of precision and recall of the pairs within a distance."""
    pairs = {pair for pair, distance in bits.items() if distance <= most}
    right = recalls(pairs, folder)
    recall = sum(right.values()) / len(right)
    return 2 * precision(pairs) * recall / max(precision(pairs) + recall, 1e-9)


def _connected(pairs: Iterable[Pair]) -> list[set[str]]:
    """Groups of all that hangs together by pairs."""
    group_of: dict[str, set[str]] = {}
    for one, other in pairs:
        first, second = group_of.get(one, {one}), group_of.get(other, {other})
        if first is not second:
            larger, smaller = sorted((first, second), key=len, reverse=True)
            larger |= smaller
            group_of.update(dict.fromkeys(smaller, larger))
            group_of.update(dict.fromkeys((one, other), larger))
    return list({id(group): group for group in group_of.values()}.values())


_SAME = _connected(same_shots.PAIRS)


# ---- the tables


def _show(found: dict[str, Found], folder: Path, count: int) -> None:
    by_kind = {name: recalls(one.pairs, folder) for name, one in found.items()}
    rows: list[tuple[object, ...]] = [
        (kind, *(right[kind] for right in by_kind.values())) for kind in copies.KINDS
    ]
    every = found.values()
    rows.append(("all kinds", *(sum(one.values()) / len(one) for one in by_kind.values())))
    rows.append(("precision of pairs", *(precision(one.pairs) for one in every)))
    rows.append(("pairs", *(len(one.pairs) for one in every)))
    rows.append(("groups with all copies", *(_whole(one.groups, folder) for one in every)))
    rows.append(("groups without strangers", *(_pure(one.groups) for one in every)))
    rows.append(("groups", *(len(one.groups) for one in every)))
    rows.append(("seconds", *(one.seconds for one in every)))
    rows.append(("processor seconds", *(one.busy for one in every)))
    show(f"recall by kind, among {count:,} pictures", ("copies", *found), rows)


def _show_wrong(found: Found) -> None:
    print("\n  Photographs that Lookalike tells together, and nobody made or knows to be one shot:")
    for one, other in sorted({tuple(map(copies.made_of, pair)) for pair in found.pairs}):
        if not _is_copy(one, other):
            print(f"    {one} {other}")


if __name__ == "__main__":
    sys.exit(alone(measure))
