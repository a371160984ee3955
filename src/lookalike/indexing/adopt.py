"""Embeddings computed elsewhere, and the folder of their pictures → records in a store."""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

import numpy as np

from lookalike import folder, image, isolation
from lookalike.encoder import usable_cores
from lookalike.errors import FolderError, ImageError
from lookalike.folder import ImageFile, Patience
from lookalike.indexing import places
from lookalike.indexing.crew import Crew
from lookalike.indexing.events import Indexed, Progress, Report, Skipped
from lookalike.indexing.options import Options
from lookalike.indexing.reading import content_of, record_of
from lookalike.indexing.room import Room
from lookalike.stores.base import Catalogue, Embedding, Record

_BATCH = 256  # pictures in one transaction: nothing but reading is lost with them


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One row of the features: the path it names, and the file that is meant."""

    path: str
    file: ImageFile | None
    embedding: Embedding


def adopt(
    store: Catalogue,
    paths: Sequence[str],
    embeddings: Embedding,
    pictures: str | os.PathLike[str],
    options: Options,
) -> Report:
    """Keep embeddings (n, dim) for the pictures that their paths name.

    A path is relative to the folder of the pictures; the picture's ending may be missing, as in
    ``rose.npy`` for ``rose.jpg``, where only one picture has that name. The caller holds the
    store's write lock.

    Raises:
        FolderError: the folder is missing, or holds none of the pictures.
        LibraryError: the library cannot be written to.
    """
    started = time.monotonic()
    patience = options.patient()
    scan, below = _scanned(store, pictures, patience)
    wanted = _wanted(scan, below, paths, embeddings)
    known = {record.relative for record in store.records(scan.root, below)}
    actions, skipped = Counter[str](), list[Skipped]()
    for done, event in enumerate(_kept(store, wanted, options, patience, known), start=1):
        options.on_event(event)
        if isinstance(event, Skipped):
            skipped.append(event)
        else:
            actions[event.action] += 1
        if done % _BATCH == 0 or done == len(wanted):
            options.on_event(Progress.since(started, done, len(wanted)))
    report = Report(
        added=actions["added"],
        changed=actions["changed"],
        skipped=tuple(skipped),
        seconds=round(time.monotonic() - started, 3),
        images_per_second=Progress.since(started, len(wanted), len(wanted)).images_per_second,
    )
    options.on_event(report)
    return report


def _scanned(
    store: Catalogue, pictures: str | os.PathLike[str], patience: Patience
) -> tuple[folder.Scan, str]:
    """What is in a folder, and its place below the root that it belongs to."""
    top = patience.ask(pictures, lambda: folder.real_folder(pictures))
    root, below = places.place(store, top, hidden=True)
    return patience.ask(top, partial(folder.scan, root, below=below, hidden=True)), below


def _wanted(
    scan: folder.Scan, below: str, paths: Sequence[str], embeddings: Embedding
) -> list[_Wanted]:
    find = _finder(scan.files, below)
    wanted = [_Wanted(path, find(path), row) for path, row in zip(paths, embeddings, strict=True)]
    if not any(one.file for one in wanted):
        top = folder.printable(f"{scan.root}/{below}" if below else scan.root)
        raise FolderError(
            f"None of the {len(paths)} pictures of the features ({folder.printable(paths[0])}, "
            f"...) is in {top}: give the folder that their paths start from."
        )
    return wanted


def _kept(
    store: Catalogue,
    wanted: Sequence[_Wanted],
    options: Options,
    patience: Patience,
    known: set[str],
) -> Iterator[Indexed | Skipped]:
    """Keep all that can be kept, a batch at a time, and say what became of each."""
    room = Room()

    def described(one: _Wanted) -> Record | Skipped:
        with patience.asking(str(one.file.path.parent) if one.file else ""):
            return _described(one, options.max_pixels, room)

    with Crew(usable_cores(), patience) as crew:
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            coming = [crew.submit(partial(described, one)) for one in batch]
            found = [crew.result(one) for one in coming]
            pairs = [
                (record, one.embedding)
                for record, one in zip(found, batch, strict=True)
                if isinstance(record, Record)
            ]
            if pairs:
                records, rows = zip(*pairs, strict=True)
                store.commit(records, np.stack(rows))
            for one in found:
                if isinstance(one, Skipped):
                    yield one
                else:
                    action = "changed" if one.relative in known else "added"
                    yield Indexed(one.path, action)


def _described(one: _Wanted, max_pixels: int, room: Room) -> Record | Skipped:
    if one.file is None:
        return Skipped(one.path, "is not in the folder of the pictures")
    try:
        content, digest = content_of(one.file)
        with folder.elsewhere():  # a decoder has limits of its own
            picture = isolation.describe(content, max_pixels=max_pixels, room=room.taken)
    except ImageError as error:
        return Skipped(str(one.file.path), str(error))
    except OSError as error:
        return Skipped(str(one.file.path), f"cannot be read: {error.strerror}")
    return record_of(one.file, digest, picture)


def _finder(files: Sequence[ImageFile], below: str) -> Callable[[str], ImageFile | None]:
    """What finds the file that a path means: by its whole name, else by its name but the ending."""
    cut = len(below) + 1 if below else 0
    exact = {file.relative[cut:]: file for file in files}
    by_stem: dict[str, list[ImageFile]] = defaultdict(list)
    for relative, file in exact.items():
        by_stem[str(PurePosixPath(relative).with_suffix(""))].append(file)

    def find(path: str) -> ImageFile | None:
        if path in exact:
            return exact[path]
        alike = by_stem.get(path, [])
        if len(alike) > 1:  # sidecars and the features themselves lie beside pictures
            alike = [file for file in alike if image.looks_like_picture(file.path)]
        return alike[0] if len(alike) == 1 else None

    return find
