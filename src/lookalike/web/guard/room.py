"""Bodies of requests that are on their way → whether there is room in memory for one more."""

from __future__ import annotations

from threading import Lock


class Room:
    """So many bytes for all bodies together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._lock = Lock()

    @property
    def taken(self) -> int:
        """Bytes that are taken."""
        return self._taken

    def take(self, size: int) -> bool:
        """Whether there was room; whoever got some has to `give` it back."""
        with self._lock:
            if self._taken + size > self._most:
                return False
            self._taken += size
            return True

    def give(self, size: int) -> None:
        """Give it back."""
        with self._lock:
            self._taken -= size
