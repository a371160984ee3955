"""Calls, for some threads → what they give; a thread that a folder holds is left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TypeVar

from lookalike.folder import LOOK, Patience

_T = TypeVar("_T")
_GRACE = 2.0  # seconds for what is at hand, where nothing is wanted any more


class Crew:
    """So many threads for the time of a block. In the end calls that have not begun are dropped,
    and threads are waited for, but for those that wait for a folder that keeps silent: Python's own
    pools would wait for these, too, even when the process ends.
    """

    def __init__(self, threads: int, patience: Patience) -> None:
        self._patience = patience
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"read-{number}", daemon=True)
            for number in range(threads)
        ]

    def __enter__(self) -> Crew:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._drop()
        for _ in self._threads:
            self._calls.put(None)
        while alive := [thread for thread in self._threads if thread.is_alive()]:
            held = [one for one in alive if self._patience.is_held(one.ident, _GRACE)]
            if held:
                self._patience.over()
            if len(held) == len(alive):
                return
            next(one for one in alive if one not in held).join(LOOK)

    def submit(self, call: Callable[[], _T]) -> Future[_T]:
        """Have a thread make a call when one is free."""
        future: Future[_T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is wanted
                future.set_exception(error)

        self._calls.put(work)
        return future

    def result(self, future: Future[_T]) -> _T:
        """What a call has given. Raises what it raised, and FolderSilentError."""
        while True:
            try:
                return future.result(LOOK)
            except TimeoutError:
                if future.done():  # some systems tell so of their network drives
                    raise
                self._patience.check()

    def _drop(self) -> None:
        while True:
            try:
                self._calls.get_nowait()
            except Empty:
                return

    def _work(self) -> None:
        while (work := self._calls.get()) is not None:
            work()
