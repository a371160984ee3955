"""A folder of pictures → the pairs that one of imagededup's hashes takes for duplicates.

It runs in an environment of its own, which has imagededup but not Lookalike:
`benchmarks.duplicates` calls it with that environment's Python.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import types
from pathlib import Path

_MOST = 16  # bits of 64: beyond, hashes of any two pictures begin to be alike


def main(folder: str, result: str, method: str, distance: str) -> None:
    """Hash all pictures, and compare all with all: once as imagededup does it, which is timed, and
    once for the distances of all pairs that may be of interest."""
    started, before = time.perf_counter(), _processor_seconds()
    hashing = _hashes(method)(verbose=False)
    encodings = hashing.encode_images(folder)
    hashing.find_duplicates(encoding_map=encodings, max_distance_threshold=int(distance))
    seconds, busy = time.perf_counter() - started, _processor_seconds() - before
    found = hashing.find_duplicates(
        encoding_map=encodings, max_distance_threshold=_MOST, scores=True
    )
    pairs = {
        (min(one, other), max(one, other)): int(bits)
        for one, some in found.items()
        for other, bits in some
    }
    told = {"pairs": [(*pair, bits) for pair, bits in sorted(pairs.items())]}
    Path(result).write_text(json.dumps({**told, "seconds": seconds, "busy": busy}), "utf-8")


def _processor_seconds() -> float:
    """Of this process and of those that have helped it."""
    return sum(os.times()[:4])


def _hashes(name: str) -> type:
    """The class, without what its package loads beside it: PyTorch is for its networks alone."""
    for module, what in (("methods.cnn", "CNN"), ("utils.models", "CustomModel")):
        stand_in = types.ModuleType(f"imagededup.{module}")
        setattr(stand_in, what, None)
        sys.modules[stand_in.__name__] = stand_in
    found: type = getattr(importlib.import_module("imagededup.methods.hashing"), name)
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
