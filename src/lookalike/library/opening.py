"""What a caller asks for, and what a library's settings say → its folder and its model."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from lookalike import models
from lookalike.errors import ModelMismatchError
from lookalike.models import ModelCard
from lookalike.stores.embedded import EmbeddedStore

IMPORTED = "imported"  # the model's name where embeddings came from elsewhere


def default_folder() -> Path:
    """Where a library lies if nobody says otherwise: ``LOOKALIKE_LIBRARY``, or the user's data."""
    named = os.environ.get("LOOKALIKE_LIBRARY")
    return Path(named) if named else platformdirs.user_data_path("lookalike", False) / "library"


def open_store(
    where: Path, *, model: str | os.PathLike[str] | None, create: bool, dim: int | None
) -> tuple[EmbeddedStore, ModelCard | None]:
    """The store in a folder and the model it belongs to; see `Library.open`."""
    wanted = models.find(model) if model is not None else None
    new = wanted if wanted is not None or dim is not None else models.find(models.DEFAULT_MODEL)
    new_dim = new.dim if new is not None else dim
    store = EmbeddedStore(where, new_dim if create else None, create=create)
    try:
        return store, _settled_model(store, wanted, new)
    except BaseException:
        store.close()
        raise


def _settled_model(
    store: EmbeddedStore, wanted: ModelCard | None, new: ModelCard | None
) -> ModelCard | None:
    """The model of a library: its own, which must be the wanted one; a new library gets ``new``.

    None stands for a model that Lookalike does not have.
    """
    settings = store.settings()
    name = settings.get("model")
    if name is None:
        store.set(
            model=_model_name(new) if new else IMPORTED,
            identity=new.identity if new else IMPORTED,
        )
        return new
    if wanted is not None and wanted.identity != settings["identity"]:
        raise ModelMismatchError(
            f"The library {store.folder} was made with the model {name}, not {wanted.name}: leave "
            "out --model, or name another folder with --library."
        )
    if name == IMPORTED:
        return None
    card = wanted or models.find(name)
    if card.identity != settings["identity"]:
        raise ModelMismatchError(
            f"The library {store.folder} was made with other weights or another preprocess of "
            f"{name}: put those back, or name another folder with --library and index again."
        )
    return card


def _model_name(card: ModelCard) -> str:
    """What `lookalike.models.find` finds the card by again."""
    if isinstance(card.source, models.LocalFile):
        return os.path.realpath(card.source.path)
    return card.name
