"""A query and a picture → which regions of both make them alike, as numbers or drawn."""

from __future__ import annotations

from lookalike import explain
from lookalike.explain import Explanation
from lookalike.library.examples import Asked, box_of, pictures_of, weighted
from lookalike.library.queries import AnyPicture, Queries

_SIDE = 480  # pixels on the longer side of each picture that is drawn
_THE_PICTURE = "The picture"


class Explaining:
    """The part of a `Library` that says why."""

    _queries: Queries

    def explain(self, query: Asked, picture: AnyPicture) -> Explanation:
        """How much each region of a picture, and of the query, adds to the score of the two.

        ``query`` is what `Library.search` takes, but for words; ``picture`` is one of its hits by
        id, or any picture. The files are read, whatever the library keeps of them: the score may
        differ from that of the search in its last digits.

        Raises:
            ImageError: one of the pictures cannot be read.
            ImageNotFoundError: the library holds no such picture.
            InputError: words; a model whose vectors are no averages of regions; what
                `Library.search` says of examples.
            ModelError: the model cannot be used.
        """
        examples = pictures_of(query)
        weights = [one.weight for one, _, _ in examples]
        shown = self._queries.seen(picture, None, _THE_PICTURE)
        seen = [self._queries.seen(at, box_of(one), name) for one, at, name in examples]
        total, length = weighted([one.vector for one in seen], weights)
        return explain.explained(shown, total / length, seen, [w / length for w in weights])

    def drawn(self, query: Asked, picture: AnyPicture, why: Explanation) -> bytes:
        """What `Library.explain` said of the same two, as a PNG: the pictures of the query and the
        picture beside each other, with the shares of their regions over them."""
        shown = [self._queries.shown(at, _SIDE, name) for _, at, name in pictures_of(query)]
        shown.append(self._queries.shown(picture, _SIDE, _THE_PICTURE))
        return explain.drawn(shown, why, _SIDE)
