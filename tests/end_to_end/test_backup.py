"""The real command copies a library that another process fills, and brings it back."""

from __future__ import annotations

import json
import time
from pathlib import Path

from lookalike import Library
from tests.end_to_end.running import PATIENCE, checked, refused, run, start
from tests.small_libraries import tiny_model, write

NUMBER = 400


def test_a_library_is_copied_while_it_is_filled(tmp_path: Path) -> None:
    """Each copy is of one moment: it holds a prefix of what is committed, in order of path."""
    model, pictures, library = tiny_model(tmp_path), tmp_path / "pictures", tmp_path / "library"
    names = [f"{number:03}.png" for number in range(NUMBER)]
    write(pictures, *names)
    Library.open(library, model=model, create=True).close()
    indexing = start("index", pictures, "--library", library, "--model", model, "--json")
    copies: list[Path] = []
    with Library.open(library, model=model, create=True) as filled:
        end = time.monotonic() + PATIENCE
        while indexing.poll() is None and time.monotonic() < end:
            if filled.count() > 60 * len(copies):
                copies.append(tmp_path / f"{len(copies)}.backup")
                filled.backup(copies[-1])
    checked(indexing.returncode, *indexing.communicate(), 0)
    assert len(copies) > 1
    held = [_restored(copy, tmp_path / f"again {copy.stem}", names) for copy in copies]
    assert held == sorted(held)
    assert held[0] < NUMBER


def _restored(copy: Path, folder: Path, names: list[str]) -> int:
    """How many pictures a copy holds, once it is clear that nothing is wrong with it."""
    Library.restore(copy, folder)
    with Library.open(folder) as library:
        assert [one.text for one in library.check() if not one.good] == []
        found = [record.relative for record in library.records()]
    assert found == names[: len(found)]
    return len(found)


def test_the_commands_say_what_they_did_and_what_to_do(tmp_path: Path) -> None:
    model, pictures, copy = tiny_model(tmp_path), tmp_path / "pictures", tmp_path / "copy.backup"
    write(pictures, "one.png", "two.png")
    with Library.open(tmp_path / "library", model=model, create=True) as library:
        library.index(pictures)
    made = run("backup", copy, "--library", tmp_path / "library")
    head, model_line = made.out.splitlines()
    assert head.startswith(f"The library, 2 pictures, is in {copy} (")
    assert model_line == f"Keep a copy of your model {model} and its card, too: they are not in it."
    assert made.err == ""
    sentence = refused("backup", copy, "--library", tmp_path / "library")
    assert sentence.endswith("is there already: give another name, or --force to replace it.")
    pictures.rename(tmp_path / "elsewhere")
    model.unlink()
    out = run("restore", copy, "--library", tmp_path / "new").out
    assert out.startswith(f"The library in {tmp_path / 'new'} holds 2 pictures (")
    assert "Its model is missing: There is no model file" in out
    assert f"{pictures} is not on this machine: `lookalike index FOLDER` with the place" in out
    again = run("restore", copy, "--library", tmp_path / "new", "--force", "--json").json
    assert (again["images"], again["away"], again["set_aside"]) == (2, [str(pictures)], "")


def test_what_is_no_backup_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(json.dumps({"milk": 1}) * 50)
    sentence = refused("restore", tmp_path / "notes.txt", "--library", tmp_path / "new")
    assert sentence.endswith("so nothing was changed: restore another copy.")
    assert not (tmp_path / "new").exists()
