"""Pictures → what the model's own classifier calls them, kept beside their embeddings."""

from __future__ import annotations

from lookalike.library.opening import Model
from lookalike.library.queries import Named, Queries
from lookalike.stores.base import Catalogue, Ids, Label
from lookalike.words import METHOD, Labels

_AT_ONCE = 4096  # pictures in one transaction
_SETTING = "labels"  # the method by which all labels of a library were made


class Labelling:
    """The part of a `Library` that knows labels."""

    _store: Catalogue
    _model: Model
    _queries: Queries

    def labels(self, *pictures: Named) -> list[tuple[Label, ...]]:
        """What the model's classifier calls pictures, in their order: of each the labels with a
        probability of 0.1 or more, the most likely first.

        A probability says how often such a label is right, as far as that could be measured
        (docs/quality.md). Only models with a classifier have labels (`lookalike models`). They are
        computed when pictures are indexed; those of a library that is older, or was labelled in
        another way, by the next `Library.index`. Raises ImageNotFoundError.
        """
        ids = [self._queries.named(one).id for one in pictures]
        known = self._store.labels(set(ids))
        return [known.get(number, ()) for number in ids]

    def _label(self) -> None:
        """Label the pictures that have no labels yet, or all of them where they were made by
        another method; the caller holds the write lock."""
        card = self._model.card
        if card is None or card.classifier is None:
            return
        current = self._store.settings().get(_SETTING) == str(METHOD)
        waiting = self._store.without_labels() if current else self._store.versions()[0]
        if len(waiting):
            self._label_some(Labels.load(card), waiting)
        if not current:
            # Not before all are done: a run that is interrupted is made good by the next.
            self._store.set(**{_SETTING: str(METHOD)})

    def _label_some(self, known: Labels, waiting: Ids) -> None:
        for start in range(0, len(waiting), _AT_ONCE):
            some = waiting[start : start + _AT_ONCE]
            likely = {
                image: [Label(*one) for one in labels]
                for ids, block in self._store.embedding_blocks(some)
                for image, labels in zip(ids.tolist(), known.likely(block), strict=True)
            }
            self._store.set_labels(likely)
