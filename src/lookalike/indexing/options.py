"""What a caller wishes of an indexing run → one frozen row."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass

from lookalike import image
from lookalike.folder import PATIENCE, Patience
from lookalike.indexing.also import Also
from lookalike.indexing.events import Event, Waiting


def tell_nobody(_event: Event) -> None:
    """What is told where nobody listens."""


@dataclass(frozen=True)
class Options:
    """How to index; ``max_pixels`` bounds one picture, ``retry`` reads skipped files again,
    ``also`` makes what pictures have beside their embeddings, and ``patience`` is for how many
    seconds a folder may keep silent."""

    exclude: Collection[str] = ()
    hidden: bool = False
    retry: bool = False
    max_pixels: int = image.DEFAULT_MAX_PIXELS
    on_event: Callable[[Event], None] = tell_nobody
    stop: threading.Event | None = None
    also: Also | None = None
    patience: float = PATIENCE

    def patient(self) -> Patience:
        """The patience of one run; whoever listens hears of folders that keep silent."""

        def tell(folder: str, seconds: float) -> None:
            self.on_event(Waiting(folder, round(seconds, 1), self.patience))

        return Patience(self.patience, tell)
