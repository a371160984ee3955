"""A library that is open here, and is emptied and filled by another model elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from lookalike import Library
from lookalike.errors import ModelMismatchError
from lookalike.exchange import Features
from tests.records import units
from tests.small_libraries import tiny_model, write

NAMES = ("a.png", "b.png", "c.png")
AGAIN = r"now holds embeddings of another model \(.*\): open it again\.$"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "pictures"
    write(folder, *NAMES)
    return folder


@pytest.fixture
def serving(tmp_path: Path, tiny: Path, pictures: Path) -> Iterator[Library]:
    """A library that has answered already, as that of a server."""
    with Library.open(tmp_path / "library", model=tiny, create=True) as opened:
        opened.index(pictures)
        assert len(opened.search(pictures / "a.png")) == len(NAMES)
        yield opened


def _other_weights(folder: Path, pictures: Path, model: Path) -> None:
    with Library.open(folder, model=model, create=True) as other:
        other.index(pictures)


def _other_length(folder: Path, pictures: Path, _: Path) -> None:
    with Library.open(folder, dim=5, create=True) as other:
        other.adopt(Features(NAMES, units(len(NAMES), 5)), pictures)


def _empty(folder: Path, pictures: Path) -> None:
    with Library.open(folder) as other:
        assert other.forget(pictures) == len(NAMES)


@pytest.mark.parametrize("refill", [_other_weights, _other_length])
def test_it_is_told_instead_of_answering_with_scores_that_mean_nothing(
    serving: Library, pictures: Path, tmp_path: Path, refill: Callable[[Path, Path, Path], None]
) -> None:
    _empty(serving.folder, pictures)
    assert serving.search(pictures / "a.png") == []
    assert serving.embeddings()[1].shape == (0, 8)
    refill(serving.folder, pictures, tiny_model(tmp_path, seed=1, name="other"))
    one = serving.records()[0].id
    for ask in (
        lambda: serving.search(pictures / "a.png"),
        lambda: serving.search((pictures / "a.png").read_bytes()),
        lambda: serving.search(one),
        serving.embeddings,
    ):
        with pytest.raises(ModelMismatchError, match=AGAIN):
            ask()
    assert len(serving.records()) == serving.stats().images == len(NAMES)
    assert serving.stats().index is None
    with Library.open(serving.folder) as again:
        assert again.search(one, 1)[0].record.id != one


def test_what_was_put_back_is_found_without_opening_again(
    serving: Library, pictures: Path, tmp_path: Path, tiny: Path
) -> None:
    before = serving.embeddings()[1]
    _empty(serving.folder, pictures)
    _other_length(serving.folder, pictures, tiny)
    with pytest.raises(ModelMismatchError, match=r"\(imported\)"):
        serving.search(pictures / "a.png")
    _empty(serving.folder, pictures)
    _other_weights(serving.folder, pictures, tiny)
    assert serving.search(pictures / "a.png")[0].record.relative == "a.png"
    np.testing.assert_array_equal(serving.embeddings()[1], before)


def test_two_features_of_other_lengths_are_two_models(
    tmp_path: Path, pictures: Path, tiny: Path
) -> None:
    with Library.open(tmp_path / "library", dim=7, create=True) as serving:
        serving.adopt(Features(NAMES, units(len(NAMES), 7)), pictures)
        _empty(serving.folder, pictures)
        _other_length(serving.folder, pictures, tiny)
        with pytest.raises(ModelMismatchError, match=AGAIN):
            serving.search(serving.records()[0].id)


def test_a_library_opened_empty_is_held_to_the_model_it_would_have_taken(
    tmp_path: Path, pictures: Path, tiny: Path
) -> None:
    with Library.open(tmp_path / "library", model=tiny, create=True) as serving:
        _other_weights(serving.folder, pictures, tiny)
        assert len(serving.search(pictures / "a.png")) == len(NAMES)
        _empty(serving.folder, pictures)
        _other_weights(serving.folder, pictures, tiny_model(tmp_path, seed=1, name="other"))
        with pytest.raises(ModelMismatchError, match=r"other.*open it again"):
            serving.search(pictures / "a.png")
