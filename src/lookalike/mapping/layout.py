"""Principal components → places on a plane that keep neighbours together, by openTSNE."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from lookalike.errors import MissingExtraError
from lookalike.mapping.chart import Places
from lookalike.mapping.components import Reduced

INSTALL = 'pip install "openTSNE>=1.0.4"'

FEWEST = 12
"""Fewer pictures than this have no neighbourhoods to speak of."""

_PERPLEXITY = 30
_EARLY, _LATE = 250, 500  # rounds in which clusters form, and in which they settle
_EXAGGERATION = 12  # of the attraction while clusters form
_TOLD = 10  # rounds between two looks at the outside

ROUNDS = _EARLY + _LATE
"""How many there are in all."""


class StoppedError(Exception):
    """The layout was asked to stop; nothing has changed."""


def is_possible() -> bool:
    """Whether the package is installed."""
    return find_spec("openTSNE") is not None


def check_installed() -> None:
    """Raise MissingExtraError where the package is not installed."""
    if not is_possible():
        raise MissingExtraError(
            f"A map that keeps neighbours together needs one more package: run {INSTALL} and try "
            "again, or draw the plain one with the method components."
        )


def lay_out(
    rows: Reduced,
    *,
    threads: int = 1,
    tell: Callable[[int], None] = lambda _round: None,
    stop: threading.Event | None = None,
) -> Places:
    """Places (n, 2) for rows (n, axes), n at least `FEWEST`: t-SNE (van der Maaten and Hinton,
    JMLR 9, 2008) with interpolated forces (Linderman et al., Nature Methods 16, 2019), begun at the
    first two components so that what is far apart stays so (Kobak and Berens, Nature
    Communications 10, 2019).

    ``tell`` is called with the number of rounds done. Raises MissingExtraError, StoppedError.
    """
    check_installed()
    done = 0

    def look_up(number: int, _error: float, _embedding: object) -> bool:
        tell(done + number)
        return stop is not None and stop.is_set()

    places = _begun(rows, threads, look_up)
    for rounds, pull, momentum in ((_EARLY, _EXAGGERATION, 0.5), (_LATE, 1, 0.8)):
        if stop is not None and stop.is_set():
            raise StoppedError
        places = places.optimize(rounds, exaggeration=pull, momentum=momentum)
        done += rounds
    if stop is not None and stop.is_set():
        raise StoppedError
    return np.asarray(places, np.float32)


def _begun(rows: Reduced, threads: int, look_up: Callable[[int, float, object], bool]) -> Any:
    """A layout before its first round, which asks ``look_up`` now and then whether to end."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.initialization import rescale

    affinities = PerplexityBasedNN(
        rows,
        perplexity=min(_PERPLEXITY, (len(rows) - 1) / 3),
        method="annoy",
        n_jobs=threads,
        random_state=0,
    )
    return TSNEEmbedding(
        rescale(rows[:, :2].astype(np.float64)),
        affinities,
        learning_rate="auto",
        n_jobs=threads,
        random_state=0,
        callbacks=[look_up],
        callbacks_every_iters=_TOLD,
    )
