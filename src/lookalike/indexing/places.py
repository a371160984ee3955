"""A folder and what a store knows → the root it belongs to, and what differs there."""

from __future__ import annotations

import os
from dataclasses import replace

from lookalike import folder
from lookalike.folder import Known
from lookalike.indexing.reading import NEVER
from lookalike.stores.base import Catalogue, Record, SkippedFile


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
        if inner != root and _walks_to(root, inner, hidden) and not _away(store, inner):
            _merge(store, inner, root)
    return root, below_root(top, root)


def records_below(store: Catalogue, root: str, below: str) -> dict[str, Record]:
    """The records of a root, or of a part of it, by relative path."""
    return {
        record.relative: record
        for record in store.records(root)
        if _is_part(record.relative, below)
    }


def differences(
    store: Catalogue,
    scan: folder.Scan,
    below: str,
    records: dict[str, Record],
    *,
    tried_with: str | None,
) -> folder.Diff:
    """What a scan found against what the store knows.

    Skipped files count as changed if they were tried with other means; all of them for None.
    """
    known = {
        file.relative: _known(
            file if file.tried_with == tried_with else replace(file, mtime_ns=NEVER)
        )
        for file in store.skipped()
        if file.root == scan.root and _is_part(file.relative, below)
    }
    known |= {relative: _known(record) for relative, record in records.items()}
    elsewhere = [
        _known(record)
        for root in store.roots()
        if root != scan.root
        for record in _away(store, root)
    ]
    return folder.diff(scan.files, known, elsewhere=elsewhere, hidden=scan.hides)


def _has_part(store: Catalogue, root: str, path: str, hidden: bool) -> bool:
    """Whether a folder is to be taken for a part of a root."""
    if not inside(path, root):
        return False
    return _walks_to(root, path, hidden) or bool(records_below(store, root, below_root(path, root)))


def _walks_to(root: str, path: str, hidden: bool) -> bool:
    """Whether a walk of a root comes to a folder."""
    if not inside(path, root):
        return False
    return hidden or not any(name.startswith(".") for name in below_root(path, root).split("/"))


def _away(store: Catalogue, root: str) -> list[Record]:
    """The records of a root if none of its pictures is there: it was moved or disconnected."""
    records = list(store.records(root))
    return [] if any(os.path.lexists(record.path) for record in records) else records


def forget(store: Catalogue, root: str) -> int:
    """Drop a root with all its records; returns how many there were."""
    number = store.delete([record.id for record in store.records(root)])
    store.forget_skipped(root, [file.relative for file in store.skipped() if file.root == root])
    store.drop_root(root)
    return number


def _merge(store: Catalogue, inner: str, outer: str) -> None:
    below = below_root(inner, outer)
    taken = {record.relative for record in store.records(outer)}
    places = {record: f"{below}/{record.relative}" for record in store.records(inner)}
    store.relocate(
        (record, replace(record, root=outer, relative=relative))
        for record, relative in places.items()
        if relative not in taken
    )
    forget(store, inner)  # with what both roots had


def _known(item: Record | SkippedFile) -> Known:
    digest = item.digest if isinstance(item, Record) else None
    return Known(item.root, item.relative, item.size, item.mtime_ns, digest)


def _is_part(relative: str, below: str) -> bool:
    return not below or relative.startswith(f"{below}/")


def inside(path: str, top: str) -> bool:
    """Whether a path is a folder or lies in it."""
    return path == top or path.startswith(top.rstrip(os.sep) + os.sep)


def below_root(path: str, top: str) -> str:
    """The place of a path relative to a folder that holds it, with ``/``; empty for itself."""
    relative = os.path.relpath(path, top)
    return "" if relative == os.curdir else relative.replace(os.sep, "/")
