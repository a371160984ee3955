"""Records and embeddings → NumPy files, one a picture or one matrix; such files → `Features`."""

from lookalike.exchange.read import Features, read_features, read_matrix, read_numpy
from lookalike.exchange.write import export_paths, write_matrix, write_numpy

__all__ = [
    "Features",
    "export_paths",
    "read_features",
    "read_matrix",
    "read_numpy",
    "write_matrix",
    "write_numpy",
]
