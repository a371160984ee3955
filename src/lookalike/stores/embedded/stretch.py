"""The rough scores of all pictures → a stretch of the answers in their order, and how all lie."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from lookalike.stores.base import Distribution
from lookalike.stores.embedded.scores import ROUNDING, Best, Doubles, Ids, Scored

Exactly = Callable[[Ids], Best]
"""Ids (n,) of pictures → their exact scores."""

_BINS = 200
_MILLIONTHS = 2_000_000 // _BINS  # the width of a bin; scores have six decimals


def cut(every: Scored, offset: int, k: int, exactly: Exactly) -> tuple[Best, int]:
    """Those that are the k after the ``offset`` best, with all that tie with the first or the last
    of them; and how many of these come before, once equal ones are put in order.

    Scores in single precision say which pictures it can be; only those are scored exactly.
    """
    ids, above = every.window(offset, k)
    best = exactly(ids)
    ranked = -np.sort(-best.scores)[offset - above :]
    if not len(ranked):
        return best, 0
    first, last = ranked[0], ranked[min(k, len(ranked)) - 1]
    chosen = (best.scores <= first) & (best.scores >= last)
    before = offset - above - int((best.scores > first).sum())
    return Best(best.ids[chosen], best.scores[chosen], best.distances[chosen]), before


def distribution_of(every: Scored, exactly: Exactly) -> Distribution:
    """How many exact scores lie in each of 200 bins from -1 to 1.

    Only scores so near an edge that single precision cannot tell the bin are made exact.
    """
    millionths = every.scores.astype(np.float64) * 1e6
    from_edge = np.abs(millionths - np.rint(millionths / _MILLIONTHS) * _MILLIONTHS)
    unsure = from_edge < ROUNDING * 1e6
    counts = _count(millionths[~unsure])
    counts += _count(np.rint(exactly(every.ids[unsure]).scores * 1e6))
    return Distribution(-1.0, 1.0, tuple(counts.tolist()))


def _count(millionths: Doubles) -> npt.NDArray[np.int64]:
    bins = np.floor((millionths + 1e6) / _MILLIONTHS).astype(np.int64)
    return np.bincount(np.clip(bins, 0, _BINS - 1), minlength=_BINS)
