"""Networks small enough to compute by hand, of the same form as the published ones."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lookalike.models import ModelCard, find

Array = NDArray[np.float32]

# Widths and side of a VGG of the published form, small enough for a loop; 0 is a max pooling.
WIDTHS = (4, 6, 0, 8, 8, 0)
SIDE, DIM = 16, 10
MAP_DIM = 6


def small_vgg(seed: int = 0) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    tensors: dict[str, Array] = {}
    number, channels = 0, 3
    for width in WIDTHS:
        if width == 0:
            number += 1
            continue
        kernel = random.standard_normal((width, channels, 3, 3)) / np.sqrt(9 * channels)
        tensors[f"features.{number}.weight"] = kernel.astype(np.float32)
        tensors[f"features.{number}.bias"] = random.standard_normal(width).astype(np.float32)
        number, channels = number + 2, width
    side = SIDE // 4
    tensors["pre_logits.fc1.weight"] = random.standard_normal(
        (DIM, channels, side, side), np.float32
    )
    tensors["pre_logits.fc1.bias"] = random.standard_normal(DIM, np.float32)
    tensors["pre_logits.fc2.weight"] = random.standard_normal((DIM, DIM, 1, 1), np.float32)
    tensors["head.fc.weight"] = random.standard_normal((5, DIM), np.float32)
    return tensors


def small_vgg_card() -> ModelCard:
    card = find("vgg16")
    preprocess = dataclasses.replace(card.preprocess, size=SIDE, short_side=SIDE)
    return dataclasses.replace(card, dim=DIM, preprocess=preprocess)


def convolve(image: Array, kernel: Array, bias: Array) -> Array:
    """One 3x3 convolution with a border of zeros, (channels, h, w)."""
    _, high, wide = image.shape
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1)))
    out = np.zeros((len(kernel), high, wide), np.float64)
    for row in range(3):
        for column in range(3):
            window = padded[:, row : row + high, column : column + wide]
            out += np.einsum("oc,chw->ohw", kernel[:, :, row, column], window)
    return (out + bias[:, None, None]).astype(np.float32)


def halve(image: Array) -> Array:
    channels, high, wide = image.shape
    out: Array = image.reshape(channels, high // 2, 2, wide // 2, 2).max(axis=(2, 4))
    return out


def forward(tensors: dict[str, Array], image: Array) -> Array:
    """The small VGG up to fc1, after its ReLU."""
    number = 0
    for width in WIDTHS:
        if width == 0:
            image, number = halve(image), number + 1
            continue
        name = f"features.{number}"
        convolved = convolve(image, tensors[f"{name}.weight"], tensors[f"{name}.bias"])
        image, number = np.maximum(convolved, 0), number + 2
    fc1 = np.einsum("dchw,chw->d", tensors["pre_logits.fc1.weight"], image)
    out: Array = np.maximum(fc1 + tensors["pre_logits.fc1.bias"], 0)
    return out


def linear_graph(
    path: Path,
    matrix: Array,
    *,
    source: str = "pixels",
    kind: int = TensorProto.FLOAT,
    shape: tuple[str | int, ...] = ("batch", 3, 4, 4),
    output: str = "vectors",
) -> Path:
    """A graph that flattens its input, as float32, and multiplies it by ``matrix``."""
    nodes = [
        helper.make_node("Cast", [source], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["floats"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "matrix"], [output]),
    ]
    return save_graph(
        path,
        nodes,
        [helper.make_tensor_value_info(source, kind, shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [shape[0], matrix.shape[1]])],
        {"matrix": matrix},
    )


def save_graph(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: dict[str, Array],
) -> Path:
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "small", inputs, outputs, tensors)
    opsets = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def averaging_graph(
    path: Path, *, average: str = "GlobalAveragePool", side: int = 8, output: str = "vectors"
) -> Path:
    """A graph that makes a feature map of 2 x 2 regions by one convolution, and averages it.

    ``output`` may be "map": there is no average then. What it computes is `map_of_regions`.
    """
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ("n", 3, side, side))
    step = side // 2
    nodes = [
        helper.make_node("Conv", ["pixels", "kernel"], ["convolved"], strides=[step, step]),
        helper.make_node("Relu", ["convolved"], ["map"]),
    ]
    how: dict[str, Any] = {"axes": [2, 3]} if average == "ReduceMean" else {}
    shape: tuple[str | int, ...] = ("n", MAP_DIM, 2, 2)
    if output != "map":
        nodes += [
            helper.make_node(average, ["map"], ["pooled"], **how),
            helper.make_node("Flatten", ["pooled"], [output], axis=1),
        ]
        shape = ("n", MAP_DIM)
    made = helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)
    return save_graph(path, nodes, [pixels], [made], {"kernel": kernel_of_regions(side)})


def kernel_of_regions(side: int = 8) -> Array:
    random = np.random.default_rng(5)
    return random.standard_normal((MAP_DIM, 3, side // 2, side // 2), np.float32)


def map_of_regions(batch: Array) -> Array:
    """What the graph computes: (n, 2, 2, MAP_DIM)."""
    kernel = kernel_of_regions(batch.shape[2])
    step = kernel.shape[2]
    patches = batch.reshape(len(batch), 3, 2, step, 2, step)
    out: Array = np.maximum(np.einsum("ncyaxb,dcab->nyxd", patches, kernel), 0)
    return out
