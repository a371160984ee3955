"""A filter → the pictures that pass it in order of path, how many, and what all have in common."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from lookalike.stores.base import Facets, Filter, Ids, Listing, Naming, Record
from lookalike.stores.embedded import rows
from lookalike.stores.embedded.columns import Shelf
from lookalike.stores.embedded.database import Database
from lookalike.stores.embedded.facets import facets
from lookalike.stores.embedded.filters import matching
from lookalike.stores.embedded.found import listing_of
from lookalike.stores.embedded.ledger import Ledger


class Lists(Ledger):
    """The part of a store that lists and counts without a query."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._shelf = Shelf()

    def facets(self, wanted: Filter) -> Facets:
        """How many pictures pass a filter, and how many would with other choices."""
        with self._one_state() as connection:
            connection.execute("BEGIN")
            return facets(connection, self._shelf.columns(connection), wanted)

    def naming(self) -> Naming:
        """The folders and tags of all pictures."""
        with self._one_state() as connection:
            connection.execute("BEGIN")
            return self._shelf.columns(connection).naming()

    def passing(self, wanted: Filter) -> list[Record]:
        """The records that pass a filter, in order of path."""
        with self._one_state() as connection:
            connection.execute("BEGIN")
            return rows.first(connection, matching(connection, wanted).tolist(), limit=-1)

    def listing(self, wanted: Filter, k: int, *, offset: int = 0) -> Listing:
        """The k records after the first ``offset`` that pass a filter, in order of path."""
        with self._one_state() as connection:
            connection.execute("BEGIN")
            return listing_of(connection, self._listed(connection, wanted), k, offset)

    def listed(self, wanted: Filter) -> Ids:
        """The ids (n,) of all pictures that pass a filter, in order of path."""
        with self._one_state() as connection:
            connection.execute("BEGIN")
            return self._listed(connection, wanted)

    def _listed(self, connection: sqlite3.Connection, wanted: Filter) -> Ids:
        found = matching(connection, wanted)
        return found[np.argsort(self._shelf.columns(connection).ranks_of(found))]

    @contextmanager
    def _one_state(self) -> Iterator[sqlite3.Connection]:
        """A connection whose transaction, once it is begun, ends with the block."""
        with self._database.reading() as connection:
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")
