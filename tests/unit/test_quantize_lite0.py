"""quantize_lite0.py: the shipped int8 form comes out of the script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from lookalike.models import find
from lookalike.weights import fetch
from scripts.quantize_lite0 import FIRST, quantized

Constants = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def shipped() -> onnx.ModelProto:
    return onnx.load(fetch(find("efficientnet-lite0-int8")))


def constants(model: onnx.ModelProto) -> Constants:
    return {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}


def layers(model: onnx.ModelProto) -> list[tuple[str, list[str], list[str]]]:
    return [(node.op_type, list(node.input), list(node.output)) for node in model.graph.node]


def test_every_weight_but_those_of_the_first_layer_has_seven_bits(shipped: onnx.ModelProto) -> None:
    held = constants(shipped)
    weights = {name: value for name, value in held.items() if name.endswith(".weight_quantized")}
    assert len(weights) == 48
    assert all(value.dtype == np.int8 for value in weights.values())
    # More would overflow on processors without VNNI.
    assert max(abs(value.astype(int)).max() for value in weights.values()) == 64
    assert held[f"{FIRST}.weight"].dtype == np.float32


@pytest.mark.slow
def test_the_script_makes_what_is_shipped(shipped: onnx.ModelProto, tmp_path: Path) -> None:
    made = onnx.load_from_string(quantized(tmp_path))
    assert layers(made) == layers(shipped)
    # Ranges are measured in float32, and another processor may round one of them otherwise.
    held, new = constants(shipped), constants(made)
    for name, value in held.items():
        if name.endswith(".weight_quantized"):
            np.testing.assert_array_equal(new[name], value)
        elif name.endswith("_scale"):
            np.testing.assert_allclose(new[name], value, rtol=0.02)
