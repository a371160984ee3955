"""A `Library` → an MCP server on standard input and output, for assistants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lookalike.errors import MissingExtraError

if TYPE_CHECKING:
    from lookalike.library import Library

INSTALL = 'pip install "mcp>=2.0"'


def answer_assistants(library: Library, version: str) -> None:
    """Answer an assistant on standard input and output until it leaves; nothing is changed.

    Raises: MissingExtraError where the package ``mcp`` is missing, or an old one.
    """
    try:
        from lookalike.assistant.tools import server_of
    except ImportError as error:
        raise MissingExtraError(
            f"`lookalike mcp` needs one more package: run {INSTALL} and try again."
        ) from error
    server_of(library, version).run()
