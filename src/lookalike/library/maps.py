"""A library's store → a plane with a place for every picture, and the clusters on it by name."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike import mapping
from lookalike.encoder import usable_cores
from lookalike.errors import InputError
from lookalike.library.mapnames import names_of
from lookalike.library.opening import Model
from lookalike.mapping import Chart, Drawing, Places, Source
from lookalike.stores.base import Catalogue, Ids, Record


@dataclass(frozen=True, slots=True)
class Cluster:
    """Pictures that lie close together: how many, the one in their ``middle`` (None where it has
    just been removed), and the ``name`` of what most of them and few others have in common, a tag
    or else a folder; None where that is nothing."""

    name: str | None
    images: int
    middle: Record | None


@dataclass(frozen=True, eq=False)
class Plane:
    """The pictures with a place, ``ids`` (n,): ``places`` (n, 2) from 0 to 1, to the right and
    upwards; ``belongs`` (n,) is the number of each one's cluster, -1 for none, and ``middles``
    (clusters,) the row of the picture in the middle of each.

    ``method`` is how it was laid out, None where nothing was drawn yet. ``waiting`` pictures have
    no place yet. ``version`` is another text as soon as anything of this is different.
    """

    method: str | None
    ids: Ids
    places: Places
    belongs: npt.NDArray[np.int32]
    middles: npt.NDArray[np.intp]
    waiting: int
    version: str


@dataclass(frozen=True, eq=False)
class PictureMap:
    """A `Plane`, and what is known of its ``clusters``. ``version`` is another text as soon as
    anything of either is different; the rest is the plane's own."""

    plane: Plane
    clusters: tuple[Cluster, ...]
    version: str

    def __len__(self) -> int:
        return len(self.plane.ids)

    @property
    def method(self) -> str | None:
        """How it was laid out; None where nothing was drawn yet."""
        return self.plane.method

    @property
    def ids(self) -> Ids:
        """The pictures with a place (n,)."""
        return self.plane.ids

    @property
    def places(self) -> Places:
        """Their places (n, 2)."""
        return self.plane.places

    @property
    def belongs(self) -> npt.NDArray[np.int32]:
        """The number of each one's cluster (n,), -1 for none."""
        return self.plane.belongs

    @property
    def waiting(self) -> int:
        """How many pictures have no place yet."""
        return self.plane.waiting


_State = tuple[str, tuple[int, int]]
_Naming = tuple[str, ...]
_NAMING = ("revision", "moved", "marked")
"""Settings that tell when embeddings, places or marks were last changed."""


class MapOf:
    """What a `Library` knows of the map of its pictures."""

    _store: Catalogue
    _model: Model
    _chart: tuple[tuple[int, int], Chart | None] | None = None
    _plane: tuple[_State, Plane] | None = None
    _map: tuple[_Naming, PictureMap] | None = None

    def map(
        self,
        *,
        draw: bool = True,
        rebuild: bool = False,
        method: str | None = None,
        threads: int | None = None,
        on_step: Callable[[Drawing], None] = lambda _drawing: None,
        stop: threading.Event | None = None,
    ) -> PictureMap:
        """All pictures on a plane where similar ones lie together.

        ``method`` is ``neighbours``, which needs one more package, or ``components``; None is the
        best there is. A map is kept in the cache. New pictures are placed among their neighbours,
        and all are laid out again when a fifth of them is new, or with ``rebuild``. Without
        ``draw``, what was drawn before is told. ``threads`` is how many cores may be used. What
        ``stop`` ends leaves the map as it was.

        Raises: InputError where there is no such method; MissingExtraError; LibraryError.
        """
        if method not in (None, *mapping.METHODS):
            raise InputError(f"{method!r} is no method: choose {' or '.join(mapping.METHODS)}.")
        if draw:
            self._draw(method, rebuild, threads or usable_cores(), on_step, stop)
        return self._current()

    def _draw(
        self,
        method: str | None,
        rebuild: bool,
        threads: int,
        tell: Callable[[Drawing], None],
        stop: threading.Event | None,
    ) -> None:
        ids, versions = self._store.versions()
        blocks = self._store.embedding_blocks
        source = Source(ids, versions, self._store.dim, blocks, threads, tell, stop)
        known = None if rebuild else self._known_chart()
        drawn = mapping.draw(source, known, method) if len(ids) else None
        if drawn is not None and drawn is not known:
            if not self._store.read_only:
                mapping.save(self._store.folder / "cache", self._model.identity, drawn)
            self._chart = self._stamp(), drawn

    def _stamp(self) -> tuple[int, int]:
        """Changes with the file of the chart, whoever writes it."""
        try:
            found = os.stat(mapping.file_in(self._store.folder / "cache"))  # noqa: PTH116
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_ino

    def _known_chart(self) -> Chart | None:
        stamp = self._stamp()
        if self._chart is None or self._chart[0] != stamp:
            chart = mapping.load(self._store.folder / "cache", self._model.identity)
            self._chart = stamp, chart
        return self._chart[1]

    def _current(self) -> PictureMap:
        """The map as it fits the library now; its clusters are named again when pictures have
        moved, or were marked."""
        plane = self.plane()
        settings = self._store.settings()
        state = (plane.version, *(settings.get(name, "") for name in _NAMING))
        if self._map is None or self._map[0] != state:
            self._map = state, self._named(plane, state)
        return self._map[1]

    def plane(self) -> Plane:
        """The points of the map alone, as `map` tells them without drawing; they are made again
        when pictures or the chart have changed, and stay as they are whatever is marked.

        Raises: LibraryError.
        """
        revision = self._store.settings().get("revision", "")
        chart = self._known_chart()
        state = revision, self._stamp()
        if self._plane is None or self._plane[0] != state:
            ids, versions = self._store.versions()
            standing = mapping.standing(chart, ids, versions)
            self._plane = state, _made(chart, standing.rows, len(standing.missing), state)
        return self._plane[1]

    def _named(self, plane: Plane, state: _Naming) -> PictureMap:
        middles = plane.middles.tolist()
        named = names_of(plane.ids, plane.belongs, self._store) if middles else []
        sizes = np.bincount(plane.belongs[plane.belongs >= 0], minlength=len(middles)).tolist()
        records = [self._store.get(int(plane.ids[row])) for row in middles]
        clusters = map(Cluster, named, sizes, records)
        return PictureMap(plane, tuple(clusters), _fingerprint(state))


def _made(chart: Chart | None, rows: npt.NDArray[np.intp], waiting: int, state: _State) -> Plane:
    """The pictures in some rows (n,) of a chart, in the frame."""
    places, ids = np.empty((0, 2), np.float32), np.empty(0, np.int64)
    if chart is not None and len(rows):
        places, ids = _in_frame(chart.places[rows]), chart.ids[rows]
    found = mapping.clusters_of(places)
    return Plane(
        method=chart.method if chart is not None and len(rows) else None,
        ids=ids,
        places=places,
        belongs=found.belongs,
        middles=found.middles,
        waiting=waiting,
        version=_fingerprint(state),
    )


def _fingerprint(state: object) -> str:
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]


def _in_frame(places: Places) -> Places:
    """Places between 0 and 1, the narrower side in the middle; nothing is stretched."""
    low, high = places.min(axis=0), places.max(axis=0)
    size = float((high - low).max()) or 1.0
    framed: Places = ((places - (low + high) / 2) / size + 0.5).clip(0, 1).astype(np.float32)
    return framed
