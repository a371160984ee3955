"""Words → the labels that they are near, and the direction of these in the model's features.

A model that has never seen a word tells a thousand things apart. Words are compared with what these
are and look like by a model of sentences, and the weights that the classifier has for the nearest
are added up. So words find what the labels span; what they do not name is not found.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lookalike.encoder import unit
from lookalike.errors import InputError
from lookalike.words.labels import Labels
from lookalike.words.sentences import Sentences

Vector = NDArray[np.float32]

NEAREST = 20
"""Labels that words are understood by."""
TEMPERATURE = 0.1
"""A label that is nearer by this much, in cosines, counts e times as much."""
SURE = 0.4
"""The cosine with the nearest label below which words are a guess; see docs/quality.md."""

_AT_HAND = 16  # texts whose labels are kept


@dataclass(frozen=True, slots=True)
class Meaning:
    """What words were taken for: ``labels`` with their shares, the largest first, which add up to
    1; ``closeness`` is the cosine of the words and the nearest label; ``sure`` is False where it
    is so small that the answers are a guess."""

    labels: tuple[tuple[str, float], ...]
    closeness: float
    sure: bool


class Reader:
    """The labels of a model and a model of sentences, ready to read words."""

    def __init__(self, labels: Labels, sentences: Sentences) -> None:
        self._labels = labels
        self._sentences = sentences
        self._directions = labels.directions()
        # Whoever searches by words is told what they were taken for, too.
        self._read = lru_cache(_AT_HAND)(self._nearest)

    def embedding(self, text: str) -> Vector:
        """Words → a unit vector (dim,) in the space of the model's features. Raises InputError."""
        places, shares, _ = self._read(text)
        row: Vector = unit((shares @ self._directions[places])[np.newaxis])[0]
        return row

    def meaning(self, text: str) -> Meaning:
        """What words were taken for. Raises InputError."""
        places, shares, closeness = self._read(text)
        pairs = zip(places.tolist(), shares.tolist(), strict=True)
        labels = tuple((self._labels.names[place], round(share, 4)) for place, share in pairs)
        return Meaning(labels, round(closeness, 4), closeness >= SURE)

    def _nearest(self, text: str) -> tuple[NDArray[np.intp], Vector, float]:
        """The nearest labels, the nearest first, and the shares that they have in the words."""
        check(text)
        closeness = self._labels.sentences @ self._sentences.encode([text])[0]
        places = np.argsort(-closeness, kind="stable")[:NEAREST]
        weights = np.exp((closeness[places] - closeness[places[0]]) / TEMPERATURE)
        return places, (weights / weights.sum()).astype(np.float32), float(closeness[places[0]])


def check(text: str) -> None:
    """Raises InputError for words that say nothing, and for a script that no label is near to."""
    if not text.strip():
        raise InputError("There are no words to search with: write what the pictures show.")
    letters = [char for char in text if char.isalpha()]
    if not letters:
        raise InputError("There is no word to search with: write what the pictures show.")
    if 2 * sum(map(_is_latin, letters)) < len(letters):
        raise InputError(
            "This library finds by English words only, and these are in another script: write "
            "them in English."
        )


def _is_latin(char: str) -> bool:
    return unicodedata.name(char, "").startswith("LATIN ")
