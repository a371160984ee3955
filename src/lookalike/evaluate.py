"""Embeddings and labels → precision at 1, 10 and 30 and mean average precision (`Evaluation`)."""

from __future__ import annotations

import csv
import io
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lookalike.errors import InputError
from lookalike.stores.base import Embedding, Record

_CUTS = (1, 10, 30)
# Scores held at a time: 16 MB of them, and 32 MB of keys.
_BLOCK_SCORES = 1 << 22
_LAST = np.iinfo(np.int64).max
_PICTURE_ENDINGS = (
    *(".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"),
    *(".tif", ".tiff", ".avif", ".heic", ".heif"),
)

_Numbers = npt.NDArray[np.float64]
_Indices = npt.NDArray[np.intp]
_Keys = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ClassScore:
    """The means over the queries of one label; ``images`` is how many pictures carry it."""

    label: str
    queries: int
    images: int
    p_at_1: float
    p_at_10: float
    p_at_30: float
    map: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The means over all queries, each from 0 to 1; ``by_class`` is in order of label."""

    queries: int
    p_at_1: float
    p_at_10: float
    p_at_30: float
    map: float
    by_class: tuple[ClassScore, ...]

    def to_json(self, *, by_class: bool = False) -> dict[str, Any]:
        """The figures as JSON types to six decimals, with a list of the classes' where asked."""
        figures = _rounded(asdict(self))
        classes = figures.pop("by_class")
        return {**figures, "by_class": [_rounded(one) for one in classes]} if by_class else figures


def _rounded(figures: dict[str, Any]) -> dict[str, Any]:
    return {key: round(v, 6) if isinstance(v, float) else v for key, v in figures.items()}


def read_labels(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read a CSV file of labels: file's name or path → label.

    The file is UTF-8 with commas, its first line is a header, the first column is the name or
    the path of a picture, the second its label; further columns are ignored, and so are rows
    with an empty label.

    Raises:
        InputError: the file cannot be read or is not such a CSV file, holds no label, or gives
            one name two labels.
    """
    labels: dict[str, str] = {}
    for line, (name, label) in _label_rows(path):
        if labels.setdefault(name, label) != label:
            raise InputError(
                f"{_shown(path)}, line {line}: {name!r} has the labels {labels[name]!r} and "
                f"{label!r}; keep one of them."
            )
    if not labels:
        raise InputError(
            f"{_shown(path)} holds no labels: add a line 'picture.jpg,label' for each."
        )
    return labels


def labels_by_folder(records: Sequence[Record]) -> list[str | None]:
    """The label of each picture, where every class has a folder: the folder that it lies in.

    ``train/cat/1.jpg`` is a ``cat``; a picture that lies in the root itself has no label.

    Raises:
        InputError: all pictures lie in their roots themselves.
    """
    labels = [_parent(record.relative) for record in records]
    if not any(labels):
        raise InputError(
            "No picture lies in a folder of its class: put each class into a folder below the "
            "indexed one, or give a file of labels."
        )
    return labels


def assign_labels(records: Sequence[Record], labels: Mapping[str, str]) -> list[str | None]:
    """The label of each picture, or None, from the labels of names (see `read_labels`).

    A name is a path relative to the root, the same after the root's last folder, a whole path, or
    a file's name that one picture only has: the first of these that fits. Names that fit no
    picture are passed over.

    Raises:
        InputError: a name fits several pictures alike, a picture gets two labels, or no name
            fits.
    """
    lookups = [_lookup(records, spell) for spell in _SPELLINGS]
    assigned: list[str | None] = [None] * len(records)
    for name, label in labels.items():
        index = _match(name, lookups, records)
        if index is None:
            continue
        if assigned[index] not in {None, label}:
            raise InputError(
                f"{records[index].path!r} has the labels {assigned[index]!r} and {label!r} under "
                "two names: keep one of them."
            )
        assigned[index] = label
    if not any(label is not None for label in assigned):
        raise InputError(_no_match(records, labels))
    return assigned


def evaluate(
    records: Sequence[Record],
    embeddings: Embedding,
    labels: Sequence[str | None],
    *,
    queries: int | None = None,
    seed: int = 0,
) -> Evaluation:
    """Search for labelled pictures with each other, and count the hits.

    Every query is ranked against all other labelled pictures by cosine, equal scores in order of
    path; itself and pictures without a label take no part. A hit is a picture of the same label.
    Precision at k is the hits among the first k, divided by k even where there are fewer answers.
    Average precision is the mean, over all other pictures of the label, of the precision at the
    rank of each (Manning, Raghavan and Schütze, Introduction to Information Retrieval, 8.4): a
    cat that finds a dog first and the only other cat second has P@1 0, P@10 1/10 and AP 1/2.
    A picture that is the only one of its label can find nothing, so it is not a query, as is
    usual; it stays among the answers.

    ``records``, ``embeddings`` (unit vectors, float32 of shape (n, dim)) and ``labels`` (None: no
    label) belong together, in any order. ``queries`` takes so many at random, without
    replacement, as ``seed`` says; None or too many takes all.

    Raises:
        InputError: lengths differ, ``queries`` is below 1, or no label has two pictures.
    """
    _check_fit(records, embeddings, labels)
    order = [index for index in _path_order(records) if labels[index] is not None]
    names, classes = _codes([str(labels[index]) for index in order])
    members = [np.flatnonzero(classes == code) for code in range(len(names))]
    chosen = _choose(classes, queries, seed)
    figures = _figures(np.asarray(embeddings, np.float32)[order], classes, members, chosen)
    by_class = tuple(
        ClassScore(name, int(mine.sum()), len(members[code]), *_means(figures[mine]))
        for code, name in enumerate(names)
        if (mine := classes[chosen] == code).any()
    )
    return Evaluation(len(chosen), *_means(figures), by_class)


def average_precisions(embeddings: Embedding, classes: _Indices) -> _Numbers:
    """How well each picture finds those of its class, as `evaluate` measures it: shape (m,), for
    those whose class has another picture, in their order.

    ``embeddings`` are unit vectors (n, dim), ``classes`` (n,) the numbers of their classes, from 0
    on. Raises InputError.
    """
    members = [np.flatnonzero(classes == code) for code in range(int(classes.max(initial=-1)) + 1)]
    return _figures(embeddings, classes, members, _choose(classes, None, 0))[:, -1]


def _check_fit(
    records: Sequence[Record], embeddings: Embedding, labels: Sequence[str | None]
) -> None:
    if not len(records) == len(embeddings) == len(labels):
        raise InputError(
            f"{len(records)} pictures, {len(embeddings)} embeddings and {len(labels)} labels do "
            "not fit: give one of each for every picture."
        )


def _shown(path: str | os.PathLike[str]) -> str:
    return repr(os.fspath(path))


def _label_rows(path: str | os.PathLike[str]) -> Iterator[tuple[int, tuple[str, str]]]:
    reader = csv.reader(io.StringIO(_read_text(path), newline=""), strict=True)
    try:
        _check_header(path, next(reader, []))
        for row in reader:
            if any(row):
                yield from _labelled(path, reader.line_num, row)
    except csv.Error as error:
        raise InputError(
            f"{_shown(path)}, line {reader.line_num} is not CSV ({error}): correct that line."
        ) from error


def _read_text(path: str | os.PathLike[str]) -> str:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(
            f"{_shown(path)} could not be read ({error.strerror or error}): name a CSV file of "
            "labels."
        ) from error
    if b"\0" in content:
        raise InputError(f"{_shown(path)} is not text in UTF-8: save it as CSV in UTF-8.")
    # A picture's name need not be UTF-8; this is how its bytes arrive from the disk, too.
    return content.decode("utf-8-sig", "surrogateescape")


def _check_header(path: str | os.PathLike[str], header: list[str]) -> None:
    if not header:
        raise InputError(
            f"{_shown(path)} begins with no header: begin with a line such as 'filename,label'."
        )
    if len(header) < 2:
        raise InputError(
            f"{_shown(path)} has no second column: give name and label with a comma between them."
        )
    if header[0].lower().endswith(_PICTURE_ENDINGS):
        raise InputError(
            f"{_shown(path)} begins with the picture {header[0]!r}: put a header such as "
            "'filename,label' on the first line."
        )


def _labelled(
    path: str | os.PathLike[str], line: int, row: list[str]
) -> Iterator[tuple[int, tuple[str, str]]]:
    if len(row) < 2 or not row[0]:
        raise InputError(f"{_shown(path)}, line {line} needs a name and a label: complete it.")
    if label := row[1].strip():
        yield line, (row[0], label)


def _parent(relative: str) -> str | None:
    folders = relative.split("/")[:-1]
    return folders[-1] if folders else None


def _plain(path: str) -> str:
    return path.replace(os.sep, "/").removeprefix("./")


_SPELLINGS: tuple[Callable[[Record], str], ...] = (
    lambda record: record.relative,
    lambda record: f"{Path(record.root).name}/{record.relative}",
    lambda record: _plain(record.path),
    lambda record: record.relative.rpartition("/")[2],
)


def _lookup(records: Sequence[Record], spell: Callable[[Record], str]) -> dict[str, list[int]]:
    lookup: dict[str, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        lookup[spell(record)].append(index)
    return lookup


def _match(
    name: str, lookups: Sequence[Mapping[str, list[int]]], records: Sequence[Record]
) -> int | None:
    """The index of the one picture that a name means, or None."""
    found = next((lookup[_plain(name)] for lookup in lookups if _plain(name) in lookup), [])
    if len(found) > 1:
        raise InputError(
            f"The labels have {name!r}, which may be {records[found[0]].path!r} or "
            f"{records[found[1]].path!r}: write more of its path."
        )
    return found[0] if found else None


def _no_match(records: Sequence[Record], labels: Mapping[str, str]) -> str:
    if not records or not labels:
        return "There are no pictures or no labels: index some pictures and label them."
    return (
        f"No label belongs to a picture of the library: the labels have {next(iter(labels))!r}, "
        f"the library {records[0].relative!r}; write the names as the library has them."
    )


def _path_order(records: Sequence[Record]) -> list[int]:
    def place(index: int) -> tuple[bytes, bytes]:
        return os.fsencode(records[index].root), os.fsencode(records[index].relative)

    return sorted(range(len(records)), key=place)


def _codes(labels: Sequence[str]) -> tuple[list[str], _Indices]:
    """The different labels in order (2 before 10), and of each picture the place of its own."""
    names = sorted(
        set(labels), key=lambda name: (name.zfill(20) if name.isdecimal() else name, name)
    )
    codes = {name: code for code, name in enumerate(names)}
    return names, np.array([codes[label] for label in labels], np.intp)


def _choose(classes: _Indices, queries: int | None, seed: int) -> _Indices:
    """The indices of the queries, in order."""
    if queries is not None and queries < 1:
        raise InputError(f"{queries} queries cannot be evaluated: ask for at least one.")
    able = np.flatnonzero(np.bincount(classes)[classes] > 1)
    if not len(able):
        raise InputError(
            "No label has two pictures to find one with the other: label more of them."
        )
    if queries is None or queries >= len(able):
        return able
    return np.sort(np.random.default_rng(seed).choice(able, queries, replace=False))


def _figures(
    embeddings: Embedding, classes: _Indices, members: Sequence[_Indices], chosen: _Indices
) -> _Numbers:
    """One row for each query: its precisions at the cuts, and its average precision."""
    figures = np.empty((len(chosen), len(_CUTS) + 1))
    block = max(1, _BLOCK_SCORES // len(embeddings))
    for start in range(0, len(chosen), block):
        some = chosen[start : start + block]
        keys = _rank_keys(embeddings[some] @ embeddings.T)
        keys[np.arange(len(some)), some] = _LAST
        for row, query in enumerate(some):
            figures[start + row] = _query_figures(keys[row], members[classes[query]])
    return figures


def _rank_keys(scores: Embedding) -> _Keys:
    """Integers in order of rank within each row: best score first, equal ones by column.

    A float's bits are in the order of the floats once those of the negative ones are turned
    round; the column fills the lower half. Unlike a stable argsort, they can be sorted without
    their indices, which is several times as fast.
    """
    # 0 - x and not -x: so that 0 has one sign, and one pattern of bits.
    bits = (np.float32(0) - scores).view(np.int32)
    np.bitwise_xor(bits, 0x7FFFFFFF, out=bits, where=bits < 0)
    return (bits.astype(np.int64) << 32) | np.arange(scores.shape[1])


def _query_figures(keys: _Keys, members: _Indices) -> tuple[float, ...]:
    """The figures of one query from its row of keys, which is sorted on the way."""
    relevant = np.sort(keys[members])[:-1]  # without the query itself, which is last
    keys.sort()
    ranks = np.searchsorted(keys, relevant) + 1
    hits = np.searchsorted(ranks, _CUTS, side="right")
    average = float(np.mean(np.arange(1, len(ranks) + 1) / ranks))
    return (*(float(hit / cut) for hit, cut in zip(hits, _CUTS, strict=True)), average)


def _means(figures: _Numbers) -> tuple[float, float, float, float]:
    at_1, at_10, at_30, average = (float(mean) for mean in figures.mean(axis=0))
    return at_1, at_10, at_30, average
