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
    MarkCounts,
    Record,
    SearchIndex,
    SkippedFile,
    VectorStore,
)
from lookalike.stores.base.filters import Filter

from lookalike.stores.base.marks import (
    MOST_LETTERS,
    MOST_NAMES,
    MOST_TAGS,
    TAG_PATTERN,
    MarkChange,
    Marks,
    tag_key,
    tag_name,
)

__all__ = [
    "MOST_CHOICES",
    "MOST_LETTERS",
    "MOST_NAMES",
    "MOST_TAGS",
    "TAG_PATTERN",
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
    "MarkChange",
    "MarkCounts",
    "Marks",
    "Record",
    "SearchIndex",
    "SkippedFile",
    "VectorStore",
    "tag_key",
    "tag_name",
]
