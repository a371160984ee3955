"""A library's store and labels → how well pictures of one label find each other."""

from __future__ import annotations

import os

from lookalike import evaluate
from lookalike.evaluate import Evaluation
from lookalike.library.spaces import Spaces, check_neighbours
from lookalike.stores.base import Catalogue


class Evaluating:
    """The part of a `Library` that is measured."""

    _store: Catalogue
    _spaces: Spaces

    def evaluate(
        self,
        labels: str | os.PathLike[str] | None = None,
        *,
        queries: int | None = None,
        seed: int = 0,
        view: str | None = None,
        neighbours: int = 0,
    ) -> Evaluation:
        """How well pictures of one label find each other; see `lookalike.evaluate`.

        ``labels`` is a CSV of path and label; without it the folder of a picture is its label.
        ``queries`` draws that many at random with ``seed``. ``view`` and ``neighbours`` are as for
        `search`. Raises InputError.
        """
        records, embeddings = self._store.embeddings()
        if view is not None or neighbours:
            check_neighbours(neighbours)
            embeddings = self._spaces.find(view).rows(records, neighbours)
        named = (
            evaluate.labels_by_folder(records)
            if labels is None
            else evaluate.assign_labels(records, evaluate.read_labels(labels))
        )
        return evaluate.evaluate(records, embeddings, named, queries=queries, seed=seed)
