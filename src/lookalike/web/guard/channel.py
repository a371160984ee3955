"""A connection → its requests one after another; refusals without a thread; an eye on its pace."""

from __future__ import annotations

import socket
import time
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from lookalike.web.guard.pace import Doing, Pace
from lookalike.web.guard.parser import Parser
from lookalike.web.guard.refusals import MIMETYPE, NOTHING, Refusal, document

if TYPE_CHECKING:
    from lookalike.web.guard.engine import Engine


class ProblemTask(ErrorTask):
    """The server's own refusals (a body beyond the limit, a broken header) as problem documents."""

    def execute(self) -> None:
        """Answer, and close the connection."""
        task = cast(Any, self)  # the published types of this class do not know its request
        error = task.request.error
        said = f"{error.reason}: {error.body}."
        if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            said = task.channel.server.too_large(task.channel.adj.max_request_body_size)
        body = document(error.code, said).encode()
        task.status = f"{error.code} {error.reason}"
        task.response_headers += [
            ("Content-Type", MIMETYPE),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", NOTHING),
        ]
        task.channel.abrupt = True
        task.set_close_on_finish()
        task.content_length = len(body)
        task.write(body)


class Channel(HTTPChannel):
    """One connection. The main thread reads and writes, a worker answers, as in waitress.

    ``waits`` says that its request had to wait, so that it is worth a look whether anybody still
    wants the answer. ``abrupt``, that it was answered before it was whole: what still comes is
    then read and forgotten (``parting``), for to close on who is sending would lose the answer.
    """

    error_task_class = ProblemTask

    def __init__(self, server: Engine, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:  # noqa: A002
        self.moved = 0
        self.heard = self.waits = self.abrupt = self.parting = False
        self.parser_class = cast(Any, partial(Parser, server.room, server.welcome))
        self.pace = Pace(server.limits.patience, time.monotonic())
        super().__init__(server, sock, addr, adj, map=map)

    @property
    def peer(self) -> str:
        """The address at the other end."""
        return str(cast(Any, self.addr)[0])

    def received(self, data: bytes) -> bool:
        """Take what has come."""
        self.heard = True
        self.moved += len(data)
        return super().received(data)

    def readable(self) -> bool:
        """Whether there is a use for what comes."""
        return self.parting or super().readable()

    def writable(self) -> bool:
        """Whether there is something to send, or to be done once all is sent."""
        return not self.parting and super().writable()

    def handle_read(self) -> None:
        """Take what has come, or forget it."""
        if not self.parting:
            super().handle_read()
        elif not self._more_comes():
            self.handle_close()

    def handle_write(self) -> None:
        """Send, and go on to the end where this was the last answer."""
        ends = self.close_when_flushed and self.abrupt
        if ends:
            self.close_when_flushed = False
        super().handle_write()
        if ends and self.connected and self.total_outbufs_len:
            self.close_when_flushed = True
        elif ends and self.connected:
            self._part()

    def _part(self) -> None:
        try:
            cast(Any, self.socket).shutdown(socket.SHUT_WR)
        except OSError:  # the other side was quicker
            self.handle_close()
        else:
            self.parting = True

    def _more_comes(self) -> bool:
        try:
            return bool(cast(Any, self.socket).recv(2**16))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send what the other side takes; how much that was."""
        sent = super().send(data, do_close)
        self.moved += sent
        return sent

    def service(self) -> None:
        """Answer the first request, on a worker's thread; but who has left is not worked for."""
        if self.waits and self.has_left():
            with cast(Any, self).requests_lock:
                self.forget()
            self.will_close = True
            self.server.pull_trigger()
            return
        super().service()
        if not self.connected:
            with cast(Any, self).requests_lock:
                self.forget()

    def has_left(self) -> bool:
        """Whether the other side has closed the connection. To be asked while nothing is read from
        it, from any thread."""
        try:
            return not cast(Any, self.socket).recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except (OSError, AttributeError):  # closed here
            return True

    def forget(self) -> None:
        """Give back what requests have taken that nobody waits for any more."""
        for request in cast("list[Parser]", self.requests):
            request.close()
        self.requests = []

    def handle_close(self) -> None:
        """End the connection."""
        if isinstance(self.request, Parser):
            self.request.release()
        super().handle_close()

    def doing(self) -> Doing:
        """What the connection is at, as seen from the main thread."""
        if self.parting:
            return Doing.PARTING
        if self.total_outbufs_len:
            return Doing.SENDING
        if self.requests:
            return Doing.WORKING
        if self.request is None:
            return Doing.IDLE if self.heard else Doing.HEAD
        return Doing.BODY if self.request.headers_finished else Doing.HEAD

    def overdue(self, now: float) -> bool:
        """Whether its client takes too long."""
        return self.pace.overdue(self.doing(), self.moved, now)

    def refuse(self, refusal: Refusal) -> None:
        """Answer the first request without a worker. The caller holds the lock of the requests."""
        requests = cast("list[Parser]", self.requests)
        request = requests.pop(0)
        ends = refusal.ends or request.connection_close or request.version != "1.1"
        method, headers = str(getattr(request, "command", "GET")), request.headers
        page = "text/html" in headers.get("ACCEPT", "") and method == "GET"
        told = Refusal(refusal.status, refusal.detail, refusal.again, ends)
        answer = told.answer(page=page, body=method != "HEAD")
        request.close()
        if ends:
            self.forget()
        if not self.connected:
            return
        with self.outbuf_lock:
            cast(Any, self).outbufs[-1].append(answer)
            self.current_outbuf_count += len(answer)
            self.total_outbufs_len += len(answer)
            self.close_when_flushed |= ends
        self.last_activity = time.time()
