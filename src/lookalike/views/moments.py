"""Embeddings in blocks → how many there are, their mean and their covariance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.views.projection import Rows

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moments:
    """Of ``count`` rows, the ``mean`` (dim,) and the ``covariance`` (dim, dim)."""

    count: int
    mean: Doubles
    covariance: Doubles

    @classmethod
    def of(cls, blocks: Iterable[Rows], dim: int) -> Moments:
        """Of all rows of some blocks (n, dim), of which one at a time is in memory."""
        count, total, products = 0, np.zeros(dim), np.zeros((dim, dim))
        for block in blocks:
            count += len(block)
            total += block.sum(axis=0, dtype=np.float64)
            products += block.T @ block
        mean = total / max(count, 1)
        return cls(count, mean, products / max(count, 1) - np.outer(mean, mean))
