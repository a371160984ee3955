"""A picture → its sketch, 64 x 64 grey levels; a sketch → the eight ways in which it may lie."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

SIDE = 64
"""Cells of a sketch along each side, whatever the shape of the picture."""

NEAR = 2 * SIDE
"""At how many pixels a picture is to be read for its sketch: see `lookalike.image.read`."""

ORIENTATIONS = 8

Sketch = npt.NDArray[np.uint8]
"""Grey levels of shape (64, 64)."""

Grey = npt.NDArray[np.float32]
"""The same to compute with, in any orientation."""


def sketch_of(picture: Image.Image) -> Sketch:
    """A picture squeezed into a square, in shades of grey."""
    large = min(picture.size) >= SIDE
    how = Image.Resampling.BOX if large else Image.Resampling.BILINEAR
    small = picture.convert("L").resize((SIDE, SIDE), how)
    return np.asarray(small, np.uint8)


def oriented(grey: Grey, orientation: int) -> Grey:
    """A square as it looks once it is mirrored (4 to 7) and then turned by quarters to the left."""
    return np.rot90(grey[:, ::-1] if orientation >= 4 else grey, orientation % 4)


def lies_down(orientation: int) -> bool:
    """Whether what was wide is high in that orientation."""
    return orientation % 2 == 1
