"""The hits of a view that was asked alone → the same, each with how likely it is liked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lookalike.stores.base import Hit, ViewNote
from lookalike.views import Odds


def liked(hits: Sequence[Hit], view: ViewNote | None) -> tuple[Hit, ...]:
    """Hits as they are where the view cannot tell: one that was learned from classes, or before
    views could tell, or from what has too little in common."""
    known = view.about.get("odds") if view is not None else None
    if not isinstance(known, dict):
        return tuple(hits)
    odds = Odds(**known)
    return tuple(_told(hit, odds) for hit in hits)


def _told(hit: Hit, odds: Odds) -> Hit:
    copies = tuple(_told(one, odds) for one in hit.copies)
    return replace(hit, liked=round(float(odds.of(hit.score)), 6), copies=copies)
