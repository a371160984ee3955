"""A library, and what is searched for within its pictures → how like it their parts are, and where.

The parts of a picture are those of `lookalike.parts`, half-whitened as a view that lies among the
library's, `PARTS`; their vectors are a layer of the store. Both belong to one model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lookalike import image
from lookalike.encoder import Encoder, Vectors
from lookalike.errors import InputError, ModelError, ViewNotFoundError
from lookalike.indexing import Also
from lookalike.library.examples import Asked, combined, in_sizes
from lookalike.library.opening import Model
from lookalike.library.queries import Queries
from lookalike.parts import PARTS as WINDOWS
from lookalike.parts import best, box_of, pooled, scores
from lookalike.stores.base import Catalogue, Hit, Layer, Rows, Scores, View, ViewNote
from lookalike.views import Moments, Projection, whitened

PARTS = "parts"
"""The view in which a query is held against each part of each picture."""

_DRAWN = 200  # pictures, the parts of which tell how parts vary
_GROWN = 4  # times as many pictures as were drawn, where these were fewer
_AT_ONCE = 8  # pictures whose parts are in memory
_NONE = (
    "The parts of pictures are not in this library: run `lookalike index FOLDER --parts`, which "
    "keeps them."
)


_NOT_JUDGED = "Answers by parts are not judged: their scores have a range of their own."


class Making:
    """Makes the rows of the layer; an `Also`."""

    def __init__(self, store: Catalogue, model: Model) -> None:
        self._store = store
        self._model = model
        self._projection: Projection | None = None

    @property
    def layer(self) -> Layer:
        """The layer, as wide as the view."""
        identity, axes = self._model.identity, self._view.axes
        return Layer(PARTS, identity, self._model.name, axes, len(WINDOWS), "int8")

    def ready(self, encoder: Encoder, some: Callable[[int], image.Input]) -> None:
        """Know how parts vary, from what was found out before, or from some pictures. Raises
        ModelError where vectors are no averages of regions."""
        if not encoder.explains:
            raise ModelError(
                f"The model {self._model.name} does not see pictures region by region, so their "
                "parts cannot be kept: `lookalike models` says which ones explain."
            )
        known = _known(self._store, self._model)
        if known is not None and _is_of(known, self._store.count()):
            self._projection = Projection(known.mean, known.matrix)
            return
        drawn = some(_DRAWN)
        self._projection = whitened(Moments.of(_blocks(encoder, drawn), encoder.card.dim))
        about = {"kind": PARTS, "pictures": len(drawn)}
        note = ViewNote.now(PARTS, self._model.identity, about)
        self._store.drop_layer(PARTS)  # rows in another view are of no use
        self._store.keep_view(View(note, self._projection.mean, self._projection.matrix))

    def encode(self, encoder: Encoder, inputs: image.Input) -> tuple[Vectors, Rows]:
        """Prepared pictures → their embeddings (n, dim), and their parts (n, parts, axes)."""
        vectors, maps = encoder.encode_with_regions(inputs)
        return vectors, self._view.of(pooled(maps))

    def lacking(self, store: Catalogue) -> bool:
        """Whether pictures have no parts yet, or too few pictures told how parts vary."""
        known = _known(store, self._model)
        stands = known is not None and _is_of(known, store.count())
        return not stands or bool(len(store.layer_missing(PARTS)))

    @property
    def _view(self) -> Projection:
        if self._projection is None:
            raise RuntimeError("parts are made before it is known how they vary")
        return self._projection


@dataclass(frozen=True, eq=False)
class Look:
    """What is searched for, ``shown`` (sizes, axes) as it looks in each size of a part; some ids
    are no answers to it."""

    store: Catalogue
    model: Model
    shown: Vectors
    without: tuple[int, ...]

    def scores(self) -> Scores:
        """How like it the part of each picture is that is most like it."""
        ids, values = [np.empty(0, np.int64)], [np.empty(0)]
        for some, rows in self.store.layer_blocks(PARTS):
            ids.append(some)
            values.append(np.clip(best(self.shown, rows).astype(np.float64), -1, 1))
        return Scores(np.concatenate(ids), np.concatenate(values))

    @property
    def lacking(self) -> int:
        """How many pictures were not looked at, since they have no parts yet."""
        return len(self.store.layer_missing(PARTS))

    def unjudged(self, lacking: int) -> str:
        """Why answers are not judged, and how many pictures were not looked at."""
        if not lacking:
            return _NOT_JUDGED
        return f"{_NOT_JUDGED} {_number_of(lacking)} no parts yet: index again."

    def boxed(self, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """Hits with the part of each picture that was found."""
        wanted = np.unique(np.array([hit.record.id for hit in hits], np.int64))
        boxes = {
            number: box_of(found)
            for ids, rows in self.store.layer_blocks(PARTS, wanted)
            for number, found in zip(ids.tolist(), scores(self.shown, rows), strict=True)
        }
        return tuple(replace(hit, box=self._box(hit, boxes.get(hit.record.id))) for hit in hits)

    def _box(self, hit: Hit, box: image.Part | None) -> image.Part | None:
        """A box in what the model sees of a picture → one in the upright picture."""
        if box is None or self.model.card is None:
            return None
        size = hit.record.width, hit.record.height
        found = image.part_of(image.seen(size, self.model.card.preprocess), box)
        left, top = max(0.0, found[0]), max(0.0, found[1])
        right, bottom = min(1.0, found[0] + found[2]), min(1.0, found[1] + found[3])
        edges = (left, top, right - left, bottom - top)
        return tuple(round(edge, 6) for edge in edges)  # type: ignore[return-value]


class Partwise:
    """Knows the parts of one library; may be used from many threads."""

    def __init__(self, store: Catalogue, model: Model, queries: Queries) -> None:
        self._store = store
        self._model = model
        self._queries = queries

    @property
    def kept(self) -> bool:
        """Whether the parts of pictures are kept, for the present model."""
        return _known(self._store, self._model) is not None

    def wanted(self, parts: bool | None) -> Also | None:
        """What makes them while pictures are indexed, where they are wanted now, or were before;
        where they are wanted no more, they are forgotten."""
        if parts is False:
            self._store.drop_view(PARTS)
            self._store.drop_layer(PARTS)
        return Making(self._store, self._model) if parts or self.kept else None

    def look(self, query: Asked | None) -> Look:
        """A question as the parts of pictures are asked.

        Raises: ViewNotFoundError where none are kept; InputError where nothing is asked; as
            `Library.search` for the pictures.
        """
        known = _known(self._store, self._model)
        if known is None:
            raise ViewNotFoundError(_NONE)
        if query is None:
            raise InputError("There is nothing to look for within pictures: give a picture.")
        projection = Projection(known.mean, known.matrix)
        rows, weights, without = in_sizes(self._queries, query)
        every = [projection.of(row) for row in rows]
        sizes = zip(*every, strict=True)
        shown = np.stack([combined(list(size), weights) for size in sizes])
        return Look(self._store, self._model, shown, without)


def _number_of(pictures: int) -> str:
    return "1 picture has" if pictures == 1 else f"{pictures:,} pictures have"


def _known(store: Catalogue, model: Model) -> View | None:
    """The view of parts, where it is the present model's."""
    found = store.view(PARTS)
    return found if found is not None and found.note.identity == model.identity else None


def _is_of(known: View, count: int) -> bool:
    """Whether a view was drawn from as many pictures as a library has by now, more or less."""
    drawn = known.note.about.get("pictures")
    return isinstance(drawn, int) and (drawn >= _DRAWN // 2 or count < _GROWN * max(drawn, 1))


def _blocks(encoder: Encoder, inputs: image.Input) -> Iterator[Rows]:
    """The parts (n, dim) of pictures, a few pictures at a time."""
    for start in range(0, len(inputs), _AT_ONCE):
        _, maps = encoder.encode_with_regions(inputs[start : start + _AT_ONCE])
        yield pooled(maps).reshape(-1, maps.shape[3])
