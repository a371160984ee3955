"""Requests → threads, each in its lane; at once refused where too many are there already."""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, cast

from waitress.task import ThreadedTaskDispatcher

from lookalike.web.guard.channel import Channel
from lookalike.web.guard.clients import group_of, is_loopback
from lookalike.web.guard.lanes import COSTLY, OTHERS, Lane, lane_of, lanes_of
from lookalike.web.guard.limits import BURST_SECONDS, COSTLY_COUNTS, RATE, Limits
from lookalike.web.guard.parser import Parser
from lookalike.web.guard.rate import Buckets
from lookalike.web.guard.refusals import Refusal

_log = logging.getLogger(__name__)

_ENDING = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The server is ending: try again when it is there again.",
    5.0,
    ends=True,
)


class Dispatcher(ThreadedTaskDispatcher):
    """The threads of the server. What runs and waits is bounded for each lane on its own.

    ``lanes`` and ``refused`` (by status) are there to be read, from any thread; ``on_refused`` is
    told each status. ``client`` tells of the headers of a request and the other end of its
    connection who asks.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        listeners: int,
        exports: int,
        client: Callable[[str, Mapping[str, str]], str],
    ) -> None:
        super().__init__()
        self.lanes: dict[str, Lane[Channel]] = lanes_of(limits, listeners, exports)
        self.refused: Counter[int] = Counter()
        self.on_refused: Callable[[int], None] = lambda _status: None
        self.ending = False
        self._client = client
        self._everyone = limits.rate is not None
        rate = RATE if limits.rate is None else limits.rate
        self._rate = Buckets(rate * BURST_SECONDS, rate) if rate else None
        self._ready: deque[tuple[Lane[Channel], Channel]] = deque()
        self.set_thread_count(sum(lane.most_running for lane in self.lanes.values()))

    @property
    def waiting(self) -> int:
        """How many requests wait for a thread."""
        return sum(len(lane.waiting) for lane in self.lanes.values())

    @property
    def busy(self) -> bool:
        """Whether anything runs or waits."""
        return any(lane.running or lane.waiting for lane in self.lanes.values())

    def add_task(self, task: Any) -> None:
        """Let the first request of a connection run, wait, or go. The caller holds the lock of
        the connection's requests."""
        channel = cast(Channel, task)
        if channel.close_when_flushed:  # what was sent behind a request that ended the connection
            channel.forget()
        while channel.requests:
            refusal = self._admit(channel, cast(Parser, channel.requests[0]))
            if refusal is None:
                return
            self.refused[refusal.status.value] += 1
            self.on_refused(refusal.status.value)
            channel.refuse(refusal)

    def handler_thread(self, thread_no: int) -> None:
        """What each thread does, until there are too many."""
        while (found := self._next(thread_no)) is not None:
            lane, channel = found
            begun = time.monotonic()
            try:
                channel.service()
            except BaseException:  # noqa: BLE001 - the last stop of a thread: recorded
                _log.exception("a connection could not be served")
            finally:
                self._left(lane, time.monotonic() - begun)
                if self.ending:  # the server waits for the last one
                    channel.server.pull_trigger()

    def shutdown(self, cancel_pending: bool = True, timeout: int = 5) -> bool:
        """End the threads, and wait for them as many seconds; whether all have ended."""
        self.ending = True
        self.set_thread_count(0)
        until = time.monotonic() + timeout
        with self.lock:
            while self.threads and (left := until - time.monotonic()) > 0:
                self.thread_exit_cv.wait(min(0.1, left))
            if self.threads:
                _log.warning("%d requests were cut off at the end.", len(self.threads))
            return not self.threads

    def _admit(self, channel: Channel, request: Parser) -> Refusal | None:
        if request.error:  # it may be no request at all; to say so takes no time
            return self._place(self.lanes[OTHERS], channel)
        if self.ending:
            return _ENDING
        if request.refusal is not None:
            return request.refusal
        lane = self.lanes[lane_of(str(request.command), str(cast(Any, request).path))]
        wait = self._wait(channel, request, lane)
        if wait > 0:
            return Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                "This address asks for more than its share: try again in a moment.",
                wait,
            )
        return self._place(lane, channel)

    def _wait(self, channel: Channel, request: Parser, lane: Lane[Channel]) -> float:
        """Seconds until the client may ask for that."""
        if self._rate is None:
            return 0.0
        client = self._client(channel.peer, request.headers)
        if is_loopback(client) and not self._everyone:
            return 0.0
        return self._rate.take(group_of(client), COSTLY_COUNTS if lane.name == COSTLY else 1)

    def _place(self, lane: Lane[Channel], channel: Channel) -> Refusal | None:
        with self.lock:
            if lane.full:
                self._drop_gone(lane)
            if lane.full:
                lane.refused += 1
                return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, lane.sentence, lane.again)
            channel.waits = lane.running >= lane.most_running
            if not channel.waits:
                self._begin(lane, channel)
            else:
                lane.waiting.append(channel)
        return None

    def _begin(self, lane: Lane[Channel], channel: Channel) -> None:
        lane.running += 1
        self._ready.append((lane, channel))
        self.queue_cv.notify()

    def _drop_gone(self, lane: Lane[Channel]) -> None:
        """Those whose client has left need not wait any longer."""
        for channel in [one for one in lane.waiting if one.has_left()]:
            lane.waiting.remove(channel)
            channel.forget()
            channel.will_close = True

    def _next(self, thread_no: int) -> tuple[Lane[Channel], Channel] | None:
        with self.lock:
            while not self._ready and self.stop_count == 0:
                self.active_count -= 1
                self.queue_cv.wait()
                self.active_count += 1
            if self.stop_count > 0:
                self.active_count -= 1
                self.stop_count -= 1
                self.threads.discard(thread_no)
                self.thread_exit_cv.notify()
                return None
            return self._ready.popleft()

    def _left(self, lane: Lane[Channel], seconds: float) -> None:
        with self.lock:
            lane.running -= 1
            lane.took(seconds)
            if lane.waiting and lane.running < lane.most_running:
                self._begin(lane, lane.waiting.popleft())
