"""This process, and what one file may take → limits that the system enforces, where it has them.

Windows has none of these: there, the parent's patience is the only limit. macOS has that on
processor time alone.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
import time
from pathlib import Path

_BESIDE = 160 << 20  # bytes: what is loaded later (HEIF, RAW), filters, what the C library keeps
_A_CORE = 16 << 20  # of each core: the stack of a decoder's own thread, and its part of a picture
_STEP = 32 << 20  # bytes: limits that differ by less are the same
_SPARE = 1.0  # seconds by which processor time may be longer
_GRACE = 5.0  # seconds by which the parent comes first


def settle() -> None:
    """Once, at the beginning: no core dumps of people's pictures, and the first to be ended where
    memory runs out."""
    if sys.platform == "win32":
        return
    import resource

    _limit(resource.RLIMIT_CORE, 1)  # not even to a program that collects them: for Linux, 0 is not
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a system that is shut off more than most
            Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


class Bounds:
    """The limits of one file after the other; the system is only told of what has changed."""

    def __init__(self) -> None:
        self._data = _own_data() + _BESIDE + _A_CORE * (os.cpu_count() or 1)
        self._memory = 0
        self._until = 0.0

    def allow(self, seconds: float, patience: float, memory: int) -> None:
        """For one file: seconds of processor time, seconds in all, and bytes for the picture.

        Whoever takes more of the first is ended by SIGXCPU; of the second by SIGALRM, should nobody
        have done it before; of the third gets no more memory.
        """
        if sys.platform == "win32":
            return
        import resource

        until = time.process_time() + seconds
        if not until <= self._until <= until + _SPARE:
            self._until = until + _SPARE
            _limit(resource.RLIMIT_CPU, math.ceil(self._until))
        signal.setitimer(signal.ITIMER_REAL, patience + _GRACE)
        rounded = -(-memory // _STEP) * _STEP
        if sys.platform == "linux" and rounded != self._memory:
            self._memory = rounded
            _limit(resource.RLIMIT_DATA, self._data + rounded)


def rest() -> None:
    """While nothing is asked for, time does not count."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, 0)


def _limit(kind: int, value: int) -> None:
    import resource

    hard = resource.getrlimit(kind)[1]
    least = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):  # what is narrower already stays
        resource.setrlimit(kind, (least, hard))


def _own_data() -> int:
    """Bytes that this process could write to by now."""
    if sys.platform != "linux":
        return 0
    pages = Path("/proc/self/statm").read_text("ascii").split()[5]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
