"""The bytes of an ONNX file → the tensor that its vector is the average of, and a graph with both.

An ONNX file is a protocol buffer, of which only a few fields matter here; reading them takes some
lines, and the package ``onnx`` is not there on most machines. Numbers of fields are those of
``onnx.proto``, the encoding is that of https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_OUTPUT = 1, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_KIND = 1, 2, 4
_VALUE_NAME = 1

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_FIXED = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}

_AVERAGES = frozenset(("GlobalAveragePool", "ReduceMean", "AveragePool"))
_SHAPES = frozenset(("Flatten", "Identity", "Reshape", "Squeeze"))


@dataclass(frozen=True, slots=True)
class _Node:
    """One step of a graph: its kind, and the names of the tensors that it takes and gives."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def averaged(model: bytes, output: str) -> str | None:
    """The name of the tensor of which ``output`` is an average, in another shape perhaps.

    None where the graph makes the output in another way. Over what it is averaged is not looked
    at: whoever uses the tensor holds its average against the output.
    """
    nodes = {name: node for node in _nodes(model) for name in node.outputs}
    node = nodes.get(output)
    while node is not None and node.kind in _SHAPES:
        node = nodes.get(node.inputs[0])
    found = node is not None and node.kind in _AVERAGES and node.inputs[0] in nodes
    return node.inputs[0] if node is not None and found else None


def with_output(model: bytes, tensor: str) -> bytes:
    """The same model, which gives that tensor, too.

    Nothing in it has to be written anew: a message that comes twice in a protocol buffer is one,
    and the lists of both are put together.
    """
    names = _texts(model, _MODEL_GRAPH, _GRAPH_OUTPUT, _VALUE_NAME)
    if tensor in names:
        return model
    name = _field(_VALUE_NAME, tensor.encode())
    return model + _field(_MODEL_GRAPH, _field(_GRAPH_OUTPUT, name))


def _nodes(model: bytes) -> Iterator[_Node]:
    for node in _messages(memoryview(model), _MODEL_GRAPH, _GRAPH_NODE):
        fields = list(_fields(node))
        kind, inputs, outputs = (
            tuple(str(value, "utf-8") for number, value in fields if number == wanted)
            for wanted in (_NODE_KIND, _NODE_INPUT, _NODE_OUTPUT)
        )
        yield _Node(kind[0], inputs, outputs)


def _texts(model: bytes, *path: int) -> list[str]:
    return [str(text, "utf-8") for text in _messages(memoryview(model), *path)]


def _messages(content: memoryview, *path: int) -> Iterator[memoryview]:
    """What lies in fields of these numbers, each inside the one before."""
    first, *rest = path
    for number, value in _fields(content):
        if number == first:
            yield from _messages(value, *rest) if rest else (value,)


def _fields(content: memoryview) -> Iterator[tuple[int, memoryview]]:
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


def _field(number: int, content: bytes) -> bytes:
    return _as_varint(number << 3 | _BYTES) + _as_varint(len(content)) + content


def _as_varint(number: int) -> bytes:
    groups = bytearray()
    while number >= 0x80:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])
