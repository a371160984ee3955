"""Pictures and the shares of their regions → one PNG with the shares as colours over the pictures.

Colours go from dark blue by grey to yellow, which becomes lighter all the way: eyes that tell no
red from green see the same. The pictures themselves are grey below, so that what is yellow there
is no share. All have one scale. The page has the same colours (why.js).
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lookalike.explain.shares import Explanation, Regions
from lookalike.image import Part

_STOPS = (0.0, 0.5, 1.0)
_COLOURS = np.array(((15, 25, 90), (120, 130, 130), (255, 225, 60)), np.float64)
_LETS_THROUGH = (0.3, 0.45, 0.5)  # of the picture, at the stops
_TAKEN = np.array((215, 80, 20), np.float64)  # the colour of what lowers the score
_UNSEEN = 0.25  # what is left of the light where the model does not look

_GAP, _FOOT, _BAR, _LETTER = 16, 44, (220, 14), 15
_PAPER, _INK, _LINE = (250, 249, 247), (28, 27, 25), (255, 255, 255, 70)

_Shares = NDArray[np.float64]
_Pixels = NDArray[np.float64]


def drawn(pictures: Sequence[Image.Image], why: Explanation, side: int) -> bytes:
    """The pictures of the query and, on the right, the picture, each at most ``side`` pixels long,
    under their shares; below them what the colours stand for. Returns a PNG file."""
    grids = (*why.query, why.picture)
    top = max(share for regions in grids for row in regions.shares for share in row)
    panels = [
        _panel(_small(picture, side), regions, top)
        for picture, regions in zip(pictures, grids, strict=True)
    ]
    wide = sum(panel.width + _GAP for panel in panels) + _GAP
    high = max(panel.height for panel in panels)
    sheet = Image.new("RGB", (max(wide, 2 * _BAR[0]), high + 2 * _GAP + _FOOT), _PAPER)
    left = _GAP
    for panel in panels:
        sheet.paste(panel, (left, _GAP + (high - panel.height) // 2))
        left += panel.width + _GAP
    _key(sheet, why, top)
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def _small(picture: Image.Image, side: int) -> Image.Image:
    scale = side / max(picture.size)
    wide, high = (max(1, round(length * scale)) for length in picture.size)
    return picture.convert("L").convert("RGB").resize((wide, high), Image.Resampling.LANCZOS)


def _panel(picture: Image.Image, regions: Regions, top: float) -> Image.Image:
    pixels = np.asarray(picture, np.float64) * _UNSEEN
    (left, upper, right, lower), shares = _laid(regions, picture.size, top)
    inside = np.asarray(picture, np.float64)[upper:lower, left:right]
    pixels[upper:lower, left:right] = _coloured(inside, shares)
    panel = Image.fromarray(pixels.round().astype(np.uint8))
    _lines(panel, regions)
    return panel


def _laid(
    regions: Regions, size: tuple[int, int], top: float
) -> tuple[tuple[int, int, int, int], _Shares]:
    """Where on a picture of that size a grid lies, and its shares there, as parts of the top one.

    Between the middles of two regions they go over evenly.
    """
    left, upper, right, lower = _edges(regions.covers, size)
    grid = Image.fromarray((np.array(regions.shares) / (top or 1.0)).astype(np.float32))
    smooth = np.asarray(grid.resize((right - left, lower - upper), Image.Resampling.BILINEAR))
    inside = max(left, 0), max(upper, 0), min(right, size[0]), min(lower, size[1])
    rows = slice(inside[1] - upper, inside[3] - upper)
    columns = slice(inside[0] - left, inside[2] - left)
    return inside, smooth[rows, columns].astype(np.float64)


def _edges(covers: Part, size: tuple[int, int]) -> tuple[int, int, int, int]:
    left, upper, wide, high = covers
    across, down = size
    first, second = round(left * across), round(upper * down)
    right, lower = round((left + wide) * across), round((upper + high) * down)
    return first, second, max(right, first + 1), max(lower, second + 1)


def _coloured(pixels: _Pixels, shares: _Shares) -> _Pixels:
    """Pixels (h, w, 3) under the colours of shares (h, w) from -1 to 1."""
    up = np.clip(shares, 0, 1)
    colours = np.stack([np.interp(up, _STOPS, _COLOURS[:, one]) for one in range(3)], axis=-1)
    through = np.interp(up, _STOPS, _LETS_THROUGH)
    down = np.clip(-shares, 0, 1)[..., np.newaxis]
    colours = colours * (1 - down) + _TAKEN * down
    out: _Pixels = pixels * through[..., np.newaxis] + colours * (1 - through[..., np.newaxis])
    return out


def _lines(panel: Image.Image, regions: Regions) -> None:
    """The edges between regions: there is nothing to be seen that is finer than these."""
    draw = ImageDraw.Draw(panel, "RGBA")
    left, upper, right, lower = _edges(regions.covers, panel.size)
    rows, columns = len(regions.shares), len(regions.shares[0])
    for column in range(1, columns):
        across = left + (right - left) * column / columns
        draw.line((across, upper, across, lower), _LINE)
    for row in range(1, rows):
        down = upper + (lower - upper) * row / rows
        draw.line((left, down, right, down), _LINE)


def _key(sheet: Image.Image, why: Explanation, top: float) -> None:
    """A bar of the colours, and in words what its ends stand for."""
    wide, high = _BAR
    shares = np.broadcast_to(np.linspace(0, 1, wide), (high, wide))
    bar = _coloured(np.full((high, wide, 3), 128.0), shares)
    upper = sheet.height - _FOOT
    sheet.paste(Image.fromarray(bar.round().astype(np.uint8)), (_GAP, upper))
    rows, columns = len(why.picture.shares), len(why.picture.shares[0])
    text = f"0 to {top:.3f} of the score {why.score:.3f}; {columns} x {rows} regions"
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP, upper + high + 4), text, _INK, ImageFont.load_default(_LETTER))
