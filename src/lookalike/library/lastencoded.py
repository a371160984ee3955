"""Queries that come again for the next stretch of their answers → the embeddings they had."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from lookalike.stores.base import Embedding

_MOST = 64  # some kilobytes each


class LastEncoded:
    """Keeps the last embeddings; never a picture. May be used from many threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Embedding] = OrderedDict()

    def get(self, key: Hashable, encode: Callable[[], Embedding]) -> Embedding:
        """The embedding (dim,) of a key, or several (sizes, dim); it must name the content and the
        part of it; nothing is kept for None. Raises what ``encode`` raises."""
        if key is None:
            return encode()
        with self._lock:
            found = self._kept.get(key)
        embedding = encode() if found is None else found
        with self._lock:
            self._kept[key] = embedding
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return embedding
