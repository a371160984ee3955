"""Contents that can be read → the pairs of them that are copies; progress on the way."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict, deque
from collections.abc import (
    Callable,
    Container,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL.Image import Image

from lookalike.duplicates.groups import Order, connected
from lookalike.duplicates.kept import Compared, Pair, Sketches, load_compared, save_compared
from lookalike.duplicates.neighbours import Halves, Rows, hashes, nearest
from lookalike.duplicates.sketch import Sketch, sketch_of
from lookalike.duplicates.verify import Known, Placed, Whole
from lookalike.errors import ImageError
from lookalike.stores.base import Embedding, Ids, Record

ALIKE = 4
"""How many neighbours by embedding are compared with each picture."""

SAME = 4
"""And how many by hash."""

_LEAST_ALIKE = 0.4  # the cosine below which an embedding says that there is no copy
_LEAST_SAME = 0.75  # the same of a hash: by chance, one of some ten thousand reaches .7
_STRETCH = 4096  # pictures after which what was found is kept
_TOLD = 64  # pictures after which progress is told
_KNOWN = 1024  # pictures of which what is compared is kept at hand, up to 60 kB each
_TURNS = 3  # in which the best of a group is compared with the others
_LOG = logging.getLogger(__name__)
_Given = TypeVar("_Given")
_Got = TypeVar("_Got")


@dataclass(frozen=True, slots=True)
class Step:
    """How far a search is: what is being done, and how much of it."""

    doing: str
    done: int
    total: int


@dataclass(frozen=True, eq=False)
class Sources:
    """What a search needs of a library. ``read`` gives a picture to look at and raises ImageError;
    ``embeddings`` gives those of some rising ids, as many as there are still, in blocks."""

    read: Callable[[Record], Image]
    embeddings: Callable[[Ids], Iterable[tuple[Ids, Embedding]]]
    cache: Path
    writable: bool
    threads: int = 1
    tell: Callable[[Step], None] = lambda _step: None
    stop: threading.Event | None = None


Contents = Mapping[str, Sequence[Record]]
"""The pictures of each content, by the SHA-256 of their files."""


def search(contents: Contents, sources: Sources) -> Compared:
    """Compare all contents with each other; those that were compared before are not again.

    What cannot be read at the moment is left out, and is not among the digests that come back: it
    is tried again the next time. A search that is stopped keeps the sketches and the comparisons
    that it has made, and the next goes on from there.
    """
    compared = _still_true(load_compared(sources.cache), contents)
    if contents.keys() <= compared.digests:
        return compared
    sketches = Sketches(sources.cache)
    try:
        _draw(contents, sketches, sources)
    finally:
        if sources.writable:
            sketches.save(contents.__contains__)
    names = [digest for digest in contents if digest in sketches]
    if not _stopped(sources):
        _Comparison(names, contents, sketches, compared, sources).run()
    return compared


def _still_true(compared: Compared, contents: Contents) -> Compared:
    pairs = [one for one in compared.pairs if {one.whole, one.part} <= contents.keys()]
    return Compared(compared.digests & contents.keys(), pairs)


def _stopped(sources: Sources) -> bool:
    return sources.stop is not None and sources.stop.is_set()


# ---- sketches


def _draw(contents: Contents, sketches: Sketches, sources: Sources) -> None:
    """Make the sketches that are missing, on several threads."""
    missing = [digest for digest in contents if digest not in sketches]
    with _on_threads(lambda one: _sketch(contents[one], sources), missing, sources.threads) as made:
        for done, (digest, sketch) in enumerate(zip(missing, made, strict=True), start=1):
            if sketch is not None:
                sketches.add(digest, sketch)
            if _stopped(sources):
                break
            if done % _TOLD == 0 or done == len(missing):
                sources.tell(Step("looking", done, len(missing)))


def _on_threads(
    do: Callable[[_Given], _Got], things: Iterable[_Given], threads: int
) -> AbstractContextManager[Iterator[_Got]]:
    """What is done with things, in their order, a few of them ahead of whoever takes it; nothing
    goes on after the block."""
    return closing(_ahead(do, things, threads))


def _ahead(
    do: Callable[[_Given], _Got], things: Iterable[_Given], threads: int
) -> Generator[_Got, None, None]:
    coming = iter(things)
    with ThreadPoolExecutor(threads, thread_name_prefix="duplicates") as pool:

        def begin(number: int) -> list[Future[_Got]]:
            return [pool.submit(do, one) for one in islice(coming, number)]

        try:
            waiting = deque(begin(4 * threads))
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(begin(1))
        finally:
            pool.shutdown(cancel_futures=True)


def _sketch(places: Sequence[Record], sources: Sources) -> Sketch | None:
    """From the first of the files that can be read."""
    for record in places:
        try:
            return sketch_of(sources.read(record))
        except ImageError as error:
            _LOG.info("left out of the comparison: %s", error)
    return None


# ---- comparing


class _Comparison:
    """One run over contents with sketches; ``compared`` grows as it goes on."""

    def __init__(
        self,
        names: Sequence[str],
        contents: Contents,
        sketches: Sketches,
        compared: Compared,
        sources: Sources,
    ) -> None:
        self._names = names
        self._contents = contents
        self._sketches = sketches
        self._compared = compared
        self._sources = sources
        self._known = lru_cache(_KNOWN)(self._known_of)
        number = {name: row for row, name in enumerate(names)}
        self._tried = {
            _ordered(number[one.whole], number[one.part])
            for one in compared.pairs
            if one.whole in number and one.part in number
        }

    def run(self) -> None:
        """Compare, and keep what was compared after every stretch."""
        fresh = np.flatnonzero([name not in self._compared.digests for name in self._names])
        if len(fresh) == 0:
            return
        hashed = hashes(lambda row: self._sketches[self._names[row]], len(self._names))
        embedded = self._embeddings()
        for start in range(0, len(fresh), _STRETCH):
            some = fresh[start : start + _STRETCH]
            self._tell(start, len(fresh))
            likely = self._likely(some, hashed, embedded)
            if not self._verify(likely, start, len(some), len(fresh)):
                return
            self._compared.digests.update(self._names[row] for row in some)
            self._save()
        self._close_groups(len(fresh))
        self._save()
        self._tell(len(fresh), len(fresh))

    def _likely(self, some: Rows, hashed: Halves, embedded: Halves) -> list[tuple[int, int]]:
        """The pairs that may be copies, of some contents with any, that were not tried yet."""
        by_hash = nearest(some, hashed[:, 0], hashed, most=SAME, least=_LEAST_SAME)
        by_look = nearest(some, embedded, embedded[:, None], most=ALIKE, least=_LEAST_ALIKE)
        found = {(int(a), int(b)) for pairs in chain(by_hash, by_look) for a, b in pairs}
        return sorted(found - self._tried)

    def _verify(
        self,
        likely: Sequence[tuple[int, int]],
        start: int,
        stretch: int,
        total: int,
        *,
        thorough: bool = False,
    ) -> bool:
        """Try pairs both ways; False where the search was stopped meanwhile."""
        parts = defaultdict(list)
        for one, other in likely:
            parts[one].append(other)
            parts[other].append(one)
        best: dict[tuple[int, int], tuple[int, int, Placed]] = {}
        find = partial(self._found_in, thorough=thorough)
        with _on_threads(find, parts.items(), self._sources.threads) as every:
            for done, found in enumerate(every):
                if _stopped(self._sources):
                    return False
                if done % _TOLD == 0:
                    self._tell(start + stretch * done // len(parts), total)
                for whole, part, placed in found:
                    ends = _ordered(whole, part)
                    if ends not in best or best[ends][2].agreement < placed.agreement:
                        best[ends] = whole, part, placed
        self._tried.update(likely)
        for whole, part, placed in best.values():
            self._compared.pairs.append(Pair(self._names[whole], self._names[part], placed))
        return True

    def _found_in(
        self, tried: tuple[int, Sequence[int]], *, thorough: bool
    ) -> list[tuple[int, int, Placed]]:
        """Those of some pictures that lie in another, with the places."""
        whole, parts = tried
        placed = Whole(self._known(whole)).find_all(
            [self._known(part) for part in parts], thorough=thorough
        )
        return [(whole, part, one) for part, one in zip(parts, placed, strict=True) if one]

    def _close_groups(self, total: int) -> None:
        """Compare the best picture of each group with all the others of it: candidates are few,
        and of many copies of one picture not all were neighbours of each other."""
        number = {name: row for row, name in enumerate(self._names)}
        rows = [(number.get(one.whole), number.get(one.part)) for one in self._compared.pairs]
        found = {_ordered(a, b) for a, b in rows if a is not None and b is not None}
        for _ in range(_TURNS):  # what is found may tell that another picture is the best
            missing = {_ordered(number[a], number[b]) for a, b in self._with_best(number)} - found
            if not missing or not self._verify(sorted(missing), total, 0, total, thorough=True):
                return
            found |= missing

    def _with_best(self, known: Container[str]) -> Iterator[tuple[str, str]]:
        """The best of each group with each of the others."""
        order = Order(self._compared.pairs)
        for group in connected((one.whole, one.part) for one in self._compared.pairs):
            inside = [name for name in group if name in known]
            best = min(inside, key=lambda name: order(self._contents[name][0]), default=None)
            yield from ((best, one) for one in inside if best is not None and one != best)

    def _known_of(self, row: int) -> Known:
        name = self._names[row]
        record = self._contents[name][0]
        return Known.of(self._sketches[name], record.width, record.height)

    def _embeddings(self) -> Halves:
        """In half precision: to choose candidates by, a cosine needs no more."""
        ids = np.array([self._contents[name][0].id for name in self._names], np.int64)
        order = np.argsort(ids)
        rising = ids[order]
        found = np.zeros((len(ids), 0), np.float16)
        for some, block in self._sources.embeddings(rising):
            if not found.size:
                found = np.zeros((len(ids), block.shape[1]), np.float16)
            found[order[np.searchsorted(rising, some)]] = block
        return found

    def _tell(self, done: int, total: int) -> None:
        self._sources.tell(Step("comparing", done, total))

    def _save(self) -> None:
        if self._sources.writable:
            save_compared(self._sources.cache, self._compared)


def _ordered(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)
