"""A query or a filter → all answers by the stretch, and how many pictures there are of what."""

from __future__ import annotations

from lookalike.errors import InputError
from lookalike.library.examples import Asked, embedding
from lookalike.library.glance import Indexing, indexing
from lookalike.library.opening import Model
from lookalike.library.queries import Queries
from lookalike.stores.base import Answers, Catalogue, Facets, Filter


class Counted:
    """The part of a `Library` that counts what it finds."""

    _store: Catalogue
    _model: Model
    _queries: Queries

    def answers(
        self,
        query: Asked,
        k: int = 30,
        *,
        offset: int = 0,
        where: Filter | None = None,
        distribution: bool = False,
    ) -> Answers:
        """A stretch of all answers to a query, best first: k from ``offset`` on, their number, and
        with ``distribution`` how the scores of all lie.

        Every picture that passes ``where`` is compared, so as long as the library stays as it is,
        stretch after stretch gives each picture once. Raises as `Library.search`, and InputError
        for an offset below 0.
        """
        if k < 1:
            raise InputError(f"k must be 1 or more, not {k}.")
        if offset < 0:
            raise InputError(f"The offset must be 0 or more, not {offset}.")
        if self._model.card is None and self._store.is_empty():
            return Answers((), offset, 0)  # begun by an import that failed
        wanted, without = embedding(self._queries, query)
        return self._store.answers(
            wanted, k, offset=offset, without=without, where=where, distribution=distribution
        )

    def facets(self, where: Filter | None = None) -> Facets:
        """How many pictures pass a filter, and how many would with each other choice in it."""
        return self._store.facets(where or Filter())

    def progress(self) -> Indexing | None:
        """How far indexing is, in this process or another; None while nobody indexes."""
        return indexing(self._store.settings().get("indexing", ""))
