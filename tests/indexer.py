"""A store, a folder and a counting encoder → indexing runs whose every event is kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lookalike.indexing import Event, Indexed, Options, Progress, Report, index
from lookalike.stores.base import Embedding, Record
from tests.records import open_store
from tests.small_libraries import DIM, counting_encoder


class Indexer:
    """Indexes ``top`` into a store of its own; ``events`` are those of the last run."""

    def __init__(self, base: Path, model: Path) -> None:
        self.top = (base / "pictures").resolve()
        self.top.mkdir()
        self.store = open_store(base / "library", DIM)
        self.encoder = counting_encoder(model)
        self.events: list[Event] = []

    def index(self, *folders: Path, **options: Any) -> Report:
        """One run over ``top``, or over other folders."""
        self.events.clear()
        told = options.pop("on_event", lambda _event: None)

        def on_event(event: Event) -> None:
            self.events.append(event)
            told(event)

        named = folders or (self.top,)
        return index(self.store, lambda: self.encoder, named, Options(on_event=on_event, **options))

    def counts(self, *folders: Path, **options: Any) -> tuple[int, int, int, int, int]:
        """One run: how many were added, changed, moved, removed, unchanged."""
        one = self.index(*folders, **options)
        return one.added, one.changed, one.moved, one.removed, one.unchanged

    def names(self) -> list[str]:
        """The pictures of the library, below their roots."""
        return [one.relative for one in self.store.records()]

    def paths(self) -> list[str]:
        """The pictures of the library, in full."""
        return [one.path for one in self.store.records()]

    def by_name(self) -> dict[str, tuple[int, bytes]]:
        """The id and the embedding of each picture, by the name of its file."""
        found: tuple[list[Record], Embedding] = self.store.embeddings()
        return {
            one.relative.rpartition("/")[2]: (one.id, row.tobytes())
            for one, row in zip(*found, strict=True)
        }

    def skipped(self) -> dict[str, str]:
        """The skipped files of the store, each with the reason."""
        return {file.relative: file.reason for file in self.store.skipped()}

    def actions(self) -> list[tuple[str, str]]:
        """What the events of the last run say became of pictures, below ``top``."""
        return [
            (event.action, os.path.relpath(event.path, self.top).replace(os.sep, "/"))
            for event in self.events
            if isinstance(event, Indexed)
        ]

    def progress(self) -> list[tuple[int, int]]:
        """(done, total) of each event of progress."""
        return [(one.done, one.total) for one in self.events if isinstance(one, Progress)]
