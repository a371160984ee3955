"""A store, a model and the folders → what is right and what is wrong, one sentence each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lookalike import weights
from lookalike.errors import ModelError
from lookalike.folder import printable
from lookalike.library.opening import IMPORTED, Model
from lookalike.stores.base import Catalogue, Embedding


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and whether it is as it should be."""

    good: bool
    text: str


def check(store: Catalogue, model: Model) -> Iterator[Finding]:
    """Look at everything; nothing is changed."""
    problems = store.problems()
    for problem in problems:
        file = printable(store.folder / "library.sqlite")
        yield Finding(
            False, f"{problem} Delete {file} and the folder cache beside it; index again."
        )
    if problems:
        return
    yield Finding(True, f"The database is sound; it holds {store.count():,} pictures.")
    yield from _marks(store)
    yield _vectors(store)
    yield from _blanks(store)
    yield _weights(model)
    for root in store.roots():
        yield _root(store, root)


def _marks(store: Catalogue) -> Iterator[Finding]:
    """What a person has marked, which is nowhere else."""
    known = store.count_marks()
    if known.favourites or known.tags:
        favourites = "1 favourite" if known.favourites == 1 else f"{known.favourites:,} favourites"
        tags = "1 tag" if len(known.tags) == 1 else f"{len(known.tags):,} tags"
        yield Finding(True, f"It keeps {favourites} and {tags}.")


def _vectors(store: Catalogue) -> Finding:
    wrong = sum(_wrong_lengths(block) for _, block in store.embedding_blocks())
    if wrong:
        return Finding(
            False, f"{wrong:,} embeddings are no unit vectors: index into a new library."
        )
    return Finding(True, f"Every embedding has {store.dim} numbers and length 1.")


def _blanks(store: Catalogue) -> Iterator[Finding]:
    """Pictures that another model was switched to without."""
    if number := len(store.blanks()):
        pictures = "picture has" if number == 1 else "pictures have"
        yield Finding(
            False,
            f"{number:,} {pictures} no vector of the present model: index their folder once their "
            "files can be read.",
        )


def _wrong_lengths(embeddings: Embedding) -> int:
    lengths = np.sqrt(np.einsum("nd,nd->n", embeddings, embeddings, dtype=np.float64))
    return int(np.count_nonzero(~(np.abs(lengths - 1) < 1e-3) & (lengths != 0)))


def _weights(model: Model) -> Finding:
    card = model.card
    if card is None:
        return Finding(model.name == IMPORTED, model.missing)
    if not weights.is_here(card):
        return Finding(True, f"The weights of {card.name} are fetched when they are needed.")
    try:
        weights.fetch(card)
    except ModelError as error:
        return Finding(False, str(error))
    return Finding(True, f"The weights of {card.name} are here and have their SHA-256.")


def _root(store: Catalogue, root: str) -> Finding:
    name = printable(root)
    if not os.path.isdir(root):  # noqa: PTH112 - may hold any bytes
        known = sum(1 for _ in store.records(root))
        return Finding(
            False,
            f"{name} is not there, so its {known:,} pictures can be found but not shown: "
            "connect its disk, or index the folder at its new place.",
        )
    known = away = 0
    for record in store.records(root):
        known += 1
        away += not os.path.exists(record.path)  # noqa: PTH110
    if away == known > 0:
        hint = f'connect its disk, or take it out with `lookalike forget "{name}"`'
        return Finding(False, f"None of the {away:,} pictures of {name} are there: {hint}.")
    if away:
        hint = f'run `lookalike index "{name}"`'
        return Finding(False, f"{away:,} of {known:,} pictures of {name} are gone: {hint}.")
    return Finding(True, f"All {known:,} pictures of {name} are there.")
