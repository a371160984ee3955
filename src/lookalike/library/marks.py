"""Pictures, and what a person says of them → favourites and tags, kept for their contents."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence

from lookalike import evaluate
from lookalike.library.queries import Named, Queries
from lookalike.stores.base import Catalogue, Choice, MarkChange, MarkCounts, Marks, Record

_NONE = Marks()


def only_tags(store: Catalogue, records: Sequence[Record]) -> tuple[list[str | None], int]:
    """The tag of each picture, None for one that has none or several; and how many have several."""
    known = store.marks({record.digest for record in records})
    single = {digest: its.tags[0] for digest, its in known.items() if len(its.tags) == 1}
    several = sum(len(known[one.digest].tags) > 1 for one in records if one.digest in known)
    return [single.get(record.digest) for record in records], several


class MarksOf:
    """The part of a `Library` that keeps what pictures are marked with."""

    _store: Catalogue
    _queries: Queries

    def marks(self, *pictures: Named) -> list[Marks]:
        """What pictures are marked with, in their order. Raises ImageNotFoundError."""
        digests = [self._queries.named(one).digest for one in pictures]
        known = self._store.marks(set(digests))
        return [known.get(digest, _NONE) for digest in digests]

    def mark(
        self,
        *pictures: Named,
        favourite: bool | None = None,
        add: str | Iterable[str] = (),
        remove: str | Iterable[str] = (),
    ) -> list[Marks]:
        """Make pictures favourites or not, take tags off them and then put tags on them; returns
        what they are marked with afterwards, in their order.

        It is kept for their contents: copies share it, and it holds wherever their files go. A
        tag is named as it was first written, and is the same whatever the case of its letters.

        Raises: ImageNotFoundError; InputError for what is no tag, and where there would be too
            many; LibraryError.
        """
        digests = [self._queries.named(one).digest for one in pictures]
        wanted = MarkChange(
            tuple(dict.fromkeys(digests)), favourite, _several(add), _several(remove)
        )
        if wanted != MarkChange(wanted.digests):
            self._store.change_marks([wanted])
        known = self._store.marks(wanted.digests)
        return [known.get(digest, _NONE) for digest in digests]

    def tag_by_labels(self, labels: str | os.PathLike[str]) -> list[Choice]:
        """Put the label of each picture on it as a tag; returns the tags in their order, each with
        how many pictures got it.

        ``labels`` is a CSV of path and label, as `evaluate` takes it; lines of pictures that the
        library does not hold are passed over. All are put on, or none. Raises InputError.
        """
        records = list(self._store.records())
        assigned = evaluate.assign_labels(records, evaluate.read_labels(labels))
        bearing: defaultdict[str, list[str]] = defaultdict(list)
        for record, label in zip(records, assigned, strict=True):
            if label is not None:
                bearing[label].append(record.digest)
        changes = [MarkChange(tuple(some), add=(label,)) for label, some in sorted(bearing.items())]
        self._store.change_marks(changes)
        return [Choice(change.add[0], len(change.digests)) for change in changes]

    def tags(self) -> MarkCounts:
        """How many pictures are favourites, and how many bear each tag that there is."""
        return self._store.count_marks()


def _several(tags: str | Iterable[str]) -> tuple[str, ...]:
    return (tags,) if isinstance(tags, str) else tuple(tags)
