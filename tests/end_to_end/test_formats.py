"""One scene in a file of every format: all go in, and each finds all the others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.end_to_end.running import Done, run, search
from tests.pictures import dng, every_kind, make_jpeg

FILES = {
    "scene.jpg": "JPEG",
    "scene.png": "PNG",
    "scene.webp": "WEBP",
    "scene.gif": "GIF",
    "scene.bmp": "BMP",
    "scene.tiff": "TIFF",
    "scene.avif": "AVIF",
    "scene.heic": "HEIF",
    "a JPEG named.png": "JPEG",
    "a HEIC named.jpg": "HEIF",
    "a WebP named.txt": "WEBP",
    "UPPER.JPG": "JPEG",
    "Mixed.TiF": "TIFF",
    "no ending": "PNG",
    "sub/two.endings.gif.bmp": "BMP",
}
RAW = {"camera.dng": "RAW", "SECOND.DNG": "RAW", "a DNG named.jpg": "RAW"}


@pytest.fixture(scope="module")
def scene(photographs: Path) -> Image.Image:
    with Image.open(photographs / "animals/cat.png") as photograph:
        return photograph.convert("RGB")


@dataclass(frozen=True)
class Indexed:
    """A library of one scene; ``kinds`` has a file's content for each kind of picture."""

    library: Path
    folder: Path
    names: list[str]
    kinds: dict[str, bytes]
    done: Done


@pytest.fixture(scope="module")
def indexed(scene: Image.Image, tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    top = tmp_path_factory.mktemp("formats")
    folder, library = top / "pictures", top / "library"
    (folder / "sub").mkdir(parents=True)
    kinds = every_kind(scene)
    files = dict(FILES)
    if find_spec("rawpy"):
        kinds["RAW"] = dng(size=(scene.width & ~1, scene.height & ~1), preview=make_jpeg(scene))
        files |= RAW
    for name, kind in files.items():
        (folder / name).write_bytes(kinds[kind])
    (folder / "notes.md").write_text("not a picture, and not named as one", encoding="utf-8")
    done = run("index", folder, "--library", library, "--json")
    return Indexed(library, folder, sorted(files), kinds, done)


def test_every_format_is_indexed(indexed: Indexed) -> None:
    report = indexed.done.events[-1]
    assert report["skipped"] == []
    assert report["added"] == len(indexed.names)


def test_the_events_are_one_json_object_a_line(indexed: Indexed) -> None:
    events = indexed.done.events
    assert indexed.done.err == ""
    assert {event["event"] for event in events} == {"scanned", "progress", "indexed", "report"}
    assert events[-1]["event"] == "report"
    scanned = events[0]
    assert scanned["event"] == "scanned"
    assert scanned["to_read"] == scanned["files"] - 1 == len(indexed.names)
    told = [event["path"] for event in events if event["event"] == "indexed"]
    assert sorted(told) == [str(indexed.folder / name) for name in indexed.names]
    progress = [event for event in events if event["event"] == "progress"]
    assert [one["done"] for one in progress] == sorted(one["done"] for one in progress)
    assert progress[-1]["done"] == progress[-1]["total"] == scanned["to_read"]
    assert progress[-1]["images_per_second"] > 0


def test_every_file_has_nearly_the_same_feature(indexed: Indexed, tmp_path: Path) -> None:
    matrix = tmp_path / "features.npy"
    run("export", "--matrix", matrix, "--library", indexed.library)
    assert json.loads(matrix.with_suffix(".json").read_text("utf-8")) == indexed.names
    features = np.load(matrix)
    cosines = features @ features.T
    closest = {name: float(row.min()) for name, row in zip(indexed.names, cosines, strict=True)}
    assert min(closest.values()) > 0.98, closest


@pytest.mark.parametrize("kind", [*dict.fromkeys(FILES.values()), "RAW"])
def test_a_query_of_every_format_finds_all(indexed: Indexed, kind: str) -> None:
    if kind not in indexed.kinds:
        pytest.skip("rawpy is not installed")
    done = search("-", indexed.library, "-k", "40", input=indexed.kinds[kind])
    assert sorted(done.paths) == [str(indexed.folder / name) for name in indexed.names]
    assert min(done.scores) > 0.98
