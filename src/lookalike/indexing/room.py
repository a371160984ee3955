"""Bytes that a picture will take, for many threads → its turn: never too many bytes at once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

IN_FLIGHT = 450_000_000
"""Bytes that the pictures being decoded may take together: what is left of 700 MB beside the
program, the model and the embeddings, with some to spare."""


class Room:
    """So many bytes, shared by threads; what needs more than there are gets in alone."""

    def __init__(self, size: int = IN_FLIGHT) -> None:
        self._size = size
        self._taken = 0
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, wanted: int) -> Iterator[None]:
        """Wait until there is room, and take it for as long as the block runs.

        First come, first served, so that a large picture is not passed by small ones for ever.
        A thread that holds room must not ask for more.
        """
        turn = object()
        with self._changed:
            self._queue.append(turn)
            try:
                self._changed.wait_for(lambda: self._queue[0] is turn and self._fits(wanted))
                self._taken += wanted
            finally:
                self._queue.remove(turn)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._taken -= wanted
                self._changed.notify_all()

    def _fits(self, wanted: int) -> bool:
        return not self._taken or self._taken + wanted <= self._size
