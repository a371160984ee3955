"""Embeddings → places on a plane where similar pictures lie together, and the clusters there."""

from lookalike.mapping.chart import Chart, Places, standing
from lookalike.mapping.clusters import Clusters, clusters_of
from lookalike.mapping.drawing import METHODS, Drawing, Source, draw, fits
from lookalike.mapping.kept import file_in, load, save
from lookalike.mapping.layout import INSTALL, ROUNDS, is_possible
from lookalike.mapping.names import telling

__all__ = [
    "INSTALL",
    "METHODS",
    "ROUNDS",
    "Chart",
    "Clusters",
    "Drawing",
    "Places",
    "Source",
    "clusters_of",
    "draw",
    "file_in",
    "fits",
    "is_possible",
    "load",
    "save",
    "standing",
    "telling",
]
