"""What a walk did not find → what of it is gone, and what merely cannot be seen at the moment.

A disk that is not connected leaves an empty folder, or none; one that goes away during a walk
leaves files without an answer. Neither is a reason to take pictures out of a library.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator
from functools import partial

from lookalike.errors import FolderError
from lookalike.folder import Known, Patience, Walk, about, printable
from lookalike.stores.base import Catalogue

_SETTING = "mounts"
_GONE = (errno.ENOENT, errno.ENOTDIR)


def look(store: Catalogue, walk: Walk, gone: list[Known], patience: Patience) -> None:
    """Add to what a walk could not read whatever it did not find that may be there all the same.

    Raises FolderError where all that was walked lies on a disk that is not there, or not any more.
    """
    for place in patience.ask(walk.root, walk.mounts.gone):
        if place == walk.below:
            raise _went_away(walk, place)
        walk.unreadable[place] = "its disk went away"
    away = _away(store, walk, gone, patience)
    for place, known in away.items():
        name = printable(walk.mounts.path(place))
        if place == walk.below:
            raise _not_connected(name, known)
        walk.unreadable.setdefault(
            place, f'its disk is not connected (`lookalike forget "{name}"` takes its pictures out)'
        )
    for link in walk.dead:
        if any(_is_within(one.relative, link) for one in gone):
            walk.unreadable[link] = "it is a link that leads nowhere"
    rest = (one for one in gone if not walk.hides(one.relative))
    walk.unreadable |= dict(patience.heard(walk.root, _without_answer(rest)))


def check(walk: Walk, patience: Patience) -> None:
    """Raise FolderError where a disk is not there any more that a walk came to."""
    for place in patience.ask(walk.root, walk.mounts.gone):
        raise _went_away(walk, place)


def mounts(store: Catalogue) -> dict[str, list[str]]:
    """By root, the places below it that other disks began in when they were last walked; the root
    itself is empty."""
    text = store.settings().get(_SETTING)
    return json.loads(text) if text else {}


def remember(store: Catalogue, root: str, places: Iterable[str]) -> None:
    """Keep the places below a root that other disks begin in."""
    known = mounts(store)
    now = {**known, root: sorted(places)}
    now = {root: places for root, places in now.items() if places}
    if now != known:
        store.set(**{_SETTING: json.dumps(now)})


def forget(store: Catalogue, root: str, below: str) -> None:
    """Keep nothing of the disks that began in a folder of a root, or below it."""
    known = mounts(store).get(root, [])
    remember(store, root, (place for place in known if not _is_within(place, below)))


def _away(store: Catalogue, walk: Walk, gone: list[Known], patience: Patience) -> dict[str, int]:
    """The places below which another disk began, and now none does and no picture that is known
    is there; with how many pictures are known. Remembers where disks begin now.

    What was copied from a disk to where it had been is found, and is as good as the disk.
    """
    away, stay = {}, []
    lost = {one.relative for one in gone}
    for place in mounts(store).get(walk.root, []):
        path = walk.mounts.path(place)
        here = not _is_within(place, walk.below) or patience.ask(path, partial(_begins, path))
        if place in walk.mounts.found:
            continue
        if here and _is_missed(walk, place):
            walk.unreadable[place] = "its disk came only after it was looked for"
        if not here and (known := _known_if_none_found(store, walk, place, lost)):
            away[place] = known
        if here or place in away:
            stay.append(place)
    remember(store, walk.root, {*stay, *walk.mounts.found})
    return away


def _known_if_none_found(store: Catalogue, walk: Walk, place: str, lost: set[str]) -> int:
    """How many pictures are known from a place; 0 where any was found."""
    known = [os.fsdecode(row[0]) for row in store.known_files(walk.root, place) if row[3]]
    return len(known) if all(one in lost or walk.hides(one) for one in known) else 0


def _is_missed(walk: Walk, place: str) -> bool:
    """Whether a walk should have come to a place and did not: some disks come when they are asked
    for, and are in no list before."""
    return _is_within(place, walk.below) and not walk.hides(place) and not walk.leaves_out(place)


def _begins(path: str) -> bool:
    return os.path.ismount(os.path.realpath(path))


def _without_answer(gone: Iterable[Known]) -> Iterator[tuple[str, str]]:
    """Those of some files of which the system does not say that there is no such file."""
    for one in gone:
        about(os.path.dirname(os.path.join(one.root, one.relative)))  # noqa: PTH118, PTH120
        try:
            os.lstat(one.path)
        except OSError as error:
            if error.errno not in _GONE:
                yield one.relative, error.strerror or type(error).__name__
        except ValueError:  # no system has such a name: it is of another one
            continue


def _is_within(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _went_away(walk: Walk, place: str) -> FolderError:
    return FolderError(
        f"The disk of {printable(walk.mounts.path(place))} went away while it was looked at: "
        "connect it, and run the same command again; everything up to here is kept."
    )


def _not_connected(name: str, known: int) -> FolderError:
    return FolderError(
        f"None of the {known} pictures known from {name} are there now, and its disk is not "
        "connected, so nothing was changed: connect it; if they are really gone, run "
        f'`lookalike forget "{name}"`.'
    )
