"""How good an answer is → its fields in JSON, and their schemas."""

from __future__ import annotations

from typing import Any

from lookalike.library import VERDICTS, Answers, Hits
from lookalike.web.shapes import text

_LEVELS = {"type": "string", "enum": list(VERDICTS)}

OF_A_HIT = {
    "verdict": {
        **_LEVELS,
        "description": "What its score is worth among the pictures of this library.",
    },
}

OF_AN_ANSWER = {
    "verdict": {**_LEVELS, "description": "That of the best of all answers."},
    "reason": text("Why, in one sentence."),
}


def told(found: Hits | Answers) -> dict[str, Any]:
    """What is said of an answer as a whole."""
    return {"verdict": found.verdict, "reason": found.reason}
