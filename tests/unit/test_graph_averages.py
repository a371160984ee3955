"""`lookalike.graphs.averages`: an ONNX file read without ``onnx``, against what ``onnx`` says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from lookalike.graphs import averaged, with_output
from lookalike.models import find
from lookalike.weights import fetch
from tests.small_models import (
    MAP_DIM,
    averaging_graph,
    kernel_of_regions,
    linear_graph,
    map_of_regions,
    save_graph,
)


@pytest.mark.parametrize("average", ["GlobalAveragePool", "ReduceMean"])
def test_the_tensor_before_the_average_is_found(tmp_path: Path, average: str) -> None:
    model = averaging_graph(tmp_path / "a.onnx", average=average).read_bytes()
    assert averaged(model, "vectors") == "map"
    assert averaged(model, "pooled") == "map"


def test_what_is_no_average_is_none(tmp_path: Path) -> None:
    model = averaging_graph(tmp_path / "a.onnx").read_bytes()
    assert averaged(model, "map") is None
    assert averaged(model, "pixels") is None
    assert averaged(model, "unheard of") is None
    linear = linear_graph(tmp_path / "b.onnx", np.ones((48, 2), np.float32)).read_bytes()
    assert averaged(linear, "vectors") is None


def test_the_average_of_the_pixels_is_none_that_says_anything(tmp_path: Path) -> None:
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ("n", 3, 8, 8))
    made = helper.make_tensor_value_info("mean", TensorProto.FLOAT, ("n", 3, 1, 1))
    node = helper.make_node("GlobalAveragePool", ["pixels"], ["mean"])
    file = save_graph(tmp_path / "mean.onnx", [node], [pixels], [made], {})
    assert averaged(file.read_bytes(), "mean") is None


@pytest.mark.parametrize("name", ["efficientnet-lite0-int8", "efficientnet-lite0"])
def test_the_shipped_models_average_their_last_features(name: str) -> None:
    content = fetch(find(name)).read_bytes()
    found = averaged(content, "embedding")
    model = onnx.load_from_string(content)
    (average,) = (one for one in model.graph.node if one.op_type == "GlobalAveragePool")
    assert found == average.input[0]


def test_a_graph_that_gives_one_more_output_is_what_onnx_would_write(tmp_path: Path) -> None:
    content = averaging_graph(tmp_path / "a.onnx").read_bytes()
    expected = onnx.load_from_string(content)
    expected.graph.output.append(onnx.ValueInfoProto(name="map"))
    more = with_output(content, "map")
    assert onnx.load_from_string(more) == expected
    assert with_output(more, "map") == more
    batch = np.random.default_rng(1).standard_normal((3, 3, 8, 8), np.float32)
    session = onnxruntime.InferenceSession(more)
    vectors, found = session.run(["vectors", "map"], {"pixels": batch})
    assert found.shape == (3, MAP_DIM, 2, 2)
    np.testing.assert_allclose(found.transpose(0, 2, 3, 1), map_of_regions(batch), atol=1e-4)
    np.testing.assert_allclose(found.mean((2, 3)), vectors, atol=1e-6)


def test_long_names_are_read_and_written(tmp_path: Path) -> None:
    long = "a tensor whose name is longer than seven bits can count/" * 400
    kernel = kernel_of_regions()
    nodes = [
        helper.make_node("Conv", ["pixels", "kernel"], [long], strides=[4, 4]),
        helper.make_node("GlobalAveragePool", [long], ["vectors"]),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ("n", 3, 8, 8))
    made = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ("n", MAP_DIM, 1, 1))
    file = save_graph(tmp_path / "a.onnx", nodes, [pixels], [made], {"kernel": kernel})
    assert averaged(file.read_bytes(), "vectors") == long
    more = onnx.load_from_string(with_output(file.read_bytes(), long))
    assert [one.name for one in more.graph.output] == ["vectors", long]
