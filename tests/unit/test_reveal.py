"""A file → the opener of the desktop, a real program, with the folder as its one argument."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lookalike import reveal
from lookalike.errors import DesktopError
from tests.openers import ONLY_XDG, Opener

pytestmark = ONLY_XDG


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    folder = tmp_path / "-- $(touch owned) 'a' \"b\"; c"
    folder.mkdir()
    (folder / "one.jpg").touch()
    return folder / "one.jpg"


def test_the_folder_is_one_argument(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener = Opener(tmp_path).move_in(monkeypatch)
    assert reveal.can_reveal()
    reveal.reveal(picture)
    assert opener.asked() == [bytes(picture.parent)]
    assert not (tmp_path / "owned").exists()


def test_an_opener_that_fails_is_told(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Opener(tmp_path, status=3).move_in(monkeypatch)
    with pytest.raises(DesktopError, match=r"ended with 3"):
        reveal.reveal(picture)


def test_an_opener_that_stays_is_not_waited_for(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reveal, "_PATIENCE", 0.3)
    opener = Opener(tmp_path, seconds=5).move_in(monkeypatch)
    begun = time.monotonic()
    reveal.reveal(picture)
    assert time.monotonic() - begun < 3
    assert opener is not None


def test_without_a_desktop_nothing_is_started(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener = Opener(tmp_path).move_in(monkeypatch)
    monkeypatch.delenv("DISPLAY")
    assert not reveal.can_reveal()
    with pytest.raises(DesktopError, match="No desktop"):
        reveal.reveal(picture)
    assert opener.asked() is None


def test_without_an_opener_the_package_is_named(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert not reveal.can_reveal()
    with pytest.raises(DesktopError, match="xdg-utils"):
        reveal.reveal(picture)


def test_an_opener_that_is_no_program_is_told(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Opener(tmp_path).move_in(monkeypatch)
    (tmp_path / "xdg-open").write_text("#!/no/such/interpreter\n")
    with pytest.raises(DesktopError, match="cannot be started"):
        reveal.reveal(picture)
