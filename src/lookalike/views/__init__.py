"""Embeddings, and what a person says of pictures → linear views in which that tells more."""

from lookalike.views.discriminant import Held, discriminant, held_out
from lookalike.views.moments import Moments
from lookalike.views.odds import Odds, odds
from lookalike.views.projection import Projection
from lookalike.views.relevance import direction, told_apart
from lookalike.views.whitened import whitened

__all__ = [
    "Held",
    "Moments",
    "Odds",
    "Projection",
    "direction",
    "discriminant",
    "held_out",
    "odds",
    "told_apart",
    "whitened",
]
