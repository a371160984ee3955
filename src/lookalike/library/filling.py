"""Folders, or embeddings from elsewhere → their pictures in a library."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial

from lookalike.encoder import Encoder
from lookalike.errors import InputError
from lookalike.exchange import Features
from lookalike.folder import PATIENCE, printable, real_folder
from lookalike.indexing import Event, Options, Report, absent, adopt, index, places, tell_nobody
from lookalike.library.opening import Model
from lookalike.library.partwise import Partwise
from lookalike.library.wellbeing import RAN
from lookalike.stores.base import Catalogue


def check_folders(
    folders: Sequence[str | os.PathLike[str]],
    patience: float = PATIENCE,
    on_event: Callable[[Event], None] = tell_nobody,
) -> None:
    """See that folders are there, before anything is made for them. Raises FolderError."""
    patient = Options(on_event=on_event, patience=patience).patient()
    for one in folders:
        patient.ask(one, partial(real_folder, one))


class Filling:
    """The part of a `Library` that pictures come in by."""

    _store: Catalogue
    _model: Model
    _max_pixels: int
    _partwise: Partwise
    _writing: Callable[[float], AbstractContextManager[None]]
    _load: Callable[..., Encoder]
    _label: Callable[[], None]

    def index(
        self,
        folders: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        exclude: Collection[str] = (),
        hidden: bool = False,
        retry: bool = False,
        parts: bool | None = None,
        wait: float = 0.0,
        patience: float = PATIENCE,
        on_event: Callable[[Event], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Report:
        """Make the library hold exactly the pictures that the folders hold.

        ``exclude``: glob patterns, see `lookalike.folder.scan`; ``hidden``: take files and
        folders whose names begin with a dot; ``retry``: try files again that were skipped before;
        ``parts``: from now on, keep vectors of the parts of each picture, of those that are known
        already, too, so that the view `PARTS` finds things within pictures; False forgets them.
        ``wait``: seconds to wait for another process that is writing; ``patience``: seconds
        without any answer after which a folder, a network drive mostly, is given up; ``stop``:
        ends the run after the batch at hand. A run that is interrupted is continued by the next.

        Raises: FolderError, LibraryError, ModelError.
        """
        named = [folders] if isinstance(folders, str | os.PathLike) else list(folders)
        tell = on_event or tell_nobody
        options = Options(exclude, hidden, retry, self._max_pixels, tell, stop, patience=patience)
        with self._writing(wait):
            # A run has an encoder of its own, for one core: each thread encodes for itself.
            encoder = partial(self._load, options.on_event, threads=1)
            options = replace(options, also=self._partwise.wanted(parts))
            report = index(self._store, encoder, named, options)
            self._remember(report)
            self._label()  # of a run that fails, the next one labels what it has added
            return report

    def _remember(self, report: Report) -> None:
        """When a run last came to its end."""
        if not report.stopped:
            self._store.set(**{RAN: f"{time.time():.3f}"})

    def adopt(
        self,
        features: Features,
        folder: str | os.PathLike[str],
        *,
        wait: float = 0.0,
        patience: float = PATIENCE,
        on_event: Callable[[Event], None] | None = None,
    ) -> Report:
        """Take over embeddings that were computed elsewhere for the pictures of a folder.

        The features come from `read_features`; their paths are relative to ``folder``. A picture
        that is not there, or cannot be read, is skipped with the reason. ``wait`` and ``patience``
        are as for `index`.

        Raises: InputError where the length of the vectors is not the library's; FolderError,
            LibraryError.
        """
        if features.embeddings.shape[1] != self._store.dim:
            raise InputError(
                f"The features have {features.embeddings.shape[1]} numbers each and those of the "
                f"library {self._store.dim} ({self._model.name}): import into another library."
            )
        options = Options(
            max_pixels=self._max_pixels, on_event=on_event or tell_nobody, patience=patience
        )
        with self._writing(wait):
            report = adopt(self._store, features.paths, features.embeddings, folder, options)
            self._label()
            return report

    def forget(self, folder: str | os.PathLike[str], *, wait: float = 0.0) -> int:
        """Take a folder that was indexed out of the library, or what lies in it on a disk of its
        own that is not connected any more; returns how many pictures it had.

        Raises: InputError where no such folder was indexed; LibraryError.
        """
        wanted = {os.fspath(folder), os.path.realpath(folder)}
        for root in self._store.roots():
            if root in wanted:
                with self._writing(wait):
                    return places.forget(self._store, root)
        for root, below in self._disks():
            if f"{root}/{below}" in wanted:
                with self._writing(wait):
                    return places.forget(self._store, root, below)
        raise InputError(
            f"{printable(folder)} is not a folder of this library: `lookalike stats` lists them."
        )

    def _disks(self) -> Iterator[tuple[str, str]]:
        """The folders inside those that were indexed that lie on disks of their own."""
        for root, places_of_disks in absent.mounts(self._store).items():
            for below in filter(None, places_of_disks):
                yield root, below
