"""Files → pictures ready for the encoder, read ahead in threads, in the order of the files."""

from __future__ import annotations

import hashlib
import logging
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lookalike import folder, image
from lookalike.encoder import usable_cores
from lookalike.errors import ImageError
from lookalike.folder import ImageFile
from lookalike.image import Preprocess
from lookalike.stores.base import Catalogue, Embedding, Record, SkippedFile

_LOG = logging.getLogger(__name__)
BATCH = 16  # pictures in one run of the encoder, and in one transaction
_LOOK_AHEAD = 2 * BATCH  # files that may be read before the encoder asks for them
_IN_MEMORY = 64 << 20  # bytes: a larger file is read twice from its path instead of being held
NEVER = -1  # a time that no file has: what the system refused to read is tried at every run


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture that the encoder has not seen; ``pixels`` is one row of its input."""

    record: Record
    pixels: npt.NDArray[np.float32]


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


Loaded = Decoded | Reused | Failed


class Reader:
    """Reads files for one model; what the store knows by content is not decoded again."""

    def __init__(self, store: Catalogue, preprocess: Preprocess, max_pixels: int) -> None:
        self._store = store
        self._preprocess = preprocess
        self._max_pixels = max_pixels

    def batches(self, files: Sequence[ImageFile]) -> Iterator[list[Loaded]]:
        """The files in their order, in lists of `BATCH`; threads stay a bounded way ahead."""
        waiting: deque[Future[Loaded]] = deque()
        coming = iter(files)
        with ThreadPoolExecutor(usable_cores(), thread_name_prefix="read") as pool:
            try:
                batch: list[Loaded] = []
                for file in coming:
                    waiting.append(pool.submit(self.load, file))
                    if len(waiting) > _LOOK_AHEAD:
                        batch.append(waiting.popleft().result())
                    if len(batch) == BATCH:
                        yield batch
                        batch = []
                batch += [future.result() for future in waiting]
                for start in range(0, len(batch), BATCH):
                    yield batch[start : start + BATCH]
            finally:
                pool.shutdown(cancel_futures=True)

    def load(self, file: ImageFile) -> Loaded:
        """One file, whatever it is."""
        try:
            return self._load(file)
        except ImageError as error:
            return Failed(file, str(error))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            _LOG.info("%s cannot be read: %s", folder.printable(file.path), reason)
            return Failed(file, f"cannot be read: {reason}", passing=True)

    def _load(self, file: ImageFile) -> Loaded:
        content, digest = content_of(file)
        if known := self._known(file, digest):
            return known
        near = self._preprocess.near
        picture = image.read(content, max_pixels=self._max_pixels, near=near)
        pixels = image.to_input(picture.image, self._preprocess)
        return Decoded(record_of(file, digest, picture), pixels)

    def _known(self, file: ImageFile, digest: str) -> Reused | None:
        twin = self._store.find_content(digest)
        embedding = self._store.embedding(twin.id) if twin else None
        if twin is None or embedding is None:
            return None
        # The batch before may have been committed since, and the twin be another picture now.
        still = self._store.get(twin.id)
        if still is None or still.digest != digest:
            return None
        return Reused(_placed(twin, file), embedding)


def means(max_pixels: int) -> str:
    """What files are tried with: another limit, or a decoder more, is worth another try."""
    return f"{max_pixels} {image.decoders()}"


def record_of(file: ImageFile, digest: str, picture: image.Picture) -> Record:
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
    """What `lookalike.image.read` reads, and its SHA-256. Raises OSError."""
    if file.size > _IN_MEMORY:
        return file.path, folder.digest(file.path)
    content = file.path.read_bytes()
    return content, hashlib.sha256(content).hexdigest()


def _placed(record: Record, file: ImageFile) -> Record:
    return replace(
        record, root=file.root, relative=file.relative, size=file.size, mtime_ns=file.mtime_ns, id=0
    )
