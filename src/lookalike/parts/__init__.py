"""Features of the regions of pictures → vectors of their parts; scores of these → one and a box."""

from lookalike.parts.box import Box, best, box_of, scores
from lookalike.parts.windows import MIDDLES, PARTS, Middle, Window, middle, pooled

__all__ = [
    "MIDDLES",
    "PARTS",
    "Box",
    "Middle",
    "Window",
    "best",
    "box_of",
    "middle",
    "pooled",
    "scores",
]
