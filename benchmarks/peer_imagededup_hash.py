"""A folder of pictures → the pairs that imagededup's perceptual hash takes for duplicates.

It runs in an environment of its own, which has imagededup but not Lookalike:
`benchmarks.duplicates` calls it with that environment's Python.
"""

from __future__ import annotations

import importlib
import json
import sys
import types
from pathlib import Path


def main(folder: str, result: str, *distances: str) -> None:
    """Hash all pictures of a folder once, and compare all with all for each distance."""
    method = _perceptual_hash()(verbose=False)
    encodings = method.encode_images(folder)
    told = {}
    for distance in distances:
        found = method.find_duplicates(encoding_map=encodings, max_distance_threshold=int(distance))
        told[distance] = sorted(
            {(min(one, other), max(one, other)) for one, some in found.items() for other in some}
        )
    Path(result).write_text(json.dumps(told), "utf-8")


def _perceptual_hash() -> type:
    """The class, without what its package loads beside it: PyTorch is for its networks alone."""
    for name, what in (("methods.cnn", "CNN"), ("utils.models", "CustomModel")):
        stand_in = types.ModuleType(f"imagededup.{name}")
        setattr(stand_in, what, None)
        sys.modules[stand_in.__name__] = stand_in
    found: type = importlib.import_module("imagededup.methods.hashing").PHash
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
