"""A library's folder ↔ records, embeddings and settings: the engine that needs no server.

SQLite holds the truth (`database`, `schema`, `store`); the memory-mapped matrix (`matrix`) is a
cache that may be deleted at any time and comes back.
"""

from lookalike.stores.embedded.copying import sync_folder
from lookalike.stores.embedded.lock import WriteLock
from lookalike.stores.embedded.restoring import PutBack, put_back
from lookalike.stores.embedded.store import EmbeddedStore

OWN_FILES = ("library.sqlite", "write.", "restoring-", "cache")
"""What the names begin with that are written in a library's folder."""

__all__ = ["OWN_FILES", "EmbeddedStore", "PutBack", "WriteLock", "put_back", "sync_folder"]
