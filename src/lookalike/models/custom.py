"""A user's own .onnx file with a .toml beside it → its `ModelCard`, or a sentence on what is wrong.

The card of ``flowers.onnx`` is ``flowers.toml``; every line but the last three is needed::

    name = "flowers-vit"
    dim = 384
    size = 224              # side of the square input in pixels
    fit = "crop"            # squash, crop or pad
    resample = "bicubic"    # bicubic, bilinear or lanczos
    channels = "RGB"        # or BGR
    layout = "NCHW"         # or NHWC
    mean = [123.675, 116.28, 103.53]    # RGB order, for values of 0 to 255
    std = [58.395, 57.12, 57.375]
    output = "last_hidden_state"        # the name of the graph's output
    pooling = "cls"         # none, mean or cls
    licence = "CC-BY-4.0"
    values = "float32"      # or uint8: the pixels as they are, the graph takes mean and std itself
    short_side = 256        # with fit = "crop": the short side before the cut; else size
    summary = "Our flowers"
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import cast, get_args

from lookalike.errors import ModelError
from lookalike.image import Preprocess
from lookalike.image.preprocess import Channels, Fit, Layout, Triple, Values
from lookalike.image.resize import Resample
from lookalike.models.card import LocalFile, ModelCard, Pooling
from lookalike.models.catalogue import CARDS

_NEEDED = frozenset(
    (
        *("name", "dim", "licence", "output", "pooling"),
        *("size", "fit", "resample", "channels", "layout", "mean", "std"),
    )
)
_OPTIONAL = frozenset(("short_side", "summary", "values"))


def read_card(path: Path) -> ModelCard:
    """The card of a local model; reads the whole ``.onnx`` file for its SHA-256.

    Raises `ModelError` where the file or its card is missing, or a field is missing or wrong.
    """
    card = path.with_suffix(".toml")
    if not _is_file(path):
        raise ModelError(f"There is no model file {str(path)!r}: check the path.")
    if not _is_file(card):
        raise ModelError(
            f"The model {path.name!r} has no card: write one beside it, {card.name!r}, with "
            f"{', '.join(sorted(_NEEDED))}."
        )
    return _Fields(_parse(card), card.name).card(_weights(path))


def _parse(card: Path) -> Mapping[str, object]:
    try:
        fields = tomllib.loads(card.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"The card {card.name!r} cannot be read as TOML: {error}.") from error
    if missing := sorted(_NEEDED - fields.keys()):
        raise ModelError(f"The card {card.name!r} lacks {', '.join(missing)}: add it.")
    if unknown := sorted(fields.keys() - _NEEDED - _OPTIONAL):
        raise ModelError(
            f"The card {card.name!r} has {', '.join(unknown)}, which means nothing here: "
            f"use {', '.join(sorted(_NEEDED | _OPTIONAL))}."
        )
    return fields


def _is_file(path: Path) -> bool:
    """Whether there is such a file that may be looked at."""
    try:
        return path.is_file()
    except OSError:  # Python 3.11 to 3.13 raise it for a closed folder
        return False


def _weights(path: Path) -> LocalFile:
    # Exporters put big weights in a second file; without it the hash would not see a change.
    beside = (path.with_name(path.name + ending) for ending in (".data", "_data"))
    digest, size = hashlib.sha256(), 0
    try:
        for part in (path, *(file for file in beside if file.is_file())):
            with part.open("rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
                    size += len(chunk)
    except OSError as error:
        raise ModelError(
            f"The model file {path.name!r} cannot be read: {error.strerror}."
        ) from error
    return LocalFile(str(path.absolute()), digest.hexdigest(), size)


class _Fields:
    """The fields of one card, each read with a check that names the field."""

    def __init__(self, fields: Mapping[str, object], card: str) -> None:
        self.fields = fields
        self.file = card

    def wrong(self, field: str, expected: str) -> ModelError:
        value = self.fields[field]
        return ModelError(f"The card {self.file!r} has {field} = {value!r}: it must be {expected}.")

    def text(self, field: str) -> str:
        value = self.fields[field]
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(field, "a text that is not empty")
        return value

    def count(self, field: str) -> int:
        value = self.fields[field]
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65536:
            raise self.wrong(field, "a whole number from 1 to 65536")
        return value

    def choice(self, field: str, kind: object) -> str:
        choices: tuple[str, ...] = get_args(kind)
        value = self.fields.get(field, choices[0])
        if value not in choices:
            raise self.wrong(field, f"one of {', '.join(choices)}")
        return str(value)

    def triple(self, field: str) -> Triple:
        value = self.fields[field]
        expected = "three numbers, in RGB order, for values of 0 to 255"
        if not isinstance(value, list) or len(value) != 3:
            raise self.wrong(field, expected)
        numbers = [float(item) for item in value if type(item) in (int, float)]
        if len(numbers) != 3 or not all(math.isfinite(number) for number in numbers):
            raise self.wrong(field, expected)
        return numbers[0], numbers[1], numbers[2]

    def std(self) -> Triple:
        std = self.triple("std")
        # 0.229 is a deviation of values from 0 to 1, as most model cards print it.
        if min(std) < 1.0:
            raise self.wrong("std", "for values of 0 to 255, so at least 1 (0.5 becomes 127.5)")
        return std

    def name(self) -> str:
        name = self.text("name")
        if any(card.name == name for card in CARDS):
            raise self.wrong("name", "another name, this one belongs to a model of Lookalike's")
        return name

    def short_side(self, size: int) -> int | None:
        if "short_side" not in self.fields:
            return None
        short_side = self.count("short_side")
        if short_side < size or self.fields["fit"] != "crop":
            raise self.wrong("short_side", 'at least size, and goes with fit = "crop"')
        return short_side

    def preprocess(self) -> Preprocess:
        size = self.count("size")
        return Preprocess(
            size=size,
            fit=cast(Fit, self.choice("fit", Fit)),
            resample=cast(Resample, self.choice("resample", Resample)),
            channels=cast(Channels, self.choice("channels", Channels)),
            layout=cast(Layout, self.choice("layout", Layout)),
            mean=self.triple("mean"),
            std=self.std(),
            short_side=self.short_side(size),
            values=cast(Values, self.choice("values", Values)),
        )

    def card(self, source: LocalFile) -> ModelCard:
        return ModelCard(
            name=self.name(),
            summary=self.text("summary") if "summary" in self.fields else "a model of your own",
            dim=self.count("dim"),
            licence=self.text("licence"),
            preprocess=self.preprocess(),
            source=source,
            output=self.text("output"),
            pooling=cast(Pooling, self.choice("pooling", Pooling)),
        )
