"""Words → pictures: one question, asked in Python and over REST, of a model with two towers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lookalike import Library, models
from lookalike.library import Words
from tests.pictures import make_jpeg, textured
from tests.served import client_of
from tests.two_towers import two_towers


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """Five pictures, indexed with a model that a hub of this machine serves."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for seed in range(5):
        (pictures / f"{seed}.jpg").write_bytes(make_jpeg(textured(seed=seed)))
    with two_towers(tmp_path, monkeypatch) as (_, card):
        monkeypatch.setattr("lookalike.models.CARDS", (*models.cards(), card))
        with Library.open(tmp_path / "library", model=card.name, create=True) as library:
            library.index(pictures)
            yield library


def test_words_find_pictures_in_order_of_the_cosine(library: Library) -> None:
    from lookalike.encoder import Encoder

    query = Encoder.load(library.card).encode_words(["Red flower"])[0]
    records, embeddings = library.embeddings()
    cosines = embeddings @ query
    hits = library.search(Words("Red flower"), k=3)
    order = np.argsort(-cosines)[:3]
    assert [hit.path for hit in hits] == [records[at].path for at in order]
    assert [hit.score for hit in hits] == pytest.approx(cosines[order], abs=1e-5)


def test_rest_agrees_with_python(library: Library) -> None:
    answer = client_of(library).post("/api/search", json={"words": "flower", "k": 4}).get_json()
    expected = library.search(Words("flower"), k=4)
    assert answer["query"] == {"words": "flower"}
    assert [hit["path"] for hit in answer["hits"]] == [hit.path for hit in expected]
    assert [hit["score"] for hit in answer["hits"]] == [hit.score for hit in expected]


@pytest.mark.parametrize("body", [{}, {"id": 1, "words": "x"}, {"words": " "}, {"words": 1}])
def test_a_question_that_is_none(body: dict[str, object], tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", create=True) as library:
        assert client_of(library).post("/api/search", json=body).status_code == 400
