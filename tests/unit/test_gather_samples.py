"""gather_samples.py: photographs out of installed packages, each once."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from scripts import gather_samples

SCRIPT = Path(gather_samples.__file__)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "sample pictures"
    gather_samples.gather(folder)
    return folder


def pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in {".png", ".jpg"})


def test_there_are_at_least_a_hundred_each_once(everything: Path) -> None:
    contents = {hashlib.sha256(path.read_bytes()).digest() for path in pictures(everything)}
    assert len(pictures(everything)) == len(contents) >= 100


def test_every_one_is_a_picture_in_a_folder_by_subject(everything: Path) -> None:
    for path in pictures(everything):
        assert path.parent.parent == everything
        with Image.open(path) as image:
            assert min(image.size) >= 48, path


def test_every_row_of_the_table_finds_its_file(everything: Path) -> None:
    found = {str(path.relative_to(everything).with_suffix("")) for path in pictures(everything)}
    singles = {
        Path(place) for places in gather_samples.SINGLES.values() for place in places.values()
    }
    series = {Path(f"{place} 02") for place in gather_samples.SERIES}
    assert {str(place) for place in singles | series} <= found


def test_the_note_says_where_each_comes_from(everything: Path) -> None:
    note = (everything / "SOURCES.txt").read_text("utf-8")
    for path in pictures(everything):
        assert f"\n{path.relative_to(everything).as_posix()}: " in note


def test_a_second_run_copies_nothing_but_what_is_missing_or_cut_short(tmp_path: Path) -> None:
    places = ["animals/cat.png", "animals/butterfly.jpg", "sky/moon.png"]
    butterfly, cat, moon = gather_samples.gather(tmp_path, places)
    whole = cat.read_bytes()
    times = butterfly.stat().st_mtime_ns
    cat.write_bytes(whole[:1000])
    moon.unlink()
    gather_samples.gather(tmp_path, places)
    assert cat.read_bytes() == whole
    assert moon.is_file()
    assert butterfly.stat().st_mtime_ns == times


def test_the_script_wants_a_folder() -> None:
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "usage: gather_samples.py FOLDER\n"
