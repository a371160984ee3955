"""``lookalike index --parts``, then ``search --view parts``, by the real command."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.end_to_end.running import index, refused, run, search
from tests.scenes import BOX, overlap, write_scene


def test_a_thing_is_found_within_a_picture_and_its_box_searched_with(
    photographs: Path, tmp_path: Path, library: Path
) -> None:
    folder = tmp_path / "pictures"
    cat = write_scene(folder, photographs, count=8)
    index(folder, library)
    within = ("search", cat, "--view", "parts", "--library", library)
    assert refused(*within).startswith("The parts of pictures are not in this library")
    report = index(folder, library, "--parts")
    assert (report["unchanged"], report["parts"]) == (8, 8)
    best = search(cat, library, "--view", "parts").json["hits"][0]
    assert best["path"] == str(folder / "scene.png")
    assert overlap(best["box"], BOX) > 0.35
    table = run(*within).out
    box = next(word for word in table.split() if word.count(",") == 3)
    assert [round(edge, 2) for edge in best["box"]] == [float(edge) for edge in box.split(",")]
    run(*within, "-k", "1", "--save", tmp_path / "found.csv")
    rows = (tmp_path / "found.csv").read_text("utf-8-sig").splitlines()
    (saved,) = csv.DictReader(rows)
    assert (saved["path"], saved["verdict"]) == (best["path"], "not judged")
    assert [float(edge) for edge in saved["box"].split(",")] == best["box"]
    back = search(best["path"], library, "--box", box, "--view", "parts", "-k", "1")
    assert back.json["hits"][0]["path"] == best["path"]
    assert run("views", "--library", library).out == (
        "parts: finds things within pictures, and says where they are.\n"
    )
