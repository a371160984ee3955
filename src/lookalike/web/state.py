"""The running app → what its views need: the library, the limit on uploads, what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app

if TYPE_CHECKING:
    from lookalike.library import Library

_KEY = "lookalike"


@dataclass(frozen=True, slots=True)
class Served:
    """What one app serves.

    ``max_upload`` is in bytes; ``trouble`` returns the sentence that says why indexing in the
    background stopped, or None.
    """

    library: Library
    max_upload: int
    trouble: Callable[[], str | None]


def attach(app: Flask, what: Served) -> None:
    """Give an app what it serves."""
    app.extensions[_KEY] = what


def served() -> Served:
    """What the app of this request serves."""
    return cast(Served, current_app.extensions[_KEY])
