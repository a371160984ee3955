"""Folders and a store → the same folders in the store, and a report; events on the way."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import cache

import numpy as np

from lookalike import folder, image, isolation
from lookalike.encoder import Encoder
from lookalike.errors import FolderError
from lookalike.folder import ImageFile, Known
from lookalike.indexing import absent, places
from lookalike.indexing.beside import fill
from lookalike.indexing.events import Built, Event, Indexed, Progress, Report, Scanned, Skipped
from lookalike.indexing.options import Options
from lookalike.indexing.reading import Encoded, Failed, Loaded, Reader, means
from lookalike.stores.base import Catalogue, Record


def index(
    store: Catalogue,
    encoder: Callable[[], Encoder],
    folders: Sequence[str | os.PathLike[str]],
    options: Options,
) -> Report:
    """Make the store hold exactly the pictures that the folders hold.

    The caller holds the store's write lock. What has been committed stays, however the run ends.

    Raises:
        FolderError: a folder is missing, or none of its pictures can be found; nothing is removed.
        FolderSilentError: a folder does not answer.
        LibraryError, ModelError: the library cannot be written to, or the model not be used.
    """
    run = _Run(store, encoder, options)
    for top in [run.real_folder(one) for one in folders]:
        run.one_folder(top)
    run.complete()
    report = run.report()
    options.on_event(report)
    return report


class _Run:
    """One run over some folders: what it has done so far, and how it goes on."""

    def __init__(self, store: Catalogue, encoder: Callable[[], Encoder], options: Options) -> None:
        self._store = store
        self._encoder = cache(encoder)
        self._options = options
        self._patience = options.patient()
        self._means = means(options.max_pixels)
        self._counts = {"added": 0, "changed": 0, "moved": 0, "removed": 0, "unchanged": 0}
        self._counts["still_skipped"] = 0
        self._skipped: list[Skipped] = []
        self._started = time.monotonic()
        self._encoded = 0
        self._read_seconds = 0.0

    def real_folder(self, named: str | os.PathLike[str]) -> str:
        """The one true path of a folder."""
        return self._patience.ask(named, lambda: folder.real_folder(named))

    def one_folder(self, top: str) -> None:
        """Bring the store up to date with one folder."""
        if self._stopping():
            return
        root, below = places.place(self._store, top, hidden=self._options.hidden)
        options = self._options
        walk = self._patience.ask(
            root,
            lambda: folder.Walk(root, below=below, exclude=options.exclude, hidden=options.hidden),
        )
        found = places.differences(
            self._store, walk, self._patience, tried_with=None if options.retry else self._means
        )
        new = list(self._patience.heard(root, _pictures(found.added)))
        if not _any_left(found, new):
            raise _nothing_found(top, root, sum(1 for _ in self._store.records(root, below)))
        to_read = sorted([*new, *found.changed], key=lambda file: os.fsencode(file.relative))
        options.on_event(Scanned(top, walk.count, len(to_read)))
        for relative, reason in walk.unreadable.items():
            self._tell_skipped(f"{root}/{relative}", f"cannot be read: {reason}")
        self._counts["unchanged"] += found.unchanged
        self._counts["still_skipped"] += found.still_skipped
        self._move(found.moved)
        self._remove(root, found.removed)
        self._read(to_read, walk)

    def complete(self) -> None:
        """Give pictures that were known before what they shall have beside their embeddings."""
        options, also = self._options, self._options.also
        if also is None or self._stopping() or not also.lacking(self._store):
            return

        def tell(event: Event) -> None:
            if not isinstance(event, Built):
                options.on_event(event)

        built = fill(self._store, also, self._encoder(), replace(options, on_event=tell))
        self._counts["parts"] = built.added

    def report(self) -> Report:
        """What has been done so far."""
        return Report(
            **self._counts,
            skipped=tuple(self._skipped),
            seconds=round(time.monotonic() - self._started, 3),
            images_per_second=round(self._encoded / max(self._read_seconds, 1e-9), 1),
            stopped=self._stopping(),
        )

    # ---- what needs no reading

    def _move(self, moved: list[tuple[Known, ImageFile]]) -> None:
        if not moved:
            return
        pairs = ((self._store.get(old.id), new) for old, new in moved)
        self._store.relocate(
            (record, replace(record, root=new.root, relative=new.relative, mtime_ns=new.mtime_ns))
            for record, new in pairs
            if record is not None
        )
        for root in {old.root for old, new in moved if old.root != new.root}:
            if not any(self._store.records(root)):
                places.forget(self._store, root)
        for _, new in moved:
            self._tell("moved", new.path)

    def _remove(self, root: str, removed: list[Known]) -> None:
        if not removed:
            return
        pictures = [one for one in removed if one.id]
        self._store.delete([one.id for one in pictures])
        self._store.forget_skipped(root, [one.relative for one in removed if not one.id])
        for one in pictures:
            self._tell("removed", one.path)

    # ---- what must be read

    def _read(self, files: list[ImageFile], walk: folder.Walk) -> None:
        if not files:
            return
        isolation.warm()  # it starts while the model is loaded
        encoder = self._encoder()
        reader = self._reader(encoder, files)
        started, done = time.monotonic(), 0
        self._show(Progress.since(started, done, len(files)))
        for batch in reader.batches(files):
            if all(isinstance(one, Failed) and one.passing for one in batch):
                absent.check(walk, self._patience)
            done += len(batch)
            progress = Progress.since(started, done, len(files))
            self._commit(batch, _note(progress))
            self._options.on_event(progress)
            if self._stopping():
                break
        self._read_seconds += time.monotonic() - started

    def _reader(self, encoder: Encoder, files: list[ImageFile]) -> Reader:
        limit, also = self._options.max_pixels, self._options.also
        patience = self._patience
        if also is not None:

            def some(n: int) -> image.Input:
                some = files[:: -(-len(files) // n)]
                return Reader(None, encoder, limit, patience=patience).prepared(some)

            also.ready(encoder, some)
            self._store.begin_layer(also.layer)
        return Reader(self._store, encoder, limit, also, patience)

    def _show(self, progress: Progress) -> None:
        self._store.set(indexing=_note(progress))
        self._options.on_event(progress)

    def _commit(self, batch: list[Loaded], note: str) -> None:
        """Keep a batch in one transaction."""
        failed = [one for one in batch if isinstance(one, Failed)]
        good = [one for one in batch if not isinstance(one, Failed)]
        kept, embeddings = [one.record for one in good], np.array([one.embedding for one in good])
        before = self._pictures_at([*kept, *(one.file for one in failed)])
        # a file that was a picture and is none now must not be found by what it was
        stale = [
            before[one.file.relative].id
            for one in failed
            if one.file.relative in before and not one.passing
        ]
        # one that may pass leaves what is known of the picture as it is: it is still in the library
        skipped = [
            one.remembered(self._means)
            for one in failed
            if not (one.passing and one.file.relative in before)
        ]
        self._store.commit(kept, embeddings, skipped, stale, {"indexing": note})
        self._keep_beside([one for one in good if isinstance(one, Encoded)])
        self._encoded += sum(isinstance(one, Encoded) for one in batch)
        for record in kept:
            old = before.get(record.relative)
            if old is not None and old.digest == record.digest:
                self._counts["unchanged"] += 1  # it was only touched
            else:
                self._tell("changed" if old else "added", record.path)
        for one in failed:
            self._tell_skipped(one.file.path, one.reason)

    def _keep_beside(self, encoded: Sequence[Encoded]) -> None:
        """Keep what pictures that are in the library by now have beside their embeddings."""
        also, fresh = self._options.also, [one for one in encoded if one.beside is not None]
        if also is None or not fresh:
            return
        now = self._pictures_at([one.record for one in fresh])
        there = [one for one in fresh if one.record.relative in now]
        ids = [now[one.record.relative].id for one in there]
        rows = np.stack([one.beside for one in there if one.beside is not None])
        self._store.write_layer(also.layer.name, ids, [one.record.digest for one in there], rows)

    def _pictures_at(self, places: Sequence[Record | ImageFile]) -> dict[str, Record]:
        """What the library holds at some places, by relative path."""
        found: dict[str, Record] = {}
        for root in {one.root for one in places}:
            relatives = [one.relative for one in places if one.root == root]
            found |= {one.relative: one for one in self._store.find_all(root, relatives)}
        return found

    # ---- what is told

    def _tell(self, action: str, path: str | os.PathLike[str]) -> None:
        self._counts[action] += 1
        self._options.on_event(Indexed(os.fspath(path), action))

    def _tell_skipped(self, path: str | os.PathLike[str], reason: str) -> None:
        event = Skipped(os.fspath(path), reason)
        self._skipped.append(event)
        self._options.on_event(event)

    def _stopping(self) -> bool:
        return self._options.stop is not None and self._options.stop.is_set()


def _pictures(files: list[ImageFile]) -> Iterator[ImageFile]:
    """Those of some files that look like pictures."""
    for file in files:
        folder.about(os.path.dirname(file.path))  # noqa: PTH120 - once a file
        if _may_be_picture(file):
            yield file


def _may_be_picture(file: ImageFile) -> bool:
    """Files of other kinds lie beside pictures everywhere; they are not worth a line each."""
    try:
        return image.looks_like_picture(file.path)
    except OSError:
        return False


def _any_left(found: folder.Diff, new: list[ImageFile]) -> bool:
    seen_before = found.changed or found.moved or found.unchanged or found.still_skipped
    return bool(new or seen_before)


def _nothing_found(top: str, root: str, known: int) -> FolderError:
    """An empty folder is more often a disk that is not there than a wish to forget it all."""
    name = folder.printable(top)
    if not known:
        return FolderError(f"There are no pictures in {name}: give a folder that holds some.")
    way = "forget" if top == root else "index"
    return FolderError(
        f"None of the {known} pictures known from {name} are there now, so nothing was "
        "changed: if its disk is not connected, connect it; if they are really gone, run "
        f'`lookalike {way} "{folder.printable(root)}"`.'
    )


def _note(progress: Progress) -> str:
    """How other processes see how far this one is."""
    return json.dumps({**asdict(progress), "at": time.time()})
