"""`--save`: what is found, or named → a list, an archive, a contact sheet."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

from tests.end_to_end.running import index, refused, run, search

FLOWER, CAT = "flowers/bed 01.png", "animals/cat.png"


def test_the_answers_to_a_question_go_to_a_file(shared: Path, tmp_path: Path) -> None:
    asked = ("search", FLOWER, "--library", shared, "-k", "3", "--save")
    done = run(*asked, tmp_path / "hits.csv")
    assert done.out == f"3 pictures are in {tmp_path / 'hits.csv'}.\n"
    rows = list(
        csv.DictReader(io.StringIO((tmp_path / "hits.csv").read_text("utf-8-sig"), newline=""))
    )
    printed = search(FLOWER, shared, "-k", "3")
    assert [row["path"] for row in rows] == printed.paths
    assert [float(row["score"]) for row in rows] == printed.scores
    assert [row["verdict"] for row in rows] == [hit["verdict"] for hit in printed.json["hits"]]

    told = run(*asked, tmp_path / "hits.json", "--json").json
    assert told["saved"] == {"file": str(tmp_path / "hits.json"), "pictures": 3, "left_out": []}
    kept = json.loads((tmp_path / "hits.json").read_text())
    assert kept["query"] == printed.json["query"]
    for hit, full in zip(printed.json["hits"], kept["hits"], strict=True):
        assert {name: full[name] for name in hit} == hit

    run(*asked, tmp_path / "hits.pdf")
    assert (tmp_path / "hits.pdf").read_bytes().startswith(b"%PDF-")


def test_pictures_that_are_named_and_all_of_them(shared: Path, tmp_path: Path) -> None:
    done = run("export", CAT, FLOWER, "--library", shared, "--save", tmp_path / "two.zip", "--json")
    assert done.json["pictures"] == 2
    with zipfile.ZipFile(tmp_path / "two.zip") as packed:
        assert packed.testzip() is None
        assert packed.namelist() == ["cat.png", "bed 01.png", "manifest.csv"]
    done = run("export", "--library", shared, "--save", tmp_path / "all.json")
    assert done.out.startswith("13 pictures are in ")
    assert "no picture nowhere.png" in refused(
        "export", "nowhere.png", "--library", shared, "--save", tmp_path / "none.zip"
    )


def test_what_is_gone_is_told(pictures: Path, library: Path, tmp_path: Path) -> None:
    index(pictures, library)
    (pictures / "one.jpg").unlink()
    (pictures / "two.jpg").write_bytes(b"something else")
    done = run("export", "--library", library, "--save", tmp_path / "all.zip")
    first, second, *names = done.out.splitlines()
    assert first == f"1 picture is in {tmp_path / 'all.zip'}."
    assert second == "2 could not be read:"
    assert str(pictures / "one.jpg") in names[0]
    assert "has changed since it was indexed" in names[1]


def test_a_file_that_is_there_is_left_alone(shared: Path, tmp_path: Path) -> None:
    target = tmp_path / "hits.csv"
    target.write_text("precious")
    asked = ("search", CAT, "--library", shared, "--save", target)
    assert "is there already: give another name, or --force" in refused(*asked)
    assert target.read_text() == "precious"
    run(*asked, "--force")
    assert target.read_text("utf-8-sig").startswith("path,folder,name")


def test_wrong_use_is_said(shared: Path, tmp_path: Path) -> None:
    asked = ("search", CAT, "--library", shared, "--save")
    assert "end its name in .csv, .json, .zip, .pdf" in refused(*asked, tmp_path / "hits.txt")
    nothing = refused(*asked, tmp_path / "none.csv", "--min-side", "100000")
    assert nothing == "No picture passes the filters: widen them, or leave one out."
    assert "Say what to write" in run("export", "--library", shared, status=2).err
    assert "go with --save" in run("export", CAT, "--matrix", "m.npy", status=2).err
    assert list(tmp_path.iterdir()) == []
