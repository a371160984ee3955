"""What a store is asked by and tells → `Scores`; `Hit`, `Answers`, `Listing`, `Facets`."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lookalike.stores.base.records import Ids, Record


@dataclass(frozen=True, eq=False)
class Scores:
    """What pictures are ranked by in place of the cosines of their embeddings: ``ids`` (n,), none
    twice, and ``values`` (n,) from -1 to 1, higher is better, which count to six decimals. A
    picture that is not among them is no answer."""

    ids: Ids
    values: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer: ``score`` is the cosine, -1 to 1, higher is better; ``distance`` is the L2
    distance between the two unit vectors, 0 to 2. ``copies`` are the answers that were folded into
    this one since they show the same, best first. ``verdict`` says how good it is, where somebody
    judged it, and ``box`` which part of the picture was found: left, top, width and height as
    fractions of it, None where that is the whole. ``liked`` is how likely the picture is liked, 0
    to 1, where a view that was learned from what is liked was asked alone, and can tell. Stores
    say none of the three."""

    record: Record
    score: float
    distance: float
    copies: tuple[Hit, ...] = ()
    verdict: str | None = field(default=None, compare=False)
    box: tuple[float, float, float, float] | None = field(default=None, compare=False)
    liked: float | None = field(default=None, compare=False)

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
    with the same content are known to be copies. ``verdict`` and ``reason`` say how good the best
    of all answers is, where somebody judged it. ``lacking`` is how many pictures of the library
    could not be compared since they have no parts yet, where parts were compared."""

    hits: tuple[Hit, ...]
    offset: int
    total: int
    distribution: Distribution | None = None
    folded: int | None = None
    waiting: int | None = None
    verdict: str | None = None
    reason: str | None = None
    lacking: int | None = None

    @property
    def next(self) -> int | None:
        """Where the next stretch begins; None after the last."""
        end = self.offset + len(self.hits)
        return end if self.hits and end < self.total else None


@dataclass(frozen=True, slots=True)
class Listing:
    """A stretch of all pictures that pass a filter, in order of path: ``records`` begin at
    ``offset`` of the ``total`` that there are."""

    records: tuple[Record, ...]
    offset: int
    total: int

    @property
    def next(self) -> int | None:
        """Where the next stretch begins; None after the last."""
        end = self.offset + len(self.records)
        return end if self.records and end < self.total else None


@dataclass(frozen=True, eq=False)
class Ranking:
    """The first of all answers by their numbers alone, best first: ``ids`` (n,), ``scores`` (n,)
    and ``distances`` (n,), as a `Hit` has them, of the ``total`` that there are."""

    ids: Ids
    scores: npt.NDArray[np.float64]
    distances: npt.NDArray[np.float64]
    total: int


@dataclass(frozen=True, eq=False)
class Naming:
    """What pictures have in common, as columns: ``ids`` (n,) of all, rising; the absolute path of
    the folder that each lies directly in is ``folders[inside[i]]``; the picture at place
    ``bearers[j]`` of ``ids`` bears the tag ``tags[borne[j]]``, for each of (m,) pairs."""

    ids: Ids
    folders: tuple[str, ...]
    inside: npt.NDArray[np.int32]
    tags: tuple[str, ...]
    bearers: npt.NDArray[np.intp]
    borne: npt.NDArray[np.int32]


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
    frequent first, are those of the pictures that pass, as one more tag asks for, and so are
    ``labels``. Of folders, cameras, tags and labels there are at most `MOST_CHOICES`.
    """

    images: int
    folders: tuple[Choice, ...]
    formats: tuple[Choice, ...]
    cameras: tuple[Choice, ...]
    taken: tuple[Choice, ...]
    sides: tuple[Choice, ...]
    favourites: int
    tags: tuple[Choice, ...]
    labels: tuple[Choice, ...] = ()


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
