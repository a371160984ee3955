"""Ctrl-C and the signal to end → first a request to end, and the second time an end at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last one is Windows's


@contextmanager
def at_signals(end: Callable[[], None]) -> Iterator[None]:
    """While this lasts, the first signal calls ``end``, and each later one raises
    KeyboardInterrupt. Signals reach the main thread alone; in others this does nothing."""
    asked = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        end()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
