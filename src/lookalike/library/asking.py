"""A query or a filter → the closest pictures, a stretch of all answers, or how many there are."""

from __future__ import annotations

from dataclasses import replace

from lookalike.errors import InputError
from lookalike.library.examples import Asked, embedding
from lookalike.library.folding import Folding
from lookalike.library.glance import Indexing, indexing
from lookalike.library.opening import Model
from lookalike.library.queries import Queries
from lookalike.stores.base import Answers, Catalogue, Facets, Filter, Hit


class Asking:
    """The part of a `Library` that answers."""

    _store: Catalogue
    _model: Model
    _queries: Queries
    _folding: Folding

    def search(
        self,
        query: Asked,
        k: int = 30,
        *,
        where: Filter | None = None,
        exact: bool = False,
        fold: bool = False,
    ) -> list[Hit]:
        """The k pictures that look most like the query, best first.

        A query given by its id in the library leaves itself out, and so does one given by a path
        that the library knows but where there is no file now. Several pictures, or a part of one,
        are given as `Example`s; the score is then the cosine with the direction of their weighted
        sum. Of the others, those that pass ``where`` are ranked, each of them. Without a filter, a
        large library may miss some; ``stats().index`` says how many, and with ``exact`` every
        picture is compared. With ``fold``, copies of a hit are no hits of their own, see
        `Library.answers`.

        Raises:
            ImageError: the query cannot be read as a picture.
            ImageNotFoundError: the library holds no such picture.
            InputError: k is not positive; examples that want no picture, or cancel each other out.
            ModelError: the model is needed and cannot be used, or takes no words.
        """
        if fold:
            return list(self.answers(query, k, where=where, fold=True).hits)
        if self._nothing_for(k):
            return []
        wanted, without = embedding(self._queries, query)
        return self._store.search(wanted, k, without=without, where=where, exact=exact)

    def answers(
        self,
        query: Asked,
        k: int = 30,
        *,
        offset: int = 0,
        where: Filter | None = None,
        distribution: bool = False,
        fold: bool = False,
    ) -> Answers:
        """A stretch of all answers to a query, best first: k from ``offset`` on, their number, and
        with ``distribution`` how the scores of all lie.

        Every picture that passes ``where`` is compared, so as long as the library stays as it is,
        stretch after stretch gives each picture once. With ``fold``, what shows the same counts as
        one: the best is a hit, and the others that pass are its ``copies``. That are the groups of
        `Library.duplicates` as the last look found them, and files with the same content;
        ``waiting`` says how many pictures no look has compared. The distribution counts answers.

        Raises as `Library.search`, and InputError for an offset below 0.
        """
        nothing = self._nothing_for(k)
        if offset < 0:
            raise InputError(f"The offset must be 0 or more, not {offset}.")
        if nothing:
            return Answers((), offset, 0)
        wanted, without = embedding(self._queries, query)
        alike = self._folding.alike() if fold else None
        found = self._store.answers(
            wanted,
            k,
            offset=offset,
            without=without,
            where=where,
            distribution=distribution,
            fold=alike.groups if alike else None,
        )
        return replace(found, waiting=alike.waiting) if alike else found

    def facets(self, where: Filter | None = None) -> Facets:
        """How many pictures pass a filter, and how many would with each other choice in it."""
        return self._store.facets(where or Filter())

    def progress(self) -> Indexing | None:
        """How far indexing is, in this process or another; None while nobody indexes."""
        return indexing(self._store.settings().get("indexing", ""))

    def _nothing_for(self, k: int) -> bool:
        """Whether there can be no answer, in a library that an import began and failed.

        Raises InputError where k is not positive.
        """
        if k < 1:
            raise InputError(f"k must be 1 or more, not {k}.")
        return self._model.card is None and self._store.is_empty()
