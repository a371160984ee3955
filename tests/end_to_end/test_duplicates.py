"""`lookalike duplicates`: a folder with copies → what the command prints, for people and tools."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.copies import cropped, scene, write
from tests.end_to_end.running import COMMAND, LINUX, PATIENCE, index, refused, run


@pytest.fixture
def copies(tmp_path: Path, library: Path) -> Path:
    """A folder, which is indexed: two scenes, a crop of the first, an exact copy of the second."""
    folder = tmp_path / "pictures"
    for seed in range(2):
        write(folder, f"{seed}", scene(seed), quality=97)
    write(folder, "crop", cropped(scene(0)))
    shutil.copy(folder / "1.jpg", folder / "twice.jpg")
    os.utime(folder / "1.jpg", (1, 1))
    index(folder, library)
    return folder


def test_groups_in_words(copies: Path, library: Path) -> None:
    done = run("duplicates", "--library", library)
    assert f"keep  {copies / '0.jpg'}\n" in done.out
    assert f"copy  {copies / 'crop.jpg'}\n      288 x 192, " in done.out
    assert ", cropped to 36%\n" in done.out
    assert "(oldest file)" in done.out
    assert ", exact\n" in done.out
    assert done.out.splitlines()[-1].startswith("2 copies in 2 groups; they take ")
    assert done.err == ""


def test_a_search_folds_copies_into_one_answer(copies: Path, library: Path) -> None:
    ask = ("search", copies / "0.jpg", "--library", library, "--fold")
    before = run(*ask).out.splitlines()
    assert before[-2] == "3 answers and 1 copy of them."
    assert before[-1].startswith("4 pictures were not compared for near copies yet: ")
    run("duplicates", "--library", library)
    after = run(*ask).out.splitlines()
    assert after[1].endswith(f"{copies / '0.jpg'}  and 1 copy")
    assert after[-1] == "2 answers and 2 copies of them."
    answer = run(*ask, "--json").json
    assert (answer["total"], answer["folded"], answer["waiting"]) == (2, 2, 0)
    assert [one["path"] for one in answer["hits"][0]["copies"]] == [str(copies / "crop.jpg")]


def test_groups_for_programs(copies: Path, library: Path) -> None:
    answer = run("duplicates", "--library", library, "--json").json
    assert (answer["copies"], answer["waiting"]) == (2, 0)
    told = {group["best"]["path"]: group for group in answer["groups"]}
    assert told.keys() == {str(copies / "0.jpg"), str(copies / "1.jpg")}
    (copy,) = told[str(copies / "0.jpg")]["copies"]
    assert (copy["path"], copy["how"], copy["bytes"]) == (
        str(copies / "crop.jpg"), ["cropped"], (copies / "crop.jpg").stat().st_size
    )  # fmt: skip
    exact = run("duplicates", "--library", library, "--json", "--exact-only").json
    assert [group["why"] for group in exact["groups"]] == ["oldest"]


def test_paths_for_other_tools(copies: Path, library: Path) -> None:
    wanted = {str(copies / "crop.jpg"), str(copies / "twice.jpg")}
    assert set(run("duplicates", "--library", library, "--paths").out.splitlines()) == wanted
    nul = run("duplicates", "--library", library, "--null").out
    assert nul.endswith("\0")
    assert set(nul[:-1].split("\0")) == wanted
    assert all(path.exists() for path in map(Path, wanted))


@LINUX
def test_paths_of_any_bytes_are_the_systems(tmp_path: Path, library: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    one = write(tmp_path, "one", scene(0))
    names = [b"a\nb.jpg", b"caf\xe9.jpg"]
    for name in names:
        shutil.copy(os.fsencode(one), os.path.join(os.fsencode(folder), name))  # noqa: PTH118 - bytes
    index(folder, library)
    command = [*COMMAND, "duplicates", "--library", str(library), "--null", "--exact-only"]
    out = subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE).stdout
    assert out in {os.fsencode(folder) + b"/" + name + b"\0" for name in names}


def test_a_decision_holds_until_it_is_taken_back(copies: Path, library: Path) -> None:
    pair = (copies / "0.jpg", copies / "crop.jpg")
    run("duplicates", "--library", library, "--not-duplicates", *pair)
    assert "1 copy in 1 group" in run("duplicates", "--library", library).out
    listed = run("duplicates", "--library", library, "--decisions", "--json").json
    assert {*listed["not_duplicates"][0]} == {str(one) for one in pair}
    assert "1 said not" in run("duplicates", "--library", library, "--decisions").out
    run("duplicates", "--library", library, "--duplicates-after-all", *pair)
    assert "2 copies in 2 groups" in run("duplicates", "--library", library).out


def test_some_of_the_pictures(copies: Path, library: Path) -> None:
    out = run("duplicates", "--library", library, "--folder", copies.parent / "elsewhere").out
    assert out == "No duplicates were found.\n"


def test_what_cannot_be_compared_is_counted(copies: Path, library: Path) -> None:
    (copies / "crop.jpg").unlink()
    done = run("duplicates", "--library", library)
    assert done.out.splitlines()[-1].startswith("1 picture could not be read and compared: ")


def test_wrong_use_is_said(copies: Path, library: Path) -> None:
    assert "Give one of" in run("duplicates", "--paths", "--json", status=2).err
    sentence = refused("duplicates", "--library", library, "--not-duplicates", copies, "x.jpg")
    assert "The library holds no picture" in sentence
