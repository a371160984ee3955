"""A model's card → its labels: names, sentence vectors, and the weights of its last layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike import graphs, weights
from lookalike.encoder import unit
from lookalike.errors import ModelError
from lookalike.models import SENTENCES, ModelCard

Array = NDArray[np.float32]

LENGTH = 15.4
"""Of features before they were made unit vectors; 16.1 ± 1.9 on photographs of many kinds, and
15.1 ± 1.9 on flowers. See docs/quality.md."""
SHARPNESS, NOTHING = 0.81, 8.0
"""By how much the differences between logits count, and the logit of what is none of the labels:
fitted to labels that a person judged, and tested on collections that were left out. See
docs/quality.md."""
LEAST = 0.1
"""The probability from which on a picture is called so."""
METHOD = 2
"""The number of this way to label: a library that was labelled by another is labelled again."""


@dataclass(frozen=True, eq=False)
class Labels:
    """What a model tells apart: ``names``; ``sentences`` (labels, n), unit vectors of what the
    labels mean; ``weight`` (labels, dim) and ``bias`` (labels,) of the layer that gives them."""

    names: tuple[str, ...]
    sentences: Array
    weight: Array
    bias: Array

    @classmethod
    def load(cls, card: ModelCard) -> Labels:
        """Raises `ModelError` for a model without a classifier, and `WeightsError`."""
        how = card.classifier
        if how is None:
            raise ModelError(f"The model {card.name!r} has no labels: choose one that has.")
        names = weights.shipped(card.name, how.names).read_text("utf-8").splitlines()
        sentences = np.load(weights.shipped(card.name, how.sentences), allow_pickle=False)
        content = weights.shipped(card.name, how.graph).read_bytes()
        found = [graphs.constant(content, name) for name in (how.weight, how.bias)]
        sizes = (len(names) * card.dim, len(names))
        if [None if one is None else one.size for one in found] != list(sizes):
            raise ModelError(f"The classifier of {card.name!r} does not fit its card.")
        weight, bias = (np.asarray(one) for one in found)
        return cls(tuple(names), sentences.astype(np.float32), weight.reshape(-1, card.dim), bias)

    def likely(self, embeddings: Array) -> list[tuple[tuple[str, float], ...]]:
        """Embeddings (n, dim), unit vectors → the labels of each with their probabilities, the
        most likely first: those of `LEAST` at least."""
        found = []
        for row in self.probabilities(embeddings):
            places = np.flatnonzero(row >= LEAST)
            ranked = places[np.argsort(-row[places], kind="stable")]
            found.append(tuple((self.names[at], round(float(row[at]), 4)) for at in ranked))
        return found

    def probabilities(self, embeddings: Array) -> Array:
        """Embeddings (n, dim), unit vectors → how likely each label is right (n, labels); what is
        missing to 1 is the chance that none of them is.

        A classifier's own shares assume that one of its labels is right. Here there is one more
        class, with a logit that is the same for all pictures; differences count for less (as by
        C. Guo and others, *On Calibration of Modern Neural Networks*, 2017). The order of the
        labels is the classifier's.
        """
        logits = SHARPNESS * self._logits(embeddings)
        nothing = np.full((len(logits), 1), NOTHING, np.float32)
        return _softmax(np.hstack([logits, nothing]))[:, :-1]

    def shares(self, embeddings: Array) -> Array:
        """Embeddings (n, dim), unit vectors → what the classifier itself says (n, labels), which
        adds up to 1 whatever the pictures show."""
        return _softmax(self._logits(embeddings))

    def _logits(self, embeddings: Array) -> Array:
        """The classifier takes features before they were made unit vectors, so their length is
        missing. It is nearly the same for all: `LENGTH`."""
        return LENGTH * (embeddings @ self.weight.T) + self.bias

    def directions(self) -> Array:
        """Unit vectors (labels, dim): where the features of each lie, seen from the middle."""
        return unit(self.weight - self.weight.mean(0))


def _softmax(logits: Array) -> Array:
    odds = np.exp(logits - logits.max(1, keepdims=True))
    shares: Array = odds / odds.sum(1, keepdims=True)
    return shares


def is_possible(card: ModelCard) -> bool:
    """Whether words can be understood through the model's labels on this machine."""
    return card.classifier is not None and weights.is_installed(SENTENCES.graph)
