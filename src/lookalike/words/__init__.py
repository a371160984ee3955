"""Words, the labels of a classifier → a direction in its features, what was understood."""

from lookalike.words.labels import METHOD, Labels, is_possible
from lookalike.words.meaning import Meaning, Reader, check
from lookalike.words.sentences import Sentences
from lookalike.words.wordpiece import WordPieces

__all__ = [
    "METHOD",
    "Labels",
    "Meaning",
    "Reader",
    "Sentences",
    "WordPieces",
    "check",
    "is_possible",
]
