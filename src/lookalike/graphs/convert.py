"""Published weights → the ONNX graph whose one output, ``embedding``, is the vector of a picture.

Needs ``onnx`` (and ``safetensors`` for `VggFc1`), which a library's everyday use does not: the
result is kept, and these packages are imported only where a graph is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import MissingExtraError, WeightsError
from lookalike.models import CutAndPool, ModelCard, VggFc1

if TYPE_CHECKING:
    import onnx

INSTALL = 'pip install "onnx>=1.17" "safetensors>=0.5"'

_OPSET = 13
_IR_VERSION = 8
# torchvision and timm number a VGG's layers: a convolution, its ReLU, sometimes a max pooling.
_STEP, _STEP_WITH_POOLING = 2, 3

_USED = ("features.", "pre_logits.fc1.")

Tensors = Mapping[str, NDArray[np.float32]]


def needs_conversion(card: ModelCard) -> bool:
    """Whether the published file has to become another graph first."""
    return isinstance(card.recipe, CutAndPool | VggFc1)


def check_installed(card: ModelCard) -> None:
    """Raise `MissingExtraError` now, rather than after a long download."""
    try:
        import onnx  # noqa: F401
        import safetensors  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"The model {card.name!r} is converted on this machine, which needs two more "
            f"packages: run {INSTALL} and try again."
        ) from error


def convert(card: ModelCard, published: Path, target: Path) -> None:
    """Write the graph of a card that `needs_conversion` to ``target``.

    Raises `MissingExtraError` without the packages, `WeightsError` for weights of another form.
    """
    check_installed(card)
    import onnx

    try:
        if isinstance(card.recipe, CutAndPool):
            model = _cut_and_pool(onnx.load(published), card.recipe.tensor, card)
        else:
            model = _vgg_fc1(_read_safetensors(published), card)
        onnx.checker.check_model(model)
        target.write_bytes(model.SerializeToString(deterministic=True))
    except (onnx.checker.ValidationError, KeyError, ValueError) as error:
        raise WeightsError(
            f"The weights of {card.name!r} do not have the form that its card says: {error}."
        ) from error


def _cut_and_pool(model: onnx.ModelProto, tensor: str, card: ModelCard) -> onnx.ModelProto:
    """The nodes that ``tensor`` (n, dim, h, w) depends on, and its average over h and w."""
    from onnx import helper

    nodes, used = _ancestors(model.graph, tensor)
    nodes += [
        helper.make_node("GlobalAveragePool", [tensor], ["pooled"], name="pooled"),
        helper.make_node("Flatten", ["pooled"], [card.output], name=card.output, axis=1),
    ]
    constants = [constant for constant in model.graph.initializer if constant.name in used]
    names = {constant.name for constant in constants}
    inputs = [value.name for value in model.graph.input if value.name in used - names]
    if len(inputs) != 1:
        raise ValueError(f"the tensor {tensor!r} depends on {len(inputs)} inputs, not on one")
    return _model(card, inputs[0], nodes, constants, opsets=model.opset_import)


def _ancestors(graph: onnx.GraphProto, tensor: str) -> tuple[list[onnx.NodeProto], set[str]]:
    used, nodes = {tensor}, []
    # The nodes of a valid graph stand in topological order.
    for node in reversed(graph.node):
        if used.intersection(node.output):
            nodes.append(node)
            used.update(node.input)
    if not nodes:
        raise ValueError(f"there is no tensor {tensor!r}")
    return nodes[::-1], used


def _read_safetensors(path: Path) -> Tensors:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            names = [name for name in file.keys() if name.startswith(_USED)]  # noqa: SIM118
            return {name: file.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise ValueError(f"not a safetensors file ({error})") from error


def _vgg_fc1(tensors: Tensors, card: ModelCard) -> onnx.ModelProto:
    """A VGG of any widths, up to its first fully connected layer and the ReLU behind it.

    ``features.<n>.weight`` (out, in, 3, 3) are the convolutions; where the numbers of two
    neighbours lie three apart, a 2x2 max pooling stands between them, and one stands at the end.
    ``pre_logits.fc1.weight`` is (dim, channels, side, side), as timm stores it.
    """
    layers = _Layers()
    numbers = _convolutions(tensors)
    out, side = "image", card.preprocess.size
    for number, following in pairwise([*numbers, numbers[-1] + _STEP_WITH_POOLING]):
        name = f"features.{number}"
        pad = tensors[f"{name}.weight"].shape[2] // 2
        out = layers.add("Conv", out, name, tensors, pads=[pad] * 4)
        out = layers.add("Relu", out, f"{name}.relu")
        if following - number == _STEP_WITH_POOLING:
            out = layers.add("MaxPool", out, f"{name}.pool", kernel_shape=[2, 2], strides=[2, 2])
            side //= 2
    out = layers.add("Flatten", out, "flat", axis=1)
    out = layers.add("Gemm", out, "fc1", _fully_connected(tensors, side), transB=1)
    layers.add("Relu", out, card.output)
    return _model(card, "image", layers.nodes, layers.constants)


def _convolutions(tensors: Tensors) -> list[int]:
    names = (re.fullmatch(r"features\.(\d+)\.weight", name) for name in tensors)
    numbers = sorted(int(match[1]) for match in names if match)
    if not numbers:
        raise ValueError("there is no tensor features.<n>.weight")
    for number, following in pairwise(numbers):
        if following - number not in (_STEP, _STEP_WITH_POOLING):
            raise ValueError(f"features.{number} and features.{following} are no neighbours")
    for number in numbers:
        if tensors[f"features.{number}.weight"].ndim != 4:
            raise ValueError(f"features.{number} is no convolution")
    return numbers


def _fully_connected(tensors: Tensors, side: int) -> Tensors:
    weight, bias = tensors["pre_logits.fc1.weight"], tensors["pre_logits.fc1.bias"]
    if weight.ndim != 4 or weight.shape[2:] != (side, side):
        raise ValueError(f"pre_logits.fc1 of shape {weight.shape} does not take {side}x{side}")
    return {"fc1.weight": weight.reshape(len(weight), -1), "fc1.bias": bias}


class _Layers:
    """Nodes and constants in the order in which they were added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(
        self, kind: str, source: str, name: str, tensors: Tensors | None = None, **attributes: Any
    ) -> str:
        from onnx import helper, numpy_helper

        inputs = [source]
        for part in ("weight", "bias") if tensors else ():
            value = np.ascontiguousarray(cast(Tensors, tensors)[f"{name}.{part}"], np.float32)
            self.constants.append(numpy_helper.from_array(value, f"{name}.{part}"))
            inputs.append(f"{name}.{part}")
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name


def _model(
    card: ModelCard,
    source: str,
    nodes: list[onnx.NodeProto],
    constants: list[onnx.TensorProto],
    *,
    opsets: Any = None,
) -> onnx.ModelProto:
    from onnx import TensorProto, helper

    side, nchw = card.preprocess.size, card.preprocess.layout == "NCHW"
    shape = ("batch", 3, side, side) if nchw else ("batch", side, side, 3)
    graph = helper.make_graph(
        nodes,
        card.name,
        [helper.make_tensor_value_info(source, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(card.output, TensorProto.FLOAT, ("batch", card.dim))],
        constants,
    )
    return helper.make_model(
        graph,
        producer_name="lookalike",
        ir_version=_IR_VERSION,
        opset_imports=opsets or [helper.make_opsetid("", _OPSET)],
    )
