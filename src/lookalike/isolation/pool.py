"""Jobs of any number of threads → answers, from as many processes as there is work for."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lookalike.image import Room
from lookalike.isolation.wire import Bytes, Message
from lookalike.isolation.worker import Died, Into, StartError, Worker

_LOG = logging.getLogger(__name__)
_LOOK = 0.5  # seconds between looks at who is late
_AGAIN = 60.0  # seconds until another process is tried where none could be started
_IDLE = 60.0  # seconds without work after which all processes but one end
_JOBS = 5000  # of one process: what its decoders have lost of memory is given back then


class Pool:
    """Processes that are started when there is work, kept for more, and replaced when they die."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._begin()
        atexit.register(self.close)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._disown)

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._idle: list[tuple[Worker, float]] = []
        self._busy: set[Worker] = set()
        self._watched = False
        self._work = threading.Event()
        self._refused: tuple[str, float] = "", 0.0

    def ask(
        self, job: Message, content: Bytes, *, patience: float, room: Room | None, into: Into
    ) -> Message:
        """Have a job done. One that a process dies of is tried once more by a fresh process, since
        a file before it may be to blame. Raises StartError, and Died."""

        def ask(*, fresh: bool) -> Message:
            with self._taken(fresh=fresh) as worker:
                return worker.ask(job, content, patience=patience, room=room, into=into)

        try:
            try:
                return ask(fresh=False)
            except Died as death:
                if death.late:
                    raise
                _LOG.info("a decoder's process ended with %d: once more", death.status)
            return ask(fresh=True)
        except StartError as error:
            self._refuse(error)
            raise

    def warm(self) -> None:
        """Start a process where there is none, without waiting for it."""
        with self._changed:
            if self._idle or self._busy:
                return
        try:
            with self._taken():
                pass
        except StartError as error:
            self._refuse(error)

    def close(self) -> None:
        """End all that have nothing to do."""
        with self._changed:
            leaving = [worker for worker, _ in self._idle]
            self._idle.clear()
            self._changed.notify_all()
        _end(leaving)

    @contextmanager
    def _taken(self, *, fresh: bool = False) -> Iterator[Worker]:
        worker = self._take(fresh)
        try:
            yield worker
        except BaseException:
            self._put_back(worker, alive=False)
            raise
        self._put_back(worker, alive=worker.usable and worker.jobs < _JOBS)

    def _take(self, fresh: bool) -> Worker:
        with self._changed:
            self._changed.wait_for(lambda: self._idle or len(self._busy) < self._most)
            why, until = self._refused
            if time.monotonic() < until:
                raise StartError(why)
            worker = self._idle.pop()[0] if self._idle and not fresh else Worker()
            self._busy.add(worker)
            self._watch()
            return worker

    def _refuse(self, error: StartError) -> None:
        if time.monotonic() < self._refused[1]:
            return
        self._refused = str(error), time.monotonic() + _AGAIN
        _LOG.warning(
            "Pictures are decoded in this process, which a damaged one may end, since no other "
            "can be started: %s.",
            error,
        )

    def _put_back(self, worker: Worker, *, alive: bool) -> None:
        with self._changed:
            self._busy.discard(worker)
            if alive:
                self._idle.append((worker, time.monotonic()))
            self._changed.notify_all()
        if not alive:
            _end([worker])

    # ---- who is late, and who is not needed

    def _watch(self) -> None:
        self._work.set()
        if not self._watched:
            self._watched = True
            threading.Thread(target=self._look, name="decoders", daemon=True).start()

    def _look(self) -> None:
        while True:
            self._work.wait()
            time.sleep(_LOOK)
            with self._changed:
                busy, now = list(self._busy), time.monotonic()
                spare = self._spare(now)
                if not busy and len(self._idle) <= 1:
                    self._work.clear()
            for worker in busy:
                worker.end_if_late(now)
            _end(spare)

    def _spare(self, now: float) -> list[Worker]:
        """Take those away that have waited for long; one stays for whoever comes."""
        old = [one for one in self._idle[:-1] if now - one[1] > _IDLE]
        self._idle = [one for one in self._idle if one not in old]
        return [worker for worker, _ in old]

    def _disown(self) -> None:
        for worker in (*self._busy, *(worker for worker, _ in self._idle)):
            worker.disown()
        self._begin()


def _end(workers: list[Worker]) -> None:
    for worker in workers:
        worker.leave()
    for worker in workers:
        worker.end()
