"""A graph of neighbours, and a query → scores of all pictures by themselves and those around them.

Each picture stands for the mean of itself and its nearest neighbours, weighted by the squares of
their cosines and brought to length 1: database-side feature augmentation (Arandjelović and
Zisserman, "Three things everyone should know to improve object retrieval", CVPR 2012). The query
is expanded in the same way (Chum et al., "Total recall", ICCV 2007; weights as Radenović, Tolias
and Chum, PAMI 41, 2019).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.neighbours.graph import Graph
from lookalike.neighbours.near import Numbers, Rows

Scores = npt.NDArray[np.float64]
_BLOCK = 1024  # rows whose neighbours are gathered at a time


@dataclass(frozen=True, eq=False)
class Smoothed:
    """The pictures of a graph, each with so many of its neighbours; ``lengths`` (n,) are those of
    the weighted sums, of which no row is kept."""

    graph: Graph
    near: Numbers
    weights: Rows
    lengths: Rows

    @classmethod
    def of(cls, graph: Graph, count: int) -> Smoothed:
        """With ``count`` neighbours each, at most as many as the graph knows; 0 for none."""
        near, weights = graph.near[:, :count], _weights(graph.cosines[:, :count])
        lengths = np.empty(len(graph), np.float32)
        for start in range(0, len(graph), _BLOCK):
            block = slice(start, start + _BLOCK)
            lengths[block] = np.linalg.norm(_sums(graph.rows, block, near, weights), axis=1)
        return cls(graph, near, weights, np.where(lengths > 0, lengths, 1))

    def rows(self) -> Rows:
        """The unit vectors (n, axes) that the pictures stand for."""
        found = np.empty(self.graph.rows.shape, np.float32)
        for start in range(0, len(found), _BLOCK):
            block = slice(start, start + _BLOCK)
            sums = _sums(self.graph.rows, block, self.near, self.weights)
            found[block] = sums / self.lengths[block, None]
        return found

    def expanded(self, query: Rows, without: Collection[int] = ()) -> Rows:
        """A unit vector (axes,) with the pictures nearest to it, but for some ids."""
        count = self.near.shape[1]
        cosines = np.vecdot(self.graph.rows, query)
        if without:
            cosines[np.isin(self.graph.ids, list(without))] = -np.inf
        best = np.argsort(-cosines, kind="stable")[:count]
        weights = _weights(cosines[best])
        together: Rows = query + weights @ self.graph.rows[best]
        return together / (np.linalg.norm(together) or np.float32(1))

    def scores(self, query: Rows) -> Scores:
        """The cosines (n,) of a unit vector (axes,) with what the pictures stand for."""
        alone = np.vecdot(self.graph.rows, query)
        around = np.vecdot(self.weights, alone[self.near])
        found: Scores = ((alone + around) / self.lengths).astype(np.float64)
        return found


def _weights(cosines: Rows) -> Rows:
    """The power trades what is found first for how much is found, see docs/quality.md."""
    weights: Rows = np.maximum(cosines, 0) ** 2
    return weights


def _sums(rows: Rows, block: slice, near: Numbers, weights: Rows) -> Rows:
    # a neighbour that is not there has the number -1 and no weight
    sums: Rows = rows[block] + np.einsum("nk,nkd->nd", weights[block], rows[near[block]])
    return sums
