"""Hits, records and meanings → what an assistant is told of them, described by its types."""

from __future__ import annotations

from dataclasses import dataclass, field

from lookalike.library import Hit, Marks, Record


@dataclass(frozen=True, slots=True)
class Match:
    """A picture that was found; ``box`` is the part of it that was: left, top, width and height
    as fractions; ``liked`` how likely it is liked, 0 to 1, where a view alone was asked."""

    id: int
    path: str
    score: float
    distance: float
    verdict: str | None
    width: int
    height: int
    taken: str | None
    camera: str | None
    copies: int
    box: tuple[float, float, float, float] | None = None
    liked: float | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What words were taken for: labels with their shares; not ``sure`` where none is near."""

    words: str
    sure: bool
    labels: dict[str, float]


@dataclass(frozen=True, slots=True)
class Found:
    """The pictures that were found, best first. Where copies were folded, ``waiting`` is how many
    pictures no look for duplicates has compared: of these, only exact copies are folded.
    ``verdict`` is that of the best of all answers, ``reason`` says why; ``probably nothing`` means
    that the library has nothing of the kind."""

    hits: list[Match]
    verdict: str | None
    reason: str | None
    waiting: int | None = None
    understood: list[Read] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Item:
    """A picture of a list."""

    id: int
    path: str
    width: int
    height: int
    taken: str | None
    camera: str | None
    favourite: bool
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A stretch of the ``total`` pictures that pass, in order of path; ``next`` is the offset to
    go on with, None after the last."""

    pictures: list[Item]
    total: int
    next: int | None


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything the library knows about a picture."""

    id: int
    path: str
    size: int
    width: int
    height: int
    format: str
    taken: str | None
    camera: str | None
    latitude: float | None
    longitude: float | None
    digest: str
    favourite: bool
    tags: tuple[str, ...]
    labels: dict[str, float]


def match(hit: Hit) -> Match:
    """A hit as assistants are told of it."""
    one = hit.record
    return Match(
        one.id, hit.path, hit.score, hit.distance, hit.verdict, one.width, one.height, one.taken,
        one.camera, len(hit.copies), hit.box, hit.liked,
    )  # fmt: skip


def item(one: Record, marks: Marks) -> Item:
    """A picture of a list as assistants are told of it."""
    return Item(
        one.id, one.path, one.width, one.height, one.taken, one.camera, marks.favourite, marks.tags
    )
