"""Real photographs → a library made once by the real command, for every test that only reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.running import index
from tests.pictures import make_jpeg, textured


@pytest.fixture(scope="session")
def shared(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of the thirteen photographs. Read it, never change it."""
    library = tmp_path_factory.mktemp("shared") / "library"
    assert index(photographs, library)["added"] == 13
    return library


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Where this test's own library may lie; nothing is there yet."""
    return tmp_path / "library"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with three small pictures of this test's own."""
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    for number, name in enumerate(("one.jpg", "two.jpg", "sub/three.jpg")):
        (folder / name).write_bytes(make_jpeg(textured(seed=number)))
    return folder
