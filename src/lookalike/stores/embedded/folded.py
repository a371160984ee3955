"""Rough scores, and which pictures show the same → scores in which one stands for each group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lookalike.stores.base import Hit
from lookalike.stores.embedded.scores import Best, Ids, Scored
from lookalike.stores.embedded.stretch import Exactly


class Folded:
    """Of all answers that show the same, the best in single precision stands for the others.

    Which of them is the first in the exact order is only known of those that are scored exactly;
    that a group lies where its best does is true of the stand-in, too, within the rounding of
    single precision.
    """

    def __init__(self, every: Scored, alike: Mapping[int, int] | None, exactly: Exactly) -> None:
        """``alike`` gives a number to ids; those with the same number show the same. None where
        nothing is to be folded."""
        self._exactly = exactly
        self._ids = self._stand_ins = np.empty(0, np.int64)
        self.standing = every
        """The scores, without those for which another stands."""
        if alike:
            self._fold(every, alike)
        self.number = None if alike is None else len(every.ids) - len(self.standing.ids)
        """How many those are."""

    def _fold(self, every: Scored, alike: Mapping[int, int]) -> None:
        rows, groups = _grouped(every.ids, alike)
        order = np.lexsort((-every.scores[rows], groups))
        rows, groups = rows[order], groups[order]
        first = _firsts(groups)
        stand_ins = every.ids[rows[first]][np.cumsum(first) - 1]
        kept = np.ones(len(every.ids), bool)
        kept[rows[~first]] = False
        self.standing = Scored(every.ids[kept], every.scores[kept])
        by_id = np.argsort(every.ids[rows])
        self._ids, self._stand_ins = every.ids[rows][by_id], stand_ins[by_id]

    def best(self, ids: Ids) -> Best:
        """Some that stand for groups, each with the exact score of the best of its group."""
        if not len(self._ids):
            return self._exactly(ids)
        found = self._exactly(self._with_copies(ids))
        stand_ins = self._for(found.ids)
        order = np.lexsort((-found.scores, stand_ins))
        first = order[_firsts(stand_ins[order])]
        return Best(stand_ins[first], found.scores[first], found.distances[first])

    def opened(self, best: Best) -> Best:
        """All for which some stand, each with its own exact score."""
        return self._exactly(self._with_copies(best.ids)) if len(self._ids) else best

    def together(self, hits: Sequence[Hit]) -> list[Hit]:
        """Hits in their order, those that show the same in the first of them."""
        if not len(self._ids):
            return list(hits)
        groups: dict[int, list[Hit]] = {}
        stand_ins = self._for(np.array([hit.record.id for hit in hits], np.int64)).tolist()
        for stand_in, hit in zip(stand_ins, hits, strict=True):
            groups.setdefault(stand_in, []).append(hit)
        return [replace(first, copies=tuple(rest)) for first, *rest in groups.values()]

    def first(self, ids: Ids) -> npt.NDArray[np.bool_]:
        """Of ids in the order of the answers, which come first of those that show the same."""
        found = np.zeros(len(ids), bool)
        found[np.unique(self._for(ids), return_index=True)[1]] = True
        return found

    def _with_copies(self, ids: Ids) -> Ids:
        return np.union1d(ids, self._ids[np.isin(self._stand_ins, ids)])

    def _for(self, ids: Ids) -> Ids:
        """Which stands for each of some ids: itself, where it is in no group."""
        if not len(self._ids):
            return ids
        at = np.searchsorted(self._ids, ids).clip(max=len(self._ids) - 1)
        return np.where(self._ids[at] == ids, self._stand_ins[at], ids)


def _grouped(ids: Ids, alike: Mapping[int, int]) -> tuple[Ids, Ids]:
    """The rows of the ids that are in groups, and the numbers of these."""
    named = np.fromiter(alike, np.int64, len(alike))
    numbers = np.fromiter(alike.values(), np.int64, len(alike))
    order = np.argsort(named)
    named, numbers = named[order], numbers[order]
    at = np.searchsorted(named, ids).clip(max=len(named) - 1)
    rows = np.flatnonzero(named[at] == ids)
    return rows, numbers[at[rows]]


def _firsts(groups: Ids) -> npt.NDArray[np.bool_]:
    """Of numbers in order, which are the first of their kind."""
    return np.asarray(np.diff(groups, prepend=groups[:1] - 1) != 0)
