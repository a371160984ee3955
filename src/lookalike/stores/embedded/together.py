"""Work in pieces that let go of Python's lock → all of them done, by several cores at once.

NumPy's products and reading from a file let go of it. One core alone gets a third to a half of what
memory delivers, and four get all of it, so there are never more than four.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache

CORES = min(4, os.cpu_count() or 1)


def together(work: Callable[[int], None], pieces: int) -> None:
    """Call ``work`` with every number below ``pieces``, in no order to rely on.

    The caller takes pieces like any other thread, and does not wait for threads that are busy for
    somebody else. Raises what a piece has raised, once nobody is at work any more.
    """
    coming = iter(range(pieces))

    def take() -> None:
        for piece in coming:
            work(piece)

    others = [_pool().submit(take) for _ in range(min(CORES, pieces) - 1)]
    try:
        take()
    finally:
        begun = [other for other in others if not other.cancel()]
        wait(begun)
    for other in begun:
        other.result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CORES, thread_name_prefix="scan")
