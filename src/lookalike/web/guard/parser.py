"""The bytes of a request → the request; a body that there is no use or no room for is let go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from io import BytesIO
from typing import Any, cast

from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser
from waitress.receiver import ChunkedReceiver, FixedStreamReceiver

from lookalike.web.guard.refusals import Refusal
from lookalike.web.guard.room import Room

SMALL = 64 * 2**10
"""Bodies of as many bytes are always held: connections are bounded, and so are these together."""

_NO_ROOM = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "As many uploads are on their way as there is room for: try again in a moment.",
    2.0,
)


class _Nowhere:
    """A buffer that forgets what it is given."""

    def append(self, data: bytes) -> None:
        """Forget it."""

    def __len__(self) -> int:
        return 0

    def getfile(self) -> BytesIO:
        """Nothing."""
        return BytesIO()

    def close(self) -> None:
        """Nothing to do."""


class Parser(HTTPRequestParser):
    """A request, which takes its part of the room for bodies, and gives it back at the end.

    ``welcome`` says of the headers whether the app will have a look at the body. ``refusal`` is
    the answer where there is no room; the body is then received all the same, and forgotten: to
    close on somebody who is sending would lose the answer on the way.
    """

    def __init__(
        self, room: Room, welcome: Callable[[Mapping[str, str]], bool], adj: Adjustments
    ) -> None:
        super().__init__(adj)
        self._room = room
        self._welcome = welcome
        self._taken = 0
        self._weighed = False
        self.refusal: Refusal | None = None

    def received(self, data: bytes) -> int:
        """How many of these bytes were taken; the rest belongs to the next request."""
        taken = super().received(data)
        if self.headers_finished and not self.error and self.body_rcv is not None:
            if not self._weighed:
                self._weighed = True
                self._weigh()
            elif self.chunked and not self.completed:
                self._grow()
        return taken

    def close(self) -> None:
        """Give back what was taken."""
        self.release()
        super().close()

    def release(self) -> None:
        """Give back the room alone."""
        taken, self._taken = self._taken, 0
        self._room.give(taken)

    def __del__(self) -> None:
        if getattr(self, "_taken", 0):  # of a connection that was cut
            self.release()

    def _weigh(self) -> None:
        size = self.content_length
        if not self.chunked and size <= SMALL:
            return
        if not self._welcome(self.headers):
            self._let_go()
        elif not self.chunked:
            self._take(size)

    def _grow(self) -> None:
        """Bodies that do not say their length take more as they come."""
        missing = self.body_bytes_received - self._taken - SMALL
        if missing > 0 and self.refusal is None and not self._goes_nowhere():
            self._take(max(missing, 2**20))

    def _take(self, size: int) -> None:
        if self._room.take(size):
            self._taken += size
            return
        self.refusal = _NO_ROOM
        self.release()
        self._let_go()

    def _let_go(self) -> None:
        nowhere = cast(Any, _Nowhere())
        receiver = self.body_rcv
        if isinstance(receiver, ChunkedReceiver):
            receiver.buf = nowhere
        elif receiver is not None:
            self.body_rcv = FixedStreamReceiver(receiver.remain, nowhere)

    def _goes_nowhere(self) -> bool:
        return self.body_rcv is not None and isinstance(cast(Any, self.body_rcv).buf, _Nowhere)
