"""Folders and a store → the same folders in the store, and a report; events on the way."""

from lookalike.indexing.adopt import adopt
from lookalike.indexing.events import Event, Fetching, Indexed, Progress, Report, Scanned, Skipped
from lookalike.indexing.options import Options, tell_nobody
from lookalike.indexing.run import index

__all__ = [
    "Event",
    "Fetching",
    "Indexed",
    "Options",
    "Progress",
    "Report",
    "Scanned",
    "Skipped",
    "adopt",
    "index",
    "tell_nobody",
]
