"""What a person asks for → a `Filter`, or one sentence on what does not fit."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime

from lookalike.errors import InputError
from lookalike.stores.base.marks import tag_name


@dataclass(frozen=True, slots=True)
class Filter:
    """Which pictures may be answers; a field that is not given lets all through.

    ``folder`` is an absolute path: pictures in it and below. ``formats`` are names such as
    ``JPEG`` or ``jpg``, in any case. ``taken_from`` and ``taken_to`` are the first and the last
    day or moment as ISO 8601 (``2024``, ``2024-05``, ``2024-05-31``, ``2024-05-31T18:00``), both
    included; pictures without a date do not pass. ``camera`` is a part of its name, in any case.
    Both sides of the picture have at least ``min_side`` pixels. ``ids`` are ids of this library.
    A picture that passes bears all ``tags``, whatever the case of their letters, and with
    ``favourite`` is a favourite. Of ``labels``, the default model's own classifier calls it all of
    them (`Library.labels`). ``text`` is words that its path below the indexed folder, that folder's
    name, its tags and its labels have, all of them, in any case and without accents; a word may be
    the beginning of one.

    Raises InputError for what is no absolute path, no date or no tag, for a side below 1, and for a
    text without a word.
    """

    folder: str | None = None
    formats: tuple[str, ...] = ()
    taken_from: str | None = None
    taken_to: str | None = None
    camera: str | None = None
    min_side: int | None = None
    ids: frozenset[int] | None = None
    tags: tuple[str, ...] = ()
    favourite: bool = False
    labels: tuple[str, ...] = ()
    text: str | None = None

    def __post_init__(self) -> None:
        if self.folder is not None and not _is_absolute(self.folder):
            raise InputError(f"{self.folder!r} is no folder's absolute path: write all of it.")
        for day in (self.taken_from, self.taken_to):
            if day is not None and not _is_date(day):
                raise InputError(f"{day!r} is no date: write it as 2024, 2024-05 or 2024-05-31.")
        if self.min_side is not None and self.min_side < 1:
            raise InputError(f"A side has 1 pixel or more, not {self.min_side}.")
        for tag in self.tags:
            tag_name(tag)
        if self.text is not None and not text_words(self.text):
            raise InputError(f"{self.text!r} has no word to look for: give a part of a name.")


def text_words(text: str) -> list[str]:
    """The words of a text: what letters and digits it has in a row."""
    return _WORD.findall(text)


_WORD = re.compile(r"[^\W_]+")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}(:\d{2}(:\d{2})?)?)?)?)?")
_EARLIEST = "0001-01-01T00:00:00"


def _is_absolute(path: str) -> bool:
    """Whether a text is an absolute path that a system may have."""
    try:
        os.fsencode(path)
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return os.path.isabs(path) and "\0" not in path  # noqa: PTH117 - stays a str


def _is_date(text: str) -> bool:
    """Whether a text is the beginning of a date that there is, as ISO 8601."""
    if not _DATE.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text + _EARLIEST[len(text) :])
    except ValueError:
        return False
    return True
