"""English texts → unit vectors that are near where the texts mean nearly the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lookalike import weights
from lookalike.encoder import Network, unit, usable_cores
from lookalike.models import SENTENCES, SentenceModel
from lookalike.words.wordpiece import WordPieces

Vectors = NDArray[np.float32]


class Sentences:
    """A model of sentences, ready to use; may be shared between threads."""

    def __init__(self, card: SentenceModel, graph: Network, pieces: WordPieces) -> None:
        self._card = card
        self._graph = graph
        self._pieces = pieces

    @classmethod
    def load(cls, card: SentenceModel = SENTENCES) -> Sentences:
        """Raises what `weights.of_package` and `weights.shipped` raise, and `ModelError`."""
        path = weights.of_package(card.name, card.graph)
        tokens = weights.shipped(card.name, card.vocabulary).read_text("utf-8")
        graph = Network(card.name, path, card.output, usable_cores())
        return cls(card, graph, WordPieces(tokens.removesuffix("\n").split("\n")))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Texts → unit vectors (n, dim): the average of what the model gives for the tokens.

        What goes beyond the model's length is left out. One text is run at a time: rows that are
        filled up would have other digits than those that are not.
        """
        return unit(np.stack([self._encode(text) for text in texts]))

    def _encode(self, text: str) -> Vectors:
        numbers = np.array([self._pieces.encode(text, self._card.length)], np.int64)
        ones, zeros = np.ones_like(numbers), np.zeros_like(numbers)
        feeds = {"input_ids": numbers, "attention_mask": ones, "token_type_ids": zeros}
        average: Vectors = self._graph.run(feeds)[0].mean(0)
        return average
