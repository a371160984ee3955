"""What a connection does, and what moved on it → whether its client has taken too long."""

from __future__ import annotations

from enum import Enum

from lookalike.web.guard.limits import Patience


class Doing(Enum):
    """What a connection is at."""

    IDLE = "idle"
    HEAD = "head"
    BODY = "body"
    WORKING = "working"
    SENDING = "sending"
    PARTING = "parting"


class Pace:
    """How long a connection has been at the same, and how much has moved meanwhile."""

    def __init__(self, patience: Patience, now: float) -> None:
        self._patience = patience
        self._doing = Doing.HEAD
        self._since = now
        self._moved = 0

    def overdue(self, doing: Doing, moved: int, now: float) -> bool:
        """Whether the client is too slow; ``moved`` are the bytes since it connected, both ways."""
        if doing is not self._doing:
            self._doing, self._since, self._moved = doing, now, moved
            return False
        spent = now - self._since
        if doing is Doing.IDLE:
            return spent > self._patience.idle
        if doing is Doing.HEAD:
            return spent > self._patience.head
        if doing is Doing.PARTING:
            return spent > self._patience.parting
        if doing is Doing.WORKING or spent < self._patience.window:
            return False
        slow = moved - self._moved < self._patience.slowest * spent
        self._since, self._moved = now, moved
        return slow

    def spent(self, now: float) -> float:
        """Seconds at the same."""
        return now - self._since
