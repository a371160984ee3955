"""Any number of threads reading pictures → Pillow's warnings in the debug log, its own limit off.

``warnings.catch_warnings`` belongs to the whole process: two threads that enter and leave it
across each other would leave the wrong state behind. So the first reader sets the state up and
the last one puts it back.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PIL import Image

_log = logging.getLogger(__name__)
# Without any handler, Python would print Pillow's error records on standard error.
logging.getLogger("PIL").addHandler(logging.NullHandler())

_NAMES = ("PIL", "pillow_heif", "rawpy")
_CODECS = rf"({'|'.join(_NAMES)})\b"
_Show = Callable[..., None]


class _Readers:
    """How many threads are reading, and what to put back after the last of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._undo = contextlib.ExitStack()

    def enter(self) -> None:
        with self._lock:
            if self._count == 0:
                self._set_up()
            self._count += 1

    def leave(self) -> None:
        with self._lock:
            self._count -= 1
            if self._count == 0:
                self._undo.close()

    def _set_up(self) -> None:
        self._undo.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
        Image.MAX_IMAGE_PIXELS = None
        self._undo.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("always", module=_CODECS)
        warnings.showwarning = _recorder(warnings.showwarning)


def _recorder(otherwise: _Show) -> _Show:
    """Show warnings as before, except those of the codecs, which go to the debug log."""

    def show(message: Warning | str, category: type[Warning], filename: str, *where: Any) -> None:
        if set(_NAMES).isdisjoint(Path(filename).parts):
            otherwise(message, category, filename, *where)
        else:
            _log.debug("while reading a picture: %s", message)

    return show


_readers = _Readers()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the codecs' warnings out of the way, and Pillow's limit on pixels: ours comes first."""
    _readers.enter()
    try:
        yield
    finally:
        _readers.leave()
