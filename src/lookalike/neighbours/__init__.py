"""Unit vectors of pictures → the nearest of each, and scores that take these into account."""

from lookalike.neighbours.best import best_of, shared
from lookalike.neighbours.graph import MOST, Graph
from lookalike.neighbours.kept import drop, folder_in, load, save
from lookalike.neighbours.near import EXACT
from lookalike.neighbours.scratch import Empty, in_files
from lookalike.neighbours.smoothing import Smoothed

__all__ = [
    "EXACT",
    "MOST",
    "Empty",
    "Graph",
    "Smoothed",
    "best_of",
    "drop",
    "folder_in",
    "in_files",
    "load",
    "save",
    "shared",
]
