"""A text, and a vocabulary → the numbers of its tokens, as BERT's uncased models take them.

The method is that of J. Devlin and others, *BERT: Pre-training of Deep Bidirectional Transformers
for Language Understanding* (2019): words and signs are parted, accents dropped, and each word is
taken apart into the longest pieces that the vocabulary has, from its beginning on.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

_BEGIN, _END, _UNKNOWN, _INSIDE = "[CLS]", "[SEP]", "[UNK]", "##"
_LONGEST = 100  # characters of a word; longer ones are unknown
_IDEOGRAPHS = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F)),
    *((0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)),
)


class WordPieces:
    """A vocabulary, ready to use; ``tokens`` are in the order of their numbers."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._numbers = {token: number for number, token in enumerate(tokens)}

    def encode(self, text: str, most: int) -> list[int]:
        """The numbers of a text's tokens, its beginning and its end among them: ``most`` at most,
        which leaves out what comes last."""
        pieces = [piece for word in _words(text) for piece in self._pieces(word)]
        return [self._numbers[one] for one in (_BEGIN, *pieces[: most - 2], _END)]

    def _pieces(self, word: str) -> list[str]:
        if len(word) > _LONGEST:
            return [_UNKNOWN]
        pieces: list[str] = []
        at = 0
        while at < len(word):
            piece = self._longest(word, at)
            if piece is None:
                return [_UNKNOWN]
            pieces.append(piece)
            at += len(piece.removeprefix(_INSIDE)) if at else len(piece)
        return pieces

    def _longest(self, word: str, at: int) -> str | None:
        """The longest piece that the word has there; None if there is none."""
        before = _INSIDE if at else ""
        pieces = (before + word[at:end] for end in range(len(word), at, -1))
        return next((piece for piece in pieces if piece in self._numbers), None)


def _words(text: str) -> Iterator[str]:
    """Lower-case words without accents; each sign and each ideograph is a word of its own."""
    spread = "".join(_spaced(char) for char in text if not _is_dropped(char))
    for word in spread.split():
        plain = unicodedata.normalize("NFD", word.lower())
        bare = "".join(char for char in plain if unicodedata.category(char) != "Mn")
        yield from _parted(bare)


def _parted(word: str) -> Iterator[str]:
    held = ""
    for char in word:
        if not _is_sign(char):
            held += char
            continue
        if held:
            yield held
        yield char
        held = ""
    if held:
        yield held


def _spaced(char: str) -> str:
    ideograph = any(first <= ord(char) <= last for first, last in _IDEOGRAPHS)
    return f" {char} " if ideograph else " " if char.isspace() else char


def _is_dropped(char: str) -> bool:
    control = unicodedata.category(char).startswith("C") and char not in "\t\n\r"
    return control or char == "\N{REPLACEMENT CHARACTER}"


def _is_sign(char: str) -> bool:
    """ASCII's signs, those that Unicode calls symbols included, and all punctuation."""
    ascii_sign = char.isascii() and char.isprintable() and not char.isalnum() and char != " "
    return ascii_sign or unicodedata.category(char).startswith("P")
