"""Records, embeddings, queries → what is kept and found: `VectorStore`, `Catalogue`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from lookalike.stores.base.answers import (
    Answers,
    Facets,
    Hit,
    Listing,
    MarkCounts,
    Naming,
    Ranking,
    Scores,
    SearchIndex,
)
from lookalike.stores.base.filters import Filter
from lookalike.stores.base.labels import KeepsLabels
from lookalike.stores.base.layers import KeepsLayers
from lookalike.stores.base.marks import MarkChange, Marks
from lookalike.stores.base.records import Embedding, Ids, KnownFile, Record, SkippedFile
from lookalike.stores.base.views import View, ViewNote


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
        query: Embedding | Scores,
        k: int,
        *,
        offset: int = 0,
        without: Collection[int] = (),
        where: Filter | None = None,
        distribution: bool = False,
        fold: Mapping[int, int] | None = None,
    ) -> Answers:
        """The k records after the ``offset`` closest, of all that `search` might give; every one
        is compared. The ``distribution`` counts their exact scores. With `Scores` for a query,
        those are what counts, and pictures that are not here any more are left out.

        Ids to which ``fold`` gives the same number show the same: of these, the first in order is
        an answer, and the others are its copies.
        """

    def search_index(self) -> SearchIndex:
        """How `search` finds its answers at present."""


class Catalogue(VectorStore, KeepsLabels, KeepsLayers, Protocol):
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

    def naming(self) -> Naming:
        """The folders and tags of all pictures; folders in order of the paths in them."""

    def passing(self, wanted: Filter) -> list[Record]:
        """The records that pass a filter, in order of path."""

    def listing(self, wanted: Filter, k: int, *, offset: int = 0) -> Listing:
        """The k records after the first ``offset`` that pass a filter, in order of path."""

    def listed(self, wanted: Filter) -> Ids:
        """The ids (n,) of all pictures that pass a filter, in order of path."""

    def ranking(
        self,
        query: Embedding | Scores,
        k: int,
        *,
        without: Collection[int] = (),
        where: Filter | None = None,
        fold: Mapping[int, int] | None = None,
    ) -> Ranking:
        """The first k of all `answers` in their order, by numbers alone."""

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
        path; a skipped file that was not ``tried_with`` the same means has the time -1, and so has
        a picture whose embedding is zeros for lack of another.

        They come one by one, as they were when the first was asked for.
        """

    def skipped_reasons(self) -> dict[str, int]:
        """How many files were skipped for each reason."""

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

    def views(self) -> list[ViewNote]:
        """What is known of the views that are kept, in order of name."""

    def view(self, name: str) -> View | None:
        """One view, or None."""

    def keep_view(self, view: View) -> None:
        """Keep a view, in place of one with the same name."""

    def drop_view(self, name: str) -> bool:
        """Forget a view; tells whether there was one."""

    def size(self) -> int:
        """What all this takes on disk, in bytes; thumbnails left out."""

    def problems(self) -> list[str]:
        """What is wrong with what is kept, one sentence each."""

    def is_replaced(self) -> bool:
        """Whether another library was put in the place of this one since it was opened, or none is
        there any more: it has to be opened again."""

    def copy_to(self, file: Path, tell: Callable[[str, int, int], None]) -> int:
        """Make a file that holds all this at one moment, whatever others read and write meanwhile;
        returns how many pictures that are. ``tell`` is told what is being done (copying, checking),
        and how much of how much is done.

        Raises: OSError where the file cannot be made, or not whole; LibraryError.
        """

    def save_caches(self) -> None:
        """Leave quick caches for whoever opens the library next."""

    def close(self) -> None:
        """Let go of the files."""
