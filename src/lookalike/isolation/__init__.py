"""A picture's file → what `image` makes of it, in a process that may die of it.

Decoders are large, written in C, and are given whatever lies in a folder or comes over the network.
One that crashes, hangs or takes all memory ends the process that it runs in. So it runs in one that
has nothing to lose: a plain Python that is started once, is given one file after the other over its
standard input, and is replaced when it dies. What comes back is numbers and pixels.
"""

from lookalike.isolation.asking import (
    AT_HAND,
    QUESTION,
    SECONDS,
    Described,
    describe,
    file_metadata,
    read,
    warm,
)

__all__ = [
    "AT_HAND",
    "QUESTION",
    "SECONDS",
    "Described",
    "describe",
    "file_metadata",
    "read",
    "warm",
]
