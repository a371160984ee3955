"""A query and its hits → the hits with their verdicts, and a verdict on the whole answer."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lookalike import verdict
from lookalike.library.vectors import embeddings_of
from lookalike.stores.base import Catalogue, Embedding, Filter, Hit, Ids
from lookalike.verdict import Cutoffs, Probes, Usual, Verdict

_KNOWN = 50_000  # pictures of which each is held against the sample in advance
_GROWN = 1.5  # times as many pictures, or as few, that make it another library
_LEFT = 0.7  # of the sample: where less is there as it was, it stands for the library no more
_UNCHANGED = 0.999  # the cosine of an embedding with itself, from a file with three digits
_AT_HAND = 16  # queries whose cutoffs are kept, for those who go through all answers
_ELSEWHERE = "By the plain cosines, "

OF_WORDS = "Answers to words are not judged: their scores have a range of their own."
OF_NO_PICTURE = "Without a picture to compare with, answers are not judged."
_EMPTY = "There are no answers to judge."


class Hits(list[Hit]):
    """Hits, best first, and how good they are: the ``verdict`` on the best of all answers, with a
    sentence that says why, the ``reason``; ``lacking`` as `Answers` have it."""

    def __init__(
        self,
        hits: Iterable[Hit],
        verdict: str | None,
        reason: str | None,
        lacking: int | None = None,
    ) -> None:
        super().__init__(hits)
        self.verdict = verdict
        self.reason = reason
        self.lacking = lacking


@dataclass(frozen=True, eq=False)
class Sought:
    """What was asked: a unit vector (dim,), the ids that are no answers, and which pictures may be.

    Scores are judged when they are multiplied by ``share``, which is not 1 where several pictures
    were asked for, see `lookalike.library.examples.share`. ``plain`` says whether answers are in
    the order of their cosines with the vector. In any other order, verdicts are still on these.
    """

    wanted: Embedding
    without: tuple[int, ...] = ()
    where: Filter | None = None
    plain: bool = True
    share: float = 1.0


class Judging:
    """Knows what is usual in one library, and follows it; may be used from many threads.

    What is usual lies in the cache. It is made again where the library has half doubled, has lost
    a third, or a third of the sample has changed.
    """

    def __init__(self, store: Catalogue) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._kept: tuple[str | None, Usual] | None = None
        self._at_hand: dict[object, tuple[Cutoffs, float]] = {}

    def judged(self, hits: Sequence[Hit], sought: Sought | str, *, offset: int = 0) -> Hits:
        """Hits from ``offset`` on with their verdicts, and a verdict on the best of all answers.

        A text in place of what was sought says why that cannot be judged.
        """
        if isinstance(sought, str):
            return Hits(_all(hits, verdict.NOT_JUDGED), verdict.NOT_JUDGED, sought)
        if not hits:
            return Hits((), verdict.NOT_JUDGED, _EMPTY)
        cutoffs, first = self._cutoffs(hits, sought, offset)
        best = self._best(hits, sought, offset, first)
        of_all = cutoffs.verdict(best)
        reason = verdict.reason(of_all, best, cutoffs)
        if not sought.plain:
            reason = _ELSEWHERE + reason[0].lower() + reason[1:]
        cosines = None if sought.plain else self._cosines(hits, sought.wanted)
        return Hits((_told(hit, cutoffs, cosines) for hit in hits), of_all, reason)

    def renew(self) -> None:
        """Find out what is usual, where that is not known, so that no search has to."""
        self._usual()

    # ---- what is usual

    def _usual(self) -> Usual:
        with self._guard:
            settings = self._store.settings()
            revision = settings.get("revision")  # before it is read what there is
            if self._kept is None or self._kept[0] != revision:
                self._kept = revision, self._as_it_is_now(settings.get("identity", ""))
            return self._kept[1]

    def _as_it_is_now(self, identity: str) -> Usual:
        cache = self._store.folder / "cache"
        known = self._kept[1] if self._kept else verdict.load(cache, identity)
        if known is not None and self._stands(known):
            return known
        made = self._made()
        if not self._store.read_only and made.drawn >= verdict.FEWEST:
            verdict.save(cache, identity, made)
        return made

    def _stands(self, usual: Usual) -> bool:
        """Whether what was found out is still of this library, more or less."""
        count = self._store.count()
        if min(count, usual.drawn) < verdict.FEWEST:
            return count == usual.drawn
        if not usual.drawn / _GROWN <= count <= usual.drawn * _GROWN:
            return False
        rows = self._rows(usual.ids)
        if rows.shape != usual.rows.shape:
            return False
        return float((np.vecdot(rows, usual.rows) >= _UNCHANGED).mean()) >= _LEFT

    def _made(self) -> Usual:
        ids, _ = self._store.versions()
        random = np.random.default_rng(0)
        some = np.sort(random.choice(ids, min(verdict.SAMPLE, len(ids)), replace=False))
        usual = Usual(some, self._rows(some), len(ids))
        if len(ids) < verdict.FEWEST:
            return usual
        asked = random.choice(len(some), min(verdict.PROBES, len(some)), replace=False)
        made = self._compared(usual, asked) if len(ids) <= _KNOWN else self._searched(usual, asked)
        return replace(usual, drawn=0) if made is None else made  # all others have been removed

    def _compared(self, usual: Usual, asked: Ids) -> Usual | None:
        """What is usual, from one comparison of everything with the sample."""
        probes = Probes(usual, asked)
        for ids, rows in self._store.embedding_blocks():
            probes.see(ids, rows)
        return probes.told(self._rows)

    def _searched(self, usual: Usual, asked: Ids) -> Usual | None:
        """The same of a large library, from searches."""
        found = [
            self._store.search(usual.rows[one], verdict.BEST, without=[int(usual.ids[one])])
            for one in asked
        ]
        least = min(map(len, found))
        if not least:
            return None
        scores = np.array([[hit.score for hit in hits[:least]] for hits in found])
        answers = np.array([[hit.record.id for hit in hits[:least]] for hits in found], np.int64)
        near = usual.crowding(answers.ravel(), self._rows(answers.ravel()))
        return usual.told(scores, near.reshape(answers.shape))

    def _rows(self, ids: Ids) -> Embedding:
        return embeddings_of(self._store, ids)

    # ---- one query

    def _cutoffs(self, hits: Sequence[Hit], sought: Sought, offset: int) -> tuple[Cutoffs, float]:
        """Where the levels begin, and the best cosine of all pictures."""
        usual = self._usual()
        key = (
            sought.wanted.tobytes(),
            sought.share,
            sought.without,
            id(usual),
            self._kept and self._kept[0],
        )
        known = self._at_hand.get(key)
        if known is not None:
            return known
        best: Sequence[Hit] = hits
        if not (
            sought.plain and sought.where is None and offset == 0 and len(hits) >= verdict.BEST
        ):
            best = self._store.search(sought.wanted, verdict.BEST, without=sought.without)
        ids = np.array([hit.record.id for hit in best[: verdict.BEST]], np.int64)
        first = best[0].score if best else -1.0
        crowds = usual.crowd_of(ids, self._rows)
        levels = usual.cutoffs(first * sought.share, crowds)
        found = levels.for_share(sought.share), first
        with self._guard:
            self._at_hand[key] = found
            while len(self._at_hand) > _AT_HAND:
                self._at_hand.pop(next(iter(self._at_hand)))
        return found

    def _best(self, hits: Sequence[Hit], sought: Sought, offset: int, first: float) -> float:
        """The best cosine of all that may be answers; ``first`` is that without a filter."""
        if sought.plain and offset == 0:
            return hits[0].score
        if sought.where is None:
            return first
        found = self._store.search(sought.wanted, 1, without=sought.without, where=sought.where)
        return found[0].score if found else -1.0

    def _cosines(self, hits: Sequence[Hit], wanted: Embedding) -> dict[int, float]:
        """The cosine of each id with the query, for answers that came in another order."""
        every = [one.record.id for hit in hits for one in (hit, *hit.copies)]
        rows = self._rows(np.array(every, np.int64))
        return dict(zip(every, (rows @ wanted).tolist(), strict=True))


def _told(hit: Hit, cutoffs: Cutoffs, cosines: dict[int, float] | None) -> Hit:
    score = hit.score if cosines is None else cosines[hit.record.id]
    copies = tuple(_told(one, cutoffs, cosines) for one in hit.copies)
    return replace(hit, verdict=cutoffs.verdict(score), copies=copies)


def _all(hits: Iterable[Hit], same: Verdict) -> list[Hit]:
    return [replace(hit, verdict=same, copies=tuple(_all(hit.copies, same))) for hit in hits]
