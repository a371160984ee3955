"""Embeddings in blocks → their principal components: few numbers that keep most of what differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.stores.base import Embedding
from lookalike.views import Moments

Reduced = npt.NDArray[np.float32]
"""Rows of principal components, shape (n, axes), the one of greatest variance first."""

AXES = 50
_SPARE = 10  # axes beside those that are wanted, with which these converge sooner
_ROUNDS = 16


@dataclass(frozen=True, eq=False)
class Components:
    """Where embeddings lie at the middle, ``mean`` (dim,), and the directions in which they differ
    most, ``axes`` (dim, n), orthonormal."""

    mean: npt.NDArray[np.float32]
    axes: npt.NDArray[np.float32]

    def of(self, rows: Embedding) -> Reduced:
        """Embeddings (n, dim) → their components (n, axes)."""
        found: Reduced = np.matmul(rows - self.mean, self.axes)
        return found


def components(blocks: Iterable[Embedding], dim: int) -> Components:
    """The components of some rows, of which one block at a time is in memory.

    By subspace iteration on the covariance (Halko, Martinsson and Tropp, SIAM Review 53, 2011),
    which for fifty of some thousand directions takes a small part of what all of them would.
    The same rows give the same components.
    """
    found = Moments.of(blocks, dim)
    axes = _leading(found.covariance, min(AXES, dim, max(found.count - 1, 2)))
    return Components(found.mean.astype(np.float32), axes.astype(np.float32))


def _leading(covariance: npt.NDArray[np.float64], number: int) -> npt.NDArray[np.float64]:
    """The eigenvectors (dim, number) of the largest eigenvalues, each with its largest entry
    above zero: which way a map lies is then no accident."""
    dim = len(covariance)
    start = np.random.default_rng(0).standard_normal((dim, min(dim, number + _SPARE)))
    basis = np.linalg.qr(start)[0]
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(covariance @ basis)[0]
    vectors = np.linalg.eigh(basis.T @ covariance @ basis)[1][:, ::-1]
    found: npt.NDArray[np.float64] = (basis @ vectors)[:, :number]
    largest = np.take_along_axis(found, np.abs(found).argmax(axis=0)[None, :], 0)
    return found * np.where(largest < 0, -1.0, 1.0)
