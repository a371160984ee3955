"""The real command, as a person and as a program use it: every command, every contract."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lookalike
from tests.end_to_end.running import (
    COMMAND,
    PATIENCE,
    POSIX,
    checked,
    index,
    run,
    search,
    start,
)
from tests.pictures import exif, make_jpeg, textured

CAT = "animals/cat.png"
EVALUATION = ["queries", "p_at_1", "p_at_10", "p_at_30", "map"]
ESCAPE = "\x1b"


# ---- index


def test_the_version_is_printed() -> None:
    assert run("--version").out == f"lookalike, version {lookalike.__version__}\n"


def test_a_second_index_touches_only_what_changed(pictures: Path, library: Path) -> None:
    shutil.copytree(pictures / "sub", pictures / "more")
    for number in (3, 4):
        (pictures / f"{number}.jpg").write_bytes(make_jpeg(textured(seed=number)))
    first = index(pictures, library)
    assert (first["added"], first["unchanged"]) == (6, 0)
    again = index(pictures, library)
    assert (again["added"], again["unchanged"], again["images_per_second"]) == (0, 6, 0)

    (pictures / "3.jpg").rename(pictures / "sub" / "a new name.jpg")
    (pictures / "4.jpg").unlink()
    (pictures / "two.jpg").write_bytes(make_jpeg(textured(width=333, seed=12)))
    (pictures / "five.jpg").write_bytes(make_jpeg(textured(seed=5)))
    done = run("index", pictures, "--library", library, "--json")
    report = done.events[-1]
    counts = {name: report[name] for name in ("added", "changed", "moved", "removed", "unchanged")}
    assert counts == {"added": 1, "changed": 1, "moved": 1, "removed": 1, "unchanged": 3}
    told = {
        Path(event["path"]).name: event["action"]
        for event in done.events
        if event["event"] == "indexed"
    }
    assert told == {
        "five.jpg": "added",
        "two.jpg": "changed",
        "a new name.jpg": "moved",
        "4.jpg": "removed",
    }
    found = search(pictures / "two.jpg", library, "-k", "1")
    assert found.json["hits"][0]["width"] == 333


def test_index_in_words_says_what_it_did_and_what_it_left_out(
    pictures: Path, library: Path
) -> None:
    (pictures / "list.jpg").write_text("bread, cheese", encoding="utf-8")
    (pictures / ".hidden.jpg").write_bytes(make_jpeg())
    (pictures / "raw").mkdir()
    (pictures / "raw" / "x.jpg").write_bytes(make_jpeg())
    command = ("index", pictures, "--library", library)
    done = run(*command, "--exclude", "raw", "--exclude", "sub/*")
    lines = done.out.splitlines()
    assert re.fullmatch(r"2 added \([\d.]+ s\)\.", lines[0])
    assert lines[1] == "1 skipped:"
    assert lines[2] == f"  {pictures / 'list.jpg'}: is not a picture (its content is text)"
    assert done.err == ""
    again = run(*command, "--exclude", "raw", "--exclude", "sub/*").out.splitlines()
    assert again[1].startswith("1 skipped before and not changed since: `lookalike stats")
    done = run(*command, "--hidden", "--retry")
    assert re.match(r"3 added, 2 unchanged \(.*\)\.\n1 skipped:\n", done.out)


# ---- search


@pytest.fixture
def twins(pictures: Path, library: Path) -> Path:
    for name in ("b twin.jpg", "a twin.jpg", "sub/c twin.jpg"):
        shutil.copy(pictures / "one.jpg", pictures / name)
    index(pictures, library)
    return library


def test_search_json_is_as_the_design_says(pictures: Path, twins: Path) -> None:
    query = pictures / "two.jpg"
    answer = search(query, twins).json
    assert list(answer) == ["query", "verdict", "reason", "hits"]
    assert answer["verdict"] == "the same picture"
    assert answer["query"] == str(query)
    hits = answer["hits"]
    assert all({"path", "score", "distance", "verdict"} <= set(hit) for hit in hits)
    assert len(hits) == 6
    assert hits[0]["path"] == str(query)
    assert hits[0]["score"] == pytest.approx(1, abs=1e-5)
    assert hits[0]["distance"] == pytest.approx(0, abs=1e-3)
    for hit in hits:
        assert hit["distance"] == pytest.approx(math.sqrt(max(0, 2 - 2 * hit["score"])), abs=2e-3)
    assert hits == sorted(hits, key=lambda hit: (-hit["score"], hit["path"]))
    alike = [hit for hit in hits if "twin" in hit["path"] or hit["path"].endswith("one.jpg")]
    assert len({hit["score"] for hit in alike}) == 1
    names = [Path(hit["path"]).relative_to(pictures).as_posix() for hit in alike]
    assert names == ["a twin.jpg", "b twin.jpg", "one.jpg", "sub/c twin.jpg"]


def test_a_tie_at_the_last_place_is_broken_by_path_too(pictures: Path, twins: Path) -> None:
    done = search(pictures / "one.jpg", twins, "-k", "2")
    assert done.paths == [str(pictures / "a twin.jpg"), str(pictures / "b twin.jpg")]


def test_a_picture_may_come_from_standard_input(photographs: Path, shared: Path) -> None:
    done = search("-", shared, "-k", "1", input=(photographs / CAT).read_bytes())
    assert done.json["query"] == "-"
    assert done.paths == [str(photographs / CAT)]
    assert done.scores[0] > 0.9999


def test_a_picture_of_the_library_is_a_query_even_if_its_file_is_gone(
    pictures: Path, library: Path
) -> None:
    index(pictures, library)
    before = search(pictures / "one.jpg", library)
    (pictures / "one.jpg").unlink()
    whole = search(pictures / "one.jpg", library)
    relative = search("one.jpg", library)
    assert whole.json["hits"] == relative.json["hits"] == before.json["hits"][1:]


def test_search_prints_a_row_a_line_into_a_pipe(photographs: Path, shared: Path) -> None:
    done = run("search", CAT, "-k", "2", "--library", shared, cwd=photographs)
    head, first, second = done.out.splitlines()
    assert head.split() == ["score", "distance", "verdict", "picture"]
    assert first.split()[:3] == ["1", "1.000", "0.000"]
    assert first.rstrip().endswith(str(Path(CAT)))
    assert second.split()[0] == "2"
    assert ESCAPE not in done.out


def test_the_library_comes_from_the_environment(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKALIKE_LIBRARY", str(shared))
    assert run("stats", "--json").json["folder"] == str(shared)


def test_without_a_library_named_it_lies_in_the_users_data(pictures: Path, home: Path) -> None:
    run("index", pictures)
    where = Path(run("stats", "--json").json["folder"])
    assert where.is_relative_to(home)
    assert (where / "library.sqlite").is_file()


@pytest.fixture
def dated(pictures: Path, library: Path) -> Path:
    """The three pictures of the folder, and two with a date, a camera and a format of their own."""
    block = exif(taken="2024:02:29 10:11:12", make="Acme", model="Box 1")
    (pictures / "sub" / "dated.jpg").write_bytes(make_jpeg(textured(90, 80, seed=8), exif=block))
    block = exif(taken="2024:03:01 00:00:00", make="Other", model="7")
    (pictures / "dated too.jpg").write_bytes(make_jpeg(textured(seed=9), exif=block))
    textured(500, 400, seed=10).save(pictures / "large.png")
    index(pictures, library)
    return library


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ([], "dated too.jpg, large.png, one.jpg, sub/dated.jpg, sub/three.jpg, two.jpg"),
        (["--exact"], "dated too.jpg, large.png, one.jpg, sub/dated.jpg, sub/three.jpg, two.jpg"),
        (["--folder", "sub"], "sub/dated.jpg, sub/three.jpg"),
        (["--folder", "../pictures/sub/"], "sub/dated.jpg, sub/three.jpg"),
        (["--format", "png"], "large.png"),
        (["--format", "png", "--format", "jpg", "--folder", "sub"], "sub/dated.jpg, sub/three.jpg"),
        (["--from", "2024"], "dated too.jpg, sub/dated.jpg"),
        (["--from", "2024", "--to", "2024-02-29"], "sub/dated.jpg"),
        (["--to", "2024-03-01"], "dated too.jpg, sub/dated.jpg"),
        (["--camera", "aCME box"], "sub/dated.jpg"),
        (["--min-side", "400"], "large.png"),
        (["--camera", "o", "--format", "jpeg", "--folder", ".", "--from", "2024-03"],
         "dated too.jpg"),
        (["--folder", "sub", "--format", "png"], ""),
        (["--folder", "nowhere"], ""),
    ],
)  # fmt: skip
def test_filters_choose_the_answers(
    pictures: Path, dated: Path, options: list[str], wanted: str
) -> None:
    done = search("one.jpg", dated, *options, cwd=pictures)
    found = sorted(Path(path).relative_to(pictures).as_posix() for path in done.paths)
    assert found == [name for name in wanted.split(", ") if name]
    assert done.scores == sorted(done.scores, reverse=True)


def test_a_filter_that_nothing_passes_is_told_in_one_sentence(pictures: Path, dated: Path) -> None:
    ask = ("search", pictures / "one.jpg", "--library", dated)
    sentence = "No picture passes the filters: widen them, or leave one out.\n"
    assert run(*ask, "--camera", "no such").out == sentence
    run("forget", pictures, "--library", dated)
    assert "holds no other pictures yet" in run(*ask, "--camera", "no such").out


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--from", "May"], 1, "Error: 'May' is no date: write it as 2024, 2024-05 or 2024-05-31."),
        (["--to", "2023-02-29"], 1, "'2023-02-29' is no date"),
        (["--min-side", "0"], 2, "--min-side"),
        (["--folder", ""], 2, "is empty: name a file or a folder."),
    ],
)
def test_a_filter_that_does_not_fit(
    pictures: Path, shared: Path, options: list[str], status: int, said: str
) -> None:
    done = run("search", pictures / "one.jpg", "--library", shared, *options, status=status)
    assert said in done.err
    assert done.out == ""


# ---- stretches of the answers, how scores lie, counts


def test_stretches_put_together_are_the_whole_answer(photographs: Path, shared: Path) -> None:
    picture = photographs / "animals" / "cat.png"
    whole = search(picture, shared, "-k", "100", "--exact").json
    assert set(whole) == {"query", "verdict", "reason", "hits"}
    found: list[dict[str, Any]] = []
    at: int | None = 0
    while at is not None:
        part = search(picture, shared, "-k", "5", "--offset", str(at)).json
        assert part["total"] == 13
        found += part["hits"]
        at = part["next"]
    assert found == whole["hits"]
    lines = run("search", picture, "--library", shared, "-k", "2", "--offset", "3").out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["4", "5"]
    assert lines[3] == "13 answers; --offset 5 goes on."
    beyond = run("search", picture, "--library", shared, "--offset", "13").out.splitlines()
    assert beyond == ["There are no answers from there on: take a smaller --offset.", "13 answers."]


def test_how_the_scores_of_all_pictures_lie(photographs: Path, shared: Path) -> None:
    picture = photographs / "animals" / "cat.png"
    ask = ("--distribution", "-k", "13")
    told = search(picture, shared, *ask).json
    spread = told["distribution"]
    assert (spread["low"], spread["high"], len(spread["counts"])) == (-1.0, 1.0, 200)
    bins = [min((round(hit["score"] * 10**6) + 10**6) // 10**4, 199) for hit in told["hits"]]
    assert spread["counts"] == [bins.count(at) for at in range(200)]
    lines = run("search", picture, "--library", shared, *ask).out.splitlines()
    assert lines[14] == "score from"
    rows = [line.split() for line in lines[15:-1]]
    assert len(rows) <= 26
    assert sum(int(row[1]) for row in rows) == 13
    assert [float(row[0]) for row in rows] == sorted((float(row[0]) for row in rows), reverse=True)
    assert lines[-1] == "13 answers."


def test_facets_say_what_each_filter_would_give(pictures: Path, dated: Path) -> None:
    told = run("facets", "--library", dated, "--json").json
    assert told["images"] == 6
    assert told["formats"] == [{"value": "JPEG", "images": 5}, {"value": "PNG", "images": 1}]
    assert told["taken"] == [
        {"value": "2024-02", "images": 1}, {"value": "2024-03", "images": 1}
    ]  # fmt: skip
    for choice in told["folders"]:
        ask = ("--folder", choice["value"], "-k", "100")
        assert len(search(pictures / "one.jpg", dated, *ask).paths) == choice["images"]
    narrower = ("--folder", "sub", "--format", "jpg", "--min-side", "10")
    told = run("facets", "--library", dated, *narrower, "--json", cwd=pictures).json
    assert told["images"] == 2
    assert told["formats"] == [{"value": "JPEG", "images": 2}]
    assert [choice["images"] for choice in told["folders"]] == [5, 2]


def test_facets_in_words(pictures: Path, dated: Path) -> None:
    lines = run("facets", "--library", dated, "--camera", "acme").out.splitlines()
    assert lines[0] == "1 picture passes."
    at = lines.index("--camera")
    assert [line.split(None, 1) for line in lines[at + 1 : at + 3]] == [
        ["1", "Acme Box 1"], ["1", "Other 7"]
    ]  # fmt: skip
    assert lines[lines.index("--folder") + 1].split(None, 1) == ["1", str(pictures)]
    assert run("facets", "--library", dated, "--format", "bmp", "--from", "2030").out == (
        "0 pictures pass.\n"
    )


# ---- stats, doctor, forget, models


def test_stats_say_what_there_is_and_what_was_skipped(pictures: Path, library: Path) -> None:
    (pictures / "empty.jpg").touch()
    index(pictures, library)
    stats = run("stats", "--library", library, "--json").json
    assert stats.pop("bytes") > 10_000
    assert stats == {
        "images": 3,
        "skipped": 1,
        "roots": [str(pictures)],
        "model": "efficientnet-lite0-int8",
        "dim": 1280,
        "folder": str(library),
        "indexing": None,
        "index": {"cells": 0, "probes": 0, "recall": 1.0, "saved": 3, "waiting": 0},
        "words": "labels",
    }
    words = run("stats", "--library", library).out
    exact = r"search +every picture is compared \(exact\)"
    assert "waiting" not in words
    for line in (r"pictures +3", r"skipped +1", exact, r"model +efficientnet-lite0-int8 .*1280"):
        assert re.search(line, words), words
    assert str(pictures) in words
    skipped = run("stats", "--library", library, "--skipped").out.splitlines()
    assert skipped == [f"{pictures / 'empty.jpg'}: is empty (0 bytes)", "1 skipped."]
    listed = run("stats", "--library", library, "--skipped", "--json").json["skipped_files"]
    assert listed == [{"path": str(pictures / "empty.jpg"), "reason": "is empty (0 bytes)"}]


def test_doctor_says_what_is_wrong_with_its_status(pictures: Path, library: Path) -> None:
    index(pictures, library)
    good = run("doctor", "--library", library)
    assert all(line.startswith("ok ") for line in good.out.splitlines()), good.out
    told = run("doctor", "--library", library, "--json").json
    assert told["sound"] is True
    assert {one["standing"] for one in told["findings"]} == {"ok"}
    assert {"decoders", "vector", "index", "files"} <= {one["check"] for one in told["findings"]}
    (pictures / "one.jpg").unlink()
    wrong = [
        line
        for line in run("doctor", "--library", library, status=1).out.splitlines()
        if line.startswith("PROBLEM")
    ]
    assert len(wrong) == 1
    assert "1 of 3 pictures" in wrong[0]
    pictures.rename(pictures.with_name("elsewhere"))
    moved = run("doctor", "--library", library, status=1).out
    assert re.search(r"PROBLEM .*is not there, so its 3 pictures can be found but not shown", moved)


def test_doctor_looks_at_the_machine_where_there_is_no_library(library: Path) -> None:
    none = run("doctor")
    assert "JPEG" in none.out
    assert "make one with `lookalike index FOLDER`" in none.out
    named = run("doctor", "--library", library, "--json", status=1).json
    assert [one["check"] for one in named["findings"] if one["standing"] != "ok"] == ["store"]
    library.mkdir()
    (library / "library.sqlite").write_bytes(b"no library" * 100)
    damaged = run("doctor", "--library", library, status=1)
    assert damaged.out.splitlines()[-1].startswith("PROBLEM  ")
    assert "is damaged or not a library" in damaged.out


def test_a_library_survives_a_moved_folder_and_forgets_one(pictures: Path, library: Path) -> None:
    index(pictures, library)
    elsewhere = pictures.rename(pictures.with_name("elsewhere"))
    report = index(elsewhere, library)
    assert (report["moved"], report["added"]) == (3, 0)
    forgotten = run("forget", elsewhere, "--library", library)
    assert forgotten.out == "3 pictures left the library; the files are where they were.\n"
    assert (elsewhere / "one.jpg").is_file()
    stats = run("stats", "--library", library, "--json").json
    assert (stats["images"], stats["roots"]) == (0, [])


def test_models_are_listed_with_what_they_are_and_can_do() -> None:
    rows = run("models", "--json").json
    by_name = {row["name"]: row for row in rows}
    assert rows[0]["name"] == "efficientnet-lite0-int8"
    assert rows[0]["here"] is True
    assert by_name["vgg16"]["dim"] == 4096
    assert by_name["vgg16-conv"]["dim"] == 512
    assert "words" in by_name["clip-vit-b32"]["abilities"]
    keys = {"name", "summary", "dim", "size", "licence", "here", "abilities", "explains"}
    assert all(set(row) == keys for row in rows)
    words = run("models").out
    for row in rows:
        line = next(line for line in words.splitlines() if line.split()[0] == row["name"])
        assert line.split()[1] == str(row["dim"])
        assert row["licence"] in words
    assert max(map(len, words.splitlines())) <= 80


# ---- eval


def test_eval_by_folder_prints_the_four_figures(shared: Path) -> None:
    figures = run("eval", "--library", shared, "--json", "--by-class").json
    assert list(figures) == [*EVALUATION, "by_class"]
    assert figures["queries"] == 11  # people and vehicles have one picture each
    assert all(0 < figures[name] <= 1 for name in EVALUATION[1:])
    assert [row["label"] for row in figures["by_class"]] == [
        *("animals", "buildings", "campus", "flowers", "garden")
    ]
    lines = run("eval", "--library", shared, "--by-class").out.splitlines()
    assert [line.split()[0] for line in lines] == [
        *("label", "animals", "buildings", "campus", "flowers", "garden", "all")
    ]
    assert lines[-1].split()[1:3] == ["11", f"{figures['p_at_1']:.3f}"]


def test_eval_with_a_csv_leaves_out_what_has_no_label(shared: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    rows = [
        ("filename", "label"),
        ("campus/campus 01.png", "campus"),
        ("campus/campus 02.png", "campus"),
        ("tomatoes 01.png", "tomato"),
        ("garden/tomatoes 03.png", "tomato"),
    ]
    with labels.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    figures = run("eval", labels, "--library", shared, "--json").json
    assert list(figures) == EVALUATION
    assert figures == {"queries": 4, "p_at_1": 1, "p_at_10": 0.1, "p_at_30": 0.033333, "map": 1}


def test_eval_draws_the_same_queries_from_the_same_seed(shared: Path) -> None:
    command = ("eval", "--library", shared, "--json", "--by-class", "--queries", "3", "--seed")
    drawn = [run(*command, seed).json for seed in ("1", "1", "2")]
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0]["queries"] == 3


# ---- export, import


def test_features_go_out_and_come_back(photographs: Path, shared: Path, tmp_path: Path) -> None:
    folder, matrix = tmp_path / "features", tmp_path / "all.npy"
    done = run("export", "--library", shared, "--numpy", folder, "--matrix", matrix)
    assert done.out.startswith("13 features are in ")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert (folder / f"{CAT}.npy") in files
    assert len(files) == 13
    rows = np.load(matrix)
    paths = json.loads(matrix.with_suffix(".json").read_text("utf-8"))
    assert (rows.shape, rows.dtype) == ((13, 1280), np.float32)
    for path, row in zip(paths, rows, strict=True):
        one = np.load(folder / f"{path}.npy")
        assert one.dtype == np.float32
        assert np.array_equal(one, row)
    expected = search(photographs / CAT, shared).json
    for number, (source, model) in enumerate(
        [(folder, []), (matrix, ["--model", "efficientnet-lite0-int8"])]
    ):
        library = tmp_path / f"library {number}"
        told = run("import", source, photographs, "--library", library, *model)
        assert told.out.startswith("13 added (")
        assert without_ids(search(photographs / CAT, library).json) == without_ids(expected)


def without_ids(answer: dict[str, Any]) -> dict[str, Any]:
    hits = [{key: hit[key] for key in ("path", "score", "distance")} for hit in answer["hits"]]
    return {**answer, "hits": hits}


# ---- terminals, pipes and Ctrl-C


def many_pictures(folder: Path, number: int) -> Path:
    folder.mkdir()
    content = [make_jpeg(textured(seed=seed)) for seed in range(8)]
    for name in range(number):  # a comment after the end makes each its own content
        (folder / f"{name:04}.jpg").write_bytes(content[name % 8] + b"%d" % name)
    return folder


@POSIX
def test_ctrl_c_ends_it_with_one_line_and_the_next_run_goes_on(
    tmp_path: Path, library: Path
) -> None:
    folder = many_pictures(tmp_path / "many", 64)
    process = start("index", folder, "--library", library, "--json")
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        told.append(json.loads(line))
        if told[-1]["event"] == "progress" and told[-1]["done"]:
            process.send_signal(signal.SIGINT)
            break
    out, err = process.communicate(timeout=PATIENCE)
    done = checked(process.returncode, out, err, 130)
    assert done.err.count("\n") == 1
    kept = int(re.match(r"Stopped: (\d+) pictures are in the library", done.err)[1])  # type: ignore[index]
    assert 16 <= kept < 64
    report = index(folder, library)
    assert report["unchanged"] == kept
    assert report["added"] == 64 - kept
    assert run("stats", "--library", library, "--json").json["images"] == 64


@POSIX
def test_ctrl_c_ends_any_command_with_130(shared: Path) -> None:
    process = start("search", "-", "--library", shared, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(
        bytes(1 << 20)
    )  # more than a pipe holds: it is reading once this is through
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    done = checked(process.returncode, out, err, 130)
    assert done.err.count("\n") <= 1


def on_a_terminal(*arguments: str | Path, columns: int = 80) -> tuple[int, str]:
    """Run the command on a pseudo-terminal; returns its status and all that it drew."""
    import fcntl
    import pty
    import struct
    import termios

    terminal, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color"}
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdin=inside, stdout=inside, stderr=inside, env=environment
    )
    os.close(inside)
    drawn, until = b"", time.monotonic() + PATIENCE
    while time.monotonic() < until and select.select([terminal], [], [], PATIENCE)[0]:
        try:
            drawn += os.read(terminal, 1 << 16)
        except OSError:  # nobody holds the other side any more
            break
    os.close(terminal)
    return process.wait(timeout=PATIENCE), drawn.decode("utf-8")


@POSIX
def test_on_a_terminal_a_bar_shows_the_speed_and_the_time_left(
    tmp_path: Path, library: Path
) -> None:
    folder = many_pictures(tmp_path / "many", 40)
    status, drawn = on_a_terminal("index", folder, "--library", library)
    assert status == 0
    assert re.search(r"\d images/s", drawn)
    assert "/40" in drawn
    assert " left" in drawn
    assert ESCAPE in drawn
    assert re.search(r"40 added \([\d.]+ s, [\d,]+ images/s\)\.\r\n$", drawn)


@POSIX
def test_a_terminal_is_not_asked_for_what_it_is_not_there_for(
    photographs: Path, shared: Path
) -> None:
    status, drawn = on_a_terminal(
        "search", photographs / CAT, "-k", "3", "--no-previews", "--library", shared
    )
    assert status == 0
    assert "\x1b[c" not in drawn
    assert drawn.count("\n") >= 4


@POSIX
def test_without_a_terminal_nothing_is_drawn(tmp_path: Path, library: Path) -> None:
    folder = many_pictures(tmp_path / "many", 20)
    done = run("index", folder, "--library", library)
    assert done.err == ""
    assert ESCAPE not in done.out
    assert done.out.count("\n") == 1


@POSIX
@pytest.mark.parametrize("arguments", [("search", "-k", "13"), ("search", "--json"), ("eval",)])
def test_a_reader_that_leaves_early_is_no_error(
    photographs: Path, shared: Path, arguments: tuple[str, ...]
) -> None:
    command, *options = arguments
    query = [photographs / CAT] if command == "search" else []
    process = start(command, *query, *options, "--library", shared)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=PATIENCE)
    assert err == b""


# ---- what nobody asked for


def test_nothing_is_counted_or_kept_for_anybody_else(tmp_path: Path, pictures: Path) -> None:
    """ONNX Runtime would write a number for this machine into the home, and send it away."""
    home = tmp_path / "a new home"
    home.mkdir()
    folders = {name: str(home) for name in ("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA")}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "ORT_", "LOOKALIKE"))}
    run("index", pictures, "--library", tmp_path / "library", env={**kept, **folders})
    assert list(home.rglob("*")) == []
