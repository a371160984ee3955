"""Folders and a store → the same folders in the store, and a report; events on the way."""

from lookalike.indexing.adopt import adopt
from lookalike.indexing.also import Also, Whole
from lookalike.indexing.beside import fill
from lookalike.indexing.events import (
    Built,
    Event,
    Fetching,
    Indexed,
    Progress,
    Report,
    Scanned,
    Skipped,
    Waiting,
)
from lookalike.indexing.options import Options, tell_nobody
from lookalike.indexing.run import index
from lookalike.indexing.whyskipped import GROUNDS, grounds

__all__ = [
    "GROUNDS",
    "Also",
    "Built",
    "Event",
    "Fetching",
    "Indexed",
    "Options",
    "Progress",
    "Report",
    "Scanned",
    "Skipped",
    "Waiting",
    "Whole",
    "adopt",
    "fill",
    "grounds",
    "index",
    "tell_nobody",
]
