"""A model's card → whether its weights are those that were published, and give known numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from lookalike import models, weights
from lookalike.checkup.finding import Finding, ok, problem
from lookalike.errors import ModelError
from lookalike.image import to_input
from lookalike.models import ModelCard

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.encoder import Encoder
    from lookalike.stores.base import Embedding

_ALIKE = 0.97
"""The least cosine with the known numbers. The models that come with Lookalike have .998 and .999:
what resizes pictures rounds otherwise, and processors add whole numbers in orders of their own. In
another order of the channels they have .76 and .55, mirrored .89 and .64, half as bright .89 and
.91."""


def of_model(card: ModelCard, load: Callable[[], Encoder]) -> Iterator[Finding]:
    """Look at a model; ``load`` gives its encoder. Nothing is downloaded."""
    if not weights.is_here(card):
        yield ok("model", f"The weights of {card.name} are fetched when they are needed.")
        return
    try:
        weights.fetch(card)
        yield ok("model", f"The weights of {card.name} are here and have their SHA-256.")
        vector = load().encode(to_input(formula(), card.preprocess)[None])[0]
    except ModelError as error:
        yield problem("model", str(error))
        return
    yield _judged(card, vector)


def _judged(card: ModelCard, vector: Embedding) -> Finding:
    length = float(np.linalg.norm(vector))
    if not (np.isfinite(vector).all() and abs(length - 1) < 1e-3):
        return problem(
            "vector",
            f"{card.name} gives a vector of length {length:.3g} for a picture, not 1: install "
            "Lookalike and its packages again, or correct the model's card.",
        )
    known = models.known_numbers(card)
    if not known:
        return ok(
            "vector",
            f"{card.name} gives {len(vector)} numbers of length 1 for a picture; what they should "
            "be is not known of this model.",
        )
    first, expected = vector[: len(known)], np.array(known, np.float32)
    cosine = float(first @ expected / (np.linalg.norm(first) * np.linalg.norm(expected) or 1))
    if cosine < _ALIKE:
        return problem(
            "vector",
            f"{card.name} does not give the numbers that it is known for (cosine {cosine:.3f}): "
            "what it finds here is not what it finds elsewhere. Install the package onnxruntime "
            "again, or another version of it.",
        )
    return ok("vector", f"{card.name} gives the numbers that it is known for.")


def formula() -> Image:
    """A picture of 320 x 240 that whole numbers define: ramps, waves and a fine texture."""
    from PIL import Image

    y, x = np.mgrid[:240, :320]
    red = (x * x // 64 + 3 * y) % 256
    green = ((5 * x // 4) ^ (3 * y // 2) & 255) % 256
    blue = (x * y // 96 + (x // 40 + y // 40) % 2 * 90) % 256
    return Image.fromarray(np.stack([red, green, blue], axis=2).astype(np.uint8), "RGB")
