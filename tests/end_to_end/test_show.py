"""`lookalike show`: a picture of the library → what the command prints, for people and tools."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.end_to_end.running import index, run
from tests.openers import ONLY_XDG, Opener
from tests.pictures import full_exif, make_jpeg, textured


@pytest.fixture
def rose(pictures: Path, library: Path) -> Path:
    """A picture with much to say, in a library."""
    (pictures / "sub" / "rose.jpg").write_bytes(make_jpeg(textured(seed=5), exif=full_exif()))
    index(pictures, library)
    return pictures / "sub" / "rose.jpg"


def test_in_words(rose: Path, library: Path) -> None:
    done = run("show", "sub/rose.jpg", "--library", library)
    assert done.out.splitlines() == [
        f"path          {rose}",
        *(line for line in done.out.splitlines() if line.startswith("number ")),
        "dimensions    240 x 320",
        f"size          {rose.stat().st_size:,} bytes, JPEG",
        *(line for line in done.out.splitlines() if line.startswith("labels ")),
        "taken         2024-02-29 10:11:12",
        "camera        Acme Box 1",
        "lens          Acme Wide 35",
        "exposure      1/250 s, f/2.8, ISO 400, 35 mm (52 mm in 35 mm film), with flash",
        "lies          on its side in the file",
        "place         47.37500° N, 8.54000° E",
        "altitude      408 m",
        "title         Rosé",
        "description   A rose",
        "keywords      red, rose",
        "rating        3 of 5",
        "artist        Ada",
        "copyright     (c) Ada",
        "software      Dark Room 2",
        "profile       sRGB",
    ]
    assert done.err == ""


def test_for_programs_and_when_the_file_is_gone(rose: Path, library: Path) -> None:
    answer = run("show", rose, "--library", library, "--json").json
    assert (answer["path"], answer["trouble"]) == (str(rose), None)
    assert answer["metadata"]["exposure"] == 0.004
    rose.unlink()
    gone = run("show", rose, "--library", library, "--json").json
    assert (gone["camera"], gone["metadata"]) == ("Acme Box 1", None)
    assert "no longer there" in gone["trouble"]
    words = run("show", rose, "--library", library).out
    assert "camera        Acme Box 1\n" in words
    assert "not read      " in words


def test_what_the_library_does_not_hold_is_a_sentence(rose: Path, library: Path) -> None:
    done = run("show", "tulip.jpg", "--library", library, status=1)
    assert done.err.startswith("Error: The library holds no picture tulip.jpg")


@ONLY_XDG
def test_the_folder_is_shown(rose: Path, library: Path, tmp_path: Path) -> None:
    opener = Opener(tmp_path)
    environment = {**os.environ, **opener.environment}
    done = run("show", rose, "--library", library, "--reveal", env=environment)
    assert done.out.startswith("path ")
    assert opener.asked() == [os.fsencode(rose.parent)]
    del environment["DISPLAY"]
    refused = run("show", rose, "--library", library, "--reveal", status=1, env=environment)
    assert refused.err.startswith("Error: No desktop runs here")
