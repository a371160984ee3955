"""What was learned → `View`: a projection by name, with a note of where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ViewNote:
    """What is known of a view: its ``name``, the ``identity`` of the model whose embeddings it is
    for, when it was ``made`` (UTC, ISO 8601), and whatever else its maker noted of it, in types
    that JSON has."""

    name: str
    identity: str
    made: str
    about: Mapping[str, object]

    @classmethod
    def now(cls, name: str, identity: str, about: Mapping[str, object]) -> ViewNote:
        """The note of a view that is made now."""
        return cls(name, identity, datetime.now(UTC).isoformat(timespec="seconds"), about)


@dataclass(frozen=True, eq=False)
class View:
    """A linear view of embeddings: ``mean`` (dim,) is taken away, the rest is multiplied by
    ``matrix`` (dim, axes). ``focus`` (axes,) is the direction there in which what is wanted lies;
    None where nothing is wanted more than the rest."""

    note: ViewNote
    mean: Matrix
    matrix: Matrix
    focus: Matrix | None = None
