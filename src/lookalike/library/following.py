"""A library that is open → the same, opened again once it was switched to another model."""

from __future__ import annotations

import logging
import threading

from lookalike.library.library import Library

_LOG = logging.getLogger(__name__)


class Following:
    """A library for those who keep it open for long, and from many threads.

    After a switch, by whatever process, `now` gives another object. Whoever still asks the one
    from before is told that the model is another; no question is ever encoded by one model and
    compared with the vectors of another.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._guard = threading.Lock()
        self._opened: list[Library] = []  # here, and so to be closed here

    def now(self) -> Library:
        """The library with the model that it has now.

        Raises LibraryError and ModelError where it cannot be opened again.
        """
        with self._guard:
            if self._library.is_switched():
                self._library = self._again()
            return self._library

    def close(self) -> None:
        """Close what was opened here; the library that came in is its owner's to close."""
        with self._guard:
            for library in self._opened:
                library.close()
            self._opened.clear()

    def _again(self) -> Library:
        opened = self._library.reopened()
        _LOG.info("%s is open again, with the model %s", opened.folder, opened.model)
        # The last one may still be answering somebody; those before it are not.
        for library in self._opened[:-1]:
            library.close()
        self._opened = [*self._opened[-1:], opened]
        return opened
