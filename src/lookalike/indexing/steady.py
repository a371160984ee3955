"""A large file, which is read twice → whether both times were of one content."""

from __future__ import annotations

import os
import time

from lookalike import folder
from lookalike.folder import ImageFile

CHANGED = "changed while it was read: the next run reads it again"
_SURE = 10.0  # seconds after which a time that has not changed tells that the content has not


def seen(file: ImageFile) -> os.stat_result:
    """What the system says of a file before it is read. Raises OSError."""
    return os.stat(file.path)  # noqa: PTH116 - one call a file


def is_still(file: ImageFile, before: os.stat_result, digest: str) -> bool:
    """Whether what a file holds is still what had this SHA-256.

    Times tell so, unless they are so recent that two changes may have the same: some disks count
    in two seconds. Raises OSError.
    """
    now = seen(file)
    if _marks(now) == _marks(before):
        latest = max(now.st_mtime, now.st_ctime)
        if latest < time.time() - _SURE:
            return True
    return folder.digest(file.path) == digest


def _marks(status: os.stat_result) -> tuple[int, ...]:
    return (
        *(status.st_dev, status.st_ino, status.st_size),
        *(status.st_mtime_ns, status.st_ctime_ns),
    )
