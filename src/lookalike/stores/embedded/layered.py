"""A library's database ↔ the layers beside its embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lookalike.stores.base import Ids, Layer, Rows
from lookalike.stores.embedded import labels, layers, rows
from lookalike.stores.embedded.lists import Lists


class Layered(Lists):
    """The part of a store that keeps layers."""

    def layers(self) -> list[Layer]:
        """All layers, in order of name."""
        with self._database.reading() as connection:
            return layers.every(connection)

    def begin_layer(self, layer: Layer) -> None:
        """Have such a layer: it keeps its rows if it is there already."""
        with self._database.writing() as connection:
            layers.begin(connection, layer)

    def layer_missing(self, name: str) -> Ids:
        """The ids (n,), rising, of the pictures that a layer has no rows of."""
        with self._one_state() as connection:
            connection.execute("BEGIN")
            return layers.missing(connection, name)

    def write_layer(self, name: str, ids: Sequence[int], digests: Sequence[str], rows: Rows) -> int:
        """Keep rows (n, per_image, dim) of pictures with these contents; returns of how many."""
        with self._database.writing() as connection:
            return layers.write(connection, name, ids, digests, rows)

    def layer_blocks(self, name: str, ids: Ids | None = None) -> Iterator[tuple[Ids, Rows]]:
        """The rows of a layer (n, per_image, dim) with the ids of their pictures (n,), in blocks,
        in order of id."""
        with self._one_state() as connection:
            connection.execute("BEGIN")
            yield from layers.blocks(connection, name, ids)

    def drop_layer(self, name: str) -> bool:
        """Forget a layer with its rows; tells whether there was one."""
        with self._database.writing() as connection:
            return layers.drop(connection, name)

    def blanks(self) -> Ids:
        """The ids (n,), rising, of the pictures whose embedding is zeros, for lack of rows."""
        with self._database.reading() as connection:
            return layers.blanks(connection)

    def switch_layer(self, name: str, former: Layer, settings: Mapping[str, str]) -> int:
        """Make a layer the embeddings, and the embeddings the layer ``former``, in one transaction;
        returns how many pictures have zeros for an embedding, for lack of rows."""
        with self._database.writing() as connection:
            revision = self._database.next_revision(connection)
            without = layers.switch(connection, revision, name, former)
            labels.forget(connection)
            self._database.note_move(connection)  # labels are properties, too
            rows.set_all(connection, settings)
            return without
