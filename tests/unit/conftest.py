"""What unit tests share: a model that costs nothing to run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.indexer import Indexer
from tests.small_libraries import tiny_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a custom model with vectors of 8 numbers. Read it, never change it."""
    return tiny_model(tmp_path_factory.mktemp("models"))


@pytest.fixture
def indexer(tmp_path: Path, tiny: Path) -> Iterator[Indexer]:
    """An empty folder, an empty store, and what indexes the one into the other."""
    made = Indexer(tmp_path, tiny)
    yield made
    made.store.close()
