"""Records, pairs and decisions → groups of copies, each with the best of it and what differs."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lookalike.duplicates.kept import Pair
from lookalike.duplicates.sketch import lies_down
from lookalike.duplicates.verify import Placed
from lookalike.stores.base import Record

_ALL = 0.97  # the part of a side from which on a copy shows all of it
_SAME_SIZE = 0.02  # how far dimensions may differ by rounding
_EDITED = 0.05  # the part of the details from which on something was drawn over a copy

Decision = tuple[str, str]
"""Two contents that are no duplicates, by SHA-256, in order; twice the same means that all files
with this content are wanted."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A picture that shows what the best of its group shows.

    ``how`` is ``("exact",)`` for the same content, else some of: ``resized``, ``cropped`` (it
    shows a part), ``extended`` (it shows more: the best is a part of it), ``bordered``, ``turned``,
    ``mirrored``, ``edited`` (a caption, say), or ``recompressed`` if it is none of these.
    ``turned`` is by how many degrees to the right, after mirroring; ``shown`` how much of the
    larger of the two the other is, by area; ``agreement`` that of the details, 1 is the same.
    """

    record: Record
    how: tuple[str, ...]
    turned: int = 0
    shown: float = 1.0
    agreement: float = 1.0


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures that show the same. ``best`` is proposed to be kept, since it is ``untouched`` (has
    no border, and is not what was turned or drawn over), has the most ``pixels`` or ``bytes``, is
    the ``oldest`` or the first by ``path``: that is ``why``. Each of the ``copies`` was compared
    with it."""

    best: Record
    why: str
    copies: tuple[Copy, ...]

    @property
    def spare(self) -> int:
        """Bytes that the copies take."""
        return sum(one.record.size for one in self.copies)


def rank(record: Record) -> tuple[int, int, int, bytes]:
    """What the best picture has least of: most pixels, most bytes, oldest, first by path."""
    place = os.fsencode(record.path)
    return -record.width * record.height, -record.size, record.mtime_ns, place


class Order:
    """In which order pictures are proposed to be kept: by `rank`, but those last that are another
    picture within a border, and of those with as many pixels the ones that are turned or drawn over
    unlike the others. Both add pixels or bytes, and show nothing more.

    A border is seen in the picture itself. Of two pictures none can say which was turned, or has
    the caption; of more, it is the one that is unlike most of the others.
    """

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._framed: set[str] = set()
        self._near, self._unlike = Counter[str](), Counter[str]()
        for pair in pairs:
            ends, placed = (pair.whole, pair.part), pair.placed
            self._near.update(ends)
            if placed.orientation or _is_edited(placed):
                self._unlike.update(ends)
            if placed.framed:
                self._framed.add(pair.whole)

    def __call__(self, record: Record) -> tuple[bool, int, bool, int, int, bytes]:
        """What the best picture has least of."""
        one, near = record.digest, self._near[record.digest]
        unlike = near > 1 and 2 * self._unlike[one] > near
        pixels, size, age, path = rank(record)
        return one in self._framed, pixels, unlike, size, age, path


_WHY = ("untouched", "pixels", "untouched", "bytes", "oldest", "path")


def by_content(records: Iterable[Record]) -> dict[str, list[Record]]:
    """The pictures of each content, the oldest first."""
    found = defaultdict(list)
    for record in records:
        found[record.digest].append(record)
    return {digest: sorted(some, key=rank) for digest, some in found.items()}


def group(
    contents: Mapping[str, Sequence[Record]],
    pairs: Iterable[Pair],
    decisions: Iterable[Decision] = (),
) -> list[Group]:
    """The groups, those whose copies take most bytes first.

    A chain of pairs is no group: whoever keeps the best picture and nothing else must not lose
    one that was only like another copy. So the best of what is connected takes those that it was
    itself found alike with; of the rest the best begins the next group. Which is the best does not
    change by decisions, and what is no duplicate of another is in no group with it.
    """
    apart = set(decisions)
    here = [one for one in pairs if one.whole in contents and one.part in contents]
    order = Order(here)
    near: dict[str, dict[str, Pair]] = defaultdict(dict)
    for pair in here:
        if _decision(pair.whole, pair.part) not in apart:
            near[pair.whole][pair.part] = near[pair.part][pair.whole] = pair
    alone = (digest for digest in contents if digest not in near)
    parts = [*connected((one.whole, one.part) for some in near.values() for one in some.values())]
    found = [
        made
        for part in [*parts, *([digest] for digest in alone)]
        for made in _stars(part, contents, near, apart, order)
    ]
    return sorted(found, key=lambda one: (-one.spare, os.fsencode(one.best.path)))


def connected(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """What hangs together, each in the order in which it was first named."""
    near: dict[str, list[str]] = defaultdict(list)
    for one, other in pairs:
        near[one].append(other)
        near[other].append(one)
    found, seen = [], set()
    for start in near:
        if start in seen:
            continue
        part, at = [start], 0
        seen.add(start)
        while at < len(part):
            fresh = [one for one in dict.fromkeys(near[part[at]]) if one not in seen]
            seen.update(fresh)
            part += fresh
            at += 1
        found.append(part)
    return found


def _decision(one: str, other: str) -> Decision:
    return min(one, other), max(one, other)


def _stars(
    part: Sequence[str],
    contents: Mapping[str, Sequence[Record]],
    near: Mapping[str, Mapping[str, Pair]],
    apart: set[Decision],
    order: Order,
) -> Iterator[Group]:
    left = sorted(part, key=lambda digest: order(contents[digest][0]))
    while left:
        best = left[0]
        mine: list[str] = []
        for one in left[1:]:
            told_apart = apart and any(_decision(one, other) in apart for other in mine)
            if one in near.get(best, {}) and not told_apart:
                mine.append(one)
        left = [one for one in left[1:] if one not in mine]
        record = contents[best][0]
        same = () if (best, best) in apart else contents[best][1:]
        copies = [Copy(one, ("exact",)) for one in same]
        for other in mine:
            pair = near[best][other]
            copies += [_copy(one, record, pair) for one in contents[other]]
        if copies:
            yield Group(record, _why(record, copies, order), tuple(copies))


def _why(best: Record, copies: Sequence[Copy], order: Order) -> str:
    """The first thing by which the best is before all others."""
    ends = order(best), min(order(one.record) for one in copies)
    why = next(name for name, one, other in zip(_WHY, *ends, strict=True) if one != other)
    # What has more pixels or bytes in spite of it must not be passed over without a word.
    return why if rank(best) < min(rank(one.record) for one in copies) else "untouched"


def _copy(record: Record, best: Record, pair: Pair) -> Copy:
    placed, is_whole = pair.placed, pair.whole == record.digest
    whole, part = (record, best) if is_whole else (best, record)
    _, _, wide, high = placed.window
    mirrored, quarters = placed.orientation >= 4, placed.orientation % 4
    how = []
    if min(wide, high) < _ALL or (placed.framed and is_whole):
        longer = "bordered" if placed.framed else "extended"
        how.append(longer if is_whole else "cropped")
    if _is_resized(whole, part, placed):
        how.append("resized")
    if mirrored:
        how.append("mirrored")
    if quarters and not (mirrored and quarters == 2):  # mirrored top to bottom, nothing else
        how.append("turned")
    if _is_edited(placed):
        how.append("edited")
    # How the part must be turned to lie in the whole, to the left; undoing it turns the other way,
    # but for what is mirrored: that is undone by doing it again.
    left = quarters if is_whole or mirrored else -quarters
    shown = round(wide * high, 3) if min(wide, high) < _ALL else 1.0
    return Copy(record, tuple(how or ["recompressed"]), -left * 90 % 360, shown, placed.agreement)


def _is_edited(placed: Placed) -> bool:
    """Whether something is drawn over one of two pictures. Where a border begins, cells hold both,
    so that nothing can be said of a picture within one."""
    return placed.spoiled >= _EDITED and not placed.framed


def _is_resized(whole: Record, part: Record, placed: Placed) -> bool:
    """Whether a pixel of one is more than a pixel of the other."""
    wide, high = part.width, part.height
    if lies_down(placed.orientation):
        wide, high = high, wide
    _, _, across, down = placed.window
    expected = whole.width * across + whole.height * down
    return abs((wide + high) / expected - 1) > _SAME_SIZE
