"""Ids of pictures in any order → their vectors in that order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from lookalike.stores.base import Catalogue, Embedding, Ids


def embeddings_of(store: Catalogue, ids: Ids) -> Embedding:
    """The embeddings (n, dim) of some ids (n,), of which one may be there twice; zeros for a
    picture that is gone."""
    return rows_of(ids, store.dim, store.embedding_blocks)


def rows_of(
    ids: Ids, dim: int, blocks: Callable[[Ids], Iterable[tuple[Ids, Embedding]]]
) -> Embedding:
    """The same of any vectors (n, dim), which come in ``blocks`` for rising ids."""
    wanted, places = np.unique(ids, return_inverse=True)
    found = np.zeros((len(wanted), dim), np.float32)
    for some, rows in blocks(wanted):
        found[np.searchsorted(wanted, some)] = rows
    ordered: Embedding = found[places]
    return ordered
