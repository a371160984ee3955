"""A library's folder → indexing, search and all the rest: the one place where the rooms meet."""

from lookalike.exchange import Features, read_features
from lookalike.indexing import Event, Fetching, Indexed, Progress, Report, Scanned, Skipped
from lookalike.library.checkup import Finding
from lookalike.library.glance import Indexing, ModelRow, Stats, model_rows
from lookalike.library.library import Library
from lookalike.library.opening import default_folder
from lookalike.library.queries import Query, Words

__all__ = [
    "Event",
    "Features",
    "Fetching",
    "Finding",
    "Indexed",
    "Indexing",
    "Library",
    "ModelRow",
    "Progress",
    "Query",
    "Report",
    "Scanned",
    "Skipped",
    "Stats",
    "Words",
    "default_folder",
    "model_rows",
    "read_features",
]
