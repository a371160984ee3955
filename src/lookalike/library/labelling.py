"""Pictures → what the model's own classifier calls them, kept beside their embeddings."""

from __future__ import annotations

from lookalike.library.opening import Model
from lookalike.library.queries import Named, Queries
from lookalike.stores.base import Catalogue, Label
from lookalike.words import Labels

_AT_ONCE = 4096  # pictures in one transaction


class Labelling:
    """The part of a `Library` that knows labels."""

    _store: Catalogue
    _model: Model
    _queries: Queries

    def labels(self, *pictures: Named) -> list[tuple[Label, ...]]:
        """What the model's classifier calls pictures, in their order: of each the labels with a
        probability of 0.1 or more, the most likely first.

        Only models with a classifier have labels (`lookalike models`). They are computed when
        pictures are indexed; those of a library that is older, by the next `Library.index`.
        Raises ImageNotFoundError.
        """
        ids = [self._queries.named(one).id for one in pictures]
        known = self._store.labels(set(ids))
        return [known.get(number, ()) for number in ids]

    def _label(self) -> None:
        """Label the pictures that have no labels yet; the caller holds the write lock."""
        card = self._model.card
        if card is None or card.classifier is None:
            return
        waiting = self._store.without_labels()
        if not len(waiting):
            return
        known = Labels.load(card)
        for start in range(0, len(waiting), _AT_ONCE):
            some = waiting[start : start + _AT_ONCE]
            likely = {
                image: [Label(*one) for one in labels]
                for ids, block in self._store.embedding_blocks(some)
                for image, labels in zip(ids.tolist(), known.likely(block), strict=True)
            }
            self._store.set_labels(likely)
