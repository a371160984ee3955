"""A folder and what a store knows → the root it belongs to, and what differs there."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

from lookalike import folder
from lookalike.errors import FolderSilentError
from lookalike.folder import Known, Patience
from lookalike.indexing import absent
from lookalike.stores.base import Catalogue

_LOG = logging.getLogger(__name__)
_AT_ONCE = 256  # places that are looked at together
_SECONDS = 5.0  # for a root that is not the one to be indexed


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
        if inner != root and _walks_to(root, inner, hidden) and _is_here(store, inner):
            _merge(store, inner, root)
    return root, below_root(top, root)


def differences(
    store: Catalogue, walk: folder.Walk, patience: Patience, *, tried_with: str | None
) -> folder.Diff:
    """What a walk finds against what the store knows.

    Skipped files count as changed if they were tried with other means; all of them for None.
    Raises FolderError where the folder keeps silent, or its disk is not there.
    """
    comparison = folder.Comparison(walk.root)
    for below, found in walk.stretches():
        known = store.known_files(walk.root, below, tried_with=tried_with)
        comparison.add(patience.heard(walk.mounts.path(below), found), known, walk.hides)
    absent.look(store, walk, comparison.gone, patience)

    def digest_of(path: Path) -> str:
        return patience.ask(path.parent, partial(folder.digest, path))

    return comparison.diff(_elsewhere(store, walk.root), walk.hides, digest_of)


def _elsewhere(store: Catalogue, root: str) -> Iterator[Known]:
    """The pictures of all other roots that were moved or disconnected."""
    for other in store.roots():
        if other != root and _is_here(store, other) is False:
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


def _is_here(store: Catalogue, root: str) -> bool | None:
    """Whether any picture of a root is there, or none is known: False where it was moved or
    disconnected, None where it does not answer."""
    places = (record.path for record in store.records(root))
    try:
        is_folder = folder.within(root, partial(os.path.isdir, root), _SECONDS)
        known = False
        while some := list(islice(places, _AT_ONCE)):
            known = True
            if not is_folder:
                return False
            if folder.within(root, partial(_any_there, some), _SECONDS):
                return True
    except FolderSilentError as error:
        _LOG.warning("%s is left aside: %s", folder.printable(root), error)
        return None
    return not known


def _any_there(paths: list[str]) -> bool:
    return any(map(os.path.lexists, paths))


def forget(store: Catalogue, root: str, below: str = "") -> int:
    """Drop a root, or what is below a folder of it, with all records; returns how many there
    were."""
    number = store.delete([record.id for record in store.records(root, below)])
    store.forget_skipped(root, [os.fsdecode(row[0]) for row in store.known_files(root, below)])
    absent.forget(store, root, below)
    if not below:
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
