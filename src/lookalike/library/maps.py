"""A library's store → a plane with a place for every picture, and the clusters on it by name."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike import mapping
from lookalike.encoder import usable_cores
from lookalike.errors import InputError
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
class PictureMap:
    """The pictures with a place, ``ids`` (n,): ``places`` (n, 2) from 0 to 1, to the right and
    upwards; ``belongs`` (n,) is the number of each one's cluster, -1 for none.

    ``method`` is how it was laid out, None where nothing was drawn yet. ``waiting`` pictures have
    no place yet. ``version`` is another text as soon as anything of this is different.
    """

    method: str | None
    ids: Ids
    places: Places
    belongs: npt.NDArray[np.int32]
    clusters: tuple[Cluster, ...]
    waiting: int
    version: str

    def __len__(self) -> int:
        return len(self.ids)


_State = tuple[tuple[str, ...], tuple[int, int]]
_CHANGES = ("revision", "moved", "marked")
"""Settings that tell when embeddings, places or marks were last changed."""


class MapOf:
    """What a `Library` knows of the map of its pictures."""

    _store: Catalogue
    _model: Model
    _chart: tuple[tuple[int, int], Chart | None] | None = None
    _map: tuple[_State, PictureMap] | None = None

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
        """The map as it fits the library now; it is made again when one of the two has changed."""
        settings = self._store.settings()
        chart = self._known_chart()
        state = tuple(settings.get(name, "") for name in _CHANGES), self._stamp()
        if self._map is None or self._map[0] != state:
            ids, versions = self._store.versions()
            standing = mapping.standing(chart, ids, versions)
            self._map = state, self._made(chart, standing.rows, len(standing.missing), state)
        return self._map[1]

    def _made(
        self, chart: Chart | None, rows: npt.NDArray[np.intp], waiting: int, state: _State
    ) -> PictureMap:
        places, ids = np.empty((0, 2), np.float32), np.empty(0, np.int64)
        if chart is not None and len(rows):
            places, ids = _in_frame(chart.places[rows]), chart.ids[rows]
        found = mapping.clusters_of(places)
        return PictureMap(
            method=chart.method if chart is not None and len(rows) else None,
            ids=ids,
            places=places,
            belongs=found.belongs,
            clusters=tuple(self._clusters(ids, found)),
            waiting=waiting,
            version=hashlib.sha256(repr(state).encode()).hexdigest()[:16],
        )

    def _clusters(self, ids: Ids, found: mapping.Clusters) -> Iterator[Cluster]:
        """The clusters with what is known of them."""
        rows = {image: row for row, image in enumerate(ids.tolist())}
        middles = set(found.middles.tolist())
        records: dict[int, Record] = {}
        inside: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        contents: defaultdict[str, list[int]] = defaultdict(list)
        for record in self._store.records() if middles else ():
            row = rows.get(record.id)
            if row is not None:
                inside[record.root, record.relative.rpartition("/")[0]].append(row)
                contents[record.digest].append(row)
                if row in middles:
                    records[row] = record
        tags = mapping.telling(*self._tags(contents), found.belongs)
        folders = mapping.telling(*_folders(inside), found.belongs)
        sizes = np.bincount(found.belongs[found.belongs >= 0], minlength=len(middles)).tolist()
        middle_rows = found.middles.tolist()
        for tag, folder, size, row in zip(tags, folders, sizes, middle_rows, strict=True):
            yield Cluster(tag or folder, size, records.get(row))

    def _tags(self, contents: dict[str, list[int]]) -> tuple[list[str], list[npt.NDArray[np.intp]]]:
        """The pictures of each content → all tags, and the pictures that bear each."""
        bearing: defaultdict[str, list[int]] = defaultdict(list)
        if self._store.count_marks().tags:
            for digest, marks in self._store.marks(contents.keys()).items():
                for tag in marks.tags:
                    bearing[tag] += contents[digest]
        return list(bearing), [np.array(rows, np.intp) for rows in bearing.values()]


def _in_frame(places: Places) -> Places:
    """Places between 0 and 1, the narrower side in the middle; nothing is stretched."""
    low, high = places.min(axis=0), places.max(axis=0)
    size = float((high - low).max()) or 1.0
    framed: Places = ((places - (low + high) / 2) / size + 0.5).clip(0, 1).astype(np.float32)
    return framed


def _folders(
    inside: dict[tuple[str, str], list[int]],
) -> tuple[list[str], list[npt.NDArray[np.intp]]]:
    """The pictures directly in each folder → those in it and below, of every folder, and the
    folder's own name."""
    below: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for (root, folder), rows in inside.items():
        below[root, ""] += rows
        parts = folder.split("/") if folder else []
        for depth in range(len(parts)):
            below[root, "/".join(parts[: depth + 1])] += rows
    names = [
        (folder or os.path.basename(root)).rpartition("/")[2]  # noqa: PTH119 - stays a str
        for root, folder in below
    ]
    return names, [np.array(rows, np.intp) for rows in below.values()]
