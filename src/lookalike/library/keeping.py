"""A library → a copy of it in one file; such a file → the library again, here or elsewhere."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lookalike import models
from lookalike.delivery import whole_file
from lookalike.errors import InputError, LibraryFullError
from lookalike.folder import printable
from lookalike.indexing import places
from lookalike.library.opening import IMPORTED, Model, lasting_name, remembered
from lookalike.models import LocalFile
from lookalike.stores.base import Catalogue
from lookalike.stores.embedded import EmbeddedStore, put_back, sync_folder

_NAME = "lookalike-%Y-%m-%d-%H%M%S.backup"  # of a copy for which only a folder was named


@dataclass(frozen=True, slots=True)
class CopyStep:
    """How far a copy is: what is being done (copying, checking), and how much of how much."""

    doing: str
    done: int
    total: int


OnStep = Callable[[CopyStep], None]


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of a library: its ``file``, how many ``images`` and ``bytes`` it has. ``own_model`` is
    the file of the user's own model, which no copy holds; empty for the models that have names."""

    file: str
    images: int
    bytes: int
    model: str
    own_model: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Restored:
    """A library that was put back: its ``folder``, how many ``images`` it holds. ``away`` are the
    folders it knows that are not on this machine; ``missing`` says in a sentence why its model
    cannot be used here, if so; ``set_aside`` is where the database is that could not be opened."""

    folder: str
    images: int
    model: str
    away: tuple[str, ...]
    missing: str
    set_aside: str
    seconds: float


class Keeping:
    """The part of a `Library` that sees to copies of it."""

    _store: Catalogue
    _model: Model

    def backup(
        self,
        target: str | os.PathLike[str],
        *,
        force: bool = False,
        on_step: OnStep = lambda _step: None,
    ) -> Backup:
        """Copy the library into one file, as it is at one moment, while others go on.

        ``target`` is the file, or a folder in which it gets a name with the time. It holds all that
        cannot be made again: pictures' records and embeddings, marks, decisions, views, layers; no
        cache, and not the pictures themselves. Under its name there is a whole file that was read
        again and held against the library, or none. ``force`` lets it take the place of another.

        Raises: InputError where there is something already, or the file cannot be written or would
            lie inside the library; LibraryFullError; LibraryError.
        """
        started = time.monotonic()
        file = _file_for(Path(target))
        self._check_place(file)
        with whole_file(file, force=force) as aside:
            images = self._store.copy_to(aside, _telling(on_step))
            size = aside.stat().st_size
        sync_folder(file.parent)
        card = self._model.card
        own = self._model.name if _is_own(self._model) else ""
        return Backup(
            file=os.fspath(file),
            images=images,
            bytes=size,
            model=card.name if card else self._model.name,
            own_model=own,
            seconds=round(time.monotonic() - started, 3),
        )

    def _check_place(self, file: Path) -> None:
        if places.inside(os.path.realpath(file), os.path.realpath(self._store.folder)):
            raise InputError(
                f"{os.fspath(file)!r} lies inside the library, which it would be lost with: name "
                "a place outside, better on another disk."
            )
        try:
            free = shutil.disk_usage(file.parent).free
        except OSError as error:
            raise InputError(
                f"{os.fspath(file.parent)!r} cannot be used ({error.strerror}): name a file in a "
                "folder that is there."
            ) from error
        needed = sum(one.stat().st_size for one in self._store.folder.glob("library.sqlite"))
        if free < needed:
            raise LibraryFullError(
                f"The copy takes {needed / 1e6:,.0f} MB and there are {free / 1e6:,.0f} MB free in "
                f"{printable(file.parent)}: make room, or name another disk."
            )


def restore(
    backup: str | os.PathLike[str],
    folder: Path,
    *,
    model: str | os.PathLike[str] | None = None,
    force: bool = False,
    wait: float = 0.0,
    on_step: OnStep = lambda _step: None,
) -> Restored:
    """See `Library.restore`."""
    started = time.monotonic()
    wanted = models.find(model) if model is not None else None
    found: list[Model] = []

    def settle(settings: Mapping[str, str]) -> Mapping[str, str]:
        if "model" not in settings:  # nothing was ever indexed
            return {}
        found.append(chosen := remembered(folder, settings, wanted))
        return {} if wanted is None or chosen.card is None else {"model": lasting_name(wanted)}

    done = put_back(
        Path(backup), folder, force=force, wait=wait, settle=settle, tell=_telling(on_step)
    )
    with EmbeddedStore(folder) as store:
        store.save_caches()
        away = tuple(root for root in store.roots() if not os.path.isdir(root))  # noqa: PTH112
    missing = found[0].missing if found and found[0].name != IMPORTED else ""
    return Restored(
        folder=os.fspath(folder),
        images=done.images,
        model=done.settings.get("model", ""),
        away=away,
        missing=missing,
        set_aside=os.fspath(done.set_aside or ""),
        seconds=round(time.monotonic() - started, 3),
    )


def _file_for(target: Path) -> Path:
    if target.is_dir():
        return target / datetime.now().astimezone().strftime(_NAME)
    return target


def _is_own(model: Model) -> bool:
    """Whether a model is a file of the user's own, which lies outside of any library."""
    if model.card is None:
        return model.name != IMPORTED
    return isinstance(model.card.source, LocalFile)


def _telling(on_step: OnStep) -> Callable[[str, int, int], None]:
    def tell(doing: str, done: int, total: int) -> None:
        on_step(CopyStep(doing, done, total))

    return tell
