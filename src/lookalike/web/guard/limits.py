"""How much is done at once, for how many, and how long a client may take → numbers alone."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

MOST_WAITING = 32
"""Searches and other costly requests that wait while others run."""

RATE = 200
"""Requests a second from one address, on average; a costly one counts for `COSTLY_COUNTS`."""

COSTLY_COUNTS = 20
"""How many ordinary requests a costly one counts for."""

BURST_SECONDS = 30
"""An address that was quiet may ask at once for what it may ask in so many seconds."""


def most_running() -> int:
    """Costly requests that run at once, where nobody says another number: one for each core."""
    return max(2, min(8, os.cpu_count() or 2))


def most_connections() -> int:
    """Connections at a time: half of what this process may have open, and 256 at most."""
    try:
        import resource
    except ImportError:  # Windows has no such bound
        return 256
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 256 if allowed == resource.RLIM_INFINITY else max(32, min(256, allowed // 2))


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that clients may take, and how slow they may be.

    ``head`` for the lines before a request's body, from the moment of connecting; ``idle`` between
    two requests; ``parting`` for what is still on its way when a request was refused before it was
    whole. Bodies and answers must move ``slowest`` bytes a second on the average of each
    ``window``. ``stop`` is for what runs when the server is told to end.
    """

    head: float = 20.0
    idle: float = 60.0
    parting: float = 5.0
    window: float = 30.0
    slowest: float = 2048.0
    stop: float = 30.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server takes on.

    ``running`` and ``waiting`` are for searches and other costly requests; whoever comes beyond
    both is refused at once. ``rate`` is as `RATE`, or 0 for none; None is `RATE` for other
    machines, and none for this one, whose owner has better ways to keep it busy. ``connections``
    are at a time, ``each`` of them from one other machine. ``uploads`` are the bytes of all bodies
    that are held at a time.
    """

    running: int = field(default_factory=most_running)
    waiting: int = MOST_WAITING
    rate: int | None = None
    connections: int = field(default_factory=most_connections)
    each: int = 64
    uploads: int = 256 * 10**6
    patience: Patience = Patience()


def limits(running: int | None, waiting: int | None, rate: int | None) -> Limits:
    """The usual limits, but for those that are given."""
    return Limits(
        most_running() if running is None else running,
        MOST_WAITING if waiting is None else waiting,
        rate,
    )
