"""The pictures of a store and an encoder → their vectors in a layer; events on the way."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import numpy as np

from lookalike.encoder import Encoder
from lookalike.folder import ImageFile
from lookalike.image import Input
from lookalike.indexing.also import Also
from lookalike.indexing.events import Built, Progress, Skipped
from lookalike.indexing.options import Options
from lookalike.indexing.reading import Encoded, Failed, Loaded, Reader
from lookalike.stores.base import Catalogue, Ids, Rows

_CHANGED = "has changed since it was indexed: index its folder again"


def fill(store: Catalogue, also: Also, encoder: Encoder, options: Options) -> Built:
    """Have a layer hold the rows of every picture that it lacks and that can be read.

    Nobody is kept out meanwhile: each batch is a short transaction, and a picture that changes or
    goes while it is read is passed over. What was written stays, however the run ends.

    Raises: LibraryError; InputError where the layer is dropped meanwhile.
    """
    run = _Filling(store, also, encoder, options)
    run.all()
    built = run.built()
    options.on_event(built)
    return built


class _Filling:
    """One run: what it has done so far, and how it goes on."""

    def __init__(self, store: Catalogue, also: Also, encoder: Encoder, options: Options) -> None:
        self._store = store
        self._options = options
        self._reader = Reader(None, encoder, options.max_pixels, also, options.patient())
        self._known: dict[tuple[str, str], tuple[int, str]] = {}  # of the files on their way
        self._skipped: list[Skipped] = []
        self._added = 0
        self._started = time.monotonic()
        also.ready(encoder, self._some)
        self._layer = also.layer
        store.begin_layer(self._layer)

    def all(self) -> None:
        """Read and encode all that are missing."""
        images, done = self._store.layer_missing(self._layer.name), 0
        self._options.on_event(Progress.since(self._started, done, len(images)))
        for batch in self._reader.batches(self._files(images)):
            self._keep(batch)
            done += len(batch)
            self._options.on_event(Progress.since(self._started, done, len(images)))
            if self._stopping():
                return

    def built(self) -> Built:
        """What has been done so far."""
        seconds = time.monotonic() - self._started
        return Built(
            model=self._layer.model,
            added=self._added,
            missing=len(self._store.layer_missing(self._layer.name)),
            skipped=tuple(self._skipped),
            seconds=round(seconds, 3),
            images_per_second=round(self._added / max(seconds, 1e-9), 1),
            stopped=self._stopping(),
        )

    def _some(self, n: int) -> Input:
        """Up to n of the pictures, from all over the library."""
        images = self._store.versions()[0]
        some = images[:: -(-len(images) // n) or 1]
        found = self._reader.prepared(list(self._files(some)))
        self._known.clear()
        return found

    def _files(self, images: Ids) -> Iterator[ImageFile]:
        for image in images.tolist():
            record = self._store.get(image)
            if record is not None:
                self._known[record.root, record.relative] = image, record.digest
                yield ImageFile(record.root, record.relative, record.size, record.mtime_ns)

    def _keep(self, batch: list[Loaded]) -> None:
        kept: list[tuple[int, str, Rows]] = []
        for one in batch:
            if isinstance(one, Failed):
                self._known.pop((one.file.root, one.file.relative))
                self._skip(one.file.path, one.reason)
                continue
            image, digest = self._known.pop((one.record.root, one.record.relative))
            if one.record.digest != digest:
                self._skip(one.record.path, _CHANGED)
            elif isinstance(one, Encoded) and one.beside is not None:
                kept.append((image, digest, one.beside))
        if kept:
            rows = np.stack([one[2] for one in kept])
            ids, digests = [one[0] for one in kept], [one[1] for one in kept]
            self._added += self._store.write_layer(self._layer.name, ids, digests, rows)

    def _skip(self, path: str | os.PathLike[str], reason: str) -> None:
        event = Skipped(os.fspath(path), reason)
        self._skipped.append(event)
        self._options.on_event(event)

    def _stopping(self) -> bool:
        return self._options.stop is not None and self._options.stop.is_set()
