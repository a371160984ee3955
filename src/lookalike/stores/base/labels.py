"""What a classifier calls a picture → a `Label`; what a store that keeps labels can do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Label:
    """A name that a classifier has for a picture, and how likely it is to be right, from 0 to 1."""

    name: str
    probability: float


class KeepsLabels(Protocol):
    """The part of a `Catalogue` that keeps what a classifier calls pictures, until their
    embeddings change or they go."""

    def without_labels(self) -> npt.NDArray[np.int64]:
        """The ids (n,), rising, of the pictures whose present embedding no classifier has seen."""

    def set_labels(self, likely: Mapping[int, Sequence[Label]]) -> None:
        """Keep what a classifier calls pictures, by their ids, in place of what was kept."""

    def labels(self, ids: Collection[int]) -> dict[int, tuple[Label, ...]]:
        """The labels of pictures, the most likely first; those without are left out."""
