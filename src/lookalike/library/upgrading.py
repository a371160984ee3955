"""A library and another model → vectors of both side by side, compared, and switched."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from lookalike import models
from lookalike.encoder import Encoder
from lookalike.errors import InputError
from lookalike.folder import PATIENCE
from lookalike.indexing import Built, Event, Fetching, Options, Whole, fill, tell_nobody
from lookalike.library.opening import Model, lasting_name, remembered
from lookalike.models import ModelCard
from lookalike.stores.base import Catalogue, Layer

_LAYER = "model "  # what the names of the layers begin with; the identity follows


@dataclass(frozen=True, slots=True)
class Beside:
    """A model whose vectors lie beside the present ones: of how many ``images`` there is one, and
    of how many of the library there is none yet."""

    model: str
    dim: int
    images: int
    missing: int


@dataclass(frozen=True, slots=True)
class Upgrades:
    """The present model of a library, and those beside it, in order of name. ``blank`` pictures
    have no vector of the present one: they resemble nothing until `Library.index` can read them."""

    model: str
    dim: int
    images: int
    blank: int
    beside: tuple[Beside, ...]


@dataclass(frozen=True, slots=True)
class Switched:
    """The ``model`` of the library from now on, and the ``former`` one, whose vectors now lie
    beside; of how many ``images`` there is a vector, and how many were left ``blank``."""

    model: str
    former: str
    images: int
    blank: int
    seconds: float


class Upgrading:
    """The part of a `Library` that takes it to another model, and back.

    Everything that a person has said of pictures stays whatever the model is: marks, decisions on
    duplicates, ids. Views belong to a model; those of the other wait until it is back.
    """

    _store: Catalogue
    _model: Model
    _max_pixels: int
    _writing: Callable[[float], AbstractContextManager[None]]
    _bind: Callable[[Model], None]
    _label: Callable[[], None]

    def upgrades(self) -> Upgrades:
        """The present model, and those whose vectors lie beside, with how complete they are."""
        images, blank = self._store.count(), len(self._store.blanks())
        beside = []
        for layer in self._layers():
            missing = len(self._store.layer_missing(layer.name))
            beside.append(Beside(layer.model, layer.dim, images - missing, missing))
        found = tuple(sorted(beside, key=lambda one: one.model))
        return Upgrades(self._model.name, self._store.dim, images - blank, blank, found)

    def is_switched(self) -> bool:
        """Whether the library holds vectors of another model by now than when it was opened, or is
        another that was restored in its place."""
        if self._store.is_replaced():
            return True
        identity = self._store.settings().get("identity", self._model.identity)
        return identity != self._model.identity and not self._store.is_empty()

    def upgrade_build(
        self,
        model: str | os.PathLike[str],
        *,
        patience: float = PATIENCE,
        on_event: Callable[[Event], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Built:
        """Make vectors of another model beside the present ones: of every picture that there is
        none of yet, from its file.

        Nobody else is kept from the library meanwhile, neither who searches nor who indexes; what
        comes or changes meanwhile is for the next call. A run that is interrupted is continued by
        the next. Files that cannot be read are told and passed over; ``patience`` is as for
        `Library.index`.

        Raises: InputError for the present model, and where there are no pictures; ModelError for a
            model that there is not, or whose weights cannot be had; LibraryError.
        """
        card = models.find(model)
        if card.identity == self._model.identity:
            raise InputError(f"{card.name} is the present model of the library: name another.")
        if self._store.is_empty():
            raise InputError(
                "There are no pictures yet: `lookalike index FOLDER --model NAME` begins a library "
                "with another model."
            )
        layer = Layer(_LAYER + card.identity, card.identity, lasting_name(card), card.dim)
        options = Options(on_event=on_event or tell_nobody, stop=stop, patience=patience)
        return self._fill(layer, card, options)

    def upgrade_switch(
        self,
        model: str | os.PathLike[str],
        *,
        leave_blank: bool = False,
        wait: float = 0.0,
        on_event: Callable[[Event], None] | None = None,
    ) -> Switched:
        """Make a model whose vectors lie beside the present one. The vectors of the former stay
        beside in its place, so that switching to it goes back.

        It is one transaction; searches go on until it is done. This object answers with the new
        model from then on; no other thread may be asking it just then. Other objects that have the
        library open say that it has to be opened again, and a server opens it again by itself.

        ``leave_blank`` is for pictures that no vector can be made of, as their files cannot be
        read: it is tried once more, and the rest stays in the library without a vector, to be
        found by everything but its looks, until `Library.index` can read it. Without, the switch
        is refused where any vector is missing. ``wait`` is as for `Library.index`.

        Raises: InputError where there is nothing of the model beside, or not all; ModelError,
            LibraryError.
        """
        started = time.monotonic()
        with self._writing(wait):
            layer = self._beside(model)
            settings = {"model": layer.model, "identity": layer.identity, "dim": str(layer.dim)}
            chosen = remembered(self._store.folder, settings)
            former = self._model.name
            self._check_complete(layer, chosen, leave_blank, on_event or tell_nobody)
            blank = self._store.switch_layer(layer.name, self._as_layer(), settings)
            self._store.reshape(layer.dim, layer.identity)
            self._bind(chosen)
            self._label()
        seconds = round(time.monotonic() - started, 3)
        return Switched(chosen.name, former, self._store.count() - blank, blank, seconds)

    def upgrade_drop(self, model: str | os.PathLike[str]) -> None:
        """Delete the vectors of a model that lie beside. Raises InputError, ModelError and
        LibraryError."""
        self._store.drop_layer(self._beside(model).name)

    # ---- inside

    def _layers(self) -> list[Layer]:
        return [one for one in self._store.layers() if one.name == _LAYER + one.identity]

    def _as_layer(self) -> Layer:
        """What the present embeddings are as a layer."""
        identity = self._model.identity
        return Layer(_LAYER + identity, identity, self._model.name, self._store.dim)

    def _beside(self, model: str | os.PathLike[str] | None) -> Layer:
        """The layer of a model, or the only one there is.

        Raises: InputError where there is none; ModelError for a model that there is not.
        """
        layers = self._layers()
        if model is None:
            if len(layers) == 1:
                return layers[0]
            names = ", ".join(layer.model for layer in layers) or "nothing yet"
            raise InputError(f"Name a model; beside the present one there lies {names}.")
        name = os.fspath(model)
        found = [one for one in layers if one.model == name]
        if len(found) == 1:
            return found[0]
        if not found and name == self._model.name:
            raise InputError(f"{name} is the present model of the library: name another.")
        return self._of_card(models.find(model), layers)

    def _of_card(self, card: ModelCard, layers: list[Layer]) -> Layer:
        for layer in layers:
            if layer.identity == card.identity:
                return layer
        if card.identity == self._model.identity:
            raise InputError(f"{card.name} is the present model of the library: name another.")
        raise InputError(
            f"There are no vectors of {card.name} beside the present ones: "
            f"`lookalike upgrade build {card.name}` makes them."
        )

    def _check_complete(
        self, layer: Layer, model: Model, leave_blank: bool, tell: Callable[[Event], None]
    ) -> None:
        """Raises InputError where vectors are missing that are not to be left blank."""
        missing = len(self._store.layer_missing(layer.name))
        if missing and leave_blank and model.card is not None:
            self._fill(layer, model.card, Options(on_event=tell))
        elif missing and not leave_blank:
            pictures = "picture has" if missing == 1 else "pictures have"
            raise InputError(
                f"{missing:,} {pictures} no vector of {layer.model} yet: `lookalike upgrade build "
                f"{layer.model}` makes them, and --leave-blank switches without those that cannot "
                "be read."
            )

    def _fill(self, layer: Layer, card: ModelCard, options: Options) -> Built:
        def on_progress(done: int, total: int) -> None:
            options.on_event(Fetching(card.name, done, total))

        # As for indexing, an encoder for one core: each thread encodes for itself.
        encoder = Encoder.load(card, threads=1, on_progress=on_progress)
        options = replace(options, max_pixels=self._max_pixels)
        return fill(self._store, Whole(layer), encoder, options)
