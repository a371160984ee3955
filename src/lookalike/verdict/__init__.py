"""How near a library's pictures are to each other → how good an answer is, and a sentence on it."""

from lookalike.verdict.kept import load, save
from lookalike.verdict.levels import (
    NOT_JUDGED,
    NOTHING,
    SAME,
    STRONG,
    VERDICTS,
    WEAK,
    Cutoffs,
    Verdict,
)
from lookalike.verdict.probes import Probes
from lookalike.verdict.sentences import reason
from lookalike.verdict.usual import BEST, FEWEST, PROBES, SAMPLE, Usual

__all__ = [
    "BEST",
    "FEWEST",
    "NOTHING",
    "NOT_JUDGED",
    "PROBES",
    "SAME",
    "SAMPLE",
    "STRONG",
    "VERDICTS",
    "WEAK",
    "Cutoffs",
    "Probes",
    "Usual",
    "Verdict",
    "load",
    "reason",
    "save",
]
