"""``lookalike mcp``: a library → search for assistants, on standard input and output."""

from __future__ import annotations

from pathlib import Path

import click

from lookalike import __version__
from lookalike.cli.options import library_option, max_pixels_option


@click.command("mcp", short_help="Let an assistant search, over MCP.")
@library_option
@max_pixels_option
def mcp_command(*, library_folder: Path | None, max_pixels: int) -> None:
    """Let an assistant search the library, by the Model Context Protocol on standard input and
    output.

    This is for the settings of an assistant's program, which starts the command and speaks to it:
    the command is `lookalike`, its arguments are `mcp` and, where it is needed, `--library DIR`.
    It can search, look at one picture, and count. Nothing is changed, in the library or elsewhere.
    """
    from lookalike.assistant import answer_assistants
    from lookalike.library import Library

    with Library.open(library_folder, max_pixels=max_pixels) as library:
        answer_assistants(library, __version__)
