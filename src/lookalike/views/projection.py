"""Embeddings → unit vectors of fewer numbers, in which what matters tells more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float32]
"""Vectors (n, dim)."""


@dataclass(frozen=True, eq=False)
class Projection:
    """A linear view of embeddings: what is left of one when ``mean`` (dim,) is taken away, times
    ``matrix`` (dim, axes)."""

    mean: Rows
    matrix: Rows

    @property
    def axes(self) -> int:
        """How many numbers are left."""
        return int(self.matrix.shape[1])

    def of(self, rows: Rows) -> Rows:
        """Embeddings (..., dim) → unit vectors (..., axes); one at the mean becomes zeros."""
        # one product of two matrices: NumPy is forty times slower over a stack of small ones
        flat = (rows - self.mean).reshape(-1, len(self.mean))
        found = (flat @ self.matrix).reshape(*rows.shape[:-1], self.axes)
        lengths = np.linalg.norm(found, axis=-1, keepdims=True)
        units: Rows = (found / np.where(lengths > 0, lengths, 1)).astype(np.float32)
        return units
