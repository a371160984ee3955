"""Embeddings → cells of like ones around centroids, and how many cells a search must look into.

An inverted file with full vectors (Sivic and Zisserman, "Video Google", ICCV 2003; IVF-Flat in
Faiss): every embedding belongs to the cell of its nearest centroid, and a search looks only into
the cells whose centroids are nearest to the query. How many cells are enough is measured on
pictures of the library itself, and so is the recall that this gives.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.kmeans import Numbers, assign
from lookalike.stores.base import Embedding
from lookalike.stores.embedded.scores import Ids

_LOG = logging.getLogger(__name__)

K = (30, 100, 1000)  # numbers of hits for which it is measured how many cells are enough
QUERIES = 512  # pictures that are searched with to measure this; one half chooses, one half judges
_TARGET = 0.998  # recall that the number of cells is chosen for
_MOST_ROWS = 0.3  # of the library; where more must be looked into, all may be as well
_FEWEST, _MOST = 16, 4096
_SAMPLE_BYTES = 192 << 20


@dataclass(frozen=True, eq=False)
class Cells:
    """Centroids (cells, dim) of unit length; ``probes`` (len(K),) says how many cells to look into
    for each of `K`, with 0 where all must be; ``recall`` is the recall at 30 that was measured."""

    centroids: Embedding
    probes: Numbers
    recall: float

    def __len__(self) -> int:
        return len(self.centroids)

    def enough(self, k: int) -> int:
        """How many cells to look into for k hits; 0 for all."""
        fitting = [int(probes) for most, probes in zip(K, self.probes, strict=True) if k <= most]
        return fitting[0] if fitting else 0

    def nearest(self, query: Embedding, count: int) -> npt.NDArray[np.intp]:
        """The numbers of the nearest cells, in rising order."""
        products = np.vecdot(self.centroids, query)
        return np.sort(np.argpartition(products, -count)[-count:])

    def assign(self, rows: Embedding) -> Numbers:
        """The cell of each row (n, dim): shape (n,)."""
        return assign(rows, self.centroids)


def number_for(rows: int) -> int:
    """How many cells a library of so many rows is divided into: twice the square root, so that a
    search reads about as many centroids as it then reads rows of a cell or two."""
    return max(_FEWEST, min(_MOST, int(2 * rows**0.5)))


def sample_size(cells: int, dim: int) -> int:
    """How many rows the centroids are made from: some 32 a cell, within a bound on memory."""
    return max(cells, min(32 * cells, _SAMPLE_BYTES // (4 * dim)))


class Truth:
    """Collects the true neighbours of some queries (n, dim) while all rows pass by once.

    ``ids`` (n,) are the queries' own, which are no neighbours of themselves.
    """

    def __init__(self, ids: Ids, queries: Embedding, rows: int) -> None:
        self._own = ids
        self._queries = queries
        self._depth = max(1, min(K[-1], rows - 1))
        self._scores = np.full((len(ids), self._depth), -np.inf, np.float32)
        self._cells = np.zeros((len(ids), self._depth), np.int32)

    def see(self, ids: Ids, rows: Embedding, cells: Numbers) -> None:
        """A block of rows (n, dim) with their ids and cells, both (n,)."""
        scores = self._queries @ rows.T
        scores[self._own[:, None] == ids[None, :]] = -np.inf
        top = np.argpartition(scores, -min(self._depth, len(ids)), axis=1)[:, -self._depth :]
        scores = np.concatenate([self._scores, np.take_along_axis(scores, top, 1)], axis=1)
        found = np.concatenate([self._cells, cells[top]], axis=1)
        keep = np.argpartition(scores, -self._depth, axis=1)[:, -self._depth :]
        self._scores = np.take_along_axis(scores, keep, 1)
        self._cells = np.take_along_axis(found, keep, 1)

    def judge(self, centroids: Embedding) -> Cells:
        """The cells, with how many of them are enough and the recall that this gives."""
        best = np.argsort(-self._scores, axis=1, kind="stable")
        cells = np.take_along_axis(self._cells, best, 1)
        order = np.argsort(-(self._queries @ centroids.T), axis=1)
        rank = np.take_along_axis(np.argsort(order, axis=1), cells, 1)
        chooses, judges = rank[::2], rank[1::2]
        probes = [self._probes(chooses[:, :k], len(centroids)) for k in K]
        first = judges[:, : K[0]]
        recall = float((first < probes[0]).mean()) if probes[0] and first.size else 1.0
        return Cells(centroids, np.array(probes, np.int32), recall)

    def _probes(self, rank: npt.NDArray[np.intp], cells: int) -> int:
        """Cells that hold enough of the neighbours, whose cells are given by their rank."""
        if not rank.size:
            return 0
        enough = int(np.quantile(rank, _TARGET, method="higher")) + 1
        # half as many again: a query from outside lies less well than one of the library's own
        probes = enough + (enough + 1) // 2
        if probes > _MOST_ROWS * cells:
            _LOG.info("%d of %d cells would have to be looked into, so all are", probes, cells)
            return 0
        return probes
