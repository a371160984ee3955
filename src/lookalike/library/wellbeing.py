"""A library → how it is: what it holds, how fresh that is, whether a question would be answered."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

from lookalike import weights
from lookalike.encoder import Encoder
from lookalike.indexing import grounds
from lookalike.library.glance import Indexing, indexing
from lookalike.library.judging import Hits
from lookalike.library.opening import IMPORTED, Model
from lookalike.stores.base import Catalogue, SearchIndex

RAN = "ran"
"""The setting that says when an index run last came to its end, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a library is, in numbers. ``skipped`` counts the files that are not in it by
    `lookalike.indexing.GROUNDS`; ``committed`` and ``finished`` are when pictures last came,
    changed or left, and when an index run last came to its end, in seconds since 1970, None where
    that never happened; ``loaded`` says that the model is in memory."""

    images: int
    skipped: dict[str, int]
    bytes: int
    committed: float | None
    finished: float | None
    indexing: Indexing | None
    index: SearchIndex | None
    loaded: bool


class Wellbeing:
    """The part of a `Library` that tells how it is, for those who look after it."""

    _store: Catalogue
    _model: Model
    _loaded: Encoder | None
    _encoder: Callable[[], Encoder]
    _search_index: Callable[[], SearchIndex | None]
    search: Callable[..., Hits]

    def pulse(self) -> Pulse:
        """How it is at the moment. Raises LibraryError where it cannot be read."""
        settings = self._store.settings()
        revision = int(settings.get("revision", 0))
        return Pulse(
            images=self._store.count(),
            skipped=grounds(self._store.skipped_reasons()),
            bytes=self._store.size(),
            committed=revision / 1e6 if revision else None,
            finished=_number(settings.get(RAN, "")),
            indexing=indexing(settings.get("indexing", "")),
            index=self._search_index(),
            loaded=self._loaded is not None,
        )

    def hindrance(self) -> str | None:
        """Why a question with a new picture would not be answered soon, in one sentence; None
        where nothing hinders. Raises LibraryError where not even the library can be read."""
        self._store.count()
        if self._loaded is not None or self._model.name == IMPORTED:
            return None
        if self._model.card is None:
            return self._model.missing
        if not weights.is_here(self._model.card):
            return (
                f"The weights of {self._model.card.name} are not on this machine yet: the first "
                "question fetches them."
            )
        return None

    def warm(self) -> None:
        """Ask a question, so that nobody who asks has to wait for the model and the caches.

        Raises: ModelError where the model cannot be loaded; LibraryError.
        """
        if self._model.card is not None:
            self.search(_any_picture(), 1)
        elif some := self._store.sample(1):
            self.search(some[0].id, 1)


def _any_picture() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.linear_gradient("L").save(out, "PNG")
    return out.getvalue()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
