"""A library's folder → indexing, search and all the rest: the one place where the rooms meet."""

from lookalike.exchange import Features, read_features
from lookalike.indexing import Event, Indexed, Progress, Report, Scanned, Skipped
from lookalike.library.glance import Indexing, Stats
from lookalike.library.library import Library, Query
from lookalike.library.opening import default_folder

__all__ = [
    "Event",
    "Features",
    "Indexed",
    "Indexing",
    "Library",
    "Progress",
    "Query",
    "Report",
    "Scanned",
    "Skipped",
    "Stats",
    "default_folder",
    "read_features",
]
