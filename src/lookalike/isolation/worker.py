"""One job at a time → its answer, from one process that is ended when it takes too long."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from lookalike.image import Room
from lookalike.isolation import wire
from lookalike.isolation.wire import Bytes, Message

# A plain command: the children of `multiprocessing` would import the user's script once more. The
# path of modules is handed over, which a script may have changed.
_BEGIN = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from lookalike.isolation.child import main; main()"
)
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
# Ctrl-C is for the parent, which then lets its processes go.
_APART: dict[str, Any] = (
    {"creationflags": 0x08000000 | 0x00000200}  # CREATE_NO_WINDOW, CREATE_NEW_PROCESS_GROUP
    if sys.platform == "win32"
    else {"process_group": 0}
)
_PIPE = 1 << 20  # bytes on their way: a picture as a model sees it fits in
_F_SETPIPE_SZ = 1031
_PARTING = 2.0  # seconds for a process that is dying, or not needed any more, to be gone
_KILLED = -9  # the exit status of a process that has been killed
_START = 60.0  # seconds for a process to start on a machine that has much else to do

Into = Callable[[Message, int], memoryview]
"""An answer and how many bytes follow it → where these are to be written."""


class StartError(Exception):
    """No such process can be started here; the message says why."""


class Died(Exception):  # noqa: N818 - an event, not yet an error
    """The process ended over a job; ``status`` as `subprocess.Popen.returncode`, ``late`` where it
    was ended because it took too long."""

    def __init__(self, status: int, late: bool) -> None:
        super().__init__(status)
        self.status = status
        self.late = late


class Worker:
    """One process; used by one thread at a time, but for `end_if_late`."""

    def __init__(self) -> None:
        """Start it, without waiting until it is ready. Raises StartError."""
        if not _can_start():
            raise StartError("this Python is part of another program")
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this Python, and words of ours
                [sys.executable, "-P", "-c", _BEGIN, json.dumps(sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env={**os.environ, **_ONE_THREAD},
                **_APART,
            )
        except (OSError, ValueError) as error:
            raise StartError(str(error)) from error
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018
        self._to, self._from = self._process.stdin, self._process.stdout
        _widen(self._to, self._from)
        self._ready = False
        self._lock = threading.Lock()
        self._deadline: float | None = None
        self._late = False
        self.jobs = 0

    def ask(
        self, job: Message, content: Bytes, *, patience: float, room: Room | None, into: Into
    ) -> Message:
        """Have a job done → its answer; bytes that follow it are written where ``into`` says.

        Whatever happens on the way, the process is of no use afterwards. Raises StartError, Died.
        """
        self.jobs += 1
        try:
            self._meet()
            with contextlib.ExitStack() as held:
                self._wait_until(time.monotonic() + patience)
                wire.send(self._to, job, content)
                while "room" in (answer := wire.receive(self._from)):
                    self._wait_until(None)
                    if room is not None:
                        held.enter_context(room(answer["room"]))
                    self._wait_until(time.monotonic() + patience)
                    wire.send(self._to, {})
                wire.fill(self._from, into(answer, answer["bytes"]))
            self._wait_until(None)
        except (EOFError, OSError, ValueError) as error:
            raise Died(self.end(), self._late) from error
        except BaseException:
            self._process.kill()
            self.end()
            raise
        return answer

    def end_if_late(self, now: float) -> None:
        """End it if it has taken longer than it may; called by another thread."""
        with self._lock:
            if self._deadline is not None and now > self._deadline:
                self._late = True
                self._process.kill()

    def leave(self) -> None:
        """Have it end by itself, without waiting; `end` must follow."""
        with contextlib.suppress(OSError):  # it has gone before
            self._to.close()

    def end(self) -> int:
        """Let go of it, by force if it has not gone → its exit status."""
        self._wait_until(None)
        self.leave()
        status = self._gone()
        if status is None:
            self._process.kill()
            status = self._gone()
        self._from.close()
        # one that hangs in a disk that has gone cannot even be killed: it goes when that comes back
        return _KILLED if status is None else status

    def _gone(self) -> int | None:
        """Its exit status, once it has gone; None where it stays for long."""
        try:
            return self._process.wait(_PARTING)
        except subprocess.TimeoutExpired:
            return None

    @property
    def usable(self) -> bool:
        """Whether it may be asked again: it may have been ended just after its last answer."""
        return not self._late

    def disown(self) -> None:
        """Forget it in a copy of this process: it belongs to the one that it was copied from."""
        self._process.returncode = 0
        for stream in (self._to, self._from):
            with contextlib.suppress(OSError):
                stream.close()

    def _meet(self) -> None:
        """Wait for the first word of a process that has just been started."""
        if self._ready:
            return
        self._wait_until(time.monotonic() + _START)
        try:
            hello = wire.receive(self._from)
        except (EOFError, OSError, ValueError) as error:
            raise StartError(f"it ended with {self.end()}") from error
        if hello.get("protocol") != wire.PROTOCOL:
            self.end()
            raise StartError("it is another version of Lookalike")
        self._ready = True

    def _wait_until(self, deadline: float | None) -> None:
        with self._lock:
            self._deadline = deadline


def _can_start() -> bool:
    """Whether the program that runs this is a Python, and not one that has it inside."""
    name = Path(sys.executable or "").name.lower()
    return not getattr(sys, "frozen", False) and name.startswith(("python", "pypy"))


def _widen(*pipes: IO[Any]) -> None:
    if sys.platform != "linux":
        return
    import fcntl

    for pipe in pipes:
        with contextlib.suppress(OSError):  # a user may have so many bytes of pipes
            fcntl.fcntl(pipe, _F_SETPIPE_SZ, _PIPE)
