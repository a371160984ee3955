"""A query or a filter → pictures in their order, by stretches or numbers, or how many there are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lookalike.errors import InputError
from lookalike.library.examples import Asked, embedding, words_of
from lookalike.library.folding import Folding
from lookalike.library.glance import Indexing, indexing
from lookalike.library.judging import OF_NO_PICTURE, OF_WORDS, Hits, Judging, Sought
from lookalike.library.liking import liked
from lookalike.library.opening import Model
from lookalike.library.partwise import PARTS, Look, Partwise
from lookalike.library.queries import Queries
from lookalike.library.spaces import Spaces, check_neighbours
from lookalike.library.wording import Wording
from lookalike.stores.base import (
    Answers,
    Catalogue,
    Embedding,
    Facets,
    Filter,
    Ids,
    Listing,
    Ranking,
    Scores,
)
from lookalike.words import Meaning


@dataclass(frozen=True, eq=False)
class _Ranked:
    """What pictures are ranked ``by``: the cosine with ``wanted``, or scores in another space. Some
    ids are no answers; ``share`` is as in `embedding`, and ``look`` what is looked for within
    pictures, where it is that."""

    by: Embedding | Scores
    without: tuple[int, ...]
    wanted: Embedding | None = None
    share: float = 1.0
    look: Look | None = None

    def sought(self, query: Asked | None, where: Filter | None) -> Sought | str:
        """What answers are judged by, or why they cannot be."""
        plain = self.by is self.wanted
        return _sought(query, self.wanted, self.without, where, self.share, plain=plain)


class Asking:
    """The part of a `Library` that answers.

    ``view`` names one of `Library.views` in which pictures are compared, or ``whitened``, which
    every library has. With ``neighbours``, 10 say, each picture stands for the mean of itself and
    so many of its nearest neighbours, and the query likewise: what belongs together is found
    together. That is in the view ``whitened`` where none is named. The score is the cosine there,
    and every picture is compared. The first such search finds out who is near whom, for the cache.
    A view that was learned from what is liked needs no query; alone and without neighbours, it
    tells how likely each hit is ``liked``, where what is liked has enough in common.

    In the view ``parts``, which `Library.index` makes where it is asked to, the query is held
    against each of the 46 parts of each picture, in three sizes. The score is the cosine with the
    part that is most like it, and the ``box`` of a hit says where that is.

    Each hit has a ``verdict``, and the whole has that of the best of all answers, with a sentence,
    the ``reason``: ``the same picture``, ``strong``, ``weak``, ``probably nothing``, or ``not
    judged`` in a library of fewer than 30 pictures, for words, and for parts. It is held against
    how near to each other the pictures of this library are, see `lookalike.verdict`, and always by
    the plain cosines, whatever answers are ranked by.
    """

    _store: Catalogue
    _model: Model
    _queries: Queries
    _folding: Folding
    _wording: Wording
    _spaces: Spaces
    _partwise: Partwise
    _judging: Judging

    def search(
        self,
        query: Asked | None,
        k: int = 30,
        *,
        where: Filter | None = None,
        exact: bool = False,
        fold: bool = False,
        view: str | None = None,
        neighbours: int = 0,
    ) -> Hits:
        """The k pictures that look most like the query, best first: a list of hits that also has
        a ``verdict`` and a ``reason``.

        A query given by its id in the library leaves itself out, and so does one given by a path
        that the library knows but where there is no file now. Several pictures, a part of one, and
        words beside pictures are given as `Example`s; the score is then the cosine with the
        direction of their weighted sum. Of the others, those that pass ``where`` are ranked, each
        of them. Without a filter, a large library may miss some; ``stats().index`` says how many,
        and with ``exact`` every picture is compared. With ``fold``, copies of a hit are no hits of
        their own, see `Library.answers`. What words were taken for, `Library.meanings` says.

        Raises:
            ImageError: the query cannot be read as a picture.
            ImageNotFoundError: the library holds no such picture.
            InputError: k is not positive; examples that want no picture, or cancel each other out;
                more neighbours than 30.
            ViewNotFoundError: there is no such view.
            MissingExtraError: words need a package that is not installed.
            ModelError: the model is needed and cannot be used, or takes no words.
        """
        if fold or view is not None or neighbours or query is None:
            found = self.answers(query, k, where=where, fold=fold, view=view, neighbours=neighbours)
            return Hits(found.hits, found.verdict, found.reason, found.lacking)
        if self._nothing_for(k):
            return self._judging.judged((), OF_NO_PICTURE)
        wanted, without, share = embedding(self._queries, query)
        hits = self._store.search(wanted, k, without=without, where=where, exact=exact)
        return self._judging.judged(hits, _sought(query, wanted, without, where, share))

    def answers(
        self,
        query: Asked | None,
        k: int = 30,
        *,
        offset: int = 0,
        where: Filter | None = None,
        distribution: bool = False,
        fold: bool = False,
        view: str | None = None,
        neighbours: int = 0,
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
        _check(k, offset, neighbours)
        if self._nothing_for(k):
            return self._judged(Answers((), offset, 0), OF_NO_PICTURE)
        ranked = self._ranked(query, view, neighbours)
        alike = self._folding.alike() if fold else None
        found = self._store.answers(
            ranked.by, k, offset=offset, without=ranked.without, where=where,
            distribution=distribution, fold=alike.groups if alike else None,
        )  # fmt: skip
        found = replace(found, waiting=alike.waiting if alike else None)
        if look := ranked.look:
            found = replace(found, hits=look.boxed(found.hits), lacking=look.lacking)
            return self._judged(found, look.unjudged(found.lacking or 0))
        found = self._told(found, view if query is None and not neighbours else None)
        return self._judged(found, ranked.sought(query, where))

    def _told(self, found: Answers, alone: str | None) -> Answers:
        """The answers of a view that was asked ``alone`` say how likely each is liked."""
        return (
            replace(found, hits=liked(found.hits, self._store.views(), alone)) if alone else found
        )

    def _judged(self, found: Answers, sought: Sought | str) -> Answers:
        judged = self._judging.judged(found.hits, sought, offset=found.offset)
        return replace(found, hits=tuple(judged), verdict=judged.verdict, reason=judged.reason)

    @property
    def words(self) -> str | None:
        """How words find pictures: by a text ``tower`` of the model, through its ``labels``, or
        not at all (None)."""
        return self._wording.way

    def meanings(self, query: Asked) -> list[tuple[str, Meaning]]:
        """What the words of a query were taken for, each text with its `Meaning`.

        Empty without words, and for models with a text tower, which takes words as they are.
        Raises as `Library.search` does for words.
        """
        texts = words_of(query)
        found = [(text, self._wording.meaning(text)) for text in texts]
        return [(text, meaning) for text, meaning in found if meaning is not None]

    def _ranked(self, query: Asked | None, view: str | None, neighbours: int) -> _Ranked:
        """What pictures are ranked by. Where they are looked into, the query is encoded for that
        alone."""
        if view == PARTS and not neighbours:
            look = self._partwise.look(query)
            return _Ranked(look.scores(), look.without, look=look)
        wanted, without, share = (
            (None, (), 1.0) if query is None else embedding(self._queries, query)
        )
        if view is None and not neighbours and wanted is not None:
            return _Ranked(wanted, without, wanted, share)
        scores = self._spaces.find(view).scores(wanted, neighbours, without)
        return _Ranked(scores, without, wanted, share)

    def ranking(
        self,
        query: Asked | None,
        k: int,
        *,
        where: Filter | None = None,
        fold: bool = False,
        view: str | None = None,
        neighbours: int = 0,
    ) -> Ranking:
        """The first k of all answers to a query as numbers alone, best first: what can be marked
        or exported without looking at each. They are those of `Library.answers`, in its order; of
        copies that are folded, the hit.

        Raises as `Library.search`.
        """
        if self._nothing_for(k):
            none = np.empty(0)
            return Ranking(none.astype(np.int64), none, none, 0)
        check_neighbours(neighbours)
        ranked = self._ranked(query, view, neighbours)
        groups = self._folding.alike().groups if fold else None
        return self._store.ranking(ranked.by, k, without=ranked.without, where=where, fold=groups)

    def listing(self, where: Filter | None = None, k: int = 100, *, offset: int = 0) -> Listing:
        """A stretch of all pictures that pass a filter, in order of path: k from ``offset`` on, and
        their number. Without a query there is no score: it is how favourites and tags are looked
        through. Raises InputError where k is not positive, or the offset below 0."""
        _check(k, offset)
        return self._store.listing(where or Filter(), k, offset=offset)

    def listed(self, where: Filter | None = None) -> Ids:
        """The ids (n,) of all pictures that pass a filter, in order of path."""
        return self._store.listed(where or Filter())

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
        _check(k)
        return self._model.card is None and self._store.is_empty()


def _check(k: int, offset: int = 0, neighbours: int = 0) -> None:
    """Raises InputError where k is not positive, the offset below 0, or pictures cannot have so
    many neighbours."""
    check_neighbours(neighbours)
    if k < 1:
        raise InputError(f"k must be 1 or more, not {k}.")
    if offset < 0:
        raise InputError(f"The offset must be 0 or more, not {offset}.")


def _sought(
    query: Asked | None,
    wanted: Embedding | None,
    without: tuple[int, ...],
    where: Filter | None,
    share: float,
    *,
    plain: bool = True,
) -> Sought | str:
    """What answers are judged by, or why they cannot be."""
    if query is not None and words_of(query):
        return OF_WORDS
    return OF_NO_PICTURE if wanted is None else Sought(wanted, without, where, plain, share)
