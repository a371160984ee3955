"""Scores of all pictures, or ids in order → hits, a stretch of them, or numbers alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

import numpy as np

from lookalike.stores.base import Answers, Embedding, Hit, Ids, Listing, Ranking
from lookalike.stores.embedded import rows
from lookalike.stores.embedded.folded import Folded
from lookalike.stores.embedded.scores import Best, Scored, measured
from lookalike.stores.embedded.stretch import Exactly, cut, distribution_of
from lookalike.stores.embedded.view import View


def exactly_of(query: Embedding, view: View, connection: sqlite3.Connection) -> Exactly:
    """What scores pictures by their ids; ``connection`` sees the state of the view."""
    return lambda ids: measured(query, view.embeddings(connection, ids))


def hits_of(connection: sqlite3.Connection, best: Best, k: int) -> list[Hit]:
    """The k best with their records; those that tie with the last in order of path."""
    if len(best.ids) <= k:
        found = rows.first(connection, best.ids.tolist(), k)
    else:
        above, tied = best.split()
        found = rows.first(connection, above, len(above))
        found += rows.first(connection, tied, k - len(above))
    numbers = best.numbers()
    # They come in order of path, and sorting leaves what is equal in its order.
    return sorted((Hit(one, *numbers[one.id]) for one in found), key=lambda hit: -hit.score)


def stretch_of(
    connection: sqlite3.Connection,
    every: Scored,
    exactly: Exactly,
    *,
    fold: Mapping[int, int] | None,
    offset: int,
    k: int,
    distribution: bool,
) -> Answers:
    """The k answers after the ``offset`` best, copies folded, and how the scores of all lie."""
    folded = Folded(every, fold, exactly)
    spread = distribution_of(folded.standing, folded.best) if distribution else None
    best, skipped = cut(folded.standing, offset, k, folded.best)
    best = folded.opened(best)
    hits = folded.together(hits_of(connection, best, len(best.ids)))
    some = tuple(hits[skipped : skipped + k])
    return Answers(some, offset, len(folded.standing.ids), spread, folded.number)


def ranking_of(
    ranks: Callable[[Ids], Ids],
    every: Scored,
    exactly: Exactly,
    *,
    fold: Mapping[int, int] | None,
    k: int,
) -> Ranking:
    """The k best of the answers that `stretch_of` gives; ``ranks`` tells where pictures stand in
    the order of path."""
    folded = Folded(every, fold, exactly)
    best, _ = cut(folded.standing, 0, k, folded.best)
    best = folded.opened(best)
    order = np.lexsort((ranks(best.ids), -best.scores))
    order = order[folded.first(best.ids[order])][:k]
    total = len(folded.standing.ids)
    return Ranking(best.ids[order], best.scores[order], best.distances[order], total)


def listing_of(connection: sqlite3.Connection, ids: Ids, k: int, offset: int) -> Listing:
    """The k records after the first ``offset`` of ids (n,) that are in order of path."""
    some = rows.first(connection, ids[offset : offset + k].tolist(), limit=-1)
    return Listing(tuple(some), offset, len(ids))
