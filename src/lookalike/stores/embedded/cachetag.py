"""A folder → the same with the mark by which programs know a cache."""

from __future__ import annotations

import logging
from pathlib import Path

_LOG = logging.getLogger(__name__)
_TAG = """\
Signature: 8a477f597d28d172789f06886806bc55
# Lookalike's cache: it may be deleted at any time. Programs that know this mark leave it alone.
"""


def mark_cache(folder: Path) -> None:
    """Say in the standard way that a folder is a cache: neither backups nor our own walks of the
    pictures want it, and a library may lie among the pictures."""
    tag = folder / "CACHEDIR.TAG"
    try:
        if not tag.exists():
            folder.mkdir(exist_ok=True)
            tag.write_text(_TAG, "ascii")
    except OSError as error:  # on a full disk the library can be read all the same
        _LOG.info("the cache is not marked: %s", error)
