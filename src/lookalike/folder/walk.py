"""A folder → its files in order of path, one by one, and what could not be looked at."""

from __future__ import annotations

import errno
import fnmatch
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from lookalike.errors import FolderError
from lookalike.folder.answers import about
from lookalike.folder.mounts import Mounts, entered
from lookalike.folder.names import printable, real_folder

_TAG_NAME = "CACHEDIR.TAG"
CACHE_TAG = b"Signature: 8a477f597d28d172789f06886806bc55"
_LEADS_NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)  # a dead link, or one in a circle

Entry = tuple[bytes, int, int]
"""One file, as plain as it comes, for there may be millions: the bytes of its path below the root
with ``/`` on every platform, its size in bytes, its time in nanoseconds."""


_Found = tuple[bytes, "os.DirEntry[bytes]"]


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One file below a root: where it is and what its directory entry says.

    ``relative`` uses ``/`` on every platform, so that a library survives a moved root; bytes of a
    name that are not UTF-8 are kept as lone surrogates (`os.fsdecode`). ``size`` is in bytes.
    """

    root: str
    relative: str
    size: int
    mtime_ns: int

    @property
    def path(self) -> Path:
        """The file's place on this machine."""
        return Path(self.root, self.relative)

    @classmethod
    def of(cls, root: str, entry: Entry) -> ImageFile:
        """The file of an entry below a root."""
        return cls(root, os.fsdecode(entry[0]), entry[1], entry[2])


@dataclass(frozen=True, slots=True)
class Scan:
    """The files below a root, in order of path, and what could not be looked at, with the reason.

    ``unreadable`` is as in `Walk`.
    """

    root: str
    files: tuple[ImageFile, ...]
    unreadable: Mapping[str, str] = field(default_factory=dict)


class Walk:
    """A folder and everything below it; with ``below``, only that part of it.

    ``exclude`` holds glob patterns: one with a ``/`` inside is matched against the path relative
    to the folder that is walked (``2019/*``), one without against every single name on the way
    (``raw``, ``raw/``, ``*.tmp``). Names that begin with a dot are left out unless ``hidden``.
    Links to folders are followed, each real folder once, so that a loop ends; one that is reached
    by its own name, too, goes by that.

    ``count`` is how many files were met so far. ``unreadable`` holds folders that could not be
    listed and entries that could not be examined, each with the reason. ``dead`` holds links that
    lead nowhere, and ``mounts`` the folders that another disk begins in.

    Raises FolderError where the root is missing or is not a folder.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        below: str = "",
        exclude: Collection[str] = (),
        hidden: bool = False,
    ) -> None:
        self.root = real_folder(root)
        self.count = 0
        self.unreadable: dict[str, str] = {}
        self.dead: set[str] = set()
        self.mounts = Mounts(self.root)
        self._top = os.fsencode(self.root)
        self.below = below
        self._exclude = [pattern.rstrip("/") for pattern in exclude]
        self._hidden = hidden
        self._start = b""
        self._seen: set[tuple[int, int]] = set()
        self._links: dict[str, None] = {}  # to folders, in the order in which they were met

    def stretches(self) -> Iterator[tuple[str, Iterator[Entry]]]:
        """What is walked, then what lies behind each link to a folder: its place below the root,
        and its files in order of path. One stretch must be read to its end before the next.

        Links come after every real folder, for those go by their own names.

        Raises FolderError where the folder to be walked cannot be read.
        """
        yield self.below, self._files(self.below)
        while self._links:
            link = next(iter(self._links))
            del self._links[link]
            yield link, self._files(link)

    def hides(self, relative: str) -> bool:
        """Whether a path is or lies in what was not looked at, or not yet: not seen is not
        removed. True to the end of the stretch that the path lies in."""
        while relative:
            if relative in self.unreadable or relative in self._links:
                return True
            relative = relative.rpartition("/")[0]
        return False

    def leaves_out(self, relative: str) -> bool:
        """Whether a path below the root is passed over, for its name."""
        return left_out(relative, exclude=self._exclude, hidden=self._hidden, below=self.below)

    def _files(self, start: str) -> Iterator[Entry]:
        """The files of a stretch. A folder stands where its files do: before ``a/b`` comes
        ``a-b``, and after it ``a0``; so the whole is in order of path."""
        self._start = first = os.fsencode(start)
        folders = [self._opened(first)]
        if start == self.below and start in self.unreadable:
            whole = printable(f"{self.root}/{start}" if start else self.root)
            raise FolderError(
                f"{whole} cannot be read ({self.unreadable[start]}): check its permissions."
            )
        while folders:
            above, place, entries = folders[-1]
            for name, entry in entries:
                path = above + name
                if name[-1:] == b"/":
                    folders.append(self._opened(path[:-1]))
                    break
                about(place)
                try:
                    status = entry.stat()
                except OSError as error:
                    self._note(path, entry, error)
                    continue
                if stat.S_ISREG(status.st_mode):  # no pipe, no socket
                    self.count += 1
                    yield path, status.st_size, status.st_mtime_ns
            else:
                folders.pop()

    def _opened(self, folder: bytes) -> tuple[bytes, bytes, Iterator[_Found]]:
        """What the paths of a folder begin with, its own, and what of it is to be looked at."""
        place = os.path.join(self._top, folder) if folder else self._top  # noqa: PTH118 - bytes
        return folder + b"/" if folder else b"", place, iter(self._entries(folder, place))

    def _entries(self, folder: bytes, place: bytes) -> list[_Found]:
        """What of a folder is to be looked at, in order; names of folders end in ``/``."""
        about(place)
        try:
            if not self._first_visit(place, folder):
                return []
            with os.scandir(place) as found:
                entries = list(found)
        except OSError as error:
            self.unreadable[os.fsdecode(folder)] = _reason(error)
            return []
        if folder != os.fsencode(self.below) and _is_cache(entries):
            return []
        above = folder + b"/" if folder else b""
        kept = []
        for entry in entries:
            name = entry.name
            if self._left_out(name, above):
                continue
            about(place)
            try:
                if entry.is_dir(follow_symlinks=False):
                    kept.append((name + b"/", entry))
                elif entry.is_symlink() and entry.is_dir():
                    self._links[os.fsdecode(above + name)] = None
                else:
                    kept.append((name, entry))
            except OSError as error:
                self._note(above + name, entry, error)
        kept.sort(key=itemgetter(0))
        return kept

    def _left_out(self, name: bytes, above: bytes) -> bool:
        if not self._exclude:
            return name[:1] == b"." and not self._hidden
        whole = os.fsdecode(above + name).removeprefix(f"{self.below}/")
        return _left_out(os.fsdecode(name), whole, self._exclude, hidden=self._hidden)

    def _first_visit(self, place: bytes, folder: bytes) -> bool:
        status = entered(place)
        if folder == self._start:
            self.mounts.begin(folder, status.st_dev)
        else:
            self.mounts.visit(folder, status.st_dev)
        identity = (status.st_dev, status.st_ino)
        if identity in self._seen:
            return False
        self._seen.add(identity)
        return True

    def _note(self, path: bytes, entry: os.DirEntry[bytes], error: OSError) -> None:
        if error.errno not in _LEADS_NOWHERE:
            self.unreadable[os.fsdecode(path)] = _reason(error)
        elif entry.is_symlink():
            self.dead.add(os.fsdecode(path))


def scan(
    root: str | os.PathLike[str],
    *,
    below: str = "",
    exclude: Collection[str] = (),
    hidden: bool = False,
) -> Scan:
    """All that a `Walk` finds, at once.

    Raises FolderError: the root is missing, is not a folder, or cannot be read.
    """
    walk = Walk(root, below=below, exclude=exclude, hidden=hidden)
    found = [entry for _, files in walk.stretches() for entry in files]
    files = tuple(ImageFile.of(walk.root, entry) for entry in sorted(found))
    return Scan(walk.root, files, walk.unreadable)


def left_out(
    relative: str, *, exclude: Collection[str] = (), hidden: bool = False, below: str = ""
) -> bool:
    """Whether a `Walk` of the root, or of the part of it that is ``below``, passes over a path
    below the root, because of its name or of those of the folders that it lies in."""
    patterns = [pattern.rstrip("/") for pattern in exclude]
    names = relative.split("/")
    return any(
        _left_out(
            name, "/".join(names[: at + 1]).removeprefix(f"{below}/"), patterns, hidden=hidden
        )
        for at, name in enumerate(names)
    )


def is_cache(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder is marked as a cache: a `Walk` passes over it, unless it begins there."""
    tag = Path(folder, _TAG_NAME)
    try:
        if not tag.is_file():
            return False
        with tag.open("rb") as file:
            return file.read(len(CACHE_TAG)) == CACHE_TAG
    except OSError:  # a mark that cannot be read is none
        return False


def _left_out(name: str, whole: str, exclude: Collection[str], *, hidden: bool) -> bool:
    if name.startswith(".") and not hidden:
        return True
    return any(fnmatch.fnmatchcase(whole if "/" in one else name, one) for one in exclude)


def _is_cache(entries: list[os.DirEntry[bytes]]) -> bool:
    """Whether a folder is marked as a cache, as Lookalike's own are (bford.info/cachedir)."""
    tag = next((entry for entry in entries if entry.name == os.fsencode(_TAG_NAME)), None)
    return tag is not None and is_cache(os.path.dirname(os.fsdecode(tag.path)))  # noqa: PTH120


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
