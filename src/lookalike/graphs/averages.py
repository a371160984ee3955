"""The bytes of an ONNX file → the tensor that its vector is the average of, and a graph with both.

Numbers of fields are those of ``onnx.proto``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lookalike.graphs.protobuf import field, fields, messages

_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_OUTPUT = 1, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_KIND = 1, 2, 4
_VALUE_NAME = 1

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
    name = field(_VALUE_NAME, tensor.encode())
    return model + field(_MODEL_GRAPH, field(_GRAPH_OUTPUT, name))


def _nodes(model: bytes) -> Iterator[_Node]:
    for node in messages(memoryview(model), _MODEL_GRAPH, _GRAPH_NODE):
        held = list(fields(node))
        kind, inputs, outputs = (
            tuple(str(value, "utf-8") for number, value in held if number == wanted)
            for wanted in (_NODE_KIND, _NODE_INPUT, _NODE_OUTPUT)
        )
        yield _Node(kind[0], inputs, outputs)


def _texts(model: bytes, *path: int) -> list[str]:
    return [str(text, "utf-8") for text in messages(memoryview(model), *path)]
