"""A library's store → its pictures as a view shows them, their neighbours, and scores there."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lookalike import neighbours
from lookalike.errors import InputError, ModelMismatchError, ViewNotFoundError
from lookalike.library.partwise import PARTS
from lookalike.neighbours import Empty, Graph, Smoothed
from lookalike.stores.base import Catalogue, Embedding, Ids, Matrix, Record, Scores, View
from lookalike.views import Moments, Projection, whitened

WHITENED = "whitened"
"""The view that needs no labels; every library has it."""

MOST_NEIGHBOURS = neighbours.MOST

_KNOWN_BY = 20_000  # pictures that are enough to know by how a library's embeddings vary
_NEW = 0.2  # of the pictures, after which all is made anew
_NEW_OF_MANY = 0.05  # where each would be held against so many that this takes longer
_AT_ONCE = 3  # spaces that are kept in memory
_ARRAYS = ("ids", "versions", "rows", "near", "cosines", "mean", "matrix")


@dataclass(frozen=True, eq=False)
class Space:
    """The pictures of a library as a view shows them, with their neighbours there. ``drawn`` is how
    many there were when all was made."""

    projection: Projection
    graph: Graph
    drawn: int
    focus: Matrix | None = None
    _smoothed: dict[int, Smoothed] = field(default_factory=dict)

    def smoothed(self, count: int) -> Smoothed:
        """Each picture with so many of its neighbours."""
        if count not in self._smoothed:
            self._smoothed[count] = Smoothed.of(self.graph, count)
        return self._smoothed[count]

    def scores(self, query: Embedding | None, count: int, without: Collection[int]) -> Scores:
        """The scores of all pictures for an embedding (dim,), or for the focus of the view alone;
        the query is expanded with as many neighbours as each picture is smoothed with, but for
        some ids. Raises InputError where there is neither."""
        smoothed = self.smoothed(count)
        expanded = smoothed.expanded(self._towards(query), without)
        return Scores(np.asarray(self.graph.ids), smoothed.scores(expanded))

    def _towards(self, query: Embedding | None) -> Embedding:
        """A picture and what is wanted count the same."""
        if query is None:
            if self.focus is None:
                raise InputError(
                    "There is nothing to search with: give a picture, or a view that was learned "
                    "from what is liked."
                )
            return self.focus
        found = self.projection.of(query)
        if self.focus is None:
            return found
        both: Embedding = found + self.focus
        return both / (np.linalg.norm(both) or np.float32(1))

    def rows(self, records: Sequence[Record], count: int) -> Embedding:
        """The unit vectors (n, axes) that pictures stand for, in their order; zeros for one that
        has just come."""
        found = self.smoothed(count).rows()
        places = {image: row for row, image in enumerate(self.graph.ids.tolist())}
        at = np.array([places.get(record.id, -1) for record in records], np.intp)
        found = np.concatenate([found, np.zeros((1, found.shape[1]), np.float32)])
        return found[at]


class Spaces:
    """Knows the spaces of one library, and follows it; may be used from many threads.

    What there is to know of a space lies in the cache; where the library is read only, it is made
    again for each process.
    """

    def __init__(self, store: Catalogue, identity: Callable[[], str]) -> None:
        self._store = store
        self._identity = identity
        self._guard = threading.Lock()
        self._kept: dict[str, tuple[str, str | None, Space]] = {}

    @property
    def _cache(self) -> Path:
        return self._store.folder / "cache"

    def find(self, view: str | None) -> Space:
        """The space of a view, `WHITENED` where none is named, as the library is now.

        Raises: ViewNotFoundError; InputError for `PARTS`, which is no space of pictures;
            ModelMismatchError where it is another model's.
        """
        name = view or WHITENED
        if name == PARTS:
            raise InputError(
                "The view 'parts' finds things within pictures: it is for searching, and without "
                "neighbours."
            )
        if name == WHITENED:
            with self._guard:
                return self._brought(name, None)
        learned = self._learned(name)
        with self._guard:
            space = self._brought(name, Projection(learned.mean, learned.matrix))
        return replace(space, focus=learned.focus)

    def plain(self) -> Projection:
        """The projection of `WHITENED`."""
        with self._guard:
            kept = self._kept.get(WHITENED)
        return kept[2].projection if kept else self._whitened(self._store.versions()[0])

    def forget(self, view: str) -> None:
        """Let go of a view's space, which is another one from now on or none."""
        with self._guard:
            self._kept.pop(view, None)
            if not self._store.read_only:
                neighbours.drop(self._cache, _file(view))

    def _learned(self, name: str) -> View:
        found = self._store.view(name)
        if found is None:
            known = ", ".join([WHITENED, *(note.name for note in self._store.views())])
            raise ViewNotFoundError(f"There is no view {name!r} in this library: it has {known}.")
        if found.note.identity != self._identity():
            raise ModelMismatchError(
                f"The view {name!r} was learned for another model than the library's: learn it "
                "again, or go back to that model with `lookalike upgrade`."
            )
        return found

    def _brought(self, name: str, projection: Projection | None) -> Space:
        state = _state(self._identity(), projection)
        revision = self._store.settings().get("revision")  # before it is read what there is
        kept = self._kept.pop(name, None)
        space = kept[2] if kept and kept[0] == state else self._load(name, state)
        if space is None or not kept or kept[:2] != (state, revision):
            space = self._as_it_is_now(name, state, space, projection)
        self._kept[name] = state, revision, space
        while len(self._kept) > _AT_ONCE:
            self._kept.pop(next(iter(self._kept)))
        return space

    def _as_it_is_now(
        self, name: str, state: str, known: Space | None, projection: Projection | None
    ) -> Space:
        ids, versions = self._store.versions()
        if known is None:
            space = self._made(projection, ids, versions)
        else:
            space = self._followed(known, projection, ids, versions)
        if space is known:
            return space
        self._save(name, state, space)
        return self._load(name, state) or space  # whose arrays take no memory of this process

    def _made(self, projection: Projection | None, ids: Ids, versions: Ids) -> Space:
        chosen = projection or self._whitened(ids)
        there, rows = self._rows(chosen, ids)
        own = versions[np.searchsorted(ids, there)]
        graph = Graph.of(there, own, rows, empty=self._empty)
        return Space(chosen, graph, len(graph))

    def _whitened(self, ids: Ids) -> Projection:
        """Of pictures from all over the library: those of one folder are often alike."""
        some = ids[:: math.ceil(len(ids) / _KNOWN_BY) or 1]
        blocks = (rows for _, rows in self._store.embedding_blocks(some))
        return whitened(Moments.of(blocks, self._store.dim))

    def _followed(
        self, space: Space, projection: Projection | None, ids: Ids, versions: Ids
    ) -> Space:
        """The space of the library as it is now; the same where that is as it was."""
        standing = space.graph.standing(ids, versions)
        stays, missing = standing.rows, standing.missing
        gone = len(space.graph) - len(stays)
        if not gone and not len(missing):
            return space
        many = len(missing) > _NEW_OF_MANY * len(ids) > _NEW_OF_MANY * neighbours.EXACT
        if many or max(len(missing), gone, len(ids) - space.drawn) > _NEW * space.drawn:
            return self._made(projection, ids, versions)
        there, rows = self._rows(space.projection, missing)
        own = versions[np.searchsorted(ids, there)]
        graph = space.graph.changed(stays, there, own, rows, empty=self._empty)
        return Space(space.projection, graph, space.drawn)

    def _rows(self, projection: Projection, ids: Ids) -> tuple[Ids, Embedding]:
        """Some pictures as a projection shows them; those that have just been removed are left
        out."""
        there: list[Ids] = [np.empty(0, np.int64)]
        rows, done = self._empty((len(ids), projection.axes), np.float32), 0
        for some, block in self._store.embedding_blocks(ids):
            there.append(some)
            rows[done : done + len(some)] = projection.of(block)
            done += len(some)
        return np.concatenate(there), rows[:done]

    @property
    def _empty(self) -> Empty:
        """Room for what is as long as the library."""
        read_only = self._store.read_only
        return neighbours.in_files(None if read_only else neighbours.folder_in(self._cache))

    # ---- the cache

    def _load(self, name: str, state: str) -> Space | None:
        found = neighbours.load(self._cache, _file(name), state)
        return None if found is None else _space(found)

    def _save(self, name: str, state: str, space: Space) -> None:
        if self._store.read_only:
            return
        graph, projection = space.graph, space.projection
        arrays: dict[str, npt.NDArray[Any]] = {
            one: getattr(projection if one in ("mean", "matrix") else graph, one) for one in _ARRAYS
        }
        arrays["drawn"] = np.array(space.drawn)
        neighbours.save(self._cache, _file(name), state, arrays)


def check_neighbours(count: int) -> None:
    """Raise InputError where pictures cannot have so many neighbours."""
    if not 0 <= count <= MOST_NEIGHBOURS:
        raise InputError(f"neighbours is a number from 0 to {MOST_NEIGHBOURS}, not {count}.")


def _space(arrays: Mapping[str, npt.NDArray[Any]]) -> Space | None:
    graph = Graph(*(arrays[one] for one in _ARRAYS[:5]))
    shapes = [(len(arrays["ids"]),)] * 2 + [(len(arrays["ids"]), MOST_NEIGHBOURS)] * 2
    if [arrays[one].shape for one in ("ids", "versions", "near", "cosines")] != shapes:
        return None
    return Space(Projection(arrays["mean"], arrays["matrix"]), graph, int(arrays["drawn"]))


def _file(view: str) -> str:
    """What a view's files are called: a name may hold what no file's may."""
    return "v" + hashlib.sha256(view.encode()).hexdigest()[:16]


def _state(identity: str, projection: Projection | None) -> str:
    """Another text for whatever makes another space."""
    if projection is None:
        return identity
    digest = hashlib.sha256(projection.mean.tobytes() + projection.matrix.tobytes())
    return f"{identity} {digest.hexdigest()}"
