"""Lookalike: a folder of pictures → which of them look like this one?

from lookalike import Library

with Library.open("library", create=True) as library:
    library.index("pictures")
    for hit in library.search("query.jpg", k=30):
        print(hit.score, hit.path)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lookalike.errors import LookalikeError

if TYPE_CHECKING:
    from lookalike.library import Example, Library, Report, Words
    from lookalike.stores.base import Filter, Hit, Record

__version__ = "0.1.0"
__all__ = [
    "Example",
    "Filter",
    "Hit",
    "Library",
    "LookalikeError",
    "Record",
    "Report",
    "Words",
    "__version__",
]

_HOMES = {
    "Example": "lookalike.library",
    "Filter": "lookalike.stores.base",
    "Hit": "lookalike.stores.base",
    "Library": "lookalike.library",
    "Record": "lookalike.stores.base",
    "Report": "lookalike.library",
    "Words": "lookalike.library",
}


def __getattr__(name: str) -> Any:
    """Names whose rooms are heavy are fetched when they are asked for: `--help` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
