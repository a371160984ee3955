"""How a library's embeddings vary → a view in which no few directions drown the others."""

from __future__ import annotations

import numpy as np

from lookalike.views.moments import Moments
from lookalike.views.projection import Projection

AXES = 256
_ROWS_AN_AXIS = 8  # pictures that it takes to know a direction by
_POWER = -0.25  # of the variance: half way to giving every direction the same


def whitened(moments: Moments) -> Projection:
    """The leading principal components, each divided by the root of its standard deviation.

    Whole whitening (Jégou and Chum, "Negative evidences and co-occurences in image retrieval",
    ECCV 2012) makes the noise of small directions as loud as the rest; half of it was better on
    each collection that was tried, see docs/quality.md. Few pictures give few directions; fewer
    than two give the embeddings as they are.
    """
    dim = len(moments.mean)
    axes = min(AXES, dim, max(moments.count // _ROWS_AN_AXIS, min(moments.count - 1, 16)))
    if axes < 2:
        return Projection(np.zeros(dim, np.float32), np.eye(dim, dtype=np.float32))
    variances, vectors = np.linalg.eigh(moments.covariance)
    variances, vectors = variances[::-1][:axes], vectors[:, ::-1][:, :axes]
    least = max(float(variances[0]), 1e-12) * 1e-6
    matrix = vectors * np.maximum(variances, least) ** _POWER
    return Projection(moments.mean.astype(np.float32), matrix.astype(np.float32))
