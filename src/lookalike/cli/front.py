"""Arguments → a command, and whatever it raises → one sentence and an exit status."""

from __future__ import annotations

import errno
import logging
import os
import sys
import traceback
from datetime import datetime
from importlib import import_module
from typing import Any, NoReturn

import click

from lookalike import __version__, journal
from lookalike.errors import LookalikeError

_COMMANDS = {
    "index": "index",
    "watch": "watch",
    "search": "search",
    "show": "show",
    "explain": "explain",
    "serve": "serve",
    "duplicates": "duplicates",
    "tag": "tag",
    "list": "listing",
    "learn": "learn",
    "views": "learn",
    "map": "map",
    "mcp": "assistant",
    "models": "models",
    "upgrade": "upgrade",
    "stats": "care",
    "facets": "facets",
    "doctor": "doctor",
    "forget": "care",
    "backup": "keeping",
    "restore": "keeping",
    "eval": "evaluate",
    "export": "exchange",
    "import": "exchange",
}
"""Each command's module; it is imported when the command is asked for, so that help is quick."""

INTERRUPTED = 130  # what shells expect of a command that Ctrl-C ended
_OUTPUT_TROUBLES = {errno.ENOSPC, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)}


class _Front(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"lookalike.cli.{_COMMANDS[cmd_name]}")
        command = getattr(module, f"{cmd_name}_command")
        assert isinstance(command, click.Command)  # noqa: S101 - tells mypy
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LookalikeError as error:
            _end(str(error))
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (KeyboardInterrupt, click.Abort):
            _stop()
        except BrokenPipeError:  # whoever was reading has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
        except OSError as error:
            if error.errno not in _OUTPUT_TROUBLES:
                _end(_unforeseen(error))
            _end(f"The output cannot be written: {error.strerror}.")
        except Exception as error:  # noqa: BLE001 - the last door: no traceback reaches a user
            if _was_interrupted(error):
                _stop()
            _end(_unforeseen(error))


@click.group(cls=_Front, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="lookalike")
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error.")
def lookalike(verbose: bool) -> None:
    """Find the pictures of yours that look like this one.

    \b
      lookalike index ~/Pictures        look at every picture, once
      lookalike search rose.jpg         the 30 that look most like it
      lookalike serve                   the same, on a page in the browser
    """
    journal.begin(logging.INFO if verbose else logging.ERROR, "text", timed=False)


def main() -> None:
    """Run the command; for the ``lookalike`` script."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:  # a name that the terminal cannot show must not end the command
            reconfigure(errors="backslashreplace")
    lookalike()


def _end(message: str) -> NoReturn:
    from lookalike.library import printable

    click.echo(f"Error: {printable(message)}", err=True)
    sys.exit(1)


def _stop() -> NoReturn:
    click.echo("Stopped.", err=True)
    sys.exit(INTERRUPTED)


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: native code that is loading turns it into another."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def _unforeseen(error: Exception) -> str:
    """Keep the traceback where it can be sent on from, and say where."""
    import platformdirs

    said = f"Something happened that Lookalike did not foresee ({type(error).__name__}: {error})"
    file = platformdirs.user_log_path("lookalike", False) / "errors.log"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"{datetime.now().astimezone().isoformat()} lookalike {__version__}\n")
            log.writelines(traceback.format_exception(error))
    except OSError as why:
        return f"{said}; the details could not be written to {file} ({why.strerror})."
    return f"{said}: please report it with the details in {file}."
