"""Folders and a store → the same folders in the store, and a report; events on the way."""

from lookalike.indexing.adopt import adopt
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
)
from lookalike.indexing.options import Options, tell_nobody
from lookalike.indexing.run import index

__all__ = [
    "Built",
    "Event",
    "Fetching",
    "Indexed",
    "Options",
    "Progress",
    "Report",
    "Scanned",
    "Skipped",
    "adopt",
    "fill",
    "index",
    "tell_nobody",
]
