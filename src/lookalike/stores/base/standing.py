"""What is known of pictures, and those that are there → what still holds, and who is missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.stores.base.records import Ids


@dataclass(frozen=True, eq=False)
class Standing:
    """How what is known and a library fit: ``rows`` are those of what is known whose pictures are
    as they were, ``missing`` the ids of the pictures of which nothing is known."""

    rows: npt.NDArray[np.intp]
    missing: Ids


def standing(known: Ids, known_versions: Ids, ids: Ids, versions: Ids) -> Standing:
    """Hold the pictures ``known`` (k,), in any order, with the versions of their embeddings (k,),
    against all ids (n,), rising, and the versions that these have now (n,)."""
    if len(ids) == 0:
        return Standing(np.empty(0, np.intp), ids)
    at = np.minimum(np.searchsorted(ids, known), len(ids) - 1)
    same = (ids[at] == known) & (versions[at] == known_versions)
    there = np.zeros(len(ids), bool)
    there[at[same]] = True
    return Standing(np.flatnonzero(same), ids[~there])
