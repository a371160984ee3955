"""A folder → its files; files found, files known → what was added, changed, moved, removed."""

from lookalike.folder.answers import LOOK, PATIENCE, Patience, about, elsewhere, within
from lookalike.folder.differences import Comparison, Diff, Known, Remembered, digest
from lookalike.folder.names import printable, real_folder
from lookalike.folder.walk import Entry, ImageFile, Scan, Walk, is_cache, left_out, scan

__all__ = [
    "LOOK",
    "PATIENCE",
    "Comparison",
    "Diff",
    "Entry",
    "ImageFile",
    "Known",
    "Patience",
    "Remembered",
    "Scan",
    "Walk",
    "about",
    "digest",
    "elsewhere",
    "is_cache",
    "left_out",
    "printable",
    "real_folder",
    "scan",
    "within",
]
