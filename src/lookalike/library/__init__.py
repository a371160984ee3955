"""A library's folder → indexing, search and all the rest: the one place where the rooms meet."""

from lookalike.evaluate import ClassScore, Evaluation
from lookalike.exchange import Features, read_features
from lookalike.folder import printable, real_folder
from lookalike.indexing import Event, Fetching, Indexed, Progress, Report, Scanned, Skipped
from lookalike.library.checkup import Finding
from lookalike.library.examples import Asked, Example
from lookalike.library.glance import Indexing, ModelRow, Stats, model_rows
from lookalike.library.library import Library
from lookalike.library.opening import default_folder
from lookalike.library.queries import Query, Words
from lookalike.stores.base import Filter, Hit, Record, SearchIndex

__all__ = [
    "Asked",
    "ClassScore",
    "Evaluation",
    "Event",
    "Example",
    "Features",
    "Fetching",
    "Filter",
    "Finding",
    "Hit",
    "Indexed",
    "Indexing",
    "Library",
    "ModelRow",
    "Progress",
    "Query",
    "Record",
    "Report",
    "Scanned",
    "SearchIndex",
    "Skipped",
    "Stats",
    "Words",
    "default_folder",
    "model_rows",
    "printable",
    "read_features",
    "real_folder",
]
