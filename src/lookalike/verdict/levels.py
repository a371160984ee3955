"""A score, and where the levels begin → which of four words it deserves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Verdict = Literal["the same picture", "strong", "weak", "probably nothing", "not judged"]

SAME: Verdict = "the same picture"
STRONG: Verdict = "strong"
WEAK: Verdict = "weak"
NOTHING: Verdict = "probably nothing"
NOT_JUDGED: Verdict = "not judged"

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """For one query, the cosines from which on an answer is the ``same`` picture, ``strong`` and
    ``weak``; below the last, it is probably nothing. Where there are too few pictures to judge by,
    the last two are None."""

    same: float
    strong: float | None = None
    weak: float | None = None

    def for_share(self, share: float) -> Cutoffs:
        """For scores of which only this share counts."""
        if self.strong is None or self.weak is None:
            return Cutoffs(self.same / share)
        return Cutoffs(self.same / share, self.strong / share, self.weak / share)

    def verdict(self, score: float) -> Verdict:
        """What a score (a cosine) deserves."""
        if score >= self.same:
            return SAME
        if self.strong is None or self.weak is None:
            return NOT_JUDGED
        if score >= self.strong:
            return STRONG
        return WEAK if score >= self.weak else NOTHING
