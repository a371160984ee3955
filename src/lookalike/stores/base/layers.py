"""Other vectors that pictures have beside their embeddings → a `Layer`; a store that keeps such."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from lookalike.stores.base.records import Ids

Rows = npt.NDArray[np.float32]

Kind = Literal["float32", "float16", "int8"]
"""How numbers are kept: int8 has a factor for each vector, with which its largest number is 127."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Vectors beside the embeddings: for each picture ``per_image`` of ``dim`` numbers, from the
    ``model`` whose vector space has this ``identity``. A layer is asked for by its ``name``."""

    name: str
    identity: str
    model: str
    dim: int
    per_image: int = 1
    kind: Kind = "float32"


class KeepsLayers(Protocol):
    """The part of a `Catalogue` that keeps layers.

    A layer has the rows of a picture until it goes, or its file gets another content.
    """

    def layers(self) -> list[Layer]:
        """All layers, in order of name."""

    def begin_layer(self, layer: Layer) -> None:
        """Have such a layer: it keeps its rows if it is there already. One with the same name that
        differs in anything goes first, with its rows."""

    def layer_missing(self, name: str) -> Ids:
        """The ids (n,), rising, of the pictures that a layer has no rows of; all of them where
        there is no such layer."""

    def write_layer(self, name: str, ids: Sequence[int], digests: Sequence[str], rows: Rows) -> int:
        """Keep rows (n, per_image, dim), in one transaction; returns of how many pictures.

        They belong to the pictures with these ids, and were made from files with these SHA-256.
        Pictures that are gone, or have another content by now, are passed over.

        Raises: InputError where there is no such layer, or the rows do not fit it.
        """

    def layer_blocks(self, name: str, ids: Ids | None = None) -> Iterator[tuple[Ids, Rows]]:
        """All rows of a layer (n, per_image, dim) with the ids of their pictures (n,), or those of
        some rising ids, in blocks, in order of id. Pictures without are left out."""

    def drop_layer(self, name: str) -> bool:
        """Forget a layer with its rows; tells whether there was one."""

    def blanks(self) -> Ids:
        """The ids (n,), rising, of the pictures whose embedding is zeros since `switch_layer`."""

    def switch_layer(self, name: str, former: Layer, settings: Mapping[str, str]) -> int:
        """Make a layer the embeddings, and the embeddings the layer ``former``, which is new; and
        keep settings: all in one transaction. Returns how many pictures the layer had no rows of.

        Their embedding is a vector of zeros from then on, which resembles nothing, until they are
        committed again; `known_files` tells them as changed. Zeros never become rows of a layer.
        What classifiers call pictures is forgotten. The caller reshapes the store.

        Raises: InputError where there is no such layer, or it has several vectors a picture, or
            others than float32.
        """
