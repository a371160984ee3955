"""`lookalike tag`: pictures and labels → marks, which the other commands find and count."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.running import index, refused, run


def test_pictures_are_marked_listed_and_found(pictures: Path, library: Path) -> None:
    index(pictures, library)
    at = ("--library", library)
    assert run("tag", *at).out == "Nothing is marked yet: `lookalike tag PICTURE --add TAG`.\n"
    one, two = pictures / "one.jpg", pictures / "two.jpg"
    done = run("tag", *at, one, two, "--add", "rose", "--add", " for mother ", "--favourite")
    marks = "\n      favourite, #for mother, #rose\n"
    assert done.out == f"{one}{marks}{two}{marks}"
    told = run("tag", *at, two, "--no-favourite", "--remove", "ROSE", "--json").json["pictures"]
    assert [(told[0]["path"], told[0]["favourite"], told[0]["tags"])] == [
        (str(two), False, ["for mother"])
    ]
    assert run("tag", *at).out.split() == [
        *("1", "favourite.", "--tag"), *("2", "for", "mother", "1", "rose")
    ]  # fmt: skip
    hits = run("search", *at, two, "--tag", "Rose", "--favourite", "--json").json["hits"]
    assert [(hit["path"], hit["favourite"], hit["tags"]) for hit in hits] == [
        (str(one), True, ["for mother", "rose"])
    ]
    facets = run("facets", *at, "--tag", "for mother")
    assert facets.out.startswith("2 pictures pass.\n")
    assert "--tag\n         2  for mother\n         1  rose\n" in facets.out
    assert facets.out.endswith("--favourite\n         1\n")


def test_labels_become_tags_and_what_is_none_is_refused(
    pictures: Path, library: Path, tmp_path: Path
) -> None:
    index(pictures, library)
    labels = tmp_path / "labels.csv"
    labels.write_text("filename,label\none.jpg,rose\nsub/three.jpg,tree\ntwo.jpg,tree\n")
    at = ("--library", library)
    done = run("tag", *at, "--from", labels)
    assert done.out == "3 pictures have their labels as a tag; there are 2 different ones.\n"
    told = run("list", *at, "--json").json
    listed = run("list", *at, "--tag", "tree").out
    assert listed.splitlines() == [str(pictures / "sub" / "three.jpg"), str(pictures / "two.jpg")]
    assert {(Path(one["path"]).name, *one["tags"]) for one in told["pictures"]} == {
        ("one.jpg", "rose"), ("three.jpg", "tree"), ("two.jpg", "tree")
    }  # fmt: skip
    first = run("list", *at, "--tag", "tree", "-k", "1", "--json").json
    assert ([one["path"] for one in first["pictures"]], first["total"], first["next"]) == (
        listed.splitlines()[:1], 2, 1
    )  # fmt: skip
    assert run("list", *at, "--tag", "tree", "--offset", "1").out == listed.splitlines()[1] + "\n"
    assert "is no tag" in refused("tag", *at, pictures / "one.jpg", "--add", " ")
    assert "Name the pictures" in run("tag", *at, "--add", "rose", status=2).err
