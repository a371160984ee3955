"""What every test starts from: a home of its own, real photographs, a browser if there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import tasks
from scripts.gather_samples import gather

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # for tests that import ONNX Runtime themselves

HOMES = ("HOME", "USERPROFILE")
DATA_FOLDERS = (
    *("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"),
    *("APPDATA", "LOCALAPPDATA", "WIN_PD_OVERRIDE_APPDATA", "WIN_PD_OVERRIDE_LOCAL_APPDATA"),
)
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")
PIP_SETTINGS = (
    *("~/.config/pip/pip.conf", "~/.pip/pip.conf", "~/pip/pip.ini"),
    *("~/Library/Application Support/pip/pip.conf", "~/AppData/Roaming/pip/pip.ini"),
)
PHOTOGRAPHS = (
    "animals/butterfly.jpg",
    "animals/cat.png",
    "buildings/church.jpg",
    "buildings/eiffel tower 01.png",
    "buildings/eiffel tower 02.png",
    "campus/campus 01.png",
    "campus/campus 02.png",
    "flowers/bed 01.png",
    "flowers/bed 05.png",
    "garden/tomatoes 01.png",
    "garden/tomatoes 03.png",
    "people/astronaut.png",
    "vehicles/rocket.jpg",
)


@pytest.fixture(scope="session", autouse=True)
def _session_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fixtures that live for the whole session have a home that is not the user's, too."""
    with pytest.MonkeyPatch.context() as patch:
        _keep_package_index(patch)
        _move_in(patch, tmp_path_factory.mktemp("home"))
        yield


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder for this test alone; no setting of Lookalike's is in its environment."""
    folder = tmp_path_factory.mktemp("home")
    _move_in(monkeypatch, folder)
    return folder


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 13 real photographs in folders by subject. Read it, never change it."""
    folder = tmp_path_factory.mktemp("photographs")
    gather(folder, PHOTOGRAPHS)
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what drives a browser where none is."""
    if tasks.browser() is None:
        skip = pytest.mark.skip(reason="no Chromium with its chromedriver on this machine")
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(skip)


def _move_in(patch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in SCREENS:  # no test opens a window of your file manager
        patch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith("LOOKALIKE_")]:
        patch.delenv(name)
    for name in HOMES:
        patch.setenv(name, str(folder))
    for name in DATA_FOLDERS:
        patch.setenv(name, str(folder / name.lower()))


def _keep_package_index(patch: pytest.MonkeyPatch) -> None:
    """Tests that fetch a package do so as the user's own settings of pip say."""
    found = [file for name in PIP_SETTINGS if (file := Path(name).expanduser()).is_file()]
    if found and "PIP_CONFIG_FILE" not in os.environ:
        patch.setenv("PIP_CONFIG_FILE", str(found[0]))
