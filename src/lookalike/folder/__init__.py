"""A folder → its files; files found, files known → what was added, changed, moved, removed."""

from lookalike.folder.differences import Comparison, Diff, Known, Remembered, digest
from lookalike.folder.names import printable, real_folder
from lookalike.folder.walk import Entry, ImageFile, Scan, Walk, scan

__all__ = [
    "Comparison",
    "Diff",
    "Entry",
    "ImageFile",
    "Known",
    "Remembered",
    "Scan",
    "Walk",
    "digest",
    "printable",
    "real_folder",
    "scan",
]
