"""Records and embeddings → NumPy files, one a picture or one matrix; such files → `Features`."""

from __future__ import annotations

import errno
import json
import os
import tokenize
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from lookalike.errors import InputError, LibraryFullError
from lookalike.stores.base import Embedding, Record

_SUFFIX = ".npy"
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
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


def export_paths(records: Sequence[Record]) -> list[str]:
    """The path under which each picture is exported, in the order of the records.

    It is the path relative to the root. Where the records span several roots, it begins with a
    folder named as the root's last folder (``photos``, ``photos-2``, ... where those are alike).

    Raises:
        InputError: a path is absolute or leaves its folder.
    """
    names = _root_names(record.root for record in records)
    prefixes = {root: f"{name}/" if len(names) > 1 else "" for root, name in names.items()}
    return [_safe(prefixes[record.root] + record.relative, "A picture") for record in records]


def write_numpy(
    records: Sequence[Record], embeddings: Embedding, directory: str | os.PathLike[str]
) -> int:
    """Write one float32 array of shape (dim,) for each picture; returns how many.

    The vector of ``a/b.jpg`` goes to ``directory/a/b.jpg.npy`` (see `export_paths`). Each file
    appears whole or not at all; a file of the same name is replaced, other files are left alone,
    and nothing is written outside the directory, not even through a link that lies in it.

    Raises:
        InputError: embeddings do not fit the records, or a file cannot be written.
        LibraryFullError: the disk is full.
    """
    _check_fit(records, embeddings)
    paths = export_paths(records)
    with _writing(directory):
        Path(directory).mkdir(parents=True, exist_ok=True)
        top = Path(directory).resolve()
    checked: set[Path] = set()
    for path, row in zip(paths, embeddings, strict=True):
        target = top / f"{path}{_SUFFIX}"
        with _writing(target):
            if target.parent not in checked:
                _make_folder(target.parent, top)
                checked.add(target.parent)
            with _replacing(target) as file:
                _save(file, row)
    return len(records)


def write_matrix(
    records: Sequence[Record], embeddings: Embedding, file: str | os.PathLike[str]
) -> Path:
    """Write one float32 array of shape (n, dim), and beside it the list of its n paths.

    The list has the matrix's name with ``.json`` for ``.npy``, and holds a JSON array of strings
    (see `export_paths`): unlike lines of text, it keeps every name, newlines and bytes that are
    not UTF-8 (as lone surrogates) included. Both take their place only when both are written.
    Returns the path of the list.

    Raises:
        InputError: embeddings do not fit the records, the file's name does not end in ``.npy``,
            or it cannot be written.
        LibraryFullError: the disk is full.
    """
    _check_fit(records, embeddings)
    matrix = _matrix_path(file)
    listing = matrix.with_suffix(".json")
    # ASCII escapes are the only JSON that can hold a lone surrogate.
    text = json.dumps(export_paths(records), ensure_ascii=True, indent=0)
    with _writing(matrix), _replacing(matrix) as array_file, _replacing(listing) as list_file:
        _save(array_file, embeddings)
        list_file.write(text.encode("ascii") + b"\n")
        # A full disk may show only now, while both old files are still in place.
        array_file.flush()
        list_file.flush()
    return listing


def read_features(source: str | os.PathLike[str]) -> Features:
    """What `write_numpy` or `write_matrix` wrote, or features from elsewhere in either form.

    Raises InputError, as `read_numpy` (for a folder) and `read_matrix` (for a file) do.
    """
    if not Path(source).exists():
        raise InputError(f"There is no file or folder {_shown(source)}: check the path.")
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
    files = [top / f"{path}{_SUFFIX}" for path in paths]
    first = _read_vector(files[0])
    embeddings = np.empty((len(files), len(first)), np.float32)
    for row, file in enumerate(files):
        vector = first if row == 0 else _read_vector(file)
        if len(vector) != len(first):
            raise InputError(
                f"{_shown(file)} holds {len(vector)} numbers and {_shown(files[0])} {len(first)}: "
                "import only vectors of one model together."
            )
        embeddings[row] = vector
    return Features(tuple(paths), _unit_rows(embeddings, lambda row: _shown(files[row])))


def read_matrix(file: str | os.PathLike[str]) -> Features:
    """Read one array of shape (n, dim) and the list of its n paths, which lies beside it.

    The list is ``NAME.json`` (a JSON array of strings) or else ``NAME.txt`` (UTF-8, one path a
    line) for the array ``NAME.npy``. Any real dtype will do, and axes of length 1 after the
    first. Rows that are not of length 1 are normalised (L2). They come back in order of path.

    Raises:
        InputError: a file is missing or is not what it should be, the lengths differ, a path is
            absolute, leaves its folder or stands there twice, or a row is not finite or all zero.
    """
    matrix = _matrix_path(file)
    array = _open_array(matrix)
    if array.ndim < 2 or array.size == 0 or not _flat(array.shape[1:]):
        raise InputError(
            f"{_shown(matrix)} has the shape {array.shape}: give one row for each picture, "
            "(n, dim)."
        )
    rows = _numbers(matrix, array).reshape(len(array), -1)
    paths = _read_list(matrix, len(rows))
    embeddings = _unit_rows(rows, lambda row: f"The row of {paths[row]!r} in {_shown(matrix)}")
    order = sorted(range(len(paths)), key=paths.__getitem__)
    return Features(tuple(paths[index] for index in order), embeddings[order])


def _shown(path: str | os.PathLike[str]) -> str:
    return repr(os.fspath(path))


def _root_names(roots: Iterable[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    taken: set[str] = set()
    for root in sorted(set(roots)):
        base = Path(root).name or "root"
        name, number = base, 1
        # Two names that differ by case alone are one folder on Windows and macOS.
        while name.casefold() in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name.casefold())
        names[root] = name
    return names


def _safe(path: str, source: str) -> str:
    """The path with ``/`` between its parts and without empty ones; it stays below its folder."""
    plain = path.replace(os.sep, "/")
    parts = [part for part in plain.split("/") if part not in {"", "."}]
    absolute = plain.startswith("/") or bool(os.path.splitdrive(path)[0])
    if absolute or not parts or ".." in parts or "\0" in plain:
        raise InputError(
            f"{source} has the path {path!r}: use paths relative to the folder of pictures, "
            "without '..'."
        )
    return "/".join(parts)


def _check_fit(records: Sequence[Record], embeddings: Embedding) -> None:
    if embeddings.ndim != 2 or len(embeddings) != len(records):
        raise InputError(
            f"Embeddings of shape {embeddings.shape} do not fit {len(records)} pictures: "
            "give one row for each."
        )


def _matrix_path(file: str | os.PathLike[str]) -> Path:
    path = Path(file)
    if path.suffix.lower() != _SUFFIX:
        raise InputError(f"{_shown(file)} does not end in {_SUFFIX}: give the matrix such a name.")
    return path


@contextmanager
def _writing(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise LibraryFullError(
                f"{_shown(path)} could not be written because the disk is full: "
                "free some space or export to another disk."
            ) from error
        raise InputError(
            f"{_shown(path)} could not be written ({error.strerror or error}): "
            "check its permissions or export to another place."
        ) from error


def _make_folder(folder: Path, top: Path) -> None:
    # Looked at before anything is made, for a link would have it made elsewhere.
    if not Path(os.path.realpath(folder)).is_relative_to(top):
        raise InputError(
            f"{_shown(folder)} is a link that leads out of {_shown(top)}: "
            "remove it or export to another folder."
        )
    folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    """A new file that takes the target's place if the block ends well, and goes away if not."""
    # A short name of its own: the target's may be as long as the disk allows.
    temporary = target.parent / f".{token_hex(8)}.tmp"
    try:
        with temporary.open("xb") as file:
            yield file
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _save(file: BinaryIO, array: Embedding) -> None:
    # Not np.save: its error on a full disk does not say that the disk is full.
    plain = np.ascontiguousarray(array, np.dtype("<f4"))
    np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(plain))
    file.write(plain.data if plain.size else b"")


def _vector_paths(top: Path) -> list[str]:
    """The paths of the pictures whose vectors lie below a folder, in order."""
    with _reading(top):
        if not top.is_dir():
            raise InputError(f"{_shown(top)} is not a folder: name the folder of {_SUFFIX} files.")
        paths = sorted(
            Path(folder, name).relative_to(top).as_posix().removesuffix(_SUFFIX)
            for folder, _, names in os.walk(top, onerror=_raise)
            for name in names
            if name.endswith(_SUFFIX) and name != _SUFFIX
        )
    if not paths:
        raise InputError(f"{_shown(top)} holds no {_SUFFIX} files: name the folder of an export.")
    return paths


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{_shown(error.filename or path)} could not be read ({error.strerror or error}): "
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
            f"{_shown(path)} is not a whole {_SUFFIX} file of numbers: "
            "write it again with numpy.save, or leave it out."
        ) from error


def _numbers(path: Path, array: npt.NDArray[Any]) -> Embedding:
    if array.dtype.kind not in "fiu":
        raise InputError(
            f"{_shown(path)} has the type {array.dtype}: give real numbers, such as float32."
        )
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        return np.array(array, dtype=np.float32, order="C")


def _flat(shape: tuple[int, ...]) -> bool:
    return sum(length != 1 for length in shape) <= 1


def _read_vector(path: Path) -> Embedding:
    array = _open_array(path)
    if array.ndim == 0 or array.size == 0 or not _flat(array.shape):
        raise InputError(
            f"{_shown(path)} has the shape {array.shape}: give one vector for each picture, "
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
            f"{_shown(matrix)} has no list of paths beside it: put it into "
            f"{_shown(matrix.with_suffix('.json').name)} as a JSON array, one path a row."
        )
    paths = [_safe(path, f"{_shown(listing)}: a row") for path in _parse_list(listing)]
    if len(paths) != count:
        raise InputError(
            f"{_shown(listing)} has {len(paths)} paths and {_shown(matrix)} {count} rows: "
            "give one path for each row."
        )
    if len(set(paths)) != count:
        twice = next(path for path, after in pairwise(sorted(paths)) if path == after)
        raise InputError(f"{_shown(listing)} has {twice!r} twice: give every picture one row.")
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
            f"{_shown(listing)} is not JSON: write the paths as a JSON array of strings."
        ) from error
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise InputError(
            f"{_shown(listing)} holds something else than paths: write a JSON array of strings."
        )
    return paths
