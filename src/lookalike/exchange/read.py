"""NumPy files, one a picture or one matrix with a list of paths → `Features`."""

from __future__ import annotations

import json
import os
import tokenize
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lookalike.errors import InputError
from lookalike.exchange.paths import SUFFIX, matrix_path, safe, shown
from lookalike.stores.base import Embedding

# A row this close to length 1 is kept bit for bit: float32 rounding alone is far below it.
_UNIT_TOLERANCE = 1e-5
_NOT_NPY = (ValueError, SyntaxError, EOFError, TypeError, OverflowError, tokenize.TokenError)


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Vectors that were read from files.

    ``paths`` are relative, with ``/`` on every platform, in order, each once; ``embeddings`` is
    float32 of shape (n, dim), one unit vector a path.
    """

    paths: tuple[str, ...]
    embeddings: Embedding


def read_features(source: str | os.PathLike[str]) -> Features:
    """What `write_numpy` or `write_matrix` wrote, or features from elsewhere in either form.

    Raises InputError, as `read_numpy` (for a folder) and `read_matrix` (for a file) do.
    """
    if not Path(source).exists():
        raise InputError(f"There is no file or folder {shown(source)}: check the path.")
    return read_numpy(source) if Path(source).is_dir() else read_matrix(source)


def read_numpy(directory: str | os.PathLike[str]) -> Features:
    """Read every ``.npy`` file in a folder and below it, each the vector of one picture.

    A vector may have any real dtype and axes of length 1, as Keras gives them: (1, 4096). Rows
    that are not of length 1 are normalised (L2).

    Raises:
        InputError: the folder is missing or holds no ``.npy`` file, or one of them is no vector
            of finite numbers, is all zero, or has another length than the first.
    """
    top = Path(directory)
    paths = _vector_paths(top)
    files = [top / f"{path}{SUFFIX}" for path in paths]
    first = _read_vector(files[0])
    embeddings = np.empty((len(files), len(first)), np.float32)
    for row, file in enumerate(files):
        vector = first if row == 0 else _read_vector(file)
        if len(vector) != len(first):
            raise InputError(
                f"{shown(file)} holds {len(vector)} numbers and {shown(files[0])} {len(first)}: "
                "import only vectors of one model together."
            )
        embeddings[row] = vector
    return Features(tuple(paths), _unit_rows(embeddings, lambda row: shown(files[row])))


def read_matrix(file: str | os.PathLike[str]) -> Features:
    """Read one array of shape (n, dim) and the list of its n paths, which lies beside it.

    The list is ``NAME.json`` (a JSON array of strings) or else ``NAME.txt`` (UTF-8, one path a
    line) for the array ``NAME.npy``. Any real dtype will do, and axes of length 1 after the
    first. Rows that are not of length 1 are normalised (L2). They come back in order of path.

    Raises:
        InputError: a file is missing or is not what it should be, the lengths differ, a path is
            absolute, leaves its folder or stands there twice, or a row is not finite or all zero.
    """
    matrix = matrix_path(file)
    array = _open_array(matrix)
    if array.ndim < 2 or array.size == 0 or not _flat(array.shape[1:]):
        raise InputError(
            f"{shown(matrix)} has the shape {array.shape}: give one row for each picture, (n, dim)."
        )
    rows = _numbers(matrix, array).reshape(len(array), -1)
    paths = _read_list(matrix, len(rows))
    embeddings = _unit_rows(rows, lambda row: f"The row of {paths[row]!r} in {shown(matrix)}")
    order = sorted(range(len(paths)), key=paths.__getitem__)
    return Features(tuple(paths[index] for index in order), embeddings[order])


def _vector_paths(top: Path) -> list[str]:
    """The paths of the pictures whose vectors lie below a folder, in order."""
    with _reading(top):
        if not top.is_dir():
            raise InputError(f"{shown(top)} is not a folder: name the folder of {SUFFIX} files.")
        paths = sorted(
            Path(folder, name).relative_to(top).as_posix().removesuffix(SUFFIX)
            for folder, _, names in os.walk(top, onerror=_raise)
            for name in names
            if name.endswith(SUFFIX) and name != SUFFIX
        )
    if not paths:
        raise InputError(f"{shown(top)} holds no {SUFFIX} files: name the folder of an export.")
    return paths


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{shown(error.filename or path)} could not be read ({error.strerror or error}): "
            "check that it is there and its permissions."
        ) from error


def _raise(error: OSError) -> None:
    raise error


def _open_array(path: Path) -> npt.NDArray[Any]:
    """The array of a file, mapped: what its header promises is held against its size first."""
    try:
        with _reading(path):
            array: npt.NDArray[Any] = np.lib.format.open_memmap(path, mode="r")
            return array
    except _NOT_NPY as error:
        raise InputError(
            f"{shown(path)} is not a whole {SUFFIX} file of numbers: "
            "write it again with numpy.save, or leave it out."
        ) from error


def _numbers(path: Path, array: npt.NDArray[Any]) -> Embedding:
    if array.dtype.kind not in "fiu":
        raise InputError(
            f"{shown(path)} has the type {array.dtype}: give real numbers, such as float32."
        )
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        return np.array(array, dtype=np.float32, order="C")


def _flat(shape: tuple[int, ...]) -> bool:
    return sum(length != 1 for length in shape) <= 1


def _read_vector(path: Path) -> Embedding:
    array = _open_array(path)
    if array.ndim == 0 or array.size == 0 or not _flat(array.shape):
        raise InputError(
            f"{shown(path)} has the shape {array.shape}: give one vector for each picture, "
            "(dim,), or import a matrix by its file."
        )
    return _numbers(path, array).reshape(-1)


def _unit_rows(rows: Embedding, where: Callable[[int], str]) -> Embedding:
    """The rows, normalised in place where they are not of length 1; ``where`` names a row."""
    # Squares in float64: they neither overflow nor vanish, and are finite only if the row is.
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    for wrong, what in (
        (~np.isfinite(lengths), "NaN or infinite numbers"),
        (lengths == 0, "only 0"),
    ):
        if wrong.any():
            raise InputError(
                f"{where(int(wrong.argmax()))} holds {what}: compute it again or leave it out."
            )
    other = np.abs(lengths - 1) > _UNIT_TOLERANCE
    np.divide(rows, lengths[:, None], out=rows, where=other[:, None], casting="same_kind")
    return rows


def _read_list(matrix: Path, count: int) -> list[str]:
    """The checked paths that belong to the rows of a matrix, in the order of the rows."""
    with _reading(matrix):
        listing = next((path for path in _lists(matrix) if path.exists()), None)
    if listing is None:
        raise InputError(
            f"{shown(matrix)} has no list of paths beside it: put it into "
            f"{shown(matrix.with_suffix('.json').name)} as a JSON array, one path a row."
        )
    paths = [safe(path, f"{shown(listing)}: a row") for path in _parse_list(listing)]
    if len(paths) != count:
        raise InputError(
            f"{shown(listing)} has {len(paths)} paths and {shown(matrix)} {count} rows: "
            "give one path for each row."
        )
    if len(set(paths)) != count:
        twice = next(path for path, after in pairwise(sorted(paths)) if path == after)
        raise InputError(f"{shown(listing)} has {twice!r} twice: give every picture one row.")
    return paths


def _lists(matrix: Path) -> tuple[Path, Path]:
    return matrix.with_suffix(".json"), matrix.with_suffix(".txt")


def _parse_list(listing: Path) -> list[str]:
    with _reading(listing):
        content = listing.read_bytes()
    return _lines(content) if listing.suffix == ".txt" else _json_strings(listing, content)


def _lines(content: bytes) -> list[str]:
    text = content.decode("utf-8-sig", "surrogateescape").removesuffix("\n")
    return [line.removesuffix("\r") for line in text.split("\n")] if text else []


def _json_strings(listing: Path, content: bytes) -> list[str]:
    try:
        paths = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{shown(listing)} is not JSON: write the paths as a JSON array of strings."
        ) from error
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise InputError(
            f"{shown(listing)} holds something else than paths: write a JSON array of strings."
        )
    return paths
