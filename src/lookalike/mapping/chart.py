"""Pictures with their places, and the library as it is now → which still hold, and who has none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.mapping.components import Components
from lookalike.stores import base
from lookalike.stores.base import Ids, Standing

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


def standing(chart: Chart | None, ids: Ids, versions: Ids) -> Standing:
    """Hold a chart against all ids (n,), rising, and the versions of their embeddings (n,)."""
    if chart is None:
        return Standing(np.empty(0, np.intp), ids)
    return base.standing(chart.ids, chart.versions, ids, versions)
