"""A `Library`, a host and a port → a production server that runs until Ctrl-C."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import socket
from collections.abc import Callable, Collection, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask, ThreadedTaskDispatcher

from lookalike.errors import InputError
from lookalike.web import drawing, figures, looking, problems, warming
from lookalike.web.app import create_app
from lookalike.web.background import BackgroundIndexing
from lookalike.web.state import MOST_LISTENERS, Listeners, served

if TYPE_CHECKING:
    from lookalike.library import Library

_THREADS = 8 + MOST_LISTENERS  # whoever listens holds one and leaves eight to the others
_LAST_PORT = 65535
_BACKLOG = 128


def serve(
    library: Library,
    host: str = "127.0.0.1",
    port: int = 5000,
    *,
    folders: Sequence[str | os.PathLike[str]] = (),
    exclude: Collection[str] = (),
    hidden: bool = False,
    warm: bool = False,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a library until Ctrl-C; ``folders`` are indexed meanwhile.

    ``exclude`` and ``hidden`` say what of the folders, as for `Library.index`. With ``warm``, the
    model is loaded at once, so that the first question is answered as quickly as the others.

    ``on_ready`` gets the page's address once connections are accepted; port 0 takes a free one.

    Raises:
        InputError: the host is unknown, or the port is in use or not allowed.
    """
    listening = listen(host, port)
    indexing = BackgroundIndexing(library, folders, exclude=exclude, hidden=hidden)
    names = _names(listening, host)
    app = create_app(library, hosts=names, trouble=indexing.trouble, at_home=names is not None)
    server = make_server(app, listening)
    try:
        indexing.start(figures.of_app(app).on_event)
        if warm:
            warming.of_app(app).start()
        if on_ready is not None:
            on_ready(_url(listening, host))
        server.run()
    finally:
        server.close()
        indexing.stop()
        warming.of_app(app).stop()
        looking.of_app(app).stop()
        drawing.of_app(app).stop()
        served(app).following.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to an address, that nobody else can bind. Raises InputError."""
    family, address = _resolve(host, port)
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows: SO_REUSEADDR would share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise InputError(_why_not(error, host, port)) from error
    return listening


class _ProblemTask(ErrorTask):
    """The server's own refusals (a body beyond the limit, a broken header) as problem documents."""

    def execute(self) -> None:
        task = cast(Any, self)  # the published types of this class do not know its request
        error = task.request.error
        said = f"{error.reason}: {error.body}."
        if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            said = problems.too_large(task.channel.adj.max_request_body_size)
        body = problems.document(error.code, said).encode()
        task.status = f"{error.code} {error.reason}"
        task.response_headers += [
            ("Content-Type", problems.MIMETYPE),
            ("X-Content-Type-Options", "nosniff"),
        ]
        task.set_close_on_finish()
        task.content_length = len(body)
        task.write(body)


class _Channel(HTTPChannel):
    error_task_class = _ProblemTask


class _Dispatcher(ThreadedTaskDispatcher):
    """The server's threads; at the end, those that tell of progress are not waited for."""

    def __init__(self, listeners: Listeners) -> None:
        super().__init__()
        self._listeners = listeners
        self.set_thread_count(_THREADS)

    def shutdown(self, cancel_pending: bool = True, timeout: int = 5) -> bool:
        self._listeners.end()
        return super().shutdown(cancel_pending, timeout)


def make_server(app: Flask, listening: socket.socket) -> BaseWSGIServer:
    """A server for an app on one socket; request bodies are held in memory, never in a file."""
    # that a request waits for a thread is no fault, and nothing that a person could do about
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    dispatcher = _Dispatcher(served(app).listeners)
    figures.of_app(app).queue = lambda: len(dispatcher.queue)
    largest = app.config["MAX_CONTENT_LENGTH"] + 1
    server = create_server(
        app,
        _dispatcher=dispatcher,
        sockets=[listening],
        ident="lookalike",
        max_request_body_size=largest,
        inbuf_overflow=largest + 1,
    )
    if not isinstance(server, BaseWSGIServer):
        raise TypeError("one socket makes one server")
    server.channel_class = _Channel
    return server


def _resolve(host: str, port: int) -> tuple[int, Any]:
    if not 0 <= port <= _LAST_PORT:
        raise InputError(f"There is no port {port}: choose one from 1 to {_LAST_PORT} with --port.")
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        message = f"There is no host {host!r} on this machine: choose another with --host."
        raise InputError(message) from error
    found.sort(key=lambda item: item[0] != socket.AF_INET)
    family, _, _, _, address = found[0]
    return family, address


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use on {host}: choose another with --port."
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"Port {port} may not be used by this account: choose one above 1023 with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine: choose another with --host."
    return f"Port {port} on {host} cannot be used ({error.strerror}): choose another with --port."


def _names(listening: socket.socket, host: str) -> frozenset[str] | None:
    """The names that a request may use: this machine's own where only it can connect."""
    address = str(listening.getsockname()[0])
    if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        return None
    return frozenset({"localhost", "127.0.0.1", "::1", address, host})


def _url(listening: socket.socket, host: str) -> str:
    """The page's address as seen from this machine."""
    address, port = listening.getsockname()[:2]
    if ipaddress.ip_address(str(address).partition("%")[0]).is_unspecified:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
