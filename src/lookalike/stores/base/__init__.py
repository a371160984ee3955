"""What travels into and out of a store → `Record`, `Hit`, `SkippedFile`; protocols of stores."""

from lookalike.stores.base.answers import (
    MOST_CHOICES,
    Answers,
    Choice,
    Distribution,
    Facets,
    Hit,
    Listing,
    MarkCounts,
    Naming,
    Ranking,
    Scores,
    SearchIndex,
)
from lookalike.stores.base.contract import Catalogue, VectorStore
from lookalike.stores.base.filters import Filter, text_words
from lookalike.stores.base.labels import Label
from lookalike.stores.base.layers import Layer, Rows
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
from lookalike.stores.base.records import Embedding, Ids, KnownFile, Record, SkippedFile
from lookalike.stores.base.standing import Standing, standing
from lookalike.stores.base.views import Matrix, View, ViewNote

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
    "Label",
    "Layer",
    "Listing",
    "MarkChange",
    "MarkCounts",
    "Marks",
    "Matrix",
    "Naming",
    "Ranking",
    "Record",
    "Rows",
    "Scores",
    "SearchIndex",
    "SkippedFile",
    "Standing",
    "VectorStore",
    "View",
    "ViewNote",
    "standing",
    "tag_key",
    "tag_name",
    "text_words",
]
