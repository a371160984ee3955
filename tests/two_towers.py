"""A hub on this machine → a small model of two towers, one for pictures and one for words."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from lookalike.image import Preprocess
from lookalike.models import LocalFile, ModelCard, Pooling, Words
from tests.hub_server import HubServer, hub_server
from tests.small_models import linear_graph

DIM = 5
MATRIX = np.random.default_rng(0).standard_normal((48, DIM), np.float32)
PREPROCESS = Preprocess(
    size=4,
    fit="squash",
    resample="bicubic",
    channels="RGB",
    layout="NCHW",
    mean=(0.0, 0.0, 0.0),
    std=(255.0, 255.0, 255.0),
)


def small_card(path: Path, *, dim: int = DIM, pooling: Pooling = "none") -> ModelCard:
    return ModelCard(
        name="small",
        summary="small",
        dim=dim,
        licence="CC0-1.0",
        preprocess=PREPROCESS,
        source=LocalFile(str(path), "0" * 64, 1),
        output="vectors",
        pooling=pooling,
    )


def tokenizer_json() -> bytes:
    """A tokenizer that knows a few words and ends each text with a token of its own."""
    tokenizers = pytest.importorskip("tokenizers")
    vocabulary = {"[PAD]": 0, "[END]": 1, "[UNK]": 2, "red": 3, "flower": 4, "Red": 5}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="$A [END]", special_tokens=[("[END]", 1)]
    )
    text: str = tokenizer.to_str()
    return text.encode()


LENGTH = 6
TEXT_MATRIX = np.random.default_rng(5).standard_normal((LENGTH, DIM), np.float32)


@contextlib.contextmanager
def two_towers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[HubServer, ModelCard]]:
    """A model of two towers on a hub of this machine."""
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path / "cache"))
    vision = linear_graph(tmp_path / "vision.onnx", MATRIX).read_bytes()
    text = linear_graph(
        tmp_path / "text.onnx",
        TEXT_MATRIX,
        source="input_ids",
        kind=TensorProto.INT64,
        shape=("n", LENGTH),
        output="text_embeds",
    ).read_bytes()
    with hub_server() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        words = Words(
            model=hub.publish("onnx/text_model.onnx", text),
            tokenizer=hub.publish("tokenizer.json", tokenizer_json()),
            output="text_embeds",
            length=LENGTH,
            padding=9,
            lowercase=True,
        )
        source = hub.publish("onnx/vision_model.onnx", vision)
        yield hub, dataclasses.replace(small_card(tmp_path), source=source, words=words)
