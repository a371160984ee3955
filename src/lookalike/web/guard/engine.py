"""An app and a socket → a server that slow clients cannot hold up, and that ends gracefully."""

from __future__ import annotations

import logging
import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

from flask import Flask
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from lookalike.web.guard.channel import Channel
from lookalike.web.guard.clients import group_of, is_loopback, plain
from lookalike.web.guard.dispatch import Dispatcher
from lookalike.web.guard.limits import Limits
from lookalike.web.guard.pace import Doing
from lookalike.web.guard.room import Room

_log = logging.getLogger(__name__)

_SEND_BUFFER = 256 * 2**10  # bytes: what the system holds of an answer, so that pace can be told
_HELD = 2**20  # bytes of an answer that are held for a client, before its making waits
_NEVER = 2**40  # bytes, at which answers and bodies would go to a disk
_GONE = 60_000  # milliseconds without a sign of life from the other machine
_SOON = 1  # seconds between two looks at all connections
_LAST = 1  # seconds for threads to end that have nothing to do any more


class Engine(TcpWSGIServer):
    """The server of one socket.

    ``room`` is for bodies; ``welcome`` says of headers whether a body will be looked at, and
    ``too_large`` what is said of one beyond so many bytes. ``proxies`` may have more connections
    than other machines. ``on_end`` is called once, when the end begins. ``cut`` counts connections
    that were closed here, by what they were too slow at.
    """

    channel_class = Channel

    def __init__(
        self,
        app: Flask,
        listening: socket.socket,
        limits: Limits,
        dispatcher: Dispatcher,
        *,
        largest: int,
        too_large: Callable[[int], str],
        welcome: Callable[[Mapping[str, str]], bool] = lambda _headers: True,
        proxies: Collection[str] = (),
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.limits = limits
        self.room = Room(limits.uploads)
        self.welcome = welcome
        self.too_large = too_large
        self.cut: Counter[str] = Counter()
        self.dispatcher = dispatcher
        self._proxies = {plain(one) for one in proxies}
        self._on_end = on_end
        self._told = self._closed = False
        self._next_look = 0.0
        self._until: float | None = None
        super().__init__(
            cast(Any, app),
            map={},
            _sock=listening,
            dispatcher=dispatcher,
            adj=_adjustments(listening, limits, largest),
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
            bind_socket=False,
        )

    @property
    def channels(self) -> list[Channel]:
        """The connections that are open."""
        return list(cast("dict[int, Channel]", self.active_channels).values())

    def run(self) -> None:
        """Serve until `end`; then what runs and waits is finished, within the patience for that."""
        while cast(Any, self)._map:
            self.asyncore.loop(
                timeout=_SOON,
                map=cast(Any, self)._map,
                use_poll=self.adj.asyncore_use_poll,
                count=1,
            )
            self._look_around()
            if self._until is not None and self._has_settled(self._until):
                break

    def end(self) -> None:
        """Begin to end. For signal handlers: it only notes this, and wakes the server up."""
        if self._until is None:
            self._until = time.monotonic() + self.limits.patience.stop
            self.dispatcher.ending = True
            self.pull_trigger()

    def close(self) -> None:
        """Close everything that is open."""
        for channel in self.channels:  # a worker that waits for one of them ends with it
            channel.handle_close()
        self.dispatcher.shutdown(timeout=_LAST)
        self._closed = True
        super().close()

    def pull_trigger(self) -> None:
        """Wake the server up; once it is closed, what woke it up belongs to somebody else."""
        if not self._closed:
            super().pull_trigger()

    def handle_accept(self) -> None:
        """Let one more in, for whom another may have to go."""
        super().handle_accept()
        channels = self.channels
        if not channels:
            return
        newest = max(channels, key=lambda one: one.creation_time)
        if self._has_too_many(newest, channels):
            self._cut(newest, "too many")
        elif len(channels) >= self.limits.connections:
            self._make_room(channels)

    def maintenance(self, now: float) -> None:
        """Nothing: waitress asks in the middle of a look at all sockets; see `_look_around`."""

    def _look_around(self) -> None:
        """Let go of who is too slow; once a second."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _SOON
        for channel in self.channels:
            if channel.overdue(now):
                self._cut(channel, channel.doing().value)

    def _has_settled(self, until: float) -> bool:
        if not self._told:
            self._told = True
            self._on_end()
        for channel in self.channels:
            if channel.doing() is Doing.IDLE:
                channel.will_close = True
        if time.monotonic() > until:
            _log.warning("What was running was not done in time, and is cut off.")
            return True
        return not (self.dispatcher.busy or any(one.total_outbufs_len for one in self.channels))

    def _has_too_many(self, newest: Channel, channels: list[Channel]) -> bool:
        peer = plain(newest.peer)
        if is_loopback(peer) or peer in self._proxies:
            return False
        group = group_of(peer)
        same = sum(group_of(plain(one.peer)) == group for one in channels)
        return same > self.limits.each

    def _make_room(self, channels: list[Channel]) -> None:
        """Of those that have nothing under way, the one goes that has had nothing for longest."""
        now = time.monotonic()
        free = [one for one in channels if one.doing() in {Doing.IDLE, Doing.HEAD}]
        if free:
            self._cut(max(free, key=lambda one: one.pace.spent(now)), "making room")

    def _cut(self, channel: Channel, why: str) -> None:
        self.cut[why] += 1
        # Here and now: a socket that takes nothing is never ready to be told so in its turn.
        channel.handle_close()
        _log.info("A connection from %s is closed (%s).", channel.peer, why)


def _adjustments(listening: socket.socket, limits: Limits, largest: int) -> Adjustments:
    adjustments = Adjustments(
        sockets=[listening],
        ident="lookalike",
        max_request_body_size=largest,
        max_request_header_size=64 * 2**10,
        recv_bytes=2**16,
        inbuf_overflow=_NEVER,
        outbuf_overflow=_NEVER,
        outbuf_high_watermark=_HELD,
        connection_limit=limits.connections + 4,  # the socket that listens, and the trigger
        cleanup_interval=_SOON,
        log_socket_errors=False,
        # The app has a look whether there are any; it believes those of proxies that it knows.
        clear_untrusted_proxy_headers=False,
        asyncore_use_poll=hasattr(select, "poll"),
    )
    cast(Any, adjustments).socket_options = _options()
    return adjustments


def _options() -> list[tuple[int, int, int]]:
    options = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    ]
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _GONE))
    return options
