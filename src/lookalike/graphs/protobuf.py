"""A protocol buffer → its fields, and messages inside messages; a field → its bytes.

An ONNX file is a protocol buffer, of which only a few fields matter here; reading them takes some
lines, and the package ``onnx`` is not there on most machines. The encoding is that of
https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_FIXED = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}


def messages(content: memoryview, *path: int) -> Iterator[memoryview]:
    """What lies in fields of these numbers, each inside the one before."""
    first, *rest = path
    for number, value in fields(content):
        if number == first:
            yield from messages(value, *rest) if rest else (value,)


def fields(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The numbers and contents of the fields that hold texts, bytes or messages."""
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        kind = key & 7
        if kind == _VARINT:
            _, at = _varint(content, at)
            continue
        length, at = _varint(content, at) if kind == _BYTES else (_FIXED[kind], at)
        if kind == _BYTES:
            yield key >> 3, content[at : at + length]
        at += length


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    """A whole number in groups of seven bits, the lowest first, and where it ends."""
    number = shift = 0
    while True:
        group = content[at]
        number |= (group & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if group < 0x80:
            return number, at


def field(number: int, content: bytes) -> bytes:
    """The bytes of a field that holds a text, bytes or a message."""
    return _as_varint(number << 3 | _BYTES) + _as_varint(len(content)) + content


def _as_varint(number: int) -> bytes:
    groups = bytearray()
    while number >= 0x80:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])
