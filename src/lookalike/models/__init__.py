"""A model's name, or the path of an .onnx file → its `ModelCard`: data only, nothing is loaded."""

from __future__ import annotations

import os
from pathlib import Path

from lookalike.errors import ModelError
from lookalike.models.card import (
    AsPublished,
    Classifier,
    CutAndPool,
    Hub,
    LocalFile,
    ModelCard,
    Packaged,
    PackageIndex,
    Pooling,
    Recipe,
    SentenceModel,
    Source,
    VggFc1,
    Words,
)
from lookalike.models.catalogue import CARDS, SENTENCES
from lookalike.models.custom import read_card
from lookalike.models.known import known_numbers

__all__ = [
    "DEFAULT_MODEL",
    "SENTENCES",
    "AsPublished",
    "Classifier",
    "CutAndPool",
    "Hub",
    "LocalFile",
    "ModelCard",
    "PackageIndex",
    "Packaged",
    "Pooling",
    "Recipe",
    "SentenceModel",
    "Source",
    "VggFc1",
    "Words",
    "cards",
    "find",
    "known_numbers",
]

DEFAULT_MODEL = CARDS[0].name


def cards() -> tuple[ModelCard, ...]:
    """The models that Lookalike knows by name; the default comes first."""
    return CARDS


def find(name: str | os.PathLike[str]) -> ModelCard:
    """The card of a name, or of an ``.onnx`` file with a card beside it (``model.toml``).

    Raises `ModelError` for an unknown name, and for a file or a card that does not fit.
    """
    text = os.fspath(name)
    for card in CARDS:
        if card.name == text:
            return card
    if text.lower().endswith(".onnx"):
        return read_card(Path(text))
    names = ", ".join(card.name for card in CARDS)
    raise ModelError(
        f"There is no model {text!r}: choose one of {names}, or give the path of an .onnx file "
        "that has its card (.toml) beside it."
    )
