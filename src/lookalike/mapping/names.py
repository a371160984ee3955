"""Clusters and the labels of their pictures → the label that tells most about each, if any does."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_HALF = 0.5  # of the pictures of a cluster must have the label
_TIMES = 1.5  # and it must be this many times as frequent there as among all


def telling(
    labels: Sequence[str], has: Sequence[npt.NDArray[np.intp]], belongs: npt.NDArray[np.int32]
) -> list[str | None]:
    """For each cluster, the label that most of its pictures and few others have; None where there
    is none.

    ``has`` gives for each label the points that have it; ``belongs`` (n,) the cluster of each
    point, -1 for none.
    """
    number = int(belongs.max(initial=-1)) + 1
    sizes = np.bincount(belongs[belongs >= 0], minlength=number)
    best: list[tuple[float, str | None]] = [(0.0, None)] * number
    for label, points in zip(labels, has, strict=True):
        inside = belongs[points]
        counts = np.bincount(inside[inside >= 0], minlength=number)
        everywhere = len(points) / max(len(belongs), 1)
        for cluster in np.flatnonzero(counts >= _HALF * sizes).tolist():
            here = counts[cluster] / sizes[cluster]
            if here >= _TIMES * everywhere:
                # what the label adds to what is known of a picture of this cluster
                gain = here * math.log(here / everywhere)
                best[cluster] = max(best[cluster], (gain, label), key=lambda one: one[0])
    return [label for _, label in best]
