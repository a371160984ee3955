"""Pictures that are read again and again, as a box is dragged → the one that was read last."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable

from PIL.Image import Image

_MOST_PIXELS = 16_000_000  # of three bytes each; a larger picture is read anew for each box


class LastRead:
    """Keeps one picture. May be used from many threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[Hashable, Image] | None = None

    def get(self, key: Hashable, read: Callable[[], Image]) -> Image:
        """The picture of a key, which must name its content and how near it was read.

        It is shared, and must not be changed. Raises what ``read`` raises.
        """
        with self._lock:
            if self._kept is not None and self._kept[0] == key:
                return self._kept[1]
        image = read()
        if image.width * image.height <= _MOST_PIXELS:
            with self._lock:
                self._kept = key, image
        return image
