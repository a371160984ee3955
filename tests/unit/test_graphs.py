"""`lookalike.graphs`: graphs made from published weights, against a forward pass in plain NumPy."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from lookalike import graphs
from lookalike.errors import MissingExtraError, WeightsError
from lookalike.models import CutAndPool, ModelCard, find
from tests.small_models import DIM, SIDE, Array, convolve, forward, small_vgg, small_vgg_card


def run(path: Path, batch: Array) -> Array:
    session = onnxruntime.InferenceSession(path)
    (answer,) = session.run(["embedding"], {session.get_inputs()[0].name: batch})
    return np.asarray(answer)


def convert_small_vgg(folder: Path, tensors: dict[str, Array], card: ModelCard) -> Path:
    save_file(tensors, folder / "vgg.safetensors")
    graphs.convert(card, folder / "vgg.safetensors", folder / "vgg.onnx")
    return folder / "vgg.onnx"


def test_a_vgg_from_safetensors_computes_what_numpy_does(tmp_path: Path) -> None:
    tensors = small_vgg()
    path = convert_small_vgg(tmp_path, tensors, small_vgg_card())
    batch = np.random.default_rng(1).standard_normal((3, 3, SIDE, SIDE), np.float32)
    expected = np.stack([forward(tensors, image) for image in batch])
    assert (expected > 0).any()
    np.testing.assert_allclose(run(path, batch), expected, rtol=1e-4, atol=1e-4)


def test_the_same_weights_give_the_same_bytes(tmp_path: Path) -> None:
    first = convert_small_vgg(tmp_path, small_vgg(), small_vgg_card()).read_bytes()
    assert convert_small_vgg(tmp_path, small_vgg(), small_vgg_card()).read_bytes() == first


def test_only_what_the_features_need_is_kept(tmp_path: Path) -> None:
    path = convert_small_vgg(tmp_path, small_vgg(), small_vgg_card())
    names = {constant.name for constant in onnx.load(path).graph.initializer}
    assert names == {
        f"{layer}.{part}"
        for layer in ("features.0", "features.2", "features.5", "features.7", "fc1")
        for part in ("weight", "bias")
    }


def without(name: str) -> dict[str, Array]:
    return {key: value for key, value in small_vgg().items() if key != name}


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        (without("features.5.bias"), r"features\.5\.bias"),
        (without("features.2.weight"), r"features\.0 and features\.5 are no neighbours"),
        (without("pre_logits.fc1.weight"), r"pre_logits\.fc1\.weight"),
        ({"head.fc.weight": np.zeros((2, 2), np.float32)}, r"no tensor features\.<n>\.weight"),
        (small_vgg() | {"features.2.weight": np.ones(4, np.float32)}, "no convolution"),
        (
            small_vgg() | {"pre_logits.fc1.weight": np.ones((DIM, 8, 7, 7), np.float32)},
            "does not take 4x4",
        ),
    ],
)
def test_weights_of_another_form(tmp_path: Path, tensors: dict[str, Array], sentence: str) -> None:
    with pytest.raises(WeightsError, match=f"not have the form that its card says.*{sentence}"):
        convert_small_vgg(tmp_path, tensors, small_vgg_card())
    assert not (tmp_path / "vgg.onnx").exists()


def test_a_file_that_is_no_safetensors(tmp_path: Path) -> None:
    (tmp_path / "vgg.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(WeightsError, match="not a safetensors file"):
        graphs.convert(small_vgg_card(), tmp_path / "vgg.safetensors", tmp_path / "vgg.onnx")


def classifier(folder: Path) -> tuple[Path, Array]:
    """A graph of the form of the published one: NHWC, a convolution, then a classifier."""
    kernel = np.random.default_rng(2).standard_normal((5, 3, 3, 3), np.float32)
    nodes = [
        helper.make_node("Transpose", ["pixels"], ["nchw"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["nchw", "kernel"], ["conv"], pads=[1, 1, 1, 1]),
        helper.make_node("ReduceMean", ["conv"], ["pooled"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["pooled", "classes"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "classifier",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 20, 20, 3])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 2])],
        [
            numpy_helper.from_array(kernel, "kernel"),
            numpy_helper.from_array(np.ones((5, 2), np.float32), "classes"),
        ],
    )
    opsets = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=7), folder / "whole.onnx")
    return folder / "whole.onnx", kernel


def cut_card(tensor: str) -> ModelCard:
    card = find("vgg16-conv")
    preprocess = dataclasses.replace(card.preprocess, size=12)
    return dataclasses.replace(card, dim=5, preprocess=preprocess, recipe=CutAndPool(tensor))


def test_a_cut_graph_gives_the_average_of_the_tensor(tmp_path: Path) -> None:
    path, kernel = classifier(tmp_path)
    graphs.convert(cut_card("conv"), path, tmp_path / "cut.onnx")
    batch = np.random.default_rng(3).standard_normal((2, 12, 12, 3), np.float32)
    expected = [
        convolve(image.transpose(2, 0, 1), kernel, np.zeros(5, np.float32)).mean((1, 2))
        for image in batch
    ]
    np.testing.assert_allclose(run(tmp_path / "cut.onnx", batch), expected, rtol=1e-4, atol=1e-5)
    kept = {constant.name for constant in onnx.load(tmp_path / "cut.onnx").graph.initializer}
    assert kept == {"kernel"}


def test_a_tensor_that_is_not_there(tmp_path: Path) -> None:
    path, _ = classifier(tmp_path)
    with pytest.raises(WeightsError, match="there is no tensor 'absent'"):
        graphs.convert(cut_card("absent"), path, tmp_path / "cut.onnx")


def test_the_packages_are_named_where_they_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r'run pip install "onnx>=1.17" "safetensors>=0.5"'):
        graphs.convert(small_vgg_card(), tmp_path / "a.safetensors", tmp_path / "a.onnx")


def test_which_cards_need_a_conversion() -> None:
    assert graphs.needs_conversion(find("vgg16"))
    assert graphs.needs_conversion(find("vgg16-conv"))
    assert not graphs.needs_conversion(find("efficientnet-lite0"))
    assert not graphs.needs_conversion(find("dinov2-small"))
