"""A record → its picture as a small WebP, made once and kept in a folder that may be deleted."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PIL.Image import Image

from lookalike import image
from lookalike.stores.base import Record

SIDE = 400  # pixels on the longest side: sharp on a dense screen, about 20 kB
_ABANDONED = 86_400.0  # seconds after which nobody is still writing a file
_SECTOR = 512  # bytes
_LOG = logging.getLogger(__name__)


class Thumbnails:
    """Thumbnails by the content of the picture: they survive moves and are never out of date."""

    def __init__(self, cache: Path, *, writable: bool) -> None:
        self._folder = cache / "thumbnails"
        self._writable = writable

    def get(self, record: Record, read: Callable[[], Image]) -> bytes:
        """The thumbnail of a record; ``read`` gives the picture where there is none yet, and
        raises where the file is not that picture any more."""
        file = self._folder / record.digest[:2] / f"{record.digest}.webp"
        with suppress(OSError):
            if _is_whole(kept := file.read_bytes()):
                return kept
            _LOG.info("a thumbnail is made anew, its file is damaged: %s", file)
        content = image.thumbnail(read(), SIDE)
        if self._writable:
            self._keep(file, content)
        return content

    def drop_orphans(self, known: Callable[[str], bool]) -> int:
        """Delete the thumbnails of pictures that are gone; returns how many. ``known`` tells
        whether there is a picture with a digest.

        What processes that were killed have left half written goes, too.
        """
        orphans = [file for file in self._folder.glob("*/*.webp") if not known(file.stem)]
        for file in [*orphans, *filter(_is_abandoned, self._folder.glob("*/*.part"))]:
            file.unlink(missing_ok=True)
        return len(orphans)

    def _keep(self, file: Path, content: bytes) -> None:
        aside = file.with_name(f"{file.stem}.{os.getpid()}.{threading.get_ident()}.part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(content)
            aside.replace(file)
        except OSError as error:  # a cache: the next request makes it again
            _LOG.warning("a thumbnail is not kept: %s", error)
            with suppress(OSError):  # what hinders writing may hinder this
                aside.unlink()


def _is_whole(content: bytes) -> bool:
    """Whether a WebP is as long as it says, and no sector of it is empty: after a power cut a file
    may have its name and not all of its content."""
    length = int.from_bytes(content[4:8], "little") + 8
    return content[:4] == b"RIFF" and length == len(content) and bytes(_SECTOR) not in content


def _is_abandoned(file: Path) -> bool:
    try:
        return file.stat().st_mtime < time.time() - _ABANDONED
    except FileNotFoundError:  # renamed just now
        return False
