"""The reasons why files are not in a library, with their numbers → the same by a few grounds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

OTHER: Final = "other"

_GROUNDS: Final = (
    ("empty", r"is empty"),
    ("not_a_picture", r"is not a picture|is not in the folder of"),
    ("unsupported", r"is .*which Lookalike does not read|is a .* with unusual pixels"),
    ("package_missing", r"is camera RAW, which needs"),
    (
        "too_large",
        r"has .* (megapixels|blocks)|needs more memory|is .* pixels|is drawn in|.* takes too long",
    ),
    ("decoder_ended", r"takes longer than|makes its decoder|could not be (read and )?decoded"),
    ("damaged", r"is cut short|cannot be decoded"),
    ("unreadable", r"cannot be read|changed while it was read"),
)

GROUNDS: Final = (*(name for name, _ in _GROUNDS), OTHER)
"""All that there are: few enough to be counted by, and the same for every library."""


def grounds(reasons: Mapping[str, int]) -> dict[str, int]:
    """How many files each of `GROUNDS` keeps out, given how many each reason does."""
    found = Counter(dict.fromkeys(GROUNDS, 0))
    for reason, number in reasons.items():
        found[_ground(reason)] += number
    return dict(found)


def _ground(reason: str) -> str:
    return next((name for name, begins in _GROUNDS if re.match(begins, reason)), OTHER)
