"""The bytes of an ONNX file, and the name of a constant in it → its numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lookalike.graphs.protobuf import fields, messages

_MODEL_GRAPH, _GRAPH_CONSTANT = 7, 5
_TENSOR_NAME, _TENSOR_CONTENT = 8, 9


def constant(model: bytes, name: str) -> NDArray[np.float32] | None:
    """The numbers (n,) of a constant that the graph holds as raw float32, in their order; None
    where there is no such constant. Its shape is for the caller to know."""
    for tensor in messages(memoryview(model), _MODEL_GRAPH, _GRAPH_CONSTANT):
        held = dict(fields(tensor))
        if bytes(held.get(_TENSOR_NAME, b"")) == name.encode() and _TENSOR_CONTENT in held:
            return np.frombuffer(held[_TENSOR_CONTENT], "<f4").astype(np.float32)
    return None
