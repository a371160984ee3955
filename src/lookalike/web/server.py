"""A `Library`, a host and a port → a production server that runs until Ctrl-C."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Flask

from lookalike.errors import InputError
from lookalike.web import drawing, entrance, figures, looking, problems, warming
from lookalike.web.app import create_app
from lookalike.web.background import BackgroundIndexing
from lookalike.web.guard.access import Access
from lookalike.web.guard.clients import is_loopback
from lookalike.web.guard.dispatch import Dispatcher
from lookalike.web.guard.door import NEEDS_NAME, Door, made_token, names_of
from lookalike.web.guard.ending import at_signals
from lookalike.web.guard.engine import Engine
from lookalike.web.guard.limits import Limits
from lookalike.web.openapi_export import MOST_EXPORTS
from lookalike.web.state import MOST_LISTENERS, served

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lookalike.library import Library

_LAST_PORT = 65535
_BACKLOG = 128
_CLOSED, _USUAL = Door(), Limits()


def serve(
    library: Library,
    host: str = "127.0.0.1",
    port: int = 5000,
    *,
    folders: Sequence[str | os.PathLike[str]] = (),
    door: Door = _CLOSED,
    limits: Limits = _USUAL,
    warm: bool = False,
    on_ready: Callable[[str], None] = lambda _address: None,
    say: Callable[[str], None] = lambda _sentence: None,
    **how: Any,
) -> None:
    """Serve a library until Ctrl-C; ``folders`` are indexed meanwhile.

    ``how`` is as for `BackgroundIndexing`: what of the folders, and whether to follow them.
    ``door`` says who may come in: beyond this machine, who has a token. ``limits`` say how much is
    taken on. With ``warm`` the model is loaded at once, so that the first question is answered
    quickly, too.

    ``on_ready`` gets the page's address once connections are accepted, with the token if that was
    made here; port 0 takes a free one. ``say`` gets a sentence on who may come in.

    At Ctrl-C, or where the process is told to end, what runs is finished within 30 seconds;
    the second time it ends at once, with KeyboardInterrupt.

    Raises InputError: the host is unknown, the port cannot be had, or there can be no token.
    """
    indexing = BackgroundIndexing(library, folders, **how)
    listening = listen(host, port)
    with _closed_in_trouble(listening):
        entry = _entry(library, listening, host, door)
    app = _app(library, listening, entry, indexing.trouble)
    server = make_server(app, listening, limits, on_end=indexing.end_soon)
    if warm:
        warming.of_app(app).start()
    _run(app, server, indexing, lambda: entry.tell(on_ready, say))


@dataclass(frozen=True, slots=True)
class _Entry:
    """Who may come in to one server, and what is said of it."""

    door: Door
    token: str | None
    names: frozenset[str] | None
    address: str
    sentence: str | None

    def tell(self, on_ready: Callable[[str], None], say: Callable[[str], None]) -> None:
        """Tell where the page is, and who may open it."""
        if self.sentence:
            say(self.sentence)
        on_ready(self.address)


@contextmanager
def _closed_in_trouble(listening: socket.socket) -> Iterator[None]:
    try:
        yield
    except InputError:
        listening.close()
        raise


def _app(
    library: Library, listening: socket.socket, entry: _Entry, trouble: Callable[[], str | None]
) -> Flask:
    return create_app(
        library,
        hosts=entry.names,
        trouble=trouble,
        at_home=_is_at_home(listening),
        access=None if entry.token is None else Access(entry.token),
        proxies=entry.door.proxies,
    )


def _run(
    app: Flask, server: Engine, indexing: BackgroundIndexing, on_ready: Callable[[], None]
) -> None:
    with at_signals(server.end):
        try:
            indexing.start(figures.of_app(app).on_event)
            on_ready()
            server.run()
        except BaseException:  # the second Ctrl-C: nothing is waited for
            _close(app, server, indexing, patiently=False)
            raise
        _close(app, server, indexing, patiently=True)


def _close(app: Flask, server: Engine, indexing: BackgroundIndexing, *, patiently: bool) -> None:
    server.close()
    for work in (indexing, looking.of_app(app), drawing.of_app(app)):
        if patiently:
            work.stop()
        else:
            work.end_soon()
    if patiently:
        warming.of_app(app).stop()
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


def make_server(
    app: Flask,
    listening: socket.socket,
    limits: Limits = _USUAL,
    *,
    on_end: Callable[[], None] = lambda: None,
) -> Engine:
    """A server for an app on one socket; request bodies are held in memory, never in a file."""
    here, guarded, counted = served(app), entrance.of_app(app), figures.of_app(app)

    def welcome(headers: Mapping[str, str]) -> bool:
        given = headers.get("AUTHORIZATION"), headers.get("COOKIE")
        return guarded.access is None or guarded.access.would_let_in(*given)

    def end() -> None:
        here.listeners.end()
        looking.of_app(app).end_soon()
        drawing.of_app(app).end_soon()
        on_end()

    dispatcher = Dispatcher(
        limits, listeners=MOST_LISTENERS, exports=MOST_EXPORTS, client=guarded.client_of_headers
    )
    counted.queue = lambda: dispatcher.waiting
    dispatcher.on_refused = counted.refused
    return Engine(
        app,
        listening,
        limits,
        dispatcher,
        largest=app.config["MAX_CONTENT_LENGTH"] + 1,
        too_large=problems.too_large,
        welcome=welcome,
        proxies=guarded.proxies,
        on_end=end,
    )


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


def _is_at_home(listening: socket.socket) -> bool:
    """Whether only this machine can connect."""
    return is_loopback(str(listening.getsockname()[0]))


def _entry(library: Library, listening: socket.socket, host: str, door: Door) -> _Entry:
    """Who may come in. Raises InputError where nobody could be told from another."""
    token, said, address = door.token, None, _url(listening, host)
    if token is not None:
        said = "It asks for the token that you gave."
    elif _is_at_home(listening):
        pass
    elif door.open:
        if not door.hosts:
            raise InputError(NEEDS_NAME)
        said = "It asks for NO token: whoever can connect can see every picture of this library."
    else:
        token, file = made_token(library.folder)
        address += f"?token={quote(token)}"
        said = (
            "Other machines can connect, so it asks for a token, which is in the address below and "
            f"in {file}."
        )
    return _Entry(door, token, _names(listening, host, door), address, said)


def _names(listening: socket.socket, host: str, door: Door) -> frozenset[str] | None:
    """The names that a request may use: this machine's own where only it can connect, and those
    that were allowed; None for any."""
    address = str(listening.getsockname()[0])
    if not door.hosts and not is_loopback(address):
        return None
    own = {"localhost", "127.0.0.1", "::1", host, address}
    return names_of({*own, *door.hosts} - {"0.0.0.0", "::", ""})  # noqa: S104 - taken out


def _url(listening: socket.socket, host: str) -> str:
    """The page's address as seen from this machine."""
    address, port = listening.getsockname()[:2]
    if ipaddress.ip_address(str(address).partition("%")[0]).is_unspecified:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
