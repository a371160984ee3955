"""What a model sees in the regions of two pictures → how much of their score each of them adds."""

from lookalike.explain.drawing import drawn
from lookalike.explain.shares import METHOD, Explanation, Regions, Seen, explained

__all__ = ["METHOD", "Explanation", "Regions", "Seen", "drawn", "explained"]
