"""What a store notes, and the cards of the models → both at a glance."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass

from lookalike import models, weights
from lookalike.stores.base import SearchIndex

_LOG = logging.getLogger(__name__)
_FRESH = 60.0  # seconds after which a note on a running index is taken for a dead one's


@dataclass(frozen=True, slots=True)
class Indexing:
    """How far an indexing run is, in this process or another."""

    done: int
    total: int
    images_per_second: float
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Stats:
    """A library at a glance; ``bytes`` is what it takes on disk, thumbnails left out; ``index`` is
    None where another model fills the library now, so that it has to be opened again. ``words`` is
    how words find pictures: by a text ``tower`` of the model, through its ``labels``, or not at all
    (None)."""

    images: int
    skipped: int
    roots: tuple[str, ...]
    model: str
    dim: int
    folder: str
    bytes: int
    indexing: Indexing | None
    index: SearchIndex | None
    words: str | None


def indexing(note: str) -> Indexing | None:
    """The note of a running index; a run that was killed leaves one that grows old."""
    try:
        fields = json.loads(note) if note else {}
        if abs(time.time() - fields.get("at", 0)) > _FRESH:
            return None
        return Indexing(
            fields["done"], fields["total"], fields["images_per_second"], fields["seconds_left"]
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        _LOG.info("the note of another version on its progress is left aside: %s", error)
        return None


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model at a glance; ``size`` is what its weights take in bytes, ``here`` whether they are
    on this machine, ``abilities`` what it can be asked with, ``explains`` whether it tells which
    regions of two pictures make them alike."""

    name: str
    summary: str
    dim: int
    size: int
    licence: str
    here: bool
    abilities: tuple[str, ...]
    explains: bool


def model_rows() -> list[ModelRow]:
    """Every model that has a name, the default first."""
    return [
        ModelRow(
            name=card.name,
            summary=card.summary,
            dim=card.dim,
            size=card.size,
            licence=card.licence,
            here=weights.is_here(card),
            abilities=card.abilities,
            explains=card.explains,
        )
        for card in models.cards()
    ]
