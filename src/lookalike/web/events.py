"""How far a library's indexing is → server-sent events, for as long as somebody listens."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from threading import Event
from typing import TYPE_CHECKING, Any

from lookalike.errors import LookalikeError
from lookalike.web.guard.refusals import document

if TYPE_CHECKING:
    from lookalike.library import Library

_LOOK = 0.5  # seconds between two looks; a commit comes every tenth of a second or so
_HEARTBEAT = 5.0  # seconds of silence: only who writes notices that the other side has left
_LONGEST = 600.0  # seconds; whoever still listens connects again and misses nothing
_AGAIN = 2000  # milliseconds after which a client connects again

Look = Callable[[], dict[str, Any]]


def look_at(library: Library, trouble: Callable[[], str | None]) -> Look:
    """What is told of a library: how many pictures it holds, and how far indexing is."""

    def look() -> dict[str, Any]:
        indexing = library.progress()
        return {
            "images": library.count(),
            "indexing": asdict(indexing) if indexing else None,
            "trouble": trouble(),
        }

    return look


def stream(look: Look, ended: Event, last: str | None = None) -> Iterator[str]:
    """Events in the format of `EventSource`: one at the start, unless it is the ``last`` that the
    client has seen, and one after each change."""
    yield f"retry: {_AGAIN}\n\n"
    begun = heard = time.monotonic()
    while not ended.is_set() and time.monotonic() - begun < _LONGEST:
        try:
            data = json.dumps(look())
        except LookalikeError as error:
            yield f"event: problem\ndata: {document(503, str(error))}\n\n"
            return
        tag = hashlib.sha256(data.encode("ascii")).hexdigest()[:16]
        if tag != last:
            yield f"id: {tag}\nevent: progress\ndata: {data}\n\n"
            last, heard = tag, time.monotonic()
        elif time.monotonic() - heard >= _HEARTBEAT:
            yield ": nothing new\n\n"
            heard = time.monotonic()
        ended.wait(_LOOK)
