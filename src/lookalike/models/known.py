"""A model's card → the first numbers of the vector that it gives for a picture made by a formula.

They come from the models' original code by scripts/reference_vectors.py, whose file
tests/unit/known_vectors.json holds them too; a test compares both.
"""

from __future__ import annotations

from typing import Final

from lookalike.models.card import ModelCard

# fmt: off
_KNOWN: Final[dict[str, tuple[float, ...]]] = {
    "efficientnet-lite0": (
        0.0, 0.0, 0.0, 0.0049397, 0.0, 0.0, 0.0, 0.0451113, 0.0, 0.0, 0.0, 0.0, 0.0,
        0.0017229, 0.0, 0.0, 0.0033103, 0.0, 0.0, 0.0, 0.0, 0.009034, 0.0, 0.0268455, 0.0,
        0.0298838, 0.0050322, 0.0084815, 0.0, 0.0, 0.0, 0.0039233, 0.0, 0.0, 0.0019318, 0.0,
        0.0178923, 0.0, 0.0, 0.0036049, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    ),
    "efficientnet-lite0-int8": (
        0.0, 0.0, 0.0, 0.0018, 0.0, 0.0, 0.0, 0.0256, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0004, 0.0,
        0.0, 0.0028, 0.0, 0.0, 0.0, 0.0, 0.0154, 0.0017, 0.0152, 0.0, 0.037, 0.0039, 0.0178,
        0.0, 0.0, 0.0, 0.0001, 0.0, 0.0, 0.0, 0.0, 0.043, 0.0, 0.0, 0.0333, 0.0, 0.0, 0.0,
        0.0, 0.0, 0.0, 0.0, 0.0,
    ),
    "vgg16-conv": (
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.012549, 0.0, 0.0003245, 0.0039043, 0.0, 0.0,
        0.0, 0.0001806, 0.0007914, 0.0, 0.003438, 0.0011347, 0.0, 0.0, 0.0014719, 0.0, 0.0,
        0.0003095, 0.0105169, 0.0, 0.0408714, 5.75e-05, 0.0006514, 0.0, 0.0, 0.0077648, 0.0,
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0011156, 0.0696731, 0.0447632, 0.0, 0.0072312,
        0.0163015, 0.0, 0.0394986,
    ),
}
# fmt: on


def known_numbers(card: ModelCard) -> tuple[float, ...]:
    """The first numbers, as many as are known; none for a model that was never measured."""
    return _KNOWN.get(card.name, ())
