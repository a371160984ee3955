"""The hits of a view that was asked alone → the same, each with how likely it is liked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lookalike.stores.base import Hit, ViewNote
from lookalike.views import Odds


def liked(hits: Sequence[Hit], views: Sequence[ViewNote], name: str | None) -> tuple[Hit, ...]:
    """The hits of that view, as they are where it cannot tell: where it was learned from
    classes, before views could tell, or from what has too little in common."""
    known = next((view.about.get("odds") for view in views if view.name == name), None)
    if not isinstance(known, dict):
        return tuple(hits)
    odds = Odds(**known)
    return tuple(_told(hit, odds) for hit in hits)


def _told(hit: Hit, odds: Odds) -> Hit:
    copies = tuple(_told(one, odds) for one in hit.copies)
    return replace(hit, liked=round(float(odds.of(hit.score)), 6), copies=copies)
