"""The tables of layers ↔ rows of numbers; a switch of the embeddings with a layer.

A library that nobody may write to may lack the tables: it has no layers.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lookalike.errors import InputError, LibraryDamagedError
from lookalike.stores.base import Ids, Layer, Rows
from lookalike.stores.embedded import schema

_LAYERS = "SELECT name, identity, model, dim, per_image, kind FROM layers"
_BLOCK_BYTES = 4 << 20  # of numbers that are read at a time: they stay in the caches of a core
_LARGEST = 127  # of the numbers of one byte
_MISSING = (
    "SELECT id FROM images WHERE id NOT IN (SELECT image FROM layer_rows WHERE layer = ?) "
    "ORDER BY id"
)


def every(connection: sqlite3.Connection) -> list[Layer]:
    """All layers, in order of name."""
    if not _are_kept(connection):
        return []
    return [Layer(*row) for row in connection.execute(f"{_LAYERS} ORDER BY name")]


def find(connection: sqlite3.Connection, name: str) -> tuple[int, Layer] | None:
    """The number of a layer, and what it is; None where there is none."""
    if not _are_kept(connection):
        return None
    row = connection.execute(f"{_LAYERS} WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None
    number = connection.execute("SELECT id FROM layers WHERE name = ?", (name,)).fetchone()[0]
    return int(number), Layer(*row)


def named(connection: sqlite3.Connection, name: str) -> tuple[int, Layer]:
    """As `find`. Raises InputError where there is none."""
    found = find(connection, name)
    if found is None:
        raise InputError(f"There is no layer {name!r}: begin it first.")
    return found


def begin(connection: sqlite3.Connection, layer: Layer) -> int:
    """The number of such a layer, which is entered unless it is there as it should be."""
    found = find(connection, layer.name)
    if found is not None and found[1] == layer:
        return found[0]
    drop(connection, layer.name)
    row = connection.execute(
        "INSERT INTO layers (name, identity, model, dim, per_image, kind) "
        "VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (layer.name, layer.identity, layer.model, layer.dim, layer.per_image, layer.kind),
    ).fetchone()
    return int(row[0])


def drop(connection: sqlite3.Connection, name: str) -> bool:
    """Forget a layer; tells whether there was one."""
    found = find(connection, name)
    if found is None:
        return False
    connection.execute("DELETE FROM layer_rows WHERE layer = ?", found[:1])
    connection.execute("DELETE FROM layers WHERE id = ?", found[:1])
    return True


def missing(connection: sqlite3.Connection, name: str) -> Ids:
    """The ids (n,), rising, of the pictures that a layer has no rows of."""
    found = find(connection, name)
    rows = connection.execute(_MISSING, (found[0] if found else 0,))
    return np.fromiter((row[0] for row in rows), np.int64)


def write(
    connection: sqlite3.Connection,
    name: str,
    ids: Sequence[int],
    digests: Sequence[str],
    rows: Rows,
) -> int:
    """Keep rows (n, per_image, dim) of pictures that have these contents; returns of how many."""
    number, layer = named(connection, name)
    if rows.shape != (len(ids), layer.per_image, layer.dim):
        raise InputError(
            f"Rows of shape {rows.shape} do not fit {len(ids)} pictures in the layer {name!r}, "
            f"which has {layer.per_image} vectors of {layer.dim} numbers for each."
        )
    kept = 0
    for image, digest, content in zip(ids, digests, _packed(layer, rows), strict=True):
        kept += connection.execute(
            "INSERT OR REPLACE INTO layer_rows "
            "SELECT ?, id, ? FROM images WHERE id = ? AND digest = ?",
            (number, content, image, digest),
        ).rowcount
    return kept


def blocks(
    connection: sqlite3.Connection, name: str, ids: Ids | None
) -> Iterator[tuple[Ids, Rows]]:
    """The rows (n, per_image, dim) of a layer with the ids (n,) of their pictures, in order of id:
    all, or those of some rising ids."""
    found = find(connection, name)
    if found is None:
        return
    number, layer = found
    at_once = max(1, _BLOCK_BYTES // (4 * layer.per_image * layer.dim))
    if ids is None:
        query = "SELECT image, rows FROM layer_rows WHERE layer = ? ORDER BY image"
        cursor = connection.execute(query, (number,))
        while block := cursor.fetchmany(at_once):
            yield _unpacked(layer, block)
        return
    for start in range(0, len(ids), at_once):
        some = json.dumps(ids[start : start + at_once].tolist())
        block = connection.execute(
            "SELECT image, rows FROM layer_rows "
            "WHERE layer = ? AND image IN (SELECT value FROM json_each(?)) ORDER BY image",
            (number, some),
        ).fetchall()
        if block:
            yield _unpacked(layer, block)


def switch(connection: sqlite3.Connection, revision: int, name: str, former: Layer) -> int:
    """Make a layer the embeddings of a new revision, and what these were the layer ``former``;
    returns how many pictures have zeros for lack of rows."""
    number, layer = named(connection, name)
    if (layer.per_image, layer.kind) != (1, "float32"):
        raise InputError(f"The layer {name!r} holds no embeddings: only such can be switched to.")
    drop(connection, former.name)
    beside = begin(connection, former)
    connection.execute(
        "INSERT INTO layer_rows SELECT ?, image, vector FROM embeddings NOT INDEXED "
        "WHERE image NOT IN (SELECT image FROM blanks) ORDER BY image",
        (beside,),
    )
    connection.execute(
        "UPDATE embeddings SET revision = ?, vector = coalesce((SELECT rows FROM layer_rows "
        "WHERE layer = ? AND layer_rows.image = embeddings.image), ?)",
        (revision, number, bytes(_bytes_of(layer))),
    )
    connection.execute("DELETE FROM blanks")
    without = connection.execute(f"INSERT INTO blanks {_MISSING}", (number,)).rowcount
    drop(connection, name)
    return without


def blanks(connection: sqlite3.Connection) -> Ids:
    """The ids (n,), rising, of the pictures whose embedding is zeros."""
    if not _are_kept(connection):
        return np.empty(0, np.int64)
    found = connection.execute("SELECT image FROM blanks ORDER BY image")
    return np.fromiter((row[0] for row in found), np.int64)


def inconsistencies(connection: sqlite3.Connection) -> list[str]:
    """What should never be, one sentence each."""
    found = []
    for layer in every(connection):
        number, _ = named(connection, layer.name)
        wrong = connection.execute(
            "SELECT count(*) FROM layer_rows WHERE layer = ? "
            "AND (length(rows) <> ? OR image NOT IN (SELECT id FROM images))",
            (number, _bytes_of(layer)),
        ).fetchone()[0]
        if wrong:
            found.append(f"{wrong} rows of the layer {layer.name!r} fit no picture.")
    return found


def _are_kept(connection: sqlite3.Connection) -> bool:
    return schema.version(connection) >= schema.WITH_LAYERS


def _numbers(layer: Layer) -> np.dtype[Any]:
    """How one vector lies in a row."""
    if layer.kind == "int8":
        return np.dtype([("factor", "<f4"), ("numbers", "i1", (layer.dim,))])
    return np.dtype((f"<{np.dtype(layer.kind).str[1:]}", (layer.dim,)))


def _bytes_of(layer: Layer) -> int:
    return layer.per_image * _numbers(layer).itemsize


def _packed(layer: Layer, rows: Rows) -> list[bytes]:
    """Each picture's rows as they lie in the table."""
    if layer.kind != "int8":
        return [one.astype(_numbers(layer).base).tobytes() for one in rows]
    factors = np.abs(rows).max(axis=2) / np.float32(_LARGEST)
    packed = np.zeros(rows.shape[:2], _numbers(layer))
    packed["factor"] = factors
    packed["numbers"] = np.rint(rows / np.where(factors > 0, factors, 1)[..., None])
    return [one.tobytes() for one in packed]


def _unpacked(layer: Layer, block: list[tuple[int, bytes]]) -> tuple[Ids, Rows]:
    ids = np.array([row[0] for row in block], np.int64)
    content = b"".join(row[1] for row in block)
    if len(content) != _bytes_of(layer) * len(block):
        raise LibraryDamagedError(
            f"Some rows of the layer {layer.name!r} do not have the length that they should: run "
            "`lookalike doctor`."
        )
    return ids, _floats(layer, content, len(block))


def _floats(layer: Layer, content: bytes, count: int) -> Rows:
    shape = (count, layer.per_image)
    if layer.kind != "int8":
        numbers: npt.NDArray[Any] = np.frombuffer(content, _numbers(layer).base)
        return numbers.reshape(*shape, layer.dim).astype(np.float32)
    packed = np.frombuffer(content, _numbers(layer)).reshape(shape)
    found: Rows = packed["numbers"].astype(np.float32)  # four times as fast as one mixed product
    found *= packed["factor"][..., None]
    return found
