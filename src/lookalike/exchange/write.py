"""Records and embeddings → NumPy files, one a picture or one matrix with a list of paths."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

import numpy as np

from lookalike.errors import InputError, LibraryFullError
from lookalike.exchange.paths import SUFFIX, matrix_path, safe, shown
from lookalike.stores.base import Embedding, Record

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def export_paths(records: Sequence[Record]) -> list[str]:
    """The path under which each picture is exported, in the order of the records.

    It is the path relative to the root. Where the records span several roots, it begins with a
    folder named as the root's last folder (``photos``, ``photos-2``, ... where those are alike).

    Raises:
        InputError: a path is absolute or leaves its folder.
    """
    names = _root_names(record.root for record in records)
    prefixes = {root: f"{name}/" if len(names) > 1 else "" for root, name in names.items()}
    return [safe(prefixes[record.root] + record.relative, "A picture") for record in records]


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
        target = top / f"{path}{SUFFIX}"
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
    matrix = matrix_path(file)
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


def _check_fit(records: Sequence[Record], embeddings: Embedding) -> None:
    if embeddings.ndim != 2 or len(embeddings) != len(records):
        raise InputError(
            f"Embeddings of shape {embeddings.shape} do not fit {len(records)} pictures: "
            "give one row for each."
        )


@contextmanager
def _writing(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise LibraryFullError(
                f"{shown(path)} could not be written because the disk is full: "
                "free some space or export to another disk."
            ) from error
        raise InputError(
            f"{shown(path)} could not be written ({error.strerror or error}): "
            "check its permissions or export to another place."
        ) from error


def _make_folder(folder: Path, top: Path) -> None:
    # Looked at before anything is made, for a link would have it made elsewhere.
    if not Path(os.path.realpath(folder)).is_relative_to(top):
        raise InputError(
            f"{shown(folder)} is a link that leads out of {shown(top)}: "
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
