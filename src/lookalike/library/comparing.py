"""Vectors of two models of the same pictures → how their answers differ, and which are better."""

from __future__ import annotations

import dataclasses
import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from lookalike import evaluate
from lookalike.errors import InputError
from lookalike.evaluate import Evaluation
from lookalike.library.marks import only_tags
from lookalike.library.opening import Model
from lookalike.library.queries import Named, Queries
from lookalike.library.vectors import rows_of
from lookalike.neighbours import best_of, shared
from lookalike.stores.base import Catalogue, Embedding, Hit, Ids, Layer, Record

_ASKED = 200  # pictures with which both models are asked
_LABELLED = 20_000  # pictures with labels, of which all vectors are held
_QUERIES = 1000  # of these that are searched with
_SEED = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """What pictures with labels say of two models: where the ``labels`` come from (``file``,
    ``tags`` or ``folders``), of how many ``pictures``, and how well those of one label find each
    other with the ``present`` model and the ``other``."""

    labels: str
    pictures: int
    present: Evaluation
    other: Evaluation

    def to_json(self) -> dict[str, Any]:
        """The same as JSON types."""
        return {
            "labels": self.labels,
            "pictures": self.pictures,
            "present": self.present.to_json(),
            "other": self.other.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Compared:
    """How two models answer for the same ``images``, those that have vectors of both.

    So many ``queries`` of them were asked for their ``k`` nearest. ``overlap`` is which part of
    these is the same with both models, on average, from 0 to 1, and ``spread`` the standard
    deviation of it from one query to another. ``judged`` is None where nothing tells pictures
    apart.
    """

    present: str
    other: str
    images: int
    queries: int
    k: int
    overlap: float
    spread: float
    judged: Judged | None

    def to_json(self) -> dict[str, Any]:
        """The same as JSON types."""
        fields = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        return {**fields, "judged": self.judged.to_json() if self.judged else None}


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The nearest of one ``picture`` with the present model and with the other, best first."""

    picture: Record
    present: str
    other: str
    hits: tuple[Hit, ...]
    other_hits: tuple[Hit, ...]

    @property
    def both(self) -> frozenset[int]:
        """The ids of those that are answers with both models."""
        first, second = ({hit.record.id for hit in hits} for hits in (self.hits, self.other_hits))
        return frozenset(first & second)

    @property
    def shared(self) -> int:
        """How many of these there are."""
        return len(self.both)


class Comparing:
    """The part of a `Library` that holds another model against the present one."""

    _store: Catalogue
    _model: Model
    _queries: Queries
    _beside: Callable[[str | os.PathLike[str] | None], Layer]

    def upgrade_compare(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        k: int = 30,
        labels: str | os.PathLike[str] | None = None,
    ) -> Compared:
        """Hold a model whose vectors lie beside against the present one, on the pictures that have
        vectors of both: which part of the nearest is the same, and what labels say. Of a small
        library, the nearest are half of the others at most.

        ``model`` may be left out where there is one only. ``labels`` is a CSV as `evaluate` takes
        it; without it tags are the labels, of pictures that have one, or else folders. The same
        pictures are asked with each time, and every picture is compared.

        Raises: InputError where there is nothing of the model beside, where k is not positive, and
            for labels that fit nothing; ModelError; LibraryError.
        """
        layer = self._beside(model)
        _check(k)
        two = _Rivals(self._store, self._model.name, layer)
        asked = two.some(_ASKED)
        k = min(k, max(1, (len(two.ids) - 1) // 2))
        parts = shared(*(two.best(asked, k, other=other)[0] for other in (False, True)))
        return Compared(
            present=self._model.name,
            other=layer.model,
            images=len(two.ids),
            queries=len(asked),
            k=k,
            overlap=round(float(parts.mean()), 6),
            spread=round(float(parts.std()), 6),
            judged=two.judged(labels),
        )

    def upgrade_beside(
        self, picture: Named | None, model: str | os.PathLike[str] | None = None, *, k: int = 30
    ) -> SideBySide:
        """What looks most like a picture of the library, with the present model and with one that
        lies beside, among the pictures that have vectors of both; None is one of these at random.

        Raises: ImageNotFoundError; InputError where the picture has no vector of one of the two,
            and as `upgrade_compare`.
        """
        layer = self._beside(model)
        _check(k)
        two = _Rivals(self._store, self._model.name, layer)
        record = self._queries.named(two.any_of_them() if picture is None else picture)
        if record.id not in two.ids:
            raise InputError(
                f"The picture {record.path} has no vector of {layer.model} or none of "
                f"{self._model.name}: `lookalike upgrade build {layer.model}` makes those of files "
                "that can be read."
            )
        hits, other_hits = (two.hits(record.id, k, other=other) for other in (False, True))
        return SideBySide(record, self._model.name, layer.model, hits, other_hits)


class _Rivals:
    """The present model of a library, and that of a layer, on the pictures that have vectors of
    both: ``ids`` (n,), rising. Raises InputError where these are fewer than two."""

    def __init__(self, store: Catalogue, present: str, layer: Layer) -> None:
        self._store = store
        self._layer = layer
        every, _ = store.versions()
        without = np.union1d(store.layer_missing(layer.name), store.blanks())
        self.ids = np.setdiff1d(every, without)
        if len(self.ids) < 2:
            raise InputError(
                f"Fewer than two pictures have vectors of {layer.model} and of {present}: "
                f"`lookalike upgrade build {layer.model}` makes them."
            )

    def any_of_them(self) -> int:
        """One of the pictures, another one each time."""
        return int(np.random.default_rng().choice(self.ids))

    def some(self, number: int) -> Ids:
        """So many of the pictures, rising, the same each time."""
        if len(self.ids) <= number:
            return self.ids
        return np.sort(np.random.default_rng(_SEED).choice(self.ids, number, replace=False))

    def best(self, asked: Ids, k: int, *, other: bool) -> tuple[Ids, Embedding]:
        """The ids and cosines (m, k) of the best answers to some of the pictures (m,), with the
        present model or the other."""
        queries = self._rows(asked, other=other)
        return best_of(queries, asked, self._vectors(self.ids, other=other), k)

    def _vectors(self, ids: Ids, *, other: bool) -> Iterator[tuple[Ids, Embedding]]:
        if not other:
            yield from self._store.embedding_blocks(ids)
            return
        for some, rows in self._store.layer_blocks(self._layer.name, ids):
            yield some, rows[:, 0]

    def _rows(self, ids: Ids, *, other: bool) -> Embedding:
        """The vectors (n, dim) of some of the pictures (n,); zeros for one that has just been
        removed."""
        dim = self._layer.dim if other else self._store.dim
        return rows_of(ids, dim, partial(self._vectors, other=other))

    def hits(self, asked: int, k: int, *, other: bool) -> tuple[Hit, ...]:
        """The k best answers to one of the pictures, with scores in double precision, equal ones in
        order of path; pictures that have just been removed are left out."""
        one = np.array([asked], np.int64)
        ids = np.sort(self.best(one, k, other=other)[0][0])
        ids = ids[ids >= 0]
        rows, query = (self._rows(some, other=other).astype(np.float64) for some in (ids, one))
        lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(query)
        cosines = np.vecdot(rows, query) / np.where(lengths > 0, lengths, 1)
        hits = []
        for image, cosine in zip(ids.tolist(), cosines.clip(-1, 1).tolist(), strict=True):
            if record := self._store.get(image):
                hits.append(Hit(record, round(cosine, 6), round(math.sqrt(2 - 2 * cosine), 6)))
        return tuple(sorted(hits, key=_place))

    # ---- labels

    def judged(self, labels: str | os.PathLike[str] | None) -> Judged | None:
        """What labels say of both models; None where there are none to tell pictures apart."""
        known = set(self.ids.tolist())
        records = [one for one in self._store.records() if one.id in known]
        source, named = self._named(records, labels)
        pairs = [(one, its) for one, its in zip(records, named, strict=True) if its is not None]
        pairs = pairs[:: -(-len(pairs) // _LABELLED) or 1]
        if labels is None and not _tells_apart(its for _, its in pairs):
            return None
        some, classes = [one for one, _ in pairs], [its for _, its in pairs]
        present, other = (self._evaluated(some, classes, other=other) for other in (False, True))
        return Judged(source, len(some), present, other)

    def _named(
        self, records: Sequence[Record], labels: str | os.PathLike[str] | None
    ) -> tuple[str, list[str | None]]:
        """Where the labels of pictures come from, and each one's label."""
        if labels is not None:
            return "file", evaluate.assign_labels(records, evaluate.read_labels(labels))
        tags, _ = only_tags(self._store, records)
        if _tells_apart(its for its in tags if its is not None):
            return "tags", tags
        if not any("/" in one.relative for one in records):
            return "folders", [None] * len(records)
        return "folders", evaluate.labels_by_folder(records)

    def _evaluated(
        self, records: Sequence[Record], classes: Sequence[str], *, other: bool
    ) -> Evaluation:
        ids = np.array([one.id for one in records], np.int64)
        rows = self._rows(ids, other=other)
        return evaluate.evaluate(records, rows, classes, queries=_QUERIES, seed=_SEED)


def _tells_apart(labels: Iterable[str]) -> bool:
    """Whether two labels have two pictures each."""
    return sum(number > 1 for number in Counter(labels).values()) > 1


def _place(hit: Hit) -> tuple[float, bytes, bytes]:
    """The best first, and equal ones in order of path."""
    return -hit.score, os.fsencode(hit.record.root), os.fsencode(hit.record.relative)


def _check(k: int) -> None:
    """Raises InputError where k is not positive."""
    if k < 1:
        raise InputError(f"k must be 1 or more, not {k}.")
