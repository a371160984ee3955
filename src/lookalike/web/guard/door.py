"""What the owner says of who may come in → the token, the names and the proxies of a server."""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lookalike.errors import InputError
from lookalike.web.guard.clients import is_address

TOKEN_FILE = "access-token"  # noqa: S105 - the name of a file
"""Where a token lies that was made here, in the library's folder."""

_SHORTEST, _LONGEST = 16, 256
_FEWEST_KINDS = 6
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_MADE_OF = 32  # random bytes
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:]+|\[[0-9A-Fa-f:]+\]")

NEEDS_NAME = (
    "Without a token, any page in the browser of somebody who can connect could read the pictures "
    "through a name of its own: say with --allow-host under which name this server is reached."
)


@dataclass(frozen=True, slots=True)
class Door:
    """Who may reach a server.

    ``token`` is asked for, also on this machine alone; where it is None, one is made as soon as
    other machines can connect, unless ``open`` says that whoever can connect may see everything.
    ``hosts`` are names under which the server answers beside its own. ``proxies`` are addresses
    whose X-Forwarded-For is believed.
    """

    token: str | None = None
    open: bool = False
    hosts: tuple[str, ...] = ()
    proxies: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.token is not None and self.open:
            raise InputError("Either a token is asked for, or everyone is trusted: choose one.")
        for host in self.hosts:
            if not _HOST.fullmatch(host):
                raise InputError(
                    f"{host!r} is no name of a host: give it as in the browser's address bar, "
                    "without http:// and without the port."
                )
        for proxy in self.proxies:
            if not is_address(proxy):
                raise InputError(
                    f"{proxy!r} is no address of a proxy: give it in numbers, such as 127.0.0.1."
                )


def names_of(hosts: Collection[str]) -> frozenset[str]:
    """Hosts as they are compared: small letters, without the brackets of IPv6."""
    return frozenset(host.strip("[]").lower() for host in hosts)


def checked(token: str, source: str) -> str:
    """A token that is fit to be one; ``source`` is what errors call it. Raises InputError."""
    if not token:
        raise InputError(f"{source} is empty: write a token into it, or leave it out to have one.")
    if not _SHORTEST <= len(token) <= _LONGEST:
        raise InputError(
            f"{source} has {len(token)} letters, and a token has {_SHORTEST} to {_LONGEST}: "
            "`openssl rand -hex 32` makes a good one."
        )
    if not _TOKEN.fullmatch(token):
        raise InputError(
            f"{source} has signs that a token cannot have: use letters, digits and -._~+/ alone."
        )
    if len(set(token)) < _FEWEST_KINDS:
        raise InputError(
            f"{source} repeats few letters and is easily guessed: `openssl rand -hex 32` makes a "
            "good one."
        )
    return token


def token_in(file: Path) -> str:
    """The token in the first line of a file. Raises InputError."""
    try:
        with file.open("rb") as stream:
            content = stream.read(2 * _LONGEST)
    except OSError as error:
        raise InputError(
            f"The token in {file} cannot be read ({error.strerror}): name another file with "
            "--token-file."
        ) from error
    return checked(content.strip().decode("utf-8", "replace"), f"The token in {file}")


def made_token(folder: Path) -> tuple[str, Path]:
    """The token of a library, made once and kept in its folder, and the file that it is in.

    Only this account may read the file: it is made so, and put right where it no longer is so.
    Raises InputError where it can neither be read nor made.
    """
    file = folder / TOKEN_FILE
    try:
        _make(file)
        if (
            os.name == "posix"
            and not file.is_symlink()
            and stat.S_IMODE(file.stat().st_mode) & 0o077
        ):
            file.chmod(0o600)
    except OSError as error:
        raise InputError(
            f"A token for other machines cannot be kept in {folder} ({error.strerror}): give one "
            "with --token-file or LOOKALIKE_TOKEN."
        ) from error
    return token_in(file), file


def _make(file: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(file, flags, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_urlsafe(_MADE_OF) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
