"""The clusters of a map, and the folders and tags of a library → the name that tells each."""

from __future__ import annotations

import itertools
import os
from collections import defaultdict
from collections.abc import Collection, Iterator

import numpy as np
import numpy.typing as npt

from lookalike import mapping
from lookalike.stores.base import Catalogue, Ids, Naming

_Rows = npt.NDArray[np.intp]


def names_of(ids: Ids, belongs: npt.NDArray[np.int32], store: Catalogue) -> list[str | None]:
    """The name of each cluster: a tag that most of its pictures bear and few others do, or else
    such a folder; None where there is neither.

    ``ids`` (n,) are the pictures on the map, ``belongs`` (n,) the cluster of each, -1 for none.
    """
    labels = store.naming()
    rows = _rows_of(labels.ids, ids)
    tags = mapping.telling(labels.tags, _bearing(labels, rows), belongs)
    names, inside = _folders(labels, rows, store.roots())
    folders = mapping.telling(names, inside, belongs)
    return [tag or folder for tag, folder in zip(tags, folders, strict=True)]


def _rows_of(known: Ids, ids: Ids) -> _Rows:
    """Where each picture of the library (n,) stands among ``ids``; -1 for those that do not."""
    rows = np.full(len(known), -1, np.intp)
    if len(known):
        at = np.searchsorted(known, ids).clip(max=len(known) - 1)
        there = known[at] == ids  # the library may have changed since the map was read
        rows[at[there]] = np.flatnonzero(there)
    return rows


def _bearing(labels: Naming, rows: _Rows) -> list[_Rows]:
    """The pictures on the map that bear each tag."""
    return _by_number(labels.borne, rows[labels.bearers], len(labels.tags))


def _folders(labels: Naming, rows: _Rows, roots: Collection[str]) -> tuple[list[str], list[_Rows]]:
    """The own name of every folder, and the pictures on the map in it and below."""
    below: defaultdict[str, list[_Rows]] = defaultdict(list)
    inside = _by_number(labels.inside, rows, len(labels.folders))
    for folder, some in zip(labels.folders, inside, strict=True):
        for above in reversed(list(_up_to_root(folder, set(roots)))):
            below[above].append(some)
    names = [os.path.basename(folder) for folder in below]  # noqa: PTH119 - stays a str
    return names, [np.concatenate(some) for some in below.values()]


def _up_to_root(folder: str, roots: set[str]) -> Iterator[str]:
    """A folder and those above it, up to the root that it was found in."""
    above = os.path.dirname(folder)  # noqa: PTH120 - stays a str
    yield folder
    if folder not in roots and above != folder:
        yield from _up_to_root(above, roots)


def _by_number(numbers: npt.NDArray[np.int32], rows: _Rows, most: int) -> list[_Rows]:
    """The rows that go with each number from 0 to ``most``; those below 0 are left out."""
    there = rows >= 0
    numbers, rows = numbers[there], rows[there]
    order = np.argsort(numbers, kind="stable")
    edges = np.searchsorted(numbers[order], np.arange(most + 1))
    return [rows[order[first:end]] for first, end in itertools.pairwise(edges.tolist())]
