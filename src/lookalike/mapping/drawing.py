"""A library's embeddings, and what was drawn before → a chart of all pictures, new or extended."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from lookalike.mapping.chart import Chart, Places, standing
from lookalike.mapping.components import Components, Reduced, components
from lookalike.mapping.layout import (
    FEWEST,
    ROUNDS,
    StoppedError,
    check_installed,
    is_possible,
    lay_out,
)
from lookalike.mapping.placing import among, rows_at_once
from lookalike.stores.base import Embedding, Ids, Standing

NEIGHBOURS, COMPONENTS = METHODS = ("neighbours", "components")
"""How a map is laid out: so that neighbours stay together, or by the two directions in which the
pictures differ most, which needs no further package."""

MOST = 100_000
"""Pictures that a layout is made of; of a larger library, the others are placed among these."""

_LEARNED = 20_000  # pictures that are enough to know the components by
_NEW = 0.2  # of the pictures that may be placed among the others before all are laid out again


@dataclass(frozen=True, slots=True)
class Drawing:
    """How far a map is: what is being done (``reading``, ``arranging``, ``placing``), and how much
    of it."""

    doing: str
    done: int
    total: int


@dataclass(frozen=True, eq=False)
class Source:
    """What drawing needs of a library: ``ids`` of all pictures, rising, ``versions`` of their
    embeddings, both (n,), and ``blocks`` of embeddings with their ids, given ids in rising order.
    """

    ids: Ids
    versions: Ids
    dim: int
    blocks: Callable[[Ids], Iterator[tuple[Ids, Embedding]]]
    threads: int = 1
    tell: Callable[[Drawing], None] = lambda _drawing: None
    stop: threading.Event | None = None

    def look_up(self) -> None:
        """Raise StoppedError where somebody has had enough."""
        if self.stop is not None and self.stop.is_set():
            raise StoppedError


def draw(source: Source, known: Chart | None, method: str | None = None) -> Chart | None:
    """A chart of all pictures; None where it was stopped.

    ``known`` is what was drawn before; its pictures stay where they are, and new ones are placed
    among them, as long as `fits` says so. ``method`` is one of `METHODS`, None the best there is.

    Raises: MissingExtraError.
    """
    if method == NEIGHBOURS:
        check_installed()
    found = standing(known, source.ids, source.versions)
    try:
        if known is not None and fits(known, found, method):
            return _extended(source, known, found) if len(found.missing) else known
        return _laid_out(source, method or (NEIGHBOURS if is_possible() else COMPONENTS))
    except StoppedError:
        return None


def fits(known: Chart, found: Standing, method: str | None) -> bool:
    """Whether a chart need not be drawn anew: it is of the wanted method, and not too much of it
    has come since, or has left."""
    if known.method != (method or (NEIGHBOURS if is_possible() else known.method)):
        return False
    since = len(known.ids) - known.drawn + len(found.missing)
    return since <= _NEW * known.drawn and len(found.rows) >= (1 - _NEW) * known.drawn


# ---- anew


def _laid_out(source: Source, method: str) -> Chart:
    anchors = _spread(source.ids, MOST)
    learned = _components(source)
    ids, rows = _reduced(source, learned, anchors, "reading")
    if method == COMPONENTS or len(ids) < FEWEST:
        places = _plain(rows)
    else:
        tell = source.tell
        tell(Drawing("arranging", 0, ROUNDS))
        places = lay_out(
            rows,
            threads=source.threads,
            tell=lambda done: tell(Drawing("arranging", done, ROUNDS)),
            stop=source.stop,
        )
    chart = Chart(
        method=method,
        ids=ids,
        versions=_versions(source, ids),
        places=places,
        components=learned,
        anchors=rows.astype(np.float16),
        drawn=len(ids),
    )
    others = np.setdiff1d(source.ids, anchors, assume_unique=True)
    if len(others):
        chart = _with(source, chart, others)
    return replace(chart, drawn=len(chart.ids))


def _plain(rows: Reduced) -> Places:
    """The first two components as places; there are fewer where embeddings have one number."""
    places = np.zeros((len(rows), 2), np.float32)
    places[:, : rows.shape[1]] = rows[:, :2]
    return places


def _components(source: Source) -> Components:
    def rows() -> Iterator[Embedding]:
        for _, block in source.blocks(_spread(source.ids, _LEARNED)):
            source.look_up()
            yield block

    return components(rows(), source.dim)


def _spread(ids: Ids, most: int) -> Ids:
    """Ids from all over a library, at most so many; pictures of one folder often lie together."""
    return ids[:: math.ceil(len(ids) / most) or 1]


def _reduced(source: Source, learned: Components, wanted: Ids, doing: str) -> tuple[Ids, Reduced]:
    """The components of some pictures, and the ids of those that are still there."""
    ids: list[Ids] = [np.empty(0, np.int64)]
    rows: list[Reduced] = [np.empty((0, learned.axes.shape[1]), np.float32)]
    done = 0
    for some, block in source.blocks(wanted):
        source.look_up()
        ids.append(some)
        rows.append(learned.of(block))
        done += len(some)
        source.tell(Drawing(doing, done, len(wanted)))
    return np.concatenate(ids), np.concatenate(rows)


def _versions(source: Source, ids: Ids) -> Ids:
    return source.versions[np.searchsorted(source.ids, ids)]


# ---- further


def _extended(source: Source, known: Chart, found: Standing) -> Chart:
    """The same with the pictures that have no place; anchors stay, others that are gone go."""
    first = len(known.anchors)
    stays = np.union1d(np.arange(first), found.rows)
    # The place of what has changed is an anchor's still, but no longer that of the picture.
    versions = np.where(np.isin(stays, found.rows), known.versions[stays], -1)
    kept = replace(known, ids=known.ids[stays], versions=versions, places=known.places[stays])
    return _with(source, kept, found.missing)


def _with(source: Source, chart: Chart, missing: Ids) -> Chart:
    anchors = chart.anchors.astype(np.float32)
    at_anchors = chart.places[: len(anchors)]
    ids, places = [chart.ids], [chart.places]
    step = rows_at_once(len(anchors))
    for start in range(0, len(missing), step):
        source.tell(Drawing("placing", start, len(missing)))
        for some, block in source.blocks(missing[start : start + step]):
            source.look_up()
            rows = chart.components.of(block)
            ids.append(some)
            places.append(_placed(chart.method, rows, anchors, at_anchors))
    added = np.concatenate(ids[1:]) if len(ids) > 1 else np.empty(0, np.int64)
    return replace(
        chart,
        ids=np.concatenate(ids),
        versions=np.concatenate([chart.versions, _versions(source, added)]),
        places=np.concatenate(places),
    )


def _placed(method: str, rows: Reduced, anchors: Reduced, at_anchors: Places) -> Places:
    if method == COMPONENTS:
        return _plain(rows)
    return among(rows, anchors, at_anchors)
