"""The database's embeddings → segments of the cache, written in one or two passes over them."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lookalike import kmeans
from lookalike.kmeans import Numbers
from lookalike.stores.base import Embedding
from lookalike.stores.embedded import cells as cell_room
from lookalike.stores.embedded import manifest, rows
from lookalike.stores.embedded.cells import Cells, Truth
from lookalike.stores.embedded.manifest import Saved
from lookalike.stores.embedded.scores import Ids
from lookalike.stores.embedded.segments import BLOCK, Mask, Segment, Writer

_LOG = logging.getLogger(__name__)

EXACT_BYTES = 256 << 20
"""Bytes of embeddings up to which every row is compared at each search: within some 8 ms."""

_WASTE = 0.25  # of the rows that may be dead before all are written anew


class StoppedError(Exception):
    """The builder was asked to stop; nothing has changed."""


@dataclass(frozen=True)
class Builder:
    """Brings what is saved up to one revision of the database.

    ``connection`` sees that revision, and only that, until the builder has ended. ``stop`` ends
    it between two blocks, by StoppedError.
    """

    folder: Path
    dim: int
    connection: sqlite3.Connection
    revision: int
    stop: threading.Event

    def bring(self, saved: Saved) -> Saved:
        """Write what is missing, and a manifest of it all; returns what is saved then.

        What came since is written as a segment of its own, together with those before it that
        are not at least twice as large: their number grows with the logarithm of the library's
        size, and so does how often a row is written. What is written and not finished goes.
        Raises OSError.
        """
        manifest.tidy(self.folder)  # what a killed process left may be what fills the disk
        try:
            return self._bring(saved)
        except BaseException:
            manifest.tidy(self.folder)
            raise

    def _bring(self, saved: Saved) -> Saved:
        kept = self._kept(saved)
        since = kept[-1].revision if kept else 0
        ids = rows.ids_since(self.connection, since)
        cells = saved.cells if kept else self._cells(ids)
        segments = list(kept)
        if len(ids):
            cells, added = self._segment(ids, since, cells)
            segments.append(added)
        now = Saved(self.revision, tuple(segments), self._dead(segments), cells)
        now.write(self.folder)
        return now

    def _kept(self, saved: Saved) -> list[Segment]:
        """The segments that stay as they are."""
        kept = list(saved.segments)
        living = rows.count_since(self.connection, 0)
        if saved.cells is None and 4 * self.dim * living > EXACT_BYTES:
            return []
        added = rows.count_since(self.connection, saved.revision)
        dead = saved.count - (living - added)
        if dead > _WASTE * max(1, living):
            return []
        while kept and len(kept[-1]) < 2 * added:
            added += len(kept.pop())
        return kept

    def _dead(self, segments: list[Segment]) -> tuple[Mask, ...]:
        """Rows that were removed or replaced after their segment was written."""
        masks = [segment.nothing_dead() for segment in segments]
        for segment, mask in zip(segments, masks, strict=True):
            mask[segment.positions(rows.gone_since(self.connection, segment.revision))] = True
        return tuple(masks)

    def _segment(self, ids: Ids, since: int, cells: Cells | None) -> tuple[Cells | None, Segment]:
        truth = None
        if cells is None:
            blocks = (np.arange(len(ids)) // BLOCK).astype(np.int32)
            number = int(blocks[-1]) + 1
        else:
            blocks, number = self._assigned(since, cells), len(cells)
            truth = None if since else self._truth(ids)
        sizes = np.bincount(blocks, minlength=number)
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        with Writer(self.folder, self.dim, starts) as writer:
            at = 0
            for some, block in self._stream(since):
                where = blocks[at : at + len(some)]
                writer.place(some, block, where)
                if truth is not None:
                    truth.see(some, block, where)
                at += len(some)
            writer.finish(self.revision, celled=cells is not None)
        if truth is not None and cells is not None:
            cells = truth.judge(cells.centroids)
            _LOG.info("of %d cells %s are looked into; recall %.4f",
                      number, cells.probes.tolist(), cells.recall)  # fmt: skip
        return cells, Segment.open(self.folder, writer.name, self.dim)

    def _cells(self, ids: Ids) -> Cells | None:
        """Cells for a library of these pictures, not judged yet; None where it is small."""
        if 4 * self.dim * len(ids) <= EXACT_BYTES:
            return None
        number = min(len(ids), cell_room.number_for(len(ids)))
        size = min(len(ids), cell_room.sample_size(number, self.dim))
        sample = self._sample(ids, size, seed=1)[1]
        centroids = kmeans.train(sample, number, self.stop.is_set)
        return Cells(centroids, np.zeros(len(cell_room.K), np.int32), 1.0)

    def _truth(self, ids: Ids) -> Truth:
        return Truth(*self._sample(ids, min(len(ids), cell_room.QUERIES), seed=2), len(ids))

    def _sample(self, ids: Ids, size: int, seed: int) -> tuple[Ids, Embedding]:
        chance = np.random.default_rng(seed)
        chosen = np.sort(chance.choice(ids, size, replace=False))
        found = np.empty((size, self.dim), np.float32)
        at = 0
        for some, block in rows.embeddings_of(self.connection, chosen, self.dim):
            found[at : at + len(some)] = block
            at += len(some)
            self._look_up()
        return chosen, found

    def _assigned(self, since: int, cells: Cells) -> Numbers:
        blocks = [cells.assign(block) for _, block in self._stream(since)]
        return np.concatenate(blocks)

    def _stream(self, since: int) -> Iterator[tuple[Ids, Embedding]]:
        for block in rows.embeddings_since(self.connection, since, self.dim):
            self._look_up()
            yield block

    def _look_up(self) -> None:
        if self.stop.is_set():
            raise StoppedError
