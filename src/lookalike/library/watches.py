"""Folders that are followed → a library that holds what they hold, for as long as it is wanted."""

from __future__ import annotations

import logging
import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lookalike import watching
from lookalike.errors import (
    FolderError,
    FolderSilentError,
    LibraryBusyError,
    LibraryDamagedError,
    LibraryError,
    LibraryNotFoundError,
    LibraryReadOnlyError,
    LibraryTooNewError,
    MissingExtraError,
)
from lookalike.folder import PATIENCE, real_folder
from lookalike.indexing import Event, Report
from lookalike.stores.embedded import OWN_FILES
from lookalike.watching import Changed, Scope, Told, Watchers

if TYPE_CHECKING:
    from lookalike.library.library import Library

_LOG = logging.getLogger(__name__)
_BREATH = 0.5  # seconds between two looks whether to end
_AGAIN = 5.0  # seconds before what did not work is tried again, doubled up to the next
_LONGEST = 60.0
_SWEEP = 3600.0  # seconds after which everything is looked at: no event is sure to come
_LASTING = (
    LibraryDamagedError,
    LibraryNotFoundError,
    LibraryReadOnlyError,
    LibraryTooNewError,
)  # waiting does not mend them


@dataclass(frozen=True, slots=True)
class Watching:
    """How a folder is followed from now on: by ``events`` of the system, by ``polling``, or not at
    the moment, because it is ``away``."""

    folder: str
    how: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What hinders, in a sentence; it is tried again. An empty one says that all is well again."""

    reason: str


Watched = Event | Watching | Trouble


class Watches(ABC):
    """The part of a `Library` that follows folders."""

    @abstractmethod
    def reopened(self) -> Library:
        """The same folder opened once more."""

    def watch(
        self,
        folders: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        exclude: Collection[str] = (),
        hidden: bool = False,
        poll: float | None = None,
        patience: float = PATIENCE,
        on_event: Callable[[Watched], None] = lambda _event: None,
        stop: threading.Event | None = None,
    ) -> None:
        """Have the library hold what the folders hold, until ``stop`` is set.

        All is indexed once, and then each part in which something changes, as by `index`: moves,
        removals and disks that are not connected are what they are there. ``exclude``, ``hidden``
        and ``patience`` are as for `index`. By default the system says where something changes,
        and a folder on a drive of which it says nothing is looked at every 30 seconds; with
        ``poll``, every folder is looked at each so many seconds.

        A folder that goes away, another process that writes, and a full disk are told as `Trouble`
        and waited for.

        Raises: FolderError for a folder that is not there and never was; MissingExtraError where
            the package that listens to the system is missing and wanted; ModelError, and
            LibraryError for what does not pass.
        """
        from lookalike.library.following import Following

        named = [folders] if isinstance(folders, str | os.PathLike) else list(folders)
        library: Library = self  # type: ignore[assignment] # the one class that is made of this
        roots = [_root_of(library, one) for one in named]
        own = os.path.realpath(library.folder)
        ignored = tuple(os.path.join(own, name) for name in OWN_FILES)  # noqa: PTH118
        scopes = [Scope(root, tuple(exclude), hidden, ignored) for root in dict.fromkeys(roots)]
        check_watching(roots, poll=poll)
        following = Following(library)
        try:
            _Watch(following.now, scopes, on_event, stop, patience).run(poll)
        finally:
            following.close()


class _Watch:
    """One call of `Watches.watch`: what is still to be looked at, and what was told."""

    def __init__(
        self,
        library: Callable[[], Library],
        scopes: Sequence[Scope],
        tell: Callable[[Watched], None],
        stop: threading.Event | None,
        patience: float,
    ) -> None:
        self._patience = patience
        self._library = library
        self._scopes = {scope.root: scope for scope in scopes}
        self._tell = tell
        self._telling = threading.Lock()  # the threads of the folders tell, too
        self._stop = stop or threading.Event()
        self._due: dict[str, Changed] = {}
        self._trouble: dict[str, str] = {}  # what was told last, by root
        self._not_before = 0.0
        self._pause = _AGAIN
        self._swept = time.monotonic()

    def run(self, poll: float | None) -> None:
        """Until it is told to stop."""
        scopes = list(self._scopes.values())
        with Watchers(scopes, poll=poll, tell=self._hear) as watchers:
            while not self._stop.is_set():
                for one in watchers.wait(_BREATH):
                    known = self._due.get(one.root)
                    self._due[one.root] = known.with_(one) if known else one
                self._sweep()
                if self._due and time.monotonic() >= self._not_before:
                    self._work()

    def _sweep(self) -> None:
        if time.monotonic() - self._swept >= _SWEEP:
            self._swept = time.monotonic()
            self._due = {root: scope.whole for root, scope in self._scopes.items()}

    def _work(self) -> None:
        """Look at all that is due; where something only left comes last, for what left may have
        come elsewhere, and need not be computed again there."""
        for one in sorted(self._due.values(), key=lambda one: not one.arrived):
            if self._stop.is_set():
                return
            try:
                self._look_at(one)
            except _LASTING:
                raise
            except (FolderError, LibraryError) as error:
                self._hindered(one, error)
                if not isinstance(error, FolderError):
                    return
            else:
                del self._due[one.root]
                self._pause = _AGAIN
                self._say(one.root, "")

    def _look_at(self, one: Changed) -> Report:
        """Index the part. Where nothing of it is left, what holds it is looked at, up to the root:
        whether a disk is missing is decided there."""
        scope, part = self._scopes[one.root], one.part
        while True:
            try:
                return self._library().index(
                    part,
                    exclude=scope.exclude,
                    hidden=scope.hidden,
                    patience=self._patience,
                    on_event=self._pass_on,
                    stop=self._stop,
                )
            except FolderError as error:
                if part == one.root or isinstance(error, FolderSilentError):
                    raise
                part = os.path.dirname(part)  # noqa: PTH120

    def _hindered(self, one: Changed, error: FolderError | LibraryError) -> None:
        if isinstance(error, FolderError):
            del self._due[one.root]  # it is told again when something changes there
            if self._library().known_part(one.root):
                self._say(one.root, str(error))
            return
        self._not_before = time.monotonic() + self._pause
        longer = 1 if isinstance(error, LibraryBusyError) else 2
        self._pause = min(longer * self._pause, _LONGEST)
        self._say(one.root, str(error))

    # ---- what is told

    def _hear(self, told: Told) -> None:
        """What a folder's thread says."""
        self._pass_on(Watching(told.folder, told.how))
        if told.how == "away":
            self._say(told.folder, told.reason)
        elif told.reason:  # nothing to wait for
            _LOG.warning("%s", told.reason)
            self._pass_on(Trouble(told.reason))

    def _say(self, root: str, reason: str) -> None:
        """Tell of trouble, and of its end, once."""
        if self._trouble.get(root, "") == reason:
            return
        self._trouble[root] = reason
        if reason:
            _LOG.warning("%s", reason)
        self._pass_on(Trouble(reason))

    def _pass_on(self, event: Watched) -> None:
        with self._telling:
            self._tell(event)


def _root_of(library: Library, folder: str | os.PathLike[str]) -> str:
    """The true path of a folder, which may be away if the library knows it. Raises FolderError."""
    try:
        return real_folder(folder)
    except FolderError:
        known = os.path.realpath(folder)
        if known in library.stats().roots:
            return known
        raise


def check_watching(folders: Iterable[str | os.PathLike[str]], *, poll: float | None = None) -> None:
    """Raises MissingExtraError where folders cannot be followed for lack of a package."""
    if poll is not None or watching.is_possible():
        return
    if any(watching.tells(os.fspath(one))[0] for one in folders):
        raise MissingExtraError(
            f"To be told of changes by the system takes a package: {watching.INSTALL}; or look "
            "every now and then with `lookalike watch FOLDER --poll SECONDS`."
        )
