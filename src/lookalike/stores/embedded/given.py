"""Scores that a store is given → those of pictures that are there, rough and exact."""

from __future__ import annotations

import numpy as np

from lookalike.stores.base import Scores
from lookalike.stores.embedded.scores import Best, Doubles, Ids, Scored


class Given:
    """Scores by which pictures are ranked in place of cosines. Of two unit vectors with such a
    cosine, the distance follows from it."""

    def __init__(self, scores: Scores) -> None:
        order = np.argsort(scores.ids, kind="stable")
        self._ids: Ids = scores.ids[order]
        values: Doubles = np.clip(scores.values[order], -1.0, 1.0)
        self._values: Doubles = values.round(6)

    def of(self, ids: Ids) -> Scored:
        """Of some ids, none twice, those that have a score, with it in single precision."""
        shared = np.intersect1d(ids, self._ids, assume_unique=True)
        return Scored(shared, self._of(shared).astype(np.float32))

    def exactly(self, ids: Ids) -> Best:
        """The scores and distances of some ids, which all have one."""
        scores = self._of(ids)
        distances: Doubles = np.sqrt(2.0 - 2.0 * scores)
        return Best(ids, scores, distances.round(6))

    def _of(self, ids: Ids) -> Doubles:
        found: Doubles = self._values[np.searchsorted(self._ids, ids)]
        return found
