"""`lookalike.models`: the catalogue's rows, names, and cards that people write themselves."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from pathlib import Path

import pytest

from lookalike.errors import ModelError
from lookalike.image import Preprocess
from lookalike.models import (
    DEFAULT_MODEL,
    CutAndPool,
    Hub,
    LocalFile,
    ModelCard,
    Packaged,
    cards,
    find,
)

CARD = """
name = "flowers"
dim = 8
size = 32
fit = "crop"
short_side = 40
resample = "bilinear"
channels = "BGR"
layout = "NHWC"
mean = [123.68, 116, 103.5]
std = [58.4, 57.1, 57.4]
output = "features"
pooling = "mean"
licence = "CC0-1.0"
"""


def custom(folder: Path, card: str | None = CARD, *, weights: bytes = b"weights") -> Path:
    (folder / "flowers.onnx").write_bytes(weights)
    if card is not None:
        (folder / "flowers.toml").write_text(card, "utf-8")
    return folder / "flowers.onnx"


def test_the_default_comes_first_and_needs_no_download() -> None:
    assert cards()[0].name == DEFAULT_MODEL
    assert isinstance(cards()[0].source, Packaged)


def test_names_are_unique_and_found() -> None:
    names = [card.name for card in cards()]
    assert len(set(names)) == len(names)
    assert all(find(name).name == name for name in names)
    assert {"efficientnet-lite0", "vgg16-conv", "vgg16"} <= set(names)


@pytest.mark.parametrize("card", cards(), ids=lambda card: card.name)
def test_every_row_is_pinned_and_complete(card: ModelCard) -> None:
    assert re.fullmatch("[0-9a-f]{64}", card.sha256)
    assert card.size > 1_000_000
    assert card.licence
    assert card.summary
    assert card.preprocess.fit == "crop" or card.preprocess.short_side is None


def test_words_go_with_a_text_tower() -> None:
    for card in cards():
        takes_words = card.words is not None or card.classifier is not None
        assert card.abilities == (("pictures", "words") if takes_words else ("pictures",))
    assert find("clip-vit-b32").abilities == ("pictures", "words")
    assert find("vgg16").abilities == ("pictures",)


def test_those_that_average_regions_explain() -> None:
    explain = {card.name for card in cards() if card.explains}
    assert explain == {"efficientnet-lite0-int8", "efficientnet-lite0", "vgg16-conv"}


def test_a_card_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        cards()[0].dim = 3  # type: ignore[misc]


def test_identities_differ_between_models() -> None:
    assert len({card.identity for card in cards()}) == len(cards())


def test_identity_follows_the_vector_space_only() -> None:
    card = find("vgg16-conv")
    assert dataclasses.replace(card, name="other", summary="other").identity == card.identity
    squashed = dataclasses.replace(card.preprocess, resample="bilinear")
    changes: list[ModelCard] = [
        dataclasses.replace(card, preprocess=squashed),
        dataclasses.replace(card, recipe=CutAndPool("another tensor")),
        dataclasses.replace(card, pooling="mean"),
        dataclasses.replace(card, output="logits"),
        dataclasses.replace(card, source=Hub("a/b", "main", "c.onnx", "0" * 64, 1)),
    ]
    assert card.identity not in {changed.identity for changed in changes}


def test_an_unknown_name_lists_the_names() -> None:
    with pytest.raises(ModelError, match=r"no model 'resnet'.*efficientnet-lite0.*clip-vit-b32"):
        find("resnet")


def test_a_model_of_ones_own(tmp_path: Path) -> None:
    path = custom(tmp_path)
    card = find(path)
    assert card.preprocess == Preprocess(
        size=32,
        fit="crop",
        resample="bilinear",
        channels="BGR",
        layout="NHWC",
        mean=(123.68, 116.0, 103.5),
        std=(58.4, 57.1, 57.4),
        short_side=40,
    )
    assert (card.name, card.dim, card.output, card.pooling) == ("flowers", 8, "features", "mean")
    assert card.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert card.source == LocalFile(str(path), card.sha256, len(b"weights"))
    assert find(str(path)) == card


def test_other_weights_are_another_space(tmp_path: Path) -> None:
    first = find(custom(tmp_path)).identity
    assert find(custom(tmp_path, weights=b"other")).identity != first


@pytest.mark.parametrize("ending", [".data", "_data"])
def test_weights_in_a_second_file_count(tmp_path: Path, ending: str) -> None:
    path = custom(tmp_path)
    alone = find(path)
    path.with_name(path.name + ending).write_bytes(b"more")
    both = find(path)
    assert both.identity != alone.identity
    assert both.size == alone.size + 4


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model file .*absent\.onnx"):
        find(tmp_path / "absent.onnx")


def test_a_missing_card_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no card: write one beside it, 'flowers\.toml'.*pooling"):
        find(custom(tmp_path, None))


def test_a_card_that_is_no_toml(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"'flowers\.toml' cannot be read as TOML"):
        find(custom(tmp_path, "name = flowers"))


FIELDS = re.findall(r"^(\w+) =", CARD, re.MULTILINE)


@pytest.mark.parametrize("field", [field for field in FIELDS if field != "short_side"])
def test_each_missing_field_is_named(tmp_path: Path, field: str) -> None:
    card = re.sub(rf"^{field} = .*$", "", CARD, flags=re.MULTILINE)
    with pytest.raises(ModelError, match=rf"lacks {field}: add it"):
        find(custom(tmp_path, card))


def test_an_unknown_field_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has colour, which means nothing here"):
        find(custom(tmp_path, CARD + 'colour = "RGB"\n'))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", '""', "a text that is not empty"),
        ("name", '"vgg16"', "belongs to a model of Lookalike's"),
        ("dim", "0", "a whole number from 1"),
        ("dim", "true", "a whole number from 1"),
        ("size", "224.0", "a whole number from 1"),
        ("fit", '"stretch"', "one of squash, crop, pad"),
        ("resample", '"nearest"', "one of bicubic, bilinear, lanczos"),
        ("channels", '"rgb"', "one of RGB, BGR"),
        ("layout", '["NCHW"]', "one of NCHW, NHWC"),
        ("mean", "127", "three numbers"),
        ("mean", '[1, 2, "3"]', "three numbers"),
        ("mean", "[1, 2, nan]", "three numbers"),
        ("std", "[0.229, 0.224, 0.225]", "for values of 0 to 255"),
        ("std", "[0, 1, 1]", "for values of 0 to 255"),
        ("output", "3", "a text that is not empty"),
        ("pooling", '"max"', "one of none, mean, cls"),
        ("licence", '" "', "a text that is not empty"),
        ("short_side", "16", "at least size"),
    ],
)
def test_each_wrong_field_is_named(tmp_path: Path, field: str, value: str, sentence: str) -> None:
    card = re.sub(rf"^{field} = .*$", f"{field} = {value}", CARD, flags=re.MULTILINE)
    with pytest.raises(ModelError, match=rf"'flowers\.toml' has {field} = .*{sentence}"):
        find(custom(tmp_path, card))
