"""A folder and what a store knows → the root it belongs to, and what differs there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from lookalike import folder
from lookalike.folder import Known
from lookalike.stores.base import Catalogue


def place(store: Catalogue, top: str, *, hidden: bool) -> tuple[str, str]:
    """The root that a folder belongs to, and the folder's place below it.

    A folder inside a known root is a part of that root; known roots inside a folder become parts
    of it, so that no picture is in a library twice because of how its folder was named. A root
    of which nothing is there stays by itself: its disk is not connected, and its pictures are
    not to be taken for removed ones. A folder that a walk of the root would leave out because
    its name is ``hidden`` is a root of its own, unless the root holds some of it already.
    """
    root = next((root for root in store.roots() if _has_part(store, root, top, hidden)), top)
    for inner in store.roots():
        if inner != root and _walks_to(root, inner, hidden) and not _is_away(store, inner):
            _merge(store, inner, root)
    return root, below_root(top, root)


def differences(store: Catalogue, walk: folder.Walk, *, tried_with: str | None) -> folder.Diff:
    """What a walk finds against what the store knows.

    Skipped files count as changed if they were tried with other means; all of them for None.
    """
    comparison = folder.Comparison(walk.root)
    for below, found in walk.stretches():
        known = store.known_files(walk.root, below, tried_with=tried_with)
        comparison.add(found, known, walk.hides)
    return comparison.diff(_elsewhere(store, walk.root))


def _elsewhere(store: Catalogue, root: str) -> Iterator[Known]:
    """The pictures of all other roots that were moved or disconnected."""
    for other in store.roots():
        if other != root and _is_away(store, other):
            yield from (Known.of(other, row) for row in store.known_files(other) if row[3])


def _has_part(store: Catalogue, root: str, path: str, hidden: bool) -> bool:
    """Whether a folder is to be taken for a part of a root."""
    if not inside(path, root):
        return False
    return _walks_to(root, path, hidden) or any(store.records(root, below_root(path, root)))


def _walks_to(root: str, path: str, hidden: bool) -> bool:
    """Whether a walk of a root comes to a folder."""
    if not inside(path, root):
        return False
    return hidden or not any(name.startswith(".") for name in below_root(path, root).split("/"))


def _is_away(store: Catalogue, root: str) -> bool:
    """Whether a root has pictures of which none is there: it was moved or disconnected."""
    if not os.path.isdir(root):  # noqa: PTH112 - may hold any bytes
        return any(store.records(root))
    found = False
    for record in store.records(root):
        found = True
        if os.path.lexists(record.path):
            return False
    return found


def forget(store: Catalogue, root: str) -> int:
    """Drop a root with all its records; returns how many there were."""
    number = store.delete([record.id for record in store.records(root)])
    store.forget_skipped(root, [os.fsdecode(row[0]) for row in store.known_files(root)])
    store.drop_root(root)
    return number


def _merge(store: Catalogue, inner: str, outer: str) -> None:
    below = below_root(inner, outer)
    taken = {record.relative for record in store.records(outer, below)}
    places = ((record, f"{below}/{record.relative}") for record in store.records(inner))
    store.relocate(
        (record, replace(record, root=outer, relative=relative))
        for record, relative in places
        if relative not in taken
    )
    forget(store, inner)  # with what both roots had


def inside(path: str, top: str) -> bool:
    """Whether a path is a folder or lies in it."""
    return path == top or path.startswith(top.rstrip(os.sep) + os.sep)


def below_root(path: str, top: str) -> str:
    """The place of a path relative to a folder that holds it, with ``/``; empty for itself."""
    relative = os.path.relpath(path, top)
    return "" if relative == os.curdir else relative.replace(os.sep, "/")
