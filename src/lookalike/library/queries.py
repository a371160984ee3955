"""A picture, a part of one, or words → its embedding, and the ids that are no answers to it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL.Image import Image

from lookalike import image, isolation
from lookalike.encoder import Encoder
from lookalike.errors import ImageError, ImageNotFoundError, InputError
from lookalike.explain import Seen
from lookalike.folder import elsewhere, printable
from lookalike.indexing import places
from lookalike.indexing.room import Room
from lookalike.library.lastencoded import LastEncoded
from lookalike.library.lastread import LastRead
from lookalike.library.originals import answered, checked, is_as_recorded, original
from lookalike.library.wording import Wording
from lookalike.parts import MIDDLES, middle
from lookalike.stores.base import Catalogue, Embedding, Record


@dataclass(frozen=True, slots=True)
class Words:
    """A query in words, for models that take them (`lookalike models`).

    They are a picture's equal in an `Example`, too: with a weight, wanted or not wanted.
    """

    text: str


AnyPicture = str | os.PathLike[str] | bytes | int
"""A picture's path, its file's content, or its id in the library."""

Query = AnyPicture | Words
"""What to search with: a picture's path, its file's content, its id in the library, or words."""

Named = int | str | os.PathLike[str] | Record
"""A picture of the library: its id, its path, or its record."""

Source = Record | str | bytes
"""Where a picture is read from: its place in the library, its path, or its file's content."""

THE_QUERY = "The query"


class Queries:
    """Makes embeddings of queries; ``encoder`` is called only where one is needed."""

    def __init__(
        self, store: Catalogue, encoder: Callable[[], Encoder], wording: Wording, max_pixels: int
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._wording = wording
        self._max_pixels = max_pixels
        self._last = LastRead()
        self._encodings = LastEncoded()
        self._room = Room()  # for what is read for all who ask at the same time

    def record(self, image_id: int) -> Record:
        """One picture's record. Raises ImageNotFoundError."""
        record = self._store.get(image_id)
        if record is None:
            raise ImageNotFoundError(f"The library holds no picture with the number {image_id}.")
        return record

    def embedding(
        self, query: Query, part: image.Part | None = None, name: str = THE_QUERY
    ) -> tuple[Embedding, tuple[int, ...]]:
        """A query's embedding (dim,), and the ids that are no answers to it.

        With ``part``, that of this part of the picture, which is read for it. ``name`` is what
        errors call a picture that has come without a name.
        """
        if isinstance(query, Words):
            return self._wording.embedding(query.text), ()
        found, without = self._found(query)
        if isinstance(found, Record) and part is None:
            known = self._known_embedding(found)
            if known.any():  # zeros stand for a file that could not be read
                return known, without
        return self._encoded(found, part, name), without

    def _found(self, query: AnyPicture) -> tuple[Source, tuple[int, ...]]:
        """The picture that a query means, and the ids that are no answers to it."""
        if isinstance(query, int):
            return self.record(query), (query,)
        if isinstance(query, bytes):
            return query, ()
        if not isinstance(query, str | os.PathLike):
            raise InputError(
                f"A query is a path, the content of a file, an id or words, not {query!r}."
            )
        path = os.fspath(query)
        if _is_file(path):
            record = self._at(path)
            return (record if record is not None and is_as_recorded(record) else path), ()
        record = self._at(path) or self._named(path)
        if record is None:
            raise ImageError(f"There is no file {printable(path)}: check the path.")
        return record, (record.id,)

    def _known_embedding(self, record: Record) -> Embedding:
        embedding = self._store.embedding(record.id)
        if embedding is None:
            raise ImageNotFoundError(f"The picture {printable(record.path)} has just been removed.")
        return embedding

    def _encoded(self, source: Source, part: image.Part | None, name: str) -> Embedding:
        if isinstance(source, Record):
            original(source)  # of a file that is gone or has changed nothing is known
        return self._encodings.get(_key(source, part), lambda: self._encode(source, part, name))

    def _encode(self, source: Source, part: image.Part | None, name: str) -> Embedding:
        isolation.warm()  # it starts while the model is loaded
        encoder = self._encoder()
        pixels = encoder.inputs(1)
        if part is None:
            self._prepare(source, encoder.card.preprocess, pixels[0], name)
        else:
            found, _ = self._found_part(source, part, name, encoder.card.preprocess)
            image.to_input(found, encoder.card.preprocess, out=pixels[0])
        row: Embedding = encoder.encode(pixels)[0]
        return row

    def in_sizes(
        self, query: Query, part: image.Part | None = None, name: str = THE_QUERY
    ) -> tuple[Embedding, tuple[int, ...]]:
        """A query as unit vectors (sizes, dim), one for each of `lookalike.parts.MIDDLES`: as it
        looks where it is a part of a picture; and the ids that are no answers to it. Words have no
        size; their vector is in each.

        The file is read for it. Raises as `embedding`.
        """
        if isinstance(query, Words):
            return np.stack([self._wording.embedding(query.text)] * len(MIDDLES)), ()
        source, without = self._found(query)
        if isinstance(source, Record):
            original(source)
        key = _key(source, part)
        rows = self._encodings.get(
            key and ("sizes", key), lambda: self._encode_sizes(source, part, name)
        )
        return rows, without

    def _encode_sizes(self, source: Source, part: image.Part | None, name: str) -> Embedding:
        encoder = self._encoder()
        preprocess = encoder.card.preprocess
        found, _ = self._found_part(source, part, name, preprocess)
        inputs = [
            image.to_input(found, preprocess),
            *(image.small_input(found, preprocess, one.left, one.side) for one in MIDDLES[1:]),
        ]
        _, maps = encoder.encode_with_regions(np.stack(inputs))
        rows = [middle(maps[at : at + 1], one) for at, one in enumerate(MIDDLES)]
        return np.concatenate(rows)

    def seen(self, picture: AnyPicture, part: image.Part | None, name: str) -> Seen:
        """What the model makes of the regions of a picture, or of a part of it.

        Raises InputError where the model's vectors are no averages of regions.
        """
        encoder = self._encoder()
        if not encoder.explains:
            raise InputError(
                f"The model of this library, {encoder.card.name}, does not compare pictures region "
                "by region: `lookalike models` says which ones explain."
            )
        preprocess = encoder.card.preprocess
        source, _ = self._found(picture)
        found, covers = self._found_part(source, part, name, preprocess)
        pixels = image.to_input(found, preprocess)
        covers = image.part_of(covers, image.seen(found.size, preprocess))
        return Seen(encoder.regions(pixels), covers)

    def shown(self, picture: AnyPicture, side: int, name: str) -> Image:
        """A picture to look at, with that many pixels on a side or somewhat more."""
        source, _ = self._found(picture)
        return self._read(source, side, name)

    def _found_part(
        self, source: Source, part: image.Part | None, name: str, preprocess: image.Preprocess
    ) -> tuple[Image, image.Part]:
        """A picture near enough for the model, or a part of it, and which part that is."""
        if part is None:
            return self._read(source, preprocess.near, name), image.WHOLE
        whole = self._whole(source, image.near_of_whole(preprocess.near, part), name)
        return image.cut(whole, part), image.touched(whole.size, part)

    def _whole(self, source: Source, near: int, name: str) -> Image:
        """The picture that a part is cut from, at hand where that was done just before."""

        def read() -> Image:
            return self._read(source, near, name)

        if isinstance(source, Record):
            original(source)
            return self._last.get((source.id, source.digest, source.mtime_ns, near), read)
        if isinstance(source, bytes):
            return self._last.get((hashlib.sha256(source).digest(), near), read)
        return read()

    def _read(self, source: Source, near: int, name: str) -> Image:
        if isinstance(source, Record):
            return self.picture(source, near)
        return self.read(source, near, unnamed=name)

    def _at(self, path: str) -> Record | None:
        """The record of a place on this machine."""
        place = Path(path)
        full = os.path.realpath(place.parent) + os.sep + place.name
        roots = (root for root in self._store.roots() if places.inside(full, root))
        found = (self._store.find(root, places.below_root(full, root)) for root in roots)
        return next((record for record in found if record is not None), None)

    def _named(self, relative: str) -> Record | None:
        """The first record with this path relative to its root."""
        name = relative.replace(os.sep, "/")
        found = (self._store.find(root, name) for root in self._store.roots())
        return next((record for record in found if record is not None), None)

    def named(self, picture: Named) -> Record:
        """The record of a picture of the library. Raises ImageNotFoundError."""
        if isinstance(picture, Record):
            return picture
        if isinstance(picture, int):
            return self.record(picture)
        return self.record_at(os.fspath(picture))

    def record_at(self, path: str) -> Record:
        """The record of a path on this machine, or below an indexed folder. Raises
        ImageNotFoundError."""
        record = self._at(path) or self._named(path)
        if record is None:
            raise ImageNotFoundError(
                f"The library holds no picture {printable(path)}: check the path, or index it."
            )
        return record

    def picture(self, record: Record, near: int, room: image.Room | None = None) -> Image:
        """The picture that was indexed, to look at. Raises ImageError where its file is gone or
        has changed, be it while it is read, or its disk keeps silent. ``room`` is as in
        `lookalike.isolation.read`."""

        def read() -> Image:
            checked(record)
            found = self._decoded(_at_hand(record), near, room, record.path, isolation.SECONDS)
            checked(record)
            return found

        return answered(record, read)

    def read(
        self,
        source: str | bytes,
        near: int,
        *,
        room: image.Room | None = None,
        unnamed: str = THE_QUERY,
    ) -> Image:
        """A picture to look at. Raises ImageError, with the name of the file."""
        name, seconds = _name(source, unnamed), _seconds(source)
        return self._decoded(source, near, room, name, seconds)

    def _decoded(
        self, source: str | bytes, near: int, room: image.Room | None, name: str, seconds: float
    ) -> Image:
        with _named(name), elsewhere():  # a decoder has limits of its own
            return isolation.read(
                source,
                max_pixels=self._max_pixels,
                near=near,
                room=room or self._room.taken,
                seconds=seconds,
            ).image

    def _prepare(
        self, source: Source, preprocess: image.Preprocess, out: image.Input, name: str
    ) -> None:
        """A whole picture as the model takes it. Raises as `read` and `picture`."""
        if not isinstance(source, Record):
            self._described(source, preprocess, out, _name(source, name), _seconds(source))
            return

        def read() -> None:
            checked(source)
            content = _at_hand(source)
            self._described(content, preprocess, out, source.path, isolation.SECONDS)
            checked(source)

        answered(source, read)

    def _described(
        self,
        source: str | bytes,
        preprocess: image.Preprocess,
        out: image.Input,
        name: str,
        seconds: float,
    ) -> None:
        with _named(name), elsewhere():
            isolation.describe(
                source,
                max_pixels=self._max_pixels,
                preprocess=preprocess,
                out=out,
                room=self._room.taken,
                seconds=seconds,
            )


def _at_hand(record: Record) -> str | bytes:
    """The content of a file, or the path of a large one once its beginning has been read: it is
    this thread that a disk keeps waiting which does not answer, and not a decoder."""
    try:
        with open(record.path, "rb") as stream:  # noqa: PTH123 - may hold any bytes
            content = stream.read(isolation.AT_HAND + 1)
    except OSError as error:
        name = printable(record.path)
        raise ImageError(f"{name} cannot be read: {error.strerror}.") from error
    return content if len(content) <= isolation.AT_HAND else record.path


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Have errors say of which file they are."""
    try:
        yield
    except ImageError as error:
        raise type(error)(f"{printable(name)} {error}.") from error


def _name(source: str | bytes, unnamed: str) -> str:
    return unnamed if isinstance(source, bytes) else source


def _seconds(source: str | bytes) -> float:
    """How long a picture may take: nobody need wait for long for what a stranger sends."""
    return isolation.QUESTION if isinstance(source, bytes) else isolation.SECONDS


def _key(source: Source, part: image.Part | None) -> Hashable:
    """What names the content of a query, and the part of it; None for a file, which may change."""
    box = part and tuple(part)
    if isinstance(source, bytes):
        return hashlib.sha256(source).digest(), box
    return (source.id, source.digest, source.mtime_ns, box) if isinstance(source, Record) else None


def _is_file(path: str) -> bool:
    """Whether there is a file. Raises ImageError for what is there and is none."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - a path that may hold any bytes
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last for a zero byte
        return False
    except OSError as error:
        raise ImageError(f"{printable(path)} cannot be read: {error.strerror}.") from error
    if stat.S_ISDIR(mode):
        raise ImageError(f"{printable(path)} is a folder: name one picture in it.")
    if not stat.S_ISREG(mode):
        raise ImageError(f"{printable(path)} is neither a file nor a folder: name a picture.")
    return True
