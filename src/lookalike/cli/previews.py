"""Records → pictures inside the terminal, where it can show them."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any

from rich.text import Text

from lookalike.errors import ImageError

if TYPE_CHECKING:
    from rich.console import Console

    from lookalike.library import Library, Record

_ROWS = 4
_MAY_DRAW = ("kitty", "ghostty", "wezterm", "iterm", "foot", "mlterm", "contour", "vscode", "sixel")
_MAY_DRAW_IF_SET = ("KITTY_WINDOW_ID", "KONSOLE_VERSION", "WT_SESSION", "WEZTERM_PANE")


class Previews:
    """Small pictures for a table; false where there are none to be had, or none are wanted."""

    columns = 2 * _ROWS + 2  # a cell is about twice as high as it is wide

    def __init__(self, library: Library, console: Console, *, wanted: bool | None) -> None:
        self._library = library
        self._image = _renderable(console, wanted)

    def __bool__(self) -> bool:
        return self._image is not None

    def of(self, record: Record) -> Any:
        """The preview of a record; its name's place is enough where its file is gone."""
        from PIL import Image

        try:
            content = self._library.thumbnail(record.id)
        except ImageError:
            return Text("(no file)", style="dim")
        return self._image(Image.open(io.BytesIO(content)), width="auto", height=_ROWS)


def _renderable(console: Console, wanted: bool | None) -> Any:
    """What draws a picture: by the terminal's own protocol, or only if wanted with characters."""
    if wanted is False or (wanted is None and not (console.is_terminal and _may_draw())):
        return None
    from textual_image import renderable  # asks the terminal what it can do

    if wanted or renderable.Image in (renderable.TGPImage, renderable.SixelImage):
        return renderable.Image
    return None


def _may_draw() -> bool:
    """Whether the terminal is of a kind that may draw: others are not worth the question, which
    takes half a second."""
    if not sys.stdin.isatty():
        return False
    name = f"{os.environ.get('TERM', '')} {os.environ.get('TERM_PROGRAM', '')}".lower()
    return any(kind in name for kind in _MAY_DRAW) or any(map(os.environ.get, _MAY_DRAW_IF_SET))
