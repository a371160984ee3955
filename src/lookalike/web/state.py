"""The running app → what its views need: the library, the limit on uploads, what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Event, Lock
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app, g, has_request_context

if TYPE_CHECKING:
    from lookalike.library import Following, Library

_KEY = "lookalike"

MOST_LISTENERS = 4
"""Streams at a time. Each holds a thread of the server, which has as many more for them."""


class Listeners:
    """Places for those who listen; `end` sends them home."""

    def __init__(self) -> None:
        self._places = BoundedSemaphore(MOST_LISTENERS)
        self.ended = Event()

    def enter(self) -> bool:
        """Whether there was a place; whoever got one has to `leave`."""
        return self._places.acquire(blocking=False)

    def leave(self) -> None:
        """Give the place to another."""
        self._places.release()

    def end(self) -> None:
        """Let every stream end at once, for good."""
        self.ended.set()


@dataclass(frozen=True, slots=True)
class Served:
    """What one app serves: the library that ``following`` gives.

    ``max_upload`` is in bytes; ``trouble`` returns the sentence that says why indexing in the
    background stopped, or None; ``at_home`` that no other machine reaches the app;
    ``listeners`` are those who are told of progress; ``heavy`` is held by who makes a picture
    larger than a screen.
    """

    following: Following
    max_upload: int
    trouble: Callable[[], str | None]
    at_home: bool = False
    listeners: Listeners = field(default_factory=Listeners)
    heavy: Lock = field(default_factory=Lock)

    @property
    def library(self) -> Library:
        """The library with the model that it has now; one and the same within a request."""
        if not has_request_context():
            return self.following.now()
        if "library" not in g:
            g.library = self.following.now()
        return cast("Library", g.library)


def attach(app: Flask, what: Served) -> None:
    """Give an app what it serves."""
    app.extensions[_KEY] = what


def served(app: Flask | None = None) -> Served:
    """What an app serves; the app of this request, if none is given."""
    return cast(Served, (app or current_app).extensions[_KEY])
