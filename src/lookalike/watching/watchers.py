"""Folders to follow → parts in which something changed, gathered by a thread for each folder."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lookalike.errors import FolderError
from lookalike.folder import printable
from lookalike.watching.changes import Changed, Scope
from lookalike.watching.disks import tells
from lookalike.watching.events import EventsLostError, NoEventsError, listen
from lookalike.watching.looking import Look, look

POLL_SECONDS = 30.0
"""How often a folder is looked at whose system tells of nothing."""

_SHARE = 20.0  # looking takes no more than one part in so many of the time
_AWAY_SECONDS = 2.0  # between two looks for a folder that is not there
_PAUSE = 1.0  # seconds before listening again after an event was lost
_PATIENCE = 10.0  # seconds for a thread that was asked to end
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What a folder's thread has to say: how it is followed from now on (``how`` is ``events``,
    ``polling`` or ``away``), and in a sentence why that is not as it was or could be."""

    folder: str
    how: str
    reason: str = ""


class Watchers:
    """Threads that follow folders, each by the system's events or by looking at it every ``poll``
    seconds: by events where ``poll`` is None and the system tells of changes there.

    When a thread begins, and whenever its folder comes back, all of the folder is told to have
    changed: nobody knows what happened before. Used as a context.
    """

    def __init__(
        self, scopes: Sequence[Scope], *, poll: float | None, tell: Callable[[Told], None]
    ):
        self._poll = poll
        self._tell = tell
        self._stop = threading.Event()
        self._guard = threading.Condition()
        self._changed: dict[str, Changed] = {}
        self._trouble: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._run, args=(one,), name=f"watch {at}", daemon=True)
            for at, one in enumerate(scopes)
        ]

    def __enter__(self) -> Watchers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        end = time.monotonic() + _PATIENCE
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def wait(self, seconds: float) -> list[Changed]:
        """What has changed since the last time this was asked, one part for each root; waits so
        long for the first. Raises what has ended a thread."""
        with self._guard:
            self._guard.wait_for(lambda: self._changed or self._trouble, seconds)
            if self._trouble is not None:
                raise self._trouble
            found = list(self._changed.values())
            self._changed.clear()
            return found

    # ---- a thread

    def _run(self, scope: Scope) -> None:
        try:
            poll = self._poll if self._poll is not None else self._needed(scope)
            if poll is None:
                self._by_events(scope)
            else:
                self._tell(Told(scope.root, "polling"))
                self._by_looking(scope, poll)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            with self._guard:
                self._trouble = error
                self._guard.notify_all()

    def _needed(self, scope: Scope) -> float | None:
        """How often to look, where events cannot be relied upon."""
        heard, kind = tells(scope.root)
        if heard:
            return None
        _LOG.info("%s lies on %s, of which the system tells nothing", scope.root, kind)
        return POLL_SECONDS

    def _by_events(self, scope: Scope) -> None:
        while not self._stop.is_set():
            self._wait_for(scope)
            identity, begun = _identity(scope.root), False
            try:
                for happened in listen(scope.root, self._stop):
                    if not begun:
                        self._tell(Told(scope.root, "events"))
                        self._put(scope.whole)
                        begun = True
                    self._put(scope.changed(happened))
                    if _identity(scope.root) != identity:
                        break  # another disk, or another folder of this name
            except EventsLostError as error:
                _LOG.info("an event of %s was lost: %s", scope.root, error)
                self._put(scope.whole)
                self._stop.wait(_PAUSE)
            except NoEventsError as error:
                if os.path.isdir(scope.root):  # noqa: PTH112
                    self._without_events(scope, str(error))
                    return

    def _without_events(self, scope: Scope, why: str) -> None:
        name = printable(scope.root)
        hint = "raise fs.inotify.max_user_watches" if "limit" in why else "see --verbose"
        self._tell(
            Told(
                scope.root,
                "polling",
                f"The system does not tell of changes in {name} ({why}: {hint}), so it "
                f"is looked at every {POLL_SECONDS:.0f} seconds.",
            )
        )
        self._by_looking(scope, POLL_SECONDS)

    def _by_looking(self, scope: Scope, seconds: float) -> None:
        before: Look | None = None
        dark: set[str] = set()  # of which was told
        while not self._stop.is_set():
            if self._wait_for(scope):
                before = None
            started = time.monotonic()
            try:
                now = look(scope, before or Look())
            except FolderError as error:  # it went just now, or cannot be read
                _LOG.info("%s", error)
                before = None
            else:
                dark = self._compare(scope, now, before, dark)
                before = now
            self._stop.wait(max(seconds, _SHARE * (time.monotonic() - started)))

    def _compare(self, scope: Scope, now: Look, before: Look | None, known: set[str]) -> set[str]:
        """Tell what differs; returns the folders whose disk is not connected any more."""
        if before is None:
            self._put(scope.whole)
            return set()
        changed, dark = now.since(before)
        now.keeping(before, dark)
        for folder in set(dark) - known:
            said = "is empty, and was another disk before: what it held is left as it is."
            self._tell(Told(scope.root, "polling", f"{printable(folder)} {said}"))
        self._put(scope.changed(changed))
        return set(dark)

    def _wait_for(self, scope: Scope) -> bool:
        """Wait until the root is there, or all is to end; whether it was away, which is told."""
        if os.path.isdir(scope.root):  # noqa: PTH112 - may hold any bytes
            return False
        name = printable(scope.root)
        self._tell(Told(scope.root, "away", f"{name} is not there: waiting for it."))
        while not os.path.isdir(scope.root):  # noqa: PTH112
            if self._stop.wait(_AWAY_SECONDS):
                break
        return True

    def _put(self, changed: Changed | None) -> None:
        if changed is None:
            return
        with self._guard:
            known = self._changed.get(changed.root)
            self._changed[changed.root] = known.with_(changed) if known else changed
            self._guard.notify_all()


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)  # noqa: PTH116 - may hold any bytes
    except OSError:
        return None
    return status.st_dev, status.st_ino
