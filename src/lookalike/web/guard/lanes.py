"""A request → the lane that it waits and runs in, so that one kind never keeps out another."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from lookalike.web.guard.limits import Limits

Waiting = TypeVar("Waiting")

COSTLY = "costly"
"""Searches and what else takes the processor: the lane that `Limits` has numbers for."""

_PICTURE = r"/api/images/[0-9]+/"
_LANES: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (lane, methods, re.compile(path))
    for lane, methods, path in (
        ("watchers", "GET", r"/(healthz|readyz|metrics)"),
        ("listeners", "GET", r"/api/events"),
        ("exports", "POST", r"/api/export"),
        ("originals", "GET", _PICTURE + "file"),
        ("previews", "GET", _PICTURE + "preview"),
        ("pictures", "GET", _PICTURE + "(thumbnail|metadata)"),
        (COSTLY, "POST", r"/api/search(/ids)?"),
        (COSTLY, "GET POST", _PICTURE + "explanation"),
        (COSTLY, "GET", r"/api/upgrade/(compare|beside)"),
        (COSTLY, "POST", r"/api/(views|upgrade/switch)"),
        (COSTLY, "GET", r"/api/(map|map/points|duplicates)"),
    )
)
OTHERS = "others"

_FULL = {
    COSTLY: "As many searches wait as may",
    "pictures": "As many pictures are being made as may",
    "previews": "As many large pictures are being made as may",
    "originals": "As many files are being sent as may",
    "exports": "As many exports are under way as may",
    "listeners": "As many listen as may: ask /api/stats now and then instead",
    "watchers": "As many ask how the server is as may",
    OTHERS: "As many requests wait as may",
}
_AGAIN = {"exports": 10.0, "listeners": 60.0}
"""Seconds after which a lane may have a place, where that is no matter of how quick it is."""

_LEARNS = 0.2  # how much of its weight in a lane's mean time each request has


def lane_of(method: str, path: str) -> str:
    """The name of the lane of a request, whose method and path may be written as the server and the
    app allow it: HEAD is answered as GET is, and slashes at the beginning are one."""
    method, path = "GET" if method == "HEAD" else method, "/" + path.lstrip("/")
    for lane, methods, pattern in _LANES:
        if method in methods.split() and pattern.fullmatch(path):
            return lane
    return OTHERS


@dataclass(slots=True)
class Lane(Generic[Waiting]):
    """What runs and waits in one lane. The numbers may be read at any time, from any thread.

    ``most_running`` and ``most_waiting`` bound it; ``seconds`` is about how long one takes;
    ``refused`` counts those that found no place.
    """

    name: str
    most_running: int
    most_waiting: int
    running: int = 0
    waiting: deque[Waiting] = field(default_factory=deque)
    seconds: float = 0.1
    refused: int = 0

    @property
    def full(self) -> bool:
        """Whether one more finds no place."""
        return self.running >= self.most_running and len(self.waiting) >= self.most_waiting

    @property
    def sentence(self) -> str:
        """What is said to who finds no place."""
        return f"{_FULL[self.name]}: try again in a moment."

    @property
    def again(self) -> float:
        """Seconds after which there may be a place."""
        there = (len(self.waiting) + self.running) * self.seconds / self.most_running
        return _AGAIN.get(self.name, min(60.0, max(1.0, there)))

    def took(self, seconds: float) -> None:
        """Learn how long one took."""
        self.seconds += _LEARNS * (seconds - self.seconds)


def lanes_of(limits: Limits, listeners: int, exports: int) -> dict[str, Lane[Waiting]]:
    """Empty lanes by their names. Their ``most_running`` together are the threads of the server:
    so whatever one lane is held up by, the others have theirs."""
    bounds = {
        COSTLY: (limits.running, limits.waiting),
        "pictures": (4, 256),
        "previews": (2, 64),
        "originals": (8, 64),
        "exports": (exports, 0),
        "listeners": (listeners, 0),
        "watchers": (1, 32),
        OTHERS: (4, 256),
    }
    return {name: Lane(name, running, waiting) for name, (running, waiting) in bounds.items()}
