"""A library's folder ↔ records, embeddings and settings: the engine that needs no server.

SQLite holds the truth (`database`, `schema`, `store`); the memory-mapped matrix (`matrix`) is a
cache that may be deleted at any time and comes back.
"""

from lookalike.stores.embedded.lock import WriteLock
from lookalike.stores.embedded.store import EmbeddedStore

__all__ = ["EmbeddedStore", "WriteLock"]
