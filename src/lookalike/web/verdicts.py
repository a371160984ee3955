"""How good an answer is → its fields in JSON, and their schemas."""

from __future__ import annotations

from typing import Any

from lookalike.library import VERDICTS, Answers, Hits
from lookalike.web.shapes import number, text, whole

_LEVELS = {"type": "string", "enum": list(VERDICTS)}

OF_A_HIT = {
    "verdict": {
        **_LEVELS,
        "description": "What its score is worth among the pictures of this library.",
    },
}

LIKED = number(
    "How likely it is liked, by those who marked what the view was learned from; where such a view "
    "was asked alone and can tell.",
    minimum=0,
    maximum=1,
)

LACKING = whole(
    "How many pictures have no parts yet, and so are no answers; in the view `parts`.",
    minimum=0,
)

OF_AN_ANSWER = {
    "verdict": {**_LEVELS, "description": "That of the best of all answers."},
    "reason": text("Why, in one sentence."),
}


def told(found: Hits | Answers) -> dict[str, Any]:
    """What is said of an answer as a whole."""
    lacking = {} if found.lacking is None else {"lacking": found.lacking}
    return {"verdict": found.verdict, "reason": found.reason, **lacking}
