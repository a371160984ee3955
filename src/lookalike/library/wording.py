"""Words → their embedding, by the model's text tower or through its labels, and what they mean."""

from __future__ import annotations

import threading
from collections.abc import Callable

from lookalike import words
from lookalike.encoder import Encoder
from lookalike.errors import InputError
from lookalike.library.lastencoded import LastEncoded
from lookalike.library.opening import Model
from lookalike.stores.base import Embedding
from lookalike.words import Meaning

TOWER, LABELS = "tower", "labels"


class Wording:
    """Reads words for one model; what it takes is loaded when the first words come."""

    def __init__(self, model: Model, encoder: Callable[[], Encoder]) -> None:
        self._model = model
        self._encoder = encoder
        self._reader: words.Reader | None = None
        self._loading = threading.Lock()
        self._last = LastEncoded()

    @property
    def way(self) -> str | None:
        """How words are understood: by a ``tower``, through ``labels``, or not at all (None)."""
        card = self._model.card
        if card is None:
            return None
        return TOWER if card.words is not None else LABELS if card.classifier is not None else None

    def embedding(self, text: str) -> Embedding:
        """A unit vector (dim,). Raises InputError, MissingExtraError, and what loading raises."""
        return self._last.get(text, lambda: self._embedding(text))

    def _embedding(self, text: str) -> Embedding:
        if not text.strip():
            words.check(text)
        if self.way == LABELS:
            return self._read().embedding(text)
        if self.way is None and self._model.card is not None:
            raise InputError(
                f"The model of this library, {self._model.name}, finds by pictures only: "
                "`lookalike models` says which ones find by words."
            )
        row: Embedding = self._encoder().encode_words([text])[0]
        return row

    def meaning(self, text: str) -> Meaning | None:
        """What words were taken for; None where no labels stand between words and pictures."""
        return self._read().meaning(text) if self.way == LABELS else None

    def _read(self) -> words.Reader:
        card = self._model.card
        assert card is not None  # noqa: S101 - there are labels
        with self._loading:
            if self._reader is None:
                sentences = words.Sentences.load()  # the part that may be missing
                self._reader = words.Reader(words.Labels.load(card), sentences)
            return self._reader
