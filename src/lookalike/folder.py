"""A folder → its files; files found, files known → what was added, changed, moved, removed."""

from __future__ import annotations

import errno
import fnmatch
import hashlib
import os
import stat
import unicodedata
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lookalike.errors import FolderError

CACHE_TAG = b"Signature: 8a477f597d28d172789f06886806bc55"
_TURNS = {"LRE", "LRO", "RLE", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # order of letters
_LEADS_NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)  # a dead link, or one in a circle


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


@dataclass(frozen=True, slots=True)
class Known:
    """What a library remembers of one file; ``digest`` is None where it was never read whole."""

    root: str
    relative: str
    size: int
    mtime_ns: int
    digest: str | None = None

    def looks_like(self, file: ImageFile) -> bool:
        """Whether size and time are the same: the file need not be read again."""
        return self.size == file.size and self.mtime_ns == file.mtime_ns


@dataclass(frozen=True, slots=True)
class Scan:
    """The files below a root, in order of path, and what could not be looked at, with the reason.

    ``unreadable`` holds folders that could not be listed and entries that could not be examined.
    """

    root: str
    files: tuple[ImageFile, ...]
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def hides(self, relative: str) -> bool:
        """Whether a path is or lies in what could not be looked at: not seen is not removed."""
        return any(f"{relative}/".startswith(f"{name}/") for name in self.unreadable)


@dataclass(frozen=True, slots=True)
class Diff:
    """What a scan found, held against what a library knows. Each list is in order of path.

    ``unchanged`` counts the pictures that are as they were, ``still_skipped`` the files that were
    skipped before and are as they were.
    """

    added: list[ImageFile]
    changed: list[ImageFile]
    moved: list[tuple[Known, ImageFile]]
    removed: list[Known]
    unchanged: int
    still_skipped: int = 0


def scan(
    root: str | os.PathLike[str],
    *,
    below: str = "",
    exclude: Collection[str] = (),
    hidden: bool = False,
) -> Scan:
    """Walk a folder and everything below it; with ``below``, only that part of it.

    ``exclude`` holds glob patterns: one with a ``/`` inside is matched against the path relative
    to the folder that is walked (``2019/*``), one without against every single name on the way
    (``raw``, ``raw/``, ``*.tmp``). Names that begin with a dot are left out unless ``hidden``.
    Links to folders are followed, each real folder once, so that a loop ends; one that is reached
    by its own name, too, goes by that.

    Raises:
        FolderError: the root is missing, is not a folder, or cannot be read.
    """
    top = real_folder(root)
    unreadable: dict[str, str] = {}
    files = sorted(
        _walk(top, below, tuple(exclude), hidden, unreadable),
        key=lambda file: os.fsencode(file.relative),
    )
    if below in unreadable:
        name = printable(f"{top}/{below}" if below else top)
        raise FolderError(f"{name} cannot be read ({unreadable[below]}): check its permissions.")
    return Scan(top, tuple(files), unreadable)


def diff(
    found: Iterable[ImageFile],
    known: Mapping[str, Known],
    *,
    elsewhere: Iterable[Known] = (),
    hidden: Callable[[str], bool] = lambda _relative: False,
) -> Diff:
    """Hold what was found below one root against what is known of it.

    ``known`` is keyed by relative path. ``elsewhere`` are known files of other roots that are no
    longer there: they can be recognised as moved, and are never reported as removed. ``hidden``
    tells of paths that the scan could not see. A move is recognised by content: sizes are
    compared first, so that only candidates are read; a file under another root with the same
    relative path, size and time is taken without reading.
    """
    files = {file.relative: file for file in found}
    gone = [item for path, item in known.items() if path not in files and not hidden(path)]
    new = [file for path, file in files.items() if path not in known]
    changed = [
        file for path, file in files.items() if path in known and not known[path].looks_like(file)
    ]
    moved = _match_moves(new, [*gone, *elsewhere])
    arrived = {file.relative for _, file in moved}
    left = {(item.root, item.relative) for item, _ in moved}
    same = [known[path] for path in files if path in known and known[path].looks_like(files[path])]
    skipped = sum(item.digest is None for item in same)
    return Diff(
        added=[file for file in new if file.relative not in arrived],
        changed=changed,
        moved=moved,
        removed=[item for item in gone if (item.root, item.relative) not in left],
        unchanged=len(same) - skipped,
        still_skipped=skipped,
    )


def digest(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file's content, in hexadecimal. Raises OSError."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def printable(path: str | os.PathLike[str]) -> str:
    """A path as one line that a terminal can show.

    Escaped with a backslash are control characters, bytes that are not UTF-8, and what breaks or
    turns a line. Spaces of other widths and the joiners of emoji stay: a name that is copied from
    the terminal is then still the name.
    """
    return "".join(
        char.encode("unicode_escape").decode("ascii") if _breaks_a_line(char) else char
        for char in os.fspath(path)
    )


def _breaks_a_line(char: str) -> bool:
    turns = unicodedata.bidirectional(char) in _TURNS
    return turns or unicodedata.category(char) in {"Cc", "Cn", "Cs", "Zl", "Zp"}


def real_folder(root: str | os.PathLike[str]) -> str:
    """The one true path of a folder that exists. Raises FolderError."""
    if "\0" in os.fspath(root):  # no system has such a name
        raise FolderError(f"There is no folder {printable(root)}: check the path.")
    top = os.path.realpath(root)
    if not os.path.exists(top):  # noqa: PTH110 - a path that no Path can stat is a case here
        raise FolderError(f"There is no folder {printable(root)}: check the path.")
    if not os.path.isdir(top):  # noqa: PTH112
        raise FolderError(f"{printable(root)} is not a folder: give the folder that holds it.")
    return top


def _walk(
    top: str, below: str, exclude: tuple[str, ...], hidden: bool, unreadable: dict[str, str]
) -> Iterator[ImageFile]:
    seen: set[tuple[int, int]] = set()
    waiting = deque([below])
    while waiting:
        folder = waiting.pop()
        try:
            if not _first_visit(os.path.join(top, folder), seen):  # noqa: PTH118
                continue
            entries = sorted(os.scandir(os.path.join(top, folder)), key=_name)  # noqa: PTH118
        except OSError as error:
            unreadable[folder] = error.strerror or type(error).__name__
            continue
        if folder != below and _is_cache(entries):
            continue
        for entry in entries:
            relative = f"{folder}/{entry.name}" if folder else entry.name
            if _left_out(entry.name, relative.removeprefix(f"{below}/"), exclude, hidden):
                continue
            try:
                yield from _entered(top, relative, entry, waiting)
            except OSError as error:
                if error.errno not in _LEADS_NOWHERE:
                    unreadable[relative] = error.strerror or type(error).__name__


def _entered(
    top: str, relative: str, entry: os.DirEntry[str], waiting: deque[str]
) -> Iterator[ImageFile]:
    """The file, if the entry is one; a folder waits for its turn. Raises OSError."""
    if not entry.is_dir():
        status = entry.stat()
        if stat.S_ISREG(status.st_mode):  # no pipe, no socket
            yield ImageFile(top, relative, status.st_size, status.st_mtime_ns)
    elif entry.is_symlink():
        waiting.appendleft(relative)  # after every real folder: those go by their own names
    else:
        waiting.append(relative)


def _is_cache(entries: list[os.DirEntry[str]]) -> bool:
    """Whether a folder is marked as a cache, as Lookalike's own are (bford.info/cachedir)."""
    tag = next((entry for entry in entries if entry.name == "CACHEDIR.TAG"), None)
    try:
        if tag is None or not tag.is_file():
            return False
        with Path(tag.path).open("rb") as file:
            return file.read(len(CACHE_TAG)) == CACHE_TAG
    except OSError:  # a mark that cannot be read is none
        return False


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _first_visit(folder: str, seen: set[tuple[int, int]]) -> bool:
    status = os.stat(folder)  # noqa: PTH116
    identity = (status.st_dev, status.st_ino)
    if identity in seen:
        return False
    seen.add(identity)
    return True


def _left_out(name: str, relative: str, exclude: tuple[str, ...], hidden: bool) -> bool:
    if name.startswith(".") and not hidden:
        return True
    patterns = (pattern.rstrip("/") for pattern in exclude)
    return any(
        fnmatch.fnmatchcase(relative if "/" in pattern else name, pattern) for pattern in patterns
    )


def _match_moves(new: list[ImageFile], gone: list[Known]) -> list[tuple[Known, ImageFile]]:
    candidates: dict[int, list[Known]] = defaultdict(list)
    for item in gone:
        if item.digest is not None:
            candidates[item.size].append(item)
    moved = []
    for file in new:
        if match := _moved_from(file, candidates.get(file.size, [])):
            candidates[file.size].remove(match)
            moved.append((match, file))
    return moved


def _moved_from(file: ImageFile, candidates: list[Known]) -> Known | None:
    if not candidates:
        return None
    for item in candidates:
        same_place = item.root != file.root and item.relative == file.relative
        if same_place and item.looks_like(file):
            return item
    try:
        content = digest(file.path)
    except OSError:
        return None  # the indexing that follows reads it again and reports why it cannot
    return next((item for item in candidates if item.digest == content), None)
