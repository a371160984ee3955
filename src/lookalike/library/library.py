"""A library's folder → indexing, search and all the rest: the one place where the rooms meet."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lookalike import exchange, image
from lookalike.encoder import Encoder
from lookalike.errors import LibraryError, ModelError, ModelMismatchError
from lookalike.indexing import (
    Event,
    Fetching,
    Skipped,
    places,
    tell_nobody,
)
from lookalike.library.about import About
from lookalike.library.asking import Asking
from lookalike.library.checkup import Checkup
from lookalike.library.comparing import Comparing
from lookalike.library.copies import CopiesOf
from lookalike.library.evaluating import Evaluating
from lookalike.library.exporting import Exporting
from lookalike.library.filling import Filling
from lookalike.library.folding import Folding
from lookalike.library.glance import Stats, indexing
from lookalike.library.judging import Judging
from lookalike.library.keeping import Keeping, OnStep, Restored, restore
from lookalike.library.labelling import Labelling
from lookalike.library.learning import Learning
from lookalike.library.maps import MapOf
from lookalike.library.marks import MarksOf
from lookalike.library.opening import Model, default_folder, open_store, settle
from lookalike.library.originals import opened, original
from lookalike.library.partwise import Partwise
from lookalike.library.queries import Queries
from lookalike.library.reasons import Explaining
from lookalike.library.spaces import Spaces
from lookalike.library.upgrading import Upgrading
from lookalike.library.watches import Watches
from lookalike.library.wellbeing import Wellbeing
from lookalike.library.wording import Wording
from lookalike.models import ModelCard
from lookalike.stores.base import Catalogue, Embedding, Filter, Record, SearchIndex
from lookalike.stores.embedded import WriteLock
from lookalike.thumbnails import SIDE, Thumbnails

_PREVIEW = 2048  # pixels on the longest side of a picture for the screen
_LOG = logging.getLogger(__name__)


class Library(
    Filling,
    Asking,
    Learning,
    Evaluating,
    Explaining,
    CopiesOf,
    MarksOf,
    Labelling,
    About,
    Exporting,
    MapOf,
    Upgrading,
    Comparing,
    Checkup,
    Wellbeing,
    Keeping,
    Watches,
):
    """A person's pictures and how to find them. May be used from many threads at once."""

    def __init__(self, store: Catalogue, model: Model, max_pixels: int) -> None:
        """Use `Library.open`."""
        self._store = store
        self._max_pixels = max_pixels
        self._loading = threading.Lock()
        self._folding = Folding(store)
        self._thumbnails = Thumbnails(store.folder / "cache", writable=not store.read_only)
        self._bind(model)

    def _bind(self, model: Model) -> None:
        """Answer with this model from now on."""
        self._model = model
        self._loaded: Encoder | None = None
        self._wording = Wording(model, self._encoder)
        self._queries = Queries(self._store, self._encoder, self._wording, self._max_pixels)
        self._spaces = Spaces(self._store, lambda: self._model.identity)
        self._partwise = Partwise(self._store, model, self._queries)
        self._judging = Judging(self._store)

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str] | None = None,
        *,
        model: str | os.PathLike[str] | None = None,
        create: bool = False,
        dim: int | None = None,
        max_pixels: int = image.DEFAULT_MAX_PIXELS,
    ) -> Library:
        """Open a library, or with ``create`` begin one where there is none.

        ``folder`` is `default_folder` if it is not given. ``model`` is for a new library; for one
        that exists it must be the model it was made with. ``dim`` begins a library for embeddings
        of that length from a model that Lookalike does not have. Pictures of more than
        ``max_pixels`` pixels are refused.

        Raises:
            LibraryError: as drawn in `lookalike.errors`: not found, too new, damaged, made with
                another model, ...
            ModelError: there is no such model.
        """
        where = Path(folder) if folder is not None else default_folder()
        store, settled = open_store(where.absolute(), model=model, create=create, dim=dim)
        return cls(store, settled, max_pixels)

    @classmethod
    def restore(
        cls,
        backup: str | os.PathLike[str],
        folder: str | os.PathLike[str] | None = None,
        *,
        model: str | os.PathLike[str] | None = None,
        force: bool = False,
        wait: float = 0.0,
        on_step: OnStep = lambda _step: None,
    ) -> Restored:
        """Make the library in a folder what a copy by `backup` holds; `open` opens it then.

        ``folder`` is `default_folder` if it is not given. The copy is read whole and held against
        what was written before anything is changed. ``model`` is where the file of the user's own
        model lies now, if that is elsewhere. ``force`` replaces a library that holds pictures; it
        stays until the very end, and whoever has it open goes on with the other. ``wait`` is as
        for `index`.

        Raises: InputError where there is no such file, or pictures are in the way; ModelError and
            ModelMismatchError for the model; LibraryDamagedError and LibraryTooNewError for the
            copy; LibraryError.
        """
        where = Path(folder) if folder is not None else default_folder()
        return restore(
            backup, where.absolute(), model=model, force=force, wait=wait, on_step=on_step
        )

    def reopened(self) -> Library:
        """The same folder opened once more, with the model that it has now. Raises as `open`."""
        return type(self).open(self.folder, max_pixels=self._max_pixels)

    # ---- what it is

    @property
    def folder(self) -> Path:
        """Where the library lies."""
        return self._store.folder

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written there."""
        return self._store.read_only

    @property
    def model(self) -> str:
        """The name of the model that the embeddings come from."""
        return self._model.name

    @property
    def card(self) -> ModelCard:
        """The model's card. Raises ModelError where Lookalike does not have the model."""
        if self._model.card is None:
            raise ModelError(self._model.missing)
        return self._model.card

    def count(self) -> int:
        """How many pictures there are."""
        return self._store.count()

    def stats(self) -> Stats:
        """A library at a glance."""
        return Stats(
            images=self._store.count(),
            skipped=self._store.count_skipped(),
            roots=tuple(self._store.roots()),
            model=self.model,
            dim=self._store.dim,
            folder=str(self.folder),
            bytes=self._store.size(),
            indexing=indexing(self._store.settings().get("indexing", "")),
            index=self._search_index(),
            words=self.words,
        )

    def skipped(self) -> list[Skipped]:
        """The files that are not in the library, with the reason for each."""
        return [Skipped(file.path, file.reason) for file in self._store.skipped()]

    # ---- asking it

    def known_folder(self, folder: str | os.PathLike[str]) -> str:
        """The absolute path by which the library calls a folder, for a `Filter`.

        That is its real path, unless its pictures were reached by a link inside an indexed folder.
        """
        real = os.path.realpath(folder)
        named = os.path.abspath(folder)  # noqa: PTH100 - as it was named, links and all
        return next((path for path in (real, named) if self._has_part(path)), real)

    def records(self, where: Filter | None = None) -> list[Record]:
        """All records, or those that pass a filter, in order of path."""
        return list(self._store.records()) if where is None else self._store.passing(where)

    def embeddings(self) -> tuple[list[Record], Embedding]:
        """All records in order of path, with their embeddings (n, dim), float32."""
        return self._store.embeddings()

    def sample(self, n: int) -> list[Record]:
        """Up to n records, drawn at random."""
        return self._store.sample(n)

    def record(self, image_id: int) -> Record:
        """One picture's record. Raises ImageNotFoundError."""
        return self._queries.record(image_id)

    def original(self, picture: int | Record) -> Path:
        """A picture's file, given its id or record.

        Raises: ImageNotFoundError; ImageError where it is not the file that was indexed.
        """
        return original(self._record_of(picture))

    def open_original(self, picture: int | Record) -> BinaryIO:
        """The same, open for reading: what comes out of it is the picture that was indexed, even
        if another file takes its name just now. Raises as `original`."""
        return opened(self._record_of(picture))

    def thumbnail(self, picture: int | Record) -> bytes:
        """A picture as a small WebP, given its id or record; one that was made before is kept,
        whatever has become of the file. Raises ImageNotFoundError, and ImageError where there is
        none yet and the file is gone, has changed or cannot be read."""
        record = self._record_of(picture)
        return self._thumbnails.get(record, lambda: self._queries.picture(record, SIDE))

    def preview(self, picture: int | Record, side: int = _PREVIEW) -> bytes:
        """A picture as a WebP for the screen, whatever the format of its file; upright, sRGB, at
        most ``side`` pixels wide and high.

        Raises: ImageNotFoundError; ImageError where the file is gone, has changed or cannot be
            read.
        """
        return image.thumbnail(self._queries.picture(self._record_of(picture), side), side)

    # ---- taking it elsewhere

    def export_numpy(self, directory: str | os.PathLike[str]) -> int:
        """Write one float32 ``.npy`` a picture, named as the picture; returns how many."""
        return exchange.write_numpy(*self.embeddings(), directory)

    def export_matrix(self, file: str | os.PathLike[str]) -> Path:
        """Write one array (n, dim) and the list of its paths beside it; returns the list's path."""
        return exchange.write_matrix(*self.embeddings(), file)

    # ---- care

    def close(self) -> None:
        """Let go of the files."""
        self._store.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    # ---- inside

    def known_part(self, folder: str) -> bool:
        """Whether there are pictures in a folder, by its absolute path, or below it."""
        return self._has_part(folder)

    def _has_part(self, folder: str) -> bool:
        """Whether there are pictures in a folder or below it."""
        roots = self._store.roots()
        if any(places.inside(root, folder) for root in roots):
            return True
        holding = (root for root in roots if places.inside(folder, root))
        return any(
            any(self._store.records(root, places.below_root(folder, root))) for root in holding
        )

    def _search_index(self) -> SearchIndex | None:
        try:
            return self._store.search_index()
        except ModelMismatchError as error:  # whoever searches is told
            _LOG.info("no index: %s", error)
            return None

    def _record_of(self, picture: int | Record) -> Record:
        return picture if isinstance(picture, Record) else self.record(picture)

    @contextmanager
    def _writing(self, wait: float) -> Iterator[None]:
        with WriteLock(self.folder, wait=wait):
            settle(self._store, self._model)
            try:
                yield
            finally:
                self._leave_tidy()

    def _leave_tidy(self) -> None:
        """Say that nobody is indexing any more, and leave quick caches; a disk that has just
        filled up must not hide what happened before."""
        try:
            self._store.set(indexing="")
            self._store.save_caches()
            self._judging.renew()
        except LibraryError as error:
            _LOG.warning("%s", error)

    def _encoder(self) -> Encoder:
        """What questions are encoded with: one picture at a time, by all cores together."""
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(
        self, tell: Callable[[Event], None] = tell_nobody, *, threads: int | None = None
    ) -> Encoder:
        name = self.card.name

        def on_progress(done: int, total: int) -> None:
            tell(Fetching(name, done, total))

        return Encoder.load(self.card, threads=threads, on_progress=on_progress)
