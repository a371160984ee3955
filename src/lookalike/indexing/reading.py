"""Files → pictures with their embeddings, a few files a thread, in the order of the files."""

from __future__ import annotations

import hashlib
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

from lookalike import folder, image, isolation
from lookalike.encoder import Encoder, usable_cores
from lookalike.errors import DecoderEndedError, ImageError
from lookalike.folder import ImageFile, Patience
from lookalike.indexing import steady
from lookalike.indexing.also import Also
from lookalike.indexing.crew import Crew
from lookalike.indexing.room import Room
from lookalike.stores.base import Catalogue, Embedding, Record, Rows, SkippedFile

_LOG = logging.getLogger(__name__)
BATCH = 16  # pictures in one transaction
# Files that a thread takes at a time: it reads them all before it encodes them all, so that the
# code and the data of either stay in the caches of its core for a while.
_AT_ONCE = 8
NEVER = -1  # a time that no file has: what the system refused to read is tried at every run


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture that the library did not know, with its embedding (dim,), and the vectors
    (per_image, dim) that it has beside it, where there are such."""

    record: Record
    embedding: Embedding
    beside: Rows | None = None


@dataclass(frozen=True, slots=True)
class Reused:
    """A picture whose content the library knows already, with the embedding (dim,) it has."""

    record: Record
    embedding: Embedding


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that is no picture for us; ``passing`` where another try may succeed as it is."""

    file: ImageFile
    reason: str
    passing: bool = False

    def remembered(self, tried_with: str) -> SkippedFile:
        """What the library keeps of it."""
        mtime_ns = NEVER if self.passing else self.file.mtime_ns
        return SkippedFile(
            self.file.root,
            self.file.relative,
            self.file.size,
            mtime_ns,
            self.reason,
            tried_with,
        )


Loaded = Encoded | Reused | Failed


class Reader:
    """Reads and encodes files; what the store, if any, knows by content is neither decoded nor
    encoded. What pictures have beside their embeddings, ``also`` makes."""

    def __init__(
        self,
        store: Catalogue | None,
        encoder: Encoder,
        max_pixels: int,
        also: Also | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._max_pixels = max_pixels
        self._also = also
        self._room = Room()
        self._patience = patience or Patience()

    def batches(self, files: Iterable[ImageFile]) -> Iterator[list[Loaded]]:
        """The files in their order, in lists of `BATCH`.

        A thread for each core takes a few files at a time through all that has to be done. The
        threads stay a bounded way ahead of the caller, who commits meanwhile.
        """
        coming, threads = iter(files), usable_cores()
        waiting: deque[Future[list[Loaded]]] = deque()
        with Crew(threads, self._patience) as crew:

            def submit() -> None:
                if some := list(islice(coming, _AT_ONCE)):
                    waiting.append(crew.submit(partial(self.load, some)))

            def results() -> Iterator[list[Loaded]]:
                while waiting:
                    yield crew.result(waiting.popleft())
                    submit()

            for _ in range(3 * threads + BATCH // _AT_ONCE):
                submit()
            loaded = chain.from_iterable(results())
            while batch := list(islice(loaded, BATCH)):
                yield batch

    def load(self, files: Sequence[ImageFile]) -> list[Loaded]:
        """A few files, whatever they are. Raises ModelError."""
        inputs = self._encoder.inputs(len(files))
        found: list[Record | Reused | Failed] = []
        fresh = 0
        with image.quiet():  # entered once for all of them
            for file in files:
                found.append(one := self._read(file, inputs[fresh]))
                fresh += isinstance(one, Record)
        rows = iter(self._encode(inputs[:fresh]))
        return [Encoded(one, *next(rows)) if isinstance(one, Record) else one for one in found]

    def prepared(self, files: Sequence[ImageFile]) -> image.Input:
        """Those of some files that can be read, and that the store does not know, prepared for the
        encoder. Raises FolderSilentError."""
        if not files:
            return self._encoder.inputs(0)
        return self._patience.ask(files[0].root, partial(self._prepared, files))

    def _prepared(self, files: Sequence[ImageFile]) -> image.Input:
        inputs = self._encoder.inputs(len(files))
        fresh = 0
        with image.quiet():
            for file in files:
                fresh += isinstance(self._read(file, inputs[fresh]), Record)
        return inputs[:fresh]

    def _encode(self, inputs: image.Input) -> Iterable[tuple[Embedding, Rows | None]]:
        if self._also is None:
            return ((row, None) for row in self._encoder.encode(inputs))
        return zip(*self._also.encode(self._encoder, inputs), strict=True)

    def _read(self, file: ImageFile, into: image.Input) -> Record | Reused | Failed:
        """One file; the pixels of a picture that must be encoded go into one row of its input."""
        try:
            with self._patience.asking(os.path.dirname(file.path)):  # noqa: PTH120 - once a file
                return self._looked_at(file, into)
        except DecoderEndedError as error:
            return Failed(file, str(error), passing=True)
        except ImageError as error:
            return Failed(file, str(error))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            _LOG.info("%s cannot be read: %s", folder.printable(file.path), reason)
            return Failed(file, f"cannot be read: {reason}", passing=True)

    def _looked_at(self, file: ImageFile, into: image.Input) -> Record | Reused | Failed:
        before = steady.seen(file)
        content, digest = content_of(file)
        with folder.elsewhere():
            known = self._known(file, digest)
        if known is not None:
            return known
        with folder.elsewhere():  # a decoder has limits of its own
            described = isolation.describe(
                content,
                max_pixels=self._max_pixels,
                preprocess=self._encoder.card.preprocess,
                out=into,
                room=self._room.taken,
                seconds=isolation.SECONDS,
            )
        if isinstance(content, Path) and not steady.is_still(file, before, digest):
            return Failed(file, steady.CHANGED, passing=True)
        return record_of(file, digest, described)

    def _known(self, file: ImageFile, digest: str) -> Reused | None:
        if self._store is None:
            return None
        twin = self._store.find_content(digest)
        embedding = self._store.embedding(twin.id) if twin else None
        if twin is None or embedding is None or not embedding.any():
            return None
        # The batch before may have been committed since, and the twin be another picture now.
        still = self._store.get(twin.id)
        if still is None or still.digest != digest:
            return None
        return Reused(_placed(twin, file), embedding)


def means(max_pixels: int) -> str:
    """What files are tried with: another limit, or a decoder more, is worth another try."""
    return f"{max_pixels} {image.decoders()}"


def record_of(file: ImageFile, digest: str, picture: isolation.Described) -> Record:
    """What the library keeps of a picture besides its embedding."""
    return Record(
        root=file.root,
        relative=file.relative,
        size=file.size,
        mtime_ns=file.mtime_ns,
        digest=digest,
        width=picture.width,
        height=picture.height,
        format=picture.format,
        taken=picture.taken,
        camera=picture.camera,
        latitude=picture.latitude,
        longitude=picture.longitude,
    )


def content_of(file: ImageFile) -> tuple[bytes | Path, str]:
    """What `lookalike.isolation` reads, and its SHA-256. Raises OSError."""
    if file.size > isolation.AT_HAND:
        return file.path, folder.digest(file.path)
    content = file.path.read_bytes()
    return content, hashlib.sha256(content).hexdigest()


def _placed(record: Record, file: ImageFile) -> Record:
    return replace(
        record, root=file.root, relative=file.relative, size=file.size, mtime_ns=file.mtime_ns, id=0
    )
