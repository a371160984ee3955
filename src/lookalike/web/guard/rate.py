"""A client and what it asks for → how long it has to wait before that may be asked for."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock

_MOST_KNOWN = 4096  # clients; of more, those are forgotten that were quiet for longest


class Buckets:
    """For each client a bucket that fills by ``a_second`` up to ``most``; what is asked for is
    taken out of it."""

    def __init__(self, most: float, a_second: float) -> None:
        self._most = most
        self._a_second = a_second
        self._lock = Lock()
        self._known: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, cost: float = 1.0, now: float | None = None) -> float:
        """0 where there was enough, which is then taken; else the seconds until there will be."""
        now = time.monotonic() if now is None else now
        with self._lock:
            level = self._level(client, now)
            if level < cost:
                return (cost - level) / self._a_second
            self._keep(client, level - cost, now)
            return 0.0

    def wait(self, client: str, cost: float = 1.0, now: float | None = None) -> float:
        """The same, and nothing is taken."""
        now = time.monotonic() if now is None else now
        with self._lock:
            return max(0.0, cost - self._level(client, now)) / self._a_second

    def __len__(self) -> int:
        """How many clients are known."""
        return len(self._known)

    def _level(self, client: str, now: float) -> float:
        level, then = self._known.get(client, (self._most, now))
        return min(self._most, level + max(0.0, now - then) * self._a_second)

    def _keep(self, client: str, level: float, now: float) -> None:
        self._known[client] = (level, now)
        self._known.move_to_end(client)
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
