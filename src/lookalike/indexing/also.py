"""Prepared pictures → their embeddings, and vectors that they have beside these, in one go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lookalike.encoder import Encoder, Vectors
from lookalike.image import Input
from lookalike.stores.base import Catalogue, Layer, Rows


class Also(Protocol):
    """Makes the rows of a layer while pictures are encoded; used by several threads."""

    @property
    def layer(self) -> Layer:
        """Where the rows are kept; asked for after `ready`."""

    def ready(self, encoder: Encoder, some: Callable[[int], Input]) -> None:
        """Be ready for pictures that ``encoder`` encodes. ``some(n)`` reads up to n of them, from
        all over those that are coming, and prepares them. Raises ModelError, LibraryError."""

    def encode(self, encoder: Encoder, inputs: Input) -> tuple[Vectors, Rows]:
        """Prepared pictures → their embeddings (n, dim), and rows of the layer for each."""

    def lacking(self, store: Catalogue) -> bool:
        """Whether pictures of a store have no rows yet, or none that are of use."""


class Whole:
    """A layer that has the embeddings themselves."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    def ready(self, encoder: Encoder, some: Callable[[int], Input]) -> None:
        """Nothing has to be known before."""

    def encode(self, encoder: Encoder, inputs: Input) -> tuple[Vectors, Rows]:
        """One row for each picture."""
        rows = encoder.encode(inputs)
        return rows, rows[:, None]

    def lacking(self, store: Catalogue) -> bool:
        """Whether any is missing."""
        return bool(len(store.layer_missing(self.layer.name)))
