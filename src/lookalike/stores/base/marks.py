"""What a person calls a tag → its name, or one sentence; `Marks`, and how they are changed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from lookalike.errors import InputError

MOST_LETTERS = 100
"""Of a tag, as it is given."""

MOST_TAGS = 100
"""Of one picture."""

MOST_NAMES = 10_000
"""Different tags of a library."""

# Control characters, and what breaks or turns a line; then what leaves nothing to be seen where it
# stands alone.
_BREAKS = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
_UNSEEN = r"\s\xad\u200b-\u200f\u2060-\u2064\ufeff"

TAG_PATTERN = rf"^[^{_BREAKS}]*[^{_BREAKS}{_UNSEEN}][^{_BREAKS}]*$"
"""What a tag looks like, as a regular expression of JSON Schema and of Python."""

_TAG = re.compile(TAG_PATTERN)
_HALF = re.compile(r"[\ud800-\udfff]")  # of a character: no text in a library or in JSON has it


@dataclass(frozen=True, slots=True)
class Marks:
    """What a person has marked a picture with; the tags are in alphabetical order."""

    favourite: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkChange:
    """Of the contents with these SHA-256 digests: whether they become favourites (None: as they
    are), and which tags they lose and then get.

    Raises InputError for what is no tag.
    """

    digests: tuple[str, ...]
    favourite: bool | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for tag in (*self.add, *self.remove):
            tag_name(tag)


def tag_name(text: str) -> str:
    """The name of a tag: without spaces around it, and composed (NFC), so that what looks the same
    is the same. Raises InputError for what is no tag."""
    if len(text) > MOST_LETTERS:
        raise InputError(
            f"A tag has {MOST_LETTERS} letters at most, and {text[:20]!r}... has {len(text):,}: "
            "shorten it."
        )
    if not _TAG.fullmatch(text) or _HALF.search(text):
        raise InputError(
            f"{text!r} is no tag: a tag is a line of text with something to be seen in it."
        )
    return unicodedata.normalize("NFC", text.strip())


def tag_key(text: str) -> str:
    """What a tag is told from others by: its name, whatever the case of the letters. Raises
    InputError for what is no tag."""
    return unicodedata.normalize("NFC", tag_name(text).casefold())
