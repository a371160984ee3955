"""What travels into and out of a store → `Record`, `Hit`, `SkippedFile`; protocols of stores."""

from lookalike.stores.base.contract import (
    MOST_CHOICES,
    Answers,
    Catalogue,
    Choice,
    Distribution,
    Embedding,
    Facets,
    Hit,
    Ids,
    KnownFile,
    Record,
    SearchIndex,
    SkippedFile,
    VectorStore,
)
from lookalike.stores.base.filters import Filter

__all__ = [
    "MOST_CHOICES",
    "Answers",
    "Catalogue",
    "Choice",
    "Distribution",
    "Embedding",
    "Facets",
    "Filter",
    "Hit",
    "Ids",
    "KnownFile",
    "Record",
    "SearchIndex",
    "SkippedFile",
    "VectorStore",
]
