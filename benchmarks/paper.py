"""Pictures → one .npy a picture, as the paper's program does it: one at a time through VGG16.

Its steps are: open with Pillow, resize to 224 x 224, VGG16 up to ``fc1`` (4,096 numbers), divide
by the length, `numpy.save`. Here the network runs in ONNX Runtime on all cores. Its published
weights are half a gigabyte from a hub, so the graph gets random weights of the same shapes: it
does the same operations, and its vectors are of no use.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# VGG16 (Simonyan and Zisserman, 2014), configuration D; 0 is a max pooling
_WIDTHS = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)
_SIDE, _DIM = 224, 4096
_MEAN = np.array((103.939, 116.779, 123.68), np.float32)  # BGR, as Keras takes it away


def make_graph(target: Path) -> Path:
    """Write VGG16 up to fc1 with random weights as an ONNX file of 470 MB."""
    from safetensors.numpy import save_file

    from lookalike import graphs
    from lookalike.models import find

    published = target.with_suffix(".safetensors")
    save_file(_weights(), published)
    graphs.convert(find("vgg16"), published, target)
    published.unlink()
    return target


def _weights() -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(0)

    def layer(out: int, into: int, side: int) -> NDArray[np.float32]:
        # He's scale keeps the numbers from growing or vanishing on their way up.
        scale = np.float32(np.sqrt(2 / (into * side * side)))
        return random.standard_normal((out, into, side, side), np.float32) * scale

    tensors, number, channels = {}, 0, 3
    for width in _WIDTHS:
        if width:
            tensors[f"features.{number}.weight"] = layer(width, channels, 3)
            tensors[f"features.{number}.bias"] = np.zeros(width, np.float32)
            channels = width
        number += 2 if width else 1
    tensors["pre_logits.fc1.weight"] = layer(_DIM, channels, _SIDE >> _WIDTHS.count(0))
    tensors["pre_logits.fc1.bias"] = np.zeros(_DIM, np.float32)
    return tensors


def extract(graph: Path, pictures: Sequence[Path], target: Path) -> float:
    """Run the pipeline over some pictures → seconds; the network is loaded once before."""
    session = _session(graph)
    started = time.perf_counter()
    for picture in pictures:
        _save(session, picture, target)
    return time.perf_counter() - started


def _save(session: Any, picture: Path, target: Path) -> None:
    from PIL import Image

    with Image.open(picture) as opened:
        pixels = np.asarray(opened.convert("RGB").resize((_SIDE, _SIDE)), np.float32)
    batch = np.ascontiguousarray((pixels[:, :, ::-1] - _MEAN).transpose(2, 0, 1)[None])
    (features,) = session.run(None, {session.get_inputs()[0].name: batch})[0]
    np.save(target / f"{picture.stem}.npy", features / np.linalg.norm(features))


@cache
def _session(graph: Path) -> Any:
    from lookalike.encoder import runtime

    return runtime().InferenceSession(graph, providers=["CPUExecutionProvider"])
