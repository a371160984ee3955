"""A library, or a machine without one → how all of it is, in findings that say what to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from lookalike import checkup, models
from lookalike.checkup import Finding
from lookalike.encoder import Encoder
from lookalike.library.opening import IMPORTED, Model
from lookalike.stores.base import Catalogue
from lookalike.stores.embedded import WriteLock
from lookalike.thumbnails import Thumbnails


class Checkup:
    """The part of a `Library` that looks after it."""

    _store: Catalogue
    _model: Model
    _thumbnails: Thumbnails
    _encoder: Callable[[], Encoder]

    def check(self) -> list[Finding]:
        """Look at the database, the search cache, the model, the folders and the disk; where
        nothing is wrong, bring the caches up to date."""
        findings = list(self._findings())
        if not self._store.read_only and all(finding.good for finding in findings):
            findings.append(self._tidied())
        return findings

    def _findings(self) -> Iterator[Finding]:
        yield from checkup.of_store(self._store)
        yield from checkup.of_folder(self._store, WriteLock(self._store.folder).held_by())
        if self._model.card is not None:
            yield from checkup.of_model(self._model.card, self._encoder)
        else:
            imported = self._model.name == IMPORTED
            yield Finding("model", "ok" if imported else "problem", self._model.missing)
        for root in self._store.roots():
            yield from checkup.of_root(self._store, root)

    def _tidied(self) -> Finding:
        self._store.save_caches()
        orphans = self._thumbnails.drop_orphans(
            lambda digest: self._store.find_content(digest) is not None
        )
        text = f"The caches are fresh; {orphans:,} old thumbnails were deleted."
        return Finding("caches", "ok", text)


def check_machine() -> list[Finding]:
    """Look at what every library on this machine needs: the decoders, the clock."""
    return list(checkup.of_machine())


def check_model(name: str | os.PathLike[str] = models.DEFAULT_MODEL) -> list[Finding]:
    """Look at a model: its weights, and what it makes of a picture. Raises ModelError where there
    is no such model."""
    card = models.find(name)
    return list(checkup.of_model(card, lambda: Encoder.load(card)))
