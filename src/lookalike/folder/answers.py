"""What a folder is asked → its answer, or an error once it has kept silent for too long.

A network drive whose server is gone holds whoever asks it: the call neither returns nor fails, and
nothing in the process can end it. So what may be held is asked by threads that can be left behind,
and whoever wants the answer waits for them only as long as somebody gets one.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, Queue
from typing import TypeVar

from lookalike.errors import FolderSilentError
from lookalike.folder.names import printable

_T = TypeVar("_T")

PATIENCE = 60.0
"""Seconds without any answer after which a folder is given up, unless somebody says otherwise."""

LOOK = 0.2
"""Seconds between two looks at whether an answer is there: Ctrl-C is noticed as soon."""

SHORT = 10.0
"""Seconds for a question that a person waits for."""

_EVERY = 10.0  # seconds between two words on a folder that keeps silent
_MOMENT = 1.0  # seconds that an answer may take before it counts as silence
_MOST = 2  # who wait for a silent folder; others are refused, for each of them is a thread
_WORK = 0.001  # seconds on a processor: whoever uses them is not held
_SOME = 256  # answers that are handed over at a time
_AHEAD = 4  # so often, before they are taken


class _Asking:
    """A thread that asks a folder, and since when it has been waiting for an answer."""

    def __init__(self, folder: str | bytes) -> None:
        self.folder = folder
        self.since = time.monotonic()
        self.elsewhere = False
        self.thread = threading.get_ident()
        known = hasattr(time, "pthread_getcpuclockid")
        self._clock = time.pthread_getcpuclockid(self.thread) if known else None
        self._used = self._now_used()

    def about(self, folder: str | bytes) -> None:
        """The answer is there, and this is asked next."""
        self.folder = folder
        self.since = time.monotonic()
        self.elsewhere = False

    def silent(self) -> float:
        """How many seconds there has been no answer. Who computes has been answered: decoding a
        large picture is nothing that a folder is to blame for."""
        now, used = time.monotonic(), self._now_used()
        if self.elsewhere or used - self._used > _WORK:
            self._used, self.since = used, now
        return now - self.since

    def _now_used(self) -> float:
        return time.clock_gettime(self._clock) if self._clock is not None else 0.0


def _tell_nobody(_folder: str, _seconds: float) -> None:
    """What is told where nobody listens."""


class Patience:
    """How long one run waits for folders that keep silent, and who is waiting in it.

    ``tell`` hears of a folder, and for how many seconds it has been silent, now and then. A run is
    `over` when nobody waits for its answers any more: threads that are left behind end when
    they get one.
    """

    def __init__(
        self, seconds: float = PATIENCE, tell: Callable[[str, float], None] = _tell_nobody
    ) -> None:
        self._seconds = seconds
        self._tell = tell
        self._told = 0.0
        self._guard = threading.Lock()
        self._asking: list[_Asking] = []
        self._over = threading.Event()

    def over(self) -> None:
        """Let whoever still waits for an answer end with it."""
        self._over.set()

    @contextmanager
    def asking(self, folder: str | bytes) -> Iterator[None]:
        """What a thread does that may be held by a folder."""
        if self._over.is_set():
            raise _silence(folder, self._seconds)
        before = _asked_here()
        if before is not None and before in self._asking:
            before.about(folder)
            yield
            return
        now = _Asking(folder)
        with self._guard:
            self._asking.append(now)
        _here.asking = now
        try:
            yield
        finally:
            _here.asking = before
            with self._guard:
                self._asking.remove(now)

    def is_held(self, thread: int | None, seconds: float = 0.0) -> bool:
        """Whether a thread has been waiting for an answer for so long, or waits for its turn,
        which may never come, after the run is over."""
        with self._guard:
            return any(
                one.silent() > seconds or (one.elsewhere and self._over.is_set())
                for one in self._asking
                if one.thread == thread
            )

    def check(self) -> None:
        """Raise FolderSilentError where a thread has been waiting for too long; before that, tell
        now and then which folder it waits for."""
        with self._guard:
            waiting = [(one.silent(), one.folder) for one in self._asking]
        if not waiting:
            return
        seconds, folder = max(waiting, key=lambda one: one[0])
        if seconds > self._seconds:
            raise _silence(folder, self._seconds)
        if seconds < self._told:
            self._told = 0.0
        if seconds >= self._told + _EVERY:
            self._told = seconds
            self._tell(os.fsdecode(folder), seconds)

    def heard(self, folder: str | bytes, answers: Iterable[_T]) -> Iterator[_T]:
        """What an iterable gives that asks a folder, in its order; a thread goes through it, some
        way ahead. Raises what it raises, and FolderSilentError."""
        coming: Queue[list[_T] | _End] = Queue(_AHEAD)
        left = threading.Event()

        def ask() -> None:
            error: BaseException | None = None
            some: list[_T] = []
            try:
                with self.asking(folder):
                    for one in answers:
                        some.append(one)
                        if len(some) < _SOME:
                            continue
                        with elsewhere():
                            coming.put(some)
                        some = []
                        if left.is_set():
                            return
            except BaseException as why:  # noqa: BLE001 - it is raised where the answers are wanted
                error = why
            coming.put(some)
            coming.put(_End(error))

        threading.Thread(target=ask, name="ask", daemon=True).start()
        try:
            yield from self._taken(coming)
        finally:
            left.set()
            with suppress(Empty):
                while True:
                    coming.get_nowait()

    def ask(self, folder: str | bytes | os.PathLike[str], call: Callable[[], _T]) -> _T:
        """What a call gives that asks a folder. Raises what it raises, and FolderSilentError."""

        def answer() -> Iterator[_T]:
            yield call()

        return next(self.heard(os.fspath(folder), answer()))

    def _taken(self, coming: Queue[list[_T] | _End]) -> Iterator[_T]:
        while True:
            try:
                some = coming.get(timeout=LOOK)
            except Empty:
                self.check()
                continue
            if isinstance(some, _End):
                if some.error is not None:
                    raise some.error
                return
            yield from some


_here = threading.local()  # who asks in this thread


def _asked_here() -> _Asking | None:
    return getattr(_here, "asking", None)


def about(folder: str | bytes) -> None:
    """Say that this thread has got an answer, and asks a folder next; of no consequence where
    nobody waits for it."""
    if (asking := _asked_here()) is not None:
        asking.about(folder)


@contextmanager
def elsewhere() -> Iterator[None]:
    """What this thread waits for, and no folder is to blame for."""
    asking = _asked_here()
    if asking is not None:
        asking.elsewhere = True
    try:
        yield
    finally:
        if asking is not None:
            asking.about(asking.folder)


class _End:
    """There are no more answers, for want of any or for an error."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


_waiting: dict[str, list[_Asking]] = {}  # a drive that hangs does so for the whole process
_guard = threading.Lock()


def within(folder: str, call: Callable[[], _T], seconds: float | None = None) -> _T:
    """What a call gives that asks a folder and that a person waits for, `SHORT` if nothing else is
    said.

    Where two wait for the folder already, and have for more than a moment, nobody else does: so a
    drive that hangs holds two threads of a server, not all. Raises what the call raises, and
    FolderSilentError.
    """
    with _guard:
        waits = [one.silent() for one in _waiting.get(folder, ())]
    if sum(wait > _MOMENT for wait in waits) >= _MOST:
        raise _silence(folder, max(waits))

    def asked() -> _T:
        me = _here.asking
        with _guard:
            _waiting.setdefault(folder, []).append(me)
        try:
            return call()
        finally:
            with _guard:
                _waiting[folder].remove(me)

    return Patience(SHORT if seconds is None else seconds).ask(folder, asked)


def _silence(folder: str | bytes, seconds: float) -> FolderSilentError:
    number = f"{seconds:.0f}"
    return FolderSilentError(
        f"The folder {printable(os.fsdecode(folder))} has not answered for {number} "
        f"second{'' if number == '1' else 's'}: see that its disk or network drive is there, and "
        "run the same command again (--patience waits longer); everything up to here is kept."
    )
