"""Embeddings of a library, block by block → what is usual there, by asking with a sample of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lookalike.verdict.usual import BEST, Ids, Rows, Usual


class Probes:
    """Asks with some pictures of a sample while all embeddings pass by once; it is then known how
    crowded it is around each picture, and no search has to find that out."""

    def __init__(self, usual: Usual, asked: Ids) -> None:
        """``asked`` (p,) are the places in the sample of those that are asked with."""
        self._usual = usual
        self._own, self._rows = usual.ids[asked], usual.rows[asked]
        self._scores = np.full((len(asked), BEST), -np.inf, np.float32)
        self._answers = np.zeros(self._scores.shape, np.int64)
        self._ids = [np.empty(0, np.int64)]
        self._crowds = [np.empty(0)]

    def see(self, ids: Ids, rows: Rows) -> None:
        """A block of embeddings (n, dim) with the ids of their pictures (n,)."""
        self._ids.append(ids)
        self._crowds.append(self._usual.crowding(ids, rows))
        scores = np.concatenate([self._scores, self._rows @ rows.T], axis=1)
        named = np.broadcast_to(ids, (len(self._own), len(ids)))
        answers = np.concatenate([self._answers, named], axis=1)
        scores[answers == self._own[:, None]] = -np.inf  # nobody is an answer to themselves
        best = np.argpartition(-scores, BEST - 1, axis=1)[:, :BEST]
        self._scores = np.take_along_axis(scores, best, 1)
        self._answers = np.take_along_axis(answers, best, 1)

    def told(self, rows: Callable[[Ids], Rows]) -> Usual | None:
        """What is usual, after all embeddings; None where there were no others. ``rows`` gives the
        embeddings of ids."""
        best = np.argsort(-self._scores, axis=1, kind="stable")
        scores = np.take_along_axis(self._scores, best, 1)
        answers = np.take_along_axis(self._answers, best, 1)
        every, crowds = np.concatenate(self._ids), np.concatenate(self._crowds)
        order = np.argsort(every, kind="stable")
        found = replace(self._usual, known=every[order], crowds=crowds[order])
        least = int(np.isfinite(scores).sum(axis=1).min(initial=BEST))
        if not least:
            return None
        near = found.crowd_of(answers[:, :least].ravel(), rows).reshape(-1, least)
        return found.told(scores[:, :least].astype(np.float64), near)
