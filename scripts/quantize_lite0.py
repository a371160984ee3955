"""The shipped EfficientNet-Lite0 and the sample photographs → its int8 form, which is shipped, too.

    python -m scripts.quantize_lite0 [--output FILE]

Needs ``onnx``, and the packages that carry the photographs (see ``gather_samples``). Weights become
whole numbers of 7 bits, with a scale for each channel; what passes between two layers becomes one
of 8 bits, with the range that it has over the photographs. The first convolution and the average
at the end stay float32, which costs no time. The classifier is left out, as nothing reads it here.
The graph takes the pixels of pictures as they lie in memory, bytes of (n, 224, 224, 3): what is
normalised here nobody has to normalise before.

The method is ONNX Runtime's static quantisation. Processors without VNNI add pairs of products in
16 bits: these overflow with weights of 8 bits and cannot with 7. The same versions of the packages
give the same bytes; the script prints the SHA-256 that belongs on the model's card.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from lookalike.encoder import runtime
from lookalike.models import find
from lookalike.weights import fetch
from scripts.gather_samples import samples
from scripts.reference_vectors import squashed

OUTPUT = Path(__file__).parents[1] / "src" / "lookalike" / "data" / "efficientnet-lite0-int8.onnx"
FIRST = "_conv_stem"
LAYERS = ["Conv", "Clip", "Add"]
AT_ONCE = 16
STEPS = 64
"""Ranges are rounded to this part of one: their last digits depend on the processor."""

Array = NDArray[np.float32]


def quantized(folder: Path) -> bytes:
    """The int8 form; ``folder`` takes what is made on the way.

    Raises ModuleNotFoundError where a package with photographs is not installed.
    """
    runtime()
    from onnxruntime import quantization

    whole, prepared, ranges, made = (
        folder / name for name in ("whole.onnx", "prepared.onnx", "ranges.json", "made.onnx")
    )
    onnx.save(without_classifier(onnx.load(fetch(find("efficientnet-lite0")))), whole)
    quantization.shape_inference.quant_pre_process(whole, prepared, skip_symbolic_shape=True)
    save_ranges(prepared, ranges)
    quantization.quantize_static(
        prepared,
        made,
        calibration_cache_path=ranges,
        op_types_to_quantize=LAYERS,
        nodes_to_exclude=[FIRST],
        quant_format=quantization.QuantFormat.QDQ,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        calibrate_method=quantization.CalibrationMethod.MinMax,
        per_channel=True,
        reduce_range=True,
    )
    return serialised(taking_bytes(onnx.load(made)))


def without_classifier(model: onnx.ModelProto) -> onnx.ModelProto:
    graph = model.graph
    (classifier,) = [node for node in graph.node if "logits" in node.output]
    for name in classifier.input[1:]:
        graph.initializer.remove(next(one for one in graph.initializer if one.name == name))
    graph.output.remove(next(one for one in graph.output if one.name == "logits"))
    graph.node.remove(classifier)
    return model


def taking_bytes(model: onnx.ModelProto) -> onnx.ModelProto:
    """The first convolution sees the values less their mean; their deviation, a power of two, goes
    into its weights, so that the vectors stay the same to the last digit."""
    graph, how = model.graph, find("efficientnet-lite0").preprocess
    (first,) = [node for node in graph.node if node.name == FIRST]
    (weight,) = [one for one in graph.initializer if one.name == first.input[1]]
    scaled = numpy_helper.to_array(weight) / np.float32(how.std[0])
    weight.CopyFrom(numpy_helper.from_array(scaled, weight.name))
    graph.initializer.append(numpy_helper.from_array(np.array(how.mean[0], np.float32), "mean"))
    del graph.input[:]
    shape: tuple[str | int, ...] = ("n", how.size, how.size, 3)
    graph.input.append(helper.make_tensor_value_info("image", TensorProto.UINT8, shape))
    first.input[0] = "centred"
    steps = (
        helper.make_node("Transpose", ["image"], ["planes"], name="planes", perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["planes"], ["values"], name="values", to=TensorProto.FLOAT),
        helper.make_node("Sub", ["values", "mean"], ["centred"], name="centred"),
    )
    for step in reversed(steps):
        graph.node.insert(0, step)
    return model


def save_ranges(network: Path, file: Path) -> None:
    """The least and the greatest number of every tensor over the photographs, rounded, as JSON."""
    from onnxruntime.quantization import calibrate

    calibrator = calibrate.create_calibrator(
        network, LAYERS, augmented_model_path=str(network.with_name("augmented.onnx"))
    )
    calibrator.collect_data(Calibration())
    ranges = calibrator.compute_data()
    for name, found in ranges.items():
        least, most = (np.round(end * STEPS) / STEPS for end in found.range_value)
        ranges[name] = calibrate.TensorData(lowest=least, highest=most)
    calibrate.save_tensors_data(ranges, file)


class Calibration:
    """The photographs as the network takes them, handed out as the calibrator asks for them."""

    def __init__(self) -> None:
        self._batches = batches()

    def get_next(self) -> dict[str, Array] | None:
        return next(({"image": batch} for batch in self._batches), None)


def batches() -> Iterator[Array]:
    files = [sample.source for sample in samples()]
    for start in range(0, len(files), AT_ONCE):
        yield np.stack([prepared(file) for file in files[start : start + AT_ONCE]])


def prepared(file: Path) -> Array:
    with Image.open(file) as picture:
        pixels = squashed(picture.convert("RGB"))
    return np.ascontiguousarray((pixels - 127) / 128, np.float32).transpose(2, 0, 1)


def serialised(model: Any) -> bytes:
    """The model's bytes, without the operators' domains and the notes that it has no use for."""
    used = {node.domain for node in model.graph.node}
    opsets = [opset for opset in model.opset_import if opset.domain in used]
    del model.opset_import[:], model.metadata_props[:]
    model.opset_import.extend(opsets)
    model.graph.name = "efficientnet-lite0-int8"
    model.producer_name, model.producer_version = "lookalike", ""
    model.doc_string += "; int8 by scripts/quantize_lite0.py"
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    output = parser.parse_args().output
    with tempfile.TemporaryDirectory() as folder:
        content = quantized(Path(folder))
    output.write_bytes(content)
    print(f"{output.name}: {len(content)} bytes, {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
