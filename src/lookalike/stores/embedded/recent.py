"""The scores of the questions that were asked last → the same again, for the next stretch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from lookalike.stores.base import Embedding
from lookalike.stores.embedded.scores import Ids, Scored

_MOST = 8
_BYTES = 48 << 20  # of all that is kept; the last question is kept whatever it takes


@dataclass(frozen=True, eq=False)
class _Question:
    """A query with what it was asked of: a revision of the database, some ids left out, and the
    pictures that pass its filter (n,), or None where it has none."""

    query: bytes
    revision: int
    without: tuple[int, ...]
    among: Ids | None

    def is_(self, other: _Question) -> bool:
        """Whether two questions have the same answers."""
        if self._plain() != other._plain():
            return False
        if self.among is None or other.among is None:
            return self.among is other.among
        return np.array_equal(self.among, other.among)

    def _plain(self) -> tuple[object, ...]:
        return self.query, self.revision, self.without


class Recent:
    """Keeps what whoever goes through all answers asks for again and again. May be used from many
    threads at once."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: list[tuple[_Question, Scored]] = []  # the last one first

    def scores(
        self,
        query: Embedding,
        revision: int,
        without: Collection[int],
        among: Ids | None,
        compare: Callable[[], Scored],
    ) -> Scored:
        """The scores of all pictures but some, in single precision; ``compare`` is called where
        they are not at hand. Raises what it raises."""
        question = _Question(query.tobytes(), revision, tuple(without), among)
        found = self._find(question) or compare().but(without)
        self._keep(question, found)
        return found

    def _find(self, question: _Question) -> Scored | None:
        with self._guard:
            kept = list(self._kept)
        return next((scored for known, scored in kept if known.is_(question)), None)

    def _keep(self, question: _Question, scored: Scored) -> None:
        """Put a question first; what is of another revision will not be asked for again."""
        with self._guard:
            others = [
                (known, other)
                for known, other in self._kept
                if other is not scored and known.revision == question.revision
            ]
            kept = [(question, scored), *others][:_MOST]
            while len(kept) > 1 and sum(_weight(*one) for one in kept) > _BYTES:
                kept.pop()
            self._kept = kept


def _weight(question: _Question, scored: Scored) -> int:
    among = 0 if question.among is None else question.among.nbytes
    return scored.ids.nbytes + scored.scores.nbytes + among
