"""A verdict, the best score and where the levels begin → one sentence on how good an answer is."""

from __future__ import annotations

from lookalike.verdict.levels import NOTHING, SAME, STRONG, WEAK, Cutoffs, Verdict
from lookalike.verdict.usual import FEWEST


def reason(verdict: Verdict, best: float, cutoffs: Cutoffs) -> str:
    """Why an answer whose ``best`` score this is has its verdict."""
    strong, weak = f"{cutoffs.strong or 0:.2f}", f"{cutoffs.weak or 0:.2f}"
    if verdict == SAME:
        return f"The best answer is the same picture or a copy: its score is {best:.2f}."
    if verdict == STRONG:
        return (
            f"The best score, {best:.2f}, is one that things of one kind have here: "
            f"that begins at {strong}."
        )
    if verdict == WEAK:
        return (
            f"The best score, {best:.2f}, is more than chance here, which ends at {weak}, "
            f"but less than the {strong} of a strong answer."
        )
    if verdict == NOTHING:
        return (
            f"There is probably nothing like it here: the best score, {best:.2f}, is no more than "
            f"unlike pictures of this library have, up to {weak}."
        )
    return f"Fewer than {FEWEST} pictures are too few to say how good an answer is."
