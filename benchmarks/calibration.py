"""Judged labels → how often labels are right at each probability, before and after calibration.

The two numbers of the calibration are fitted to all collections but one and tested on that one, in
turns; nothing is tested on pictures that it was fitted to. The pictures: `benchmarks.judged`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.judged import Judged, collections, encoded, judged
from benchmarks.measuring import Figures, MissingError, Settings, alone, show
from lookalike import models
from lookalike.words import Labels
from lookalike.words.labels import LEAST, LENGTH, NOTHING, SHARPNESS

Array = NDArray[np.float64]

_SHARPNESS = np.arange(0.4, 1.31, 0.01)
_NOTHING = np.arange(4, 12.01, 0.05)
_STRETCHES = (0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.01)
_THRESHOLDS = (0.05, LEAST, 0.2, 0.3)
_BINS = 10


@dataclass(frozen=True, eq=False)
class Cases:
    """Labels that were judged: each one's collection, picture and logit, whether it is ``right``,
    the logarithm of the sum that its picture's logits have at each of `_SHARPNESS` (n, s), and the
    share that the classifier itself gives."""

    collection: NDArray[np.str_]
    picture: NDArray[np.int64]
    logit: Array
    right: NDArray[np.bool_]
    sums: Array
    share: Array

    def of(self, chosen: NDArray[np.bool_]) -> Cases:
        """Some of them."""
        return Cases(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def probabilities(self, sharpness: int, nothing: float) -> Array:
        """With a sharpness, by its number, and a logit for none of the labels."""
        log = _SHARPNESS[sharpness] * self.logit - np.logaddexp(self.sums[:, sharpness], nothing)
        found: Array = np.exp(log)
        return found


def measure(settings: Settings) -> Figures:
    """All tables. Raises MissingError where there are less than two collections."""
    places = collections(settings)
    for name in [name for name, place in places.items() if place is None]:
        print(f"{name}: not here; see benchmarks/judged.py.", file=sys.stderr)
    here = {name: place for name, place in places.items() if place is not None}
    if len(here) < 2:
        raise MissingError("There are less than two collections: see benchmarks/judged.py.")
    figures: Figures = {}
    for model in (models.DEFAULT_MODEL, "efficientnet-lite0"):
        card = models.find(model)
        known, some = Labels.load(card), judged()
        rows = {
            name: encoded(card, place, [one for one in some if one.collection == name])
            for name, place in here.items()
        }
        cases = _cases(known, rows, some)
        figures |= _tell(model, cases)
    return figures


def _cases(known: Labels, rows: dict[str, NDArray[np.float32]], some: list[Judged]) -> Cases:
    """The best label of each picture, and others with a share of a tenth, if they are judged."""
    found: list[tuple[object, ...]] = []
    for name, embeddings in rows.items():
        logits = LENGTH * (embeddings @ known.weight.T) + known.bias
        pictures = [one for one in some if one.collection == name]
        for number, (one, row, share) in enumerate(
            zip(pictures, logits.astype(float), known.shares(embeddings), strict=True)
        ):
            sums = np.logaddexp.reduce(_SHARPNESS[:, np.newaxis] * row, axis=1)
            for place in {int(share.argmax()), *np.flatnonzero(share >= 0.1).tolist()}:
                label = known.names[place]
                if label in one.right | one.wrong:
                    right = label in one.right
                    found.append((name, number, row[place], right, sums, float(share[place])))
    return Cases(*(np.array(column) for column in zip(*found, strict=True)))


# ---- fitting


def _fit(cases: Cases) -> tuple[int, float]:
    """The number of the sharpness, and the logit of nothing, by which what was judged is most
    likely; all labels count alike."""
    best, least = (0, 0.0), np.inf
    for sharpness in range(len(_SHARPNESS)):
        for nothing in _NOTHING:
            found = cases.probabilities(sharpness, nothing).clip(1e-6, 1 - 1e-6)
            loss = -np.log(np.where(cases.right, found, 1 - found)).mean()
            if loss < least:
                best, least = (sharpness, float(nothing)), loss
    return best


def _held_out(cases: Cases) -> Array:
    """The probability of each label, from what was fitted to the other collections."""
    found = np.zeros(len(cases.logit))
    for name in dict.fromkeys(cases.collection.tolist()):
        here = cases.collection == name
        found[here] = cases.of(here).probabilities(*_fit(cases.of(~here)))
    return found


# ---- telling


def _tell(model: str, cases: Cases) -> Figures:
    sharpness, nothing = _fit(cases)
    print(
        f"\n{model}: fitted to all, sharpness {_SHARPNESS[sharpness]:.2f} and nothing "
        f"{nothing:.2f}; Lookalike has {SHARPNESS} and {NOTHING}."
    )
    held = _held_out(cases)
    _tell_collections(model, cases, held)
    stretches = []
    for low, high in pairwise(_STRETCHES):
        before, after = (_stretch(one, cases.right, low, high) for one in (cases.share, held))
        stretches.append((f"{low} to {min(high, 1)}", *before, *after))
    head = ("probability", "n", "mean", "right", "calibrated: n", "mean", "right")
    show(f"{model}: labels that are right, by probability", head, stretches)
    _tell_thresholds(model, cases, held)
    return {
        f"labels_{model}_error_before": round(_error(cases.share, cases.right), 3),
        f"labels_{model}_error": round(_error(held, cases.right), 3),
    }


def _stretch(
    found: Array, right: NDArray[np.bool_], low: float, high: float
) -> tuple[object, str, str]:
    here = (found >= low) & (found < high)
    if not here.any():
        return 0, "", ""
    return int(here.sum()), f"{found[here].mean():.2f}", f"{right[here].mean():.2f}"


def _tell_collections(model: str, cases: Cases, held: Array) -> None:
    rows = []
    for name in (*dict.fromkeys(cases.collection.tolist()), "all"):
        here = (cases.collection == name) | (name == "all")
        right = cases.right[here]
        pairs = [
            (_error(one[here], right), _brier(one[here], right)) for one in (cases.share, held)
        ]
        pictures = len(set(zip(cases.collection[here], cases.picture[here], strict=True)))
        cells = (f"{one:.3f}" for pair in zip(*pairs, strict=True) for one in pair)
        rows.append((name, pictures, len(right), f"{right.mean():.2f}", *cells))
    head = ("left out", "pictures", "labels", "right", "error", "calibrated", "Brier", "calibrated")
    show(f"{model}: expected calibration error and Brier score", head, rows)


def _error(found: Array, right: NDArray[np.bool_]) -> float:
    """The expected calibration error: of ten stretches of probability, how far the mean is from
    the share of right ones, each weighed by its number."""
    places = np.minimum((found * _BINS).astype(int), _BINS - 1)
    apart = np.bincount(places, found - right, minlength=_BINS)
    return float(np.abs(apart).sum() / len(found))


def _brier(found: Array, right: NDArray[np.bool_]) -> float:
    return float(((found - right) ** 2).mean())


def _tell_thresholds(model: str, cases: Cases, held: Array) -> None:
    rows = [_kept("share of .1 (before)", cases, cases.share >= 0.1)]
    rows += [_kept(f"{least:.2f}", cases, held >= least) for least in _THRESHOLDS]
    names = dict.fromkeys(cases.collection.tolist())
    head = ("labels from", "labels", "right", "of all right", *names)
    show(f"{model}: what is kept; pictures with a label, and how often that is right", head, rows)


def _kept(name: str, cases: Cases, kept: NDArray[np.bool_]) -> tuple[object, ...]:
    cells = []
    for one in dict.fromkeys(cases.collection.tolist()):
        here = cases.collection == one
        have = len(set(cases.picture[here & kept])) / len(set(cases.picture[here]))
        cells.append(f"{have:.2f}, {cases.right[here & kept].mean():.2f}")
    right = cases.right[kept]
    found = f"{right.sum() / cases.right.sum():.2f}"
    return (name, int(kept.sum()), f"{right.mean():.2f}", found, *cells)


if __name__ == "__main__":
    sys.exit(alone(measure))
