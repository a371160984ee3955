"""What a store is asked and told → `Record`, `Hit`, `Answers`, `Facets`; protocols of stores."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lookalike.stores.base.filters import Filter
from lookalike.stores.base.marks import MarkChange, Marks

Embedding = npt.NDArray[np.float32]
"""A unit vector of shape (dim,), or a matrix of them of shape (n, dim); always float32."""
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Record:
    """One picture of a library.

    ``(root, relative)`` is its key; ``id`` is given by the store and never used twice. ``size`` is
    in bytes, ``width`` and ``height`` in pixels after the EXIF orientation, ``taken`` is local
    time as ISO 8601, ``latitude`` and ``longitude`` are WGS 84 degrees, ``digest`` is the SHA-256
    of the file.
    """

    root: str
    relative: str
    size: int
    mtime_ns: int
    digest: str
    width: int
    height: int
    format: str
    taken: str | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    id: int = 0

    @property
    def path(self) -> str:
        """The picture's place on this machine."""
        return os.path.join(self.root, *self.relative.split("/"))  # noqa: PTH118 - stays a str


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that is not in the library, and why.

    It is tried again only when its size or time changes, or when Lookalike can read more than
    what it was ``tried_with``.
    """

    root: str
    relative: str
    size: int
    mtime_ns: int
    reason: str
    tried_with: str = ""

    @property
    def path(self) -> str:
        """The file's place on this machine."""
        return os.path.join(self.root, *self.relative.split("/"))  # noqa: PTH118 - stays a str


KnownFile = tuple[bytes, int, int, int, str | None]
"""What a library knows of one file, as plain as it comes, for there may be millions: the bytes of
its path below the root, its size and time, the id and the SHA-256 of the picture. For a skipped
file these are 0 and None."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer: ``score`` is the cosine, -1 to 1, higher is better; ``distance`` is the L2
    distance between the two unit vectors, 0 to 2. ``copies`` are the answers that were folded into
    this one since they show the same, best first."""

    record: Record
    score: float
    distance: float
    copies: tuple[Hit, ...] = ()

    @property
    def path(self) -> str:
        """The picture's place on this machine."""
        return self.record.path


@dataclass(frozen=True, slots=True)
class Distribution:
    """How the scores of all pictures lie: how many are in each of ``counts``, bins of equal width
    from ``low`` to ``high``; a score on an edge belongs to the bin above it, ``high`` to the last.
    """

    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """A stretch of all answers in their order: ``hits`` begin at ``offset`` of the ``total`` that
    there are; ``distribution`` is that of all scores, where it was asked for.

    Where copies were folded, ``folded`` says how many more pictures there are than answers, and
    ``waiting`` how many of the library no look for duplicates has compared: of these, only files
    with the same content are known to be copies."""

    hits: tuple[Hit, ...]
    offset: int
    total: int
    distribution: Distribution | None = None
    folded: int | None = None
    waiting: int | None = None

    @property
    def next(self) -> int | None:
        """Where the next stretch begins; None after the last."""
        end = self.offset + len(self.hits)
        return end if self.hits and end < self.total else None


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a `Filter`, and how many pictures pass with it."""

    value: str | int
    images: int


@dataclass(frozen=True, slots=True)
class Facets:
    """How many pictures pass a filter, and with what other choices how many would.

    Each list counts with all fields of the filter but its own, and leaves out choices that no
    picture passes: ``folders`` are the roots, the filter's folder with those above it, and what
    lies directly in it (without one, directly in the roots), in order of path; ``formats`` and
    ``cameras`` the most frequent first; ``taken`` are months, the first first; ``sides`` are values
    of ``min_side``. ``favourites`` is how many would pass that are favourites; ``tags``, the most
    frequent first, are those of the pictures that pass, as one more tag asks for. Of folders,
    cameras and tags there are at most `MOST_CHOICES`, the most frequent.
    """

    images: int
    folders: tuple[Choice, ...]
    formats: tuple[Choice, ...]
    cameras: tuple[Choice, ...]
    taken: tuple[Choice, ...]
    sides: tuple[Choice, ...]
    favourites: int
    tags: tuple[Choice, ...]


MOST_CHOICES = 500


@dataclass(frozen=True, slots=True)
class MarkCounts:
    """How many pictures are favourites, and how many bear each tag that there is, in order of
    name; a tag that only pictures bear which are not here at present has 0."""

    favourites: int
    tags: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """How a store answers: by comparing every picture, or those in the cells next to the query.

    ``cells`` is how many cells there are, 0 where all is compared; ``probes`` how many are looked
    into for 30 hits; ``recall`` the part of the 30 true best that this finds, measured on pictures
    of the library; ``saved`` how many pictures its cache holds, and ``waiting`` how many have come
    since, which are compared one by one.
    """

    cells: int
    probes: int
    recall: float
    saved: int
    waiting: int


class VectorStore(Protocol):
    """What every engine does alike; the same tests run on each.

    Scores are exact cosines; hits come best first, and equal scores in order of path. The order
    of path is that of the root's bytes, then of those of the path below it. A large store may
    miss a hit, unless it is asked to be exact.
    """

    def upsert(self, records: Sequence[Record], embeddings: Embedding) -> None:
        """Keep records with their embeddings (n, dim), all or none; a known key is replaced."""

    def delete(self, ids: Collection[int]) -> int:
        """Forget pictures; returns how many there were."""

    def get(self, image_id: int) -> Record | None:
        """One record, or None."""

    def embedding(self, image_id: int) -> Embedding | None:
        """One embedding of shape (dim,), or None."""

    def records(self) -> Iterator[Record]:
        """All records, in order of path."""

    def embeddings(self) -> tuple[list[Record], Embedding]:
        """All records in order of path, with their embeddings of shape (n, dim)."""

    def count(self) -> int:
        """How many pictures there are."""

    def search(
        self,
        query: Embedding,
        k: int,
        *,
        without: Collection[int] = (),
        where: Filter | None = None,
        exact: bool = False,
    ) -> list[Hit]:
        """The k records closest to a unit vector of shape (dim,), leaving out some ids.

        With ``where``, the closest of those that pass the filter, all of which are compared. With
        ``exact``, every picture is compared, however many there are.
        """

    def answers(
        self,
        query: Embedding,
        k: int,
        *,
        offset: int = 0,
        without: Collection[int] = (),
        where: Filter | None = None,
        distribution: bool = False,
        fold: Mapping[int, int] | None = None,
    ) -> Answers:
        """The k records after the ``offset`` closest, of all that `search` might give; every one
        is compared. The ``distribution`` counts their exact scores.

        Ids to which ``fold`` gives the same number show the same: of these, the first in order is
        an answer, and the others are its copies.
        """

    def search_index(self) -> SearchIndex:
        """How `search` finds its answers at present."""


class Catalogue(VectorStore, Protocol):
    """A `VectorStore` that also keeps the ledger of the files and settings, in a folder that holds
    the caches, too; all that indexing and a library need of an engine."""

    @property
    def folder(self) -> Path:
        """The library's folder."""

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written."""

    @property
    def dim(self) -> int:
        """How many numbers an embedding has; 0 where that is not settled yet."""

    def reshape(self, dim: int, identity: str = "") -> None:
        """Expect embeddings of this length, and of the model with this identity, in this process;
        for a store that is empty.

        Where another process fills it by another model later, reading raises ModelMismatchError.
        """

    def is_empty(self) -> bool:
        """Whether there is no picture."""

    def embedding_blocks(self, ids: Ids | None = None) -> Iterator[tuple[Ids, Embedding]]:
        """All embeddings (n, dim) with their ids (n,), or those of some rising ids, in blocks."""

    def versions(self) -> tuple[Ids, Ids]:
        """The ids (n,) of all pictures, rising, and what changes with their embeddings (n,)."""

    def facets(self, wanted: Filter) -> Facets:
        """How many pictures pass a filter, and how many would with other choices."""

    def passing(self, wanted: Filter) -> list[Record]:
        """The records that pass a filter, in order of path."""

    def sample(self, n: int) -> list[Record]:
        """Up to n records, drawn at random."""

    def commit(
        self,
        records: Sequence[Record],
        embeddings: Embedding,
        skipped: Sequence[SkippedFile] = (),
        removed: Collection[int] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """One batch in one transaction: records with their embeddings (n, dim), the files that
        were skipped on the way, the ids of pictures that are none any more, some settings."""

    def relocate(self, moves: Iterable[tuple[Record, Record]]) -> None:
        """Move records to a new place (old, new); embeddings and ids stay."""

    def forget_skipped(self, root: str, relatives: Iterable[str]) -> None:
        """Drop files that are no longer there from the list of the skipped."""

    def skipped(self) -> list[SkippedFile]:
        """The files that are not in the library, with the reason for each, in order of path."""

    def count_skipped(self) -> int:
        """How many files were skipped."""

    def records(self, root: str | None = None, below: str = "") -> Iterator[Record]:
        """All records, those of one root, or of the part of it below a folder, in order of path.

        They come one by one, as they were when the first was asked for.
        """

    def known_files(
        self, root: str, below: str = "", *, tried_with: str | None = None
    ) -> Iterator[KnownFile]:
        """What is known of the files of a root, or of the part of it below a folder, in order of
        path; a skipped file that was not ``tried_with`` the same means has the time -1.

        They come one by one, as they were when the first was asked for.
        """

    def find(self, root: str, relative: str) -> Record | None:
        """The record of one place, or None."""

    def find_all(self, root: str, relatives: Sequence[str]) -> list[Record]:
        """The records of some places below a root; those where there is none are left out."""

    def find_content(self, digest: str) -> Record | None:
        """A record whose file has this SHA-256, or None."""

    def contents(self) -> dict[str, int]:
        """How many pictures have each content, by the SHA-256 of their files."""

    def find_contents(self, digests: Collection[str]) -> list[Record]:
        """The records whose files have one of these SHA-256."""

    def roots(self) -> list[str]:
        """The folders that pictures were indexed from, in order."""

    def drop_root(self, root: str) -> None:
        """Forget a root that holds neither pictures nor skipped files any more."""

    def settings(self) -> dict[str, str]:
        """All settings."""

    def set(self, **settings: str) -> None:
        """Keep settings."""

    def apart(self) -> list[tuple[str, str]]:
        """The pairs of contents that are no duplicates, by SHA-256, in order."""

    def set_apart(self, pairs: Iterable[tuple[str, str]], *, apart: bool = True) -> None:
        """Remember that pairs of contents are no duplicates, or forget that; the order of the two
        does not matter. It holds whether the pictures are here, gone or come again."""

    def marks(self, digests: Collection[str]) -> dict[str, Marks]:
        """What a person has marked contents with, by SHA-256; those without marks are left out."""

    def change_marks(self, changes: Sequence[MarkChange]) -> None:
        """Carry out all changes, or none. They hold whether the pictures are here, gone or come
        again; a file whose content changes in its place takes its marks along.

        Raises: InputError where a picture would have more tags than one may, or the library.
        """

    def count_marks(self) -> MarkCounts:
        """How many pictures bear each mark."""

    def size(self) -> int:
        """What all this takes on disk, in bytes; thumbnails left out."""

    def problems(self) -> list[str]:
        """What is wrong with what is kept, one sentence each."""

    def save_caches(self) -> None:
        """Leave quick caches for whoever opens the library next."""

    def close(self) -> None:
        """Let go of the files."""
