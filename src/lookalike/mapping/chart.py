"""Pictures with their places, and the library as it is now → which still hold, and who has none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.mapping.components import Components
from lookalike.stores.base import Ids

Places = npt.NDArray[np.float32]
"""Places on the plane, shape (n, 2)."""


@dataclass(frozen=True, eq=False)
class Chart:
    """What was drawn: pictures by ``ids`` (n,), each with the version of its embedding and its
    place (n, 2).

    The first pictures are those that the layout was made of; ``anchors`` (m, axes) are their
    components, among which others find their places. ``drawn`` is how many pictures there were
    then, and ``method`` is one of `METHODS`.
    """

    method: str
    ids: Ids
    versions: Ids
    places: Places
    components: Components
    anchors: npt.NDArray[np.float16]
    drawn: int


@dataclass(frozen=True, eq=False)
class Standing:
    """How a chart and a library fit: ``rows`` are those of the chart whose pictures are as they
    were, ``missing`` the ids of the pictures that have no place."""

    rows: npt.NDArray[np.intp]
    missing: Ids


def standing(chart: Chart | None, ids: Ids, versions: Ids) -> Standing:
    """Hold a chart against all ids (n,), rising, and the versions of their embeddings (n,)."""
    if chart is None or len(ids) == 0:
        return Standing(np.empty(0, np.intp), ids)
    at = np.minimum(np.searchsorted(ids, chart.ids), len(ids) - 1)
    same = (ids[at] == chart.ids) & (versions[at] == chart.versions)
    placed = np.zeros(len(ids), bool)
    placed[at[same]] = True
    return Standing(np.flatnonzero(same), ids[~placed])
