"""What a caller asks for, and what a library's settings say → its folder and its model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from lookalike import models
from lookalike.errors import ModelError, ModelMismatchError
from lookalike.models import ModelCard
from lookalike.stores.base import Catalogue
from lookalike.stores.embedded import EmbeddedStore

IMPORTED = "imported"  # the model's name where embeddings came from elsewhere
_IMPORTED_ONLY = (
    "This library was made from imported features of a model that Lookalike does not have: it can "
    "only be searched with its own pictures, and other pictures go into another library."
)


def default_folder() -> Path:
    """Where a library lies if nobody says otherwise: ``LOOKALIKE_LIBRARY``, or the user's data."""
    named = os.environ.get("LOOKALIKE_LIBRARY")
    return Path(named) if named else platformdirs.user_data_path("lookalike", False) / "library"


@dataclass(frozen=True, slots=True)
class Model:
    """The model of a library: the name and identity it is remembered by, and its card.

    Where there is no card, ``missing`` says why in a sentence; everything that needs no encoder
    works all the same.
    """

    name: str
    identity: str
    card: ModelCard | None
    missing: str = ""


def open_store(
    where: Path, *, model: str | os.PathLike[str] | None, create: bool, dim: int | None
) -> tuple[Catalogue, Model]:
    """The store in a folder and the model it belongs to; see `Library.open`."""
    wanted = models.find(model) if model is not None else None
    store: Catalogue = EmbeddedStore(where, create=create)
    try:
        settings = store.settings()
        if store.is_empty() and (create or "model" not in settings):
            chosen = _chosen(settings.get("model", IMPORTED), wanted, dim)
            store.reshape(chosen.card.dim if chosen.card else dim or 0, chosen.identity)
            return store, chosen
        return store, remembered(store.folder, settings, wanted)
    except BaseException:
        store.close()
        raise


def settle(store: Catalogue, model: Model) -> None:
    """Write down the model of an empty library, or see that it is the one of the library.

    The caller holds the write lock: two processes may have begun the same library at once.
    """
    settings = store.settings()
    if settings.get("identity") == model.identity and settings.get("dim") == str(store.dim):
        return
    if not store.is_empty():
        raise _mismatch(store.folder, settings["model"], model.name)
    store.set(model=model.name, identity=model.identity, dim=str(store.dim))


def _chosen(remembered: str, wanted: ModelCard | None, dim: int | None) -> Model:
    """The model of a library that holds nothing yet: what is wanted now, else what it was begun
    with, else the default."""
    if wanted is None and dim is not None:
        return Model(IMPORTED, IMPORTED, None, _IMPORTED_ONLY)
    name = models.DEFAULT_MODEL if remembered == IMPORTED else remembered
    card = wanted or models.find(name)
    return Model(lasting_name(card), card.identity, card)


def remembered(folder: Path, settings: Mapping[str, str], wanted: ModelCard | None = None) -> Model:
    """The model that the settings of a library name, which must be the one that is wanted.

    Raises ModelMismatchError where it is not, or the model of that name is another by now.
    """
    name, identity = settings["model"], settings["identity"]
    if wanted is not None and wanted.identity != identity:
        raise _mismatch(folder, name, wanted.name)
    if name == IMPORTED:
        return Model(name, identity, None, _IMPORTED_ONLY)
    try:
        card = wanted or models.find(name)
    except ModelError as error:  # a file of the user's own that is not where it was
        return Model(name, identity, None, str(error))
    if card.identity != identity:
        raise ModelMismatchError(
            f"The library {folder} was made with other weights or another preprocess of {name}: "
            "put those back, or name another folder with --library and index again."
        )
    return Model(name, identity, card)


def _mismatch(folder: Path, name: str, wanted: str) -> ModelMismatchError:
    return ModelMismatchError(
        f"The library {folder} was made with the model {name}, not {wanted}: leave out --model, "
        f"take it to {wanted} with `lookalike upgrade`, or name another folder with --library."
    )


def lasting_name(card: ModelCard) -> str:
    """What `lookalike.models.find` finds the card by again."""
    if isinstance(card.source, models.LocalFile):
        return os.path.realpath(card.source.path)
    return card.name
