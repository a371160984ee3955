"""Ids of pictures in any order → their embeddings in that order."""

from __future__ import annotations

import numpy as np

from lookalike.stores.base import Catalogue, Embedding, Ids


def embeddings_of(store: Catalogue, ids: Ids) -> Embedding:
    """The embeddings (n, dim) of some ids (n,), of which one may be there twice; zeros for a
    picture that is gone."""
    wanted, places = np.unique(ids, return_inverse=True)
    found = np.zeros((len(wanted), store.dim), np.float32)
    for some, rows in store.embedding_blocks(wanted):
        found[np.searchsorted(wanted, some)] = rows
    ordered: Embedding = found[places]
    return ordered
