"""A file → shown in the file manager of this machine's desktop, if it has one.

The path is one argument of a program that is started by itself: no shell ever reads it.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from lookalike.errors import DesktopError

_LOG = logging.getLogger(__name__)
_PATIENCE = 2.0  # seconds after which an opener that still runs has not failed
_SCREENS = ("WAYLAND_DISPLAY", "DISPLAY")


def can_reveal() -> bool:
    """Whether there is a desktop here, and something that opens its file manager."""
    return _why_not() is None


def reveal(file: Path) -> None:
    """Show a file in the file manager: selected on macOS and Windows, elsewhere its folder.

    ``file`` is an absolute path. Raises DesktopError where there is no desktop, and where its
    program says that it failed.
    """
    if why_not := _why_not():
        raise DesktopError(why_not)
    command = _command(file)
    _LOG.info("opening the file manager: %s", command)
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell, and a path that begins at the root
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C for the server is none for the file manager
        )
    except OSError as error:
        raise DesktopError(f"The file manager cannot be started: {error.strerror}.") from error
    _watch(process)


def _why_not() -> str | None:
    if sys.platform in ("darwin", "win32"):
        return None
    if not any(os.environ.get(name) for name in _SCREENS):
        return "No desktop runs here: open the folder on the machine that has the pictures."
    if shutil.which("xdg-open") is None:
        return "There is no xdg-open on this machine: install xdg-utils."
    return None


def _command(file: Path) -> list[str] | str:
    if sys.platform == "win32":
        explorer = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "explorer.exe")
        # Explorer wants the quotes inside its argument; a name on Windows never has one.
        return f'"{explorer}" /select,"{file}"'
    if sys.platform == "darwin":
        return ["/usr/bin/open", "-R", str(file)]
    return [shutil.which("xdg-open") or "xdg-open", str(file.parent)]


def _watch(process: subprocess.Popen[bytes]) -> None:
    """Raise where it fails at once; some openers end only when the window is closed."""
    try:
        status = process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        threading.Thread(target=process.wait, name="file manager", daemon=True).start()
        return
    if status and sys.platform != "win32":  # Explorer's status is 1 also when all is well
        raise DesktopError(f"The file manager does not open: its program ended with {status}.")
