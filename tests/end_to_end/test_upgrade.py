"""`lookalike upgrade`: real models, real processes, killed on the way → the library goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.running import POSIX, checked, index, refused, run, search, start
from tests.pictures import make_jpeg, textured

OTHER = "efficientnet-lite0"
PRESENT = "efficientnet-lite0-int8"
MANY = 64


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Enough pictures to stop in the middle of them."""
    folder = tmp_path / "many"
    folder.mkdir()
    for seed in range(MANY):
        (folder / f"{seed:02}.jpg").write_bytes(make_jpeg(textured(96, 72, seed=seed)))
    return folder


@contextmanager
def building(library: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A build that has come some way."""
    process = start("upgrade", "build", OTHER, "--library", library, "--json")
    try:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "progress" and event["done"]:
                break
        yield process
    finally:
        process.kill()
        process.communicate()


def test_build_compare_switch_and_back(pictures: Path, library: Path) -> None:
    index(pictures, library)
    at = ("--library", library)
    query = pictures / "one.jpg"
    before = search(query, library).json["hits"]
    assert "Nothing lies beside" in run("upgrade", "status", *at).out
    built = run("upgrade", "build", OTHER, *at).out
    assert built.startswith(f"3 vectors of {OTHER} added")
    assert built.endswith(f'lookalike upgrade compare "{OTHER}"\n')
    said = run("upgrade", "status", *at).out
    assert f"present  {PRESENT} (1280 numbers for each picture): 3 pictures\n" in said
    assert f"beside   {OTHER} (1280 numbers for each picture): 3 pictures\n" in said
    compared = run("upgrade", "compare", *at).out
    assert f"are the same with {PRESENT} and {OTHER}" in compared
    pair = run("upgrade", "compare", "--like", query, "-k", "2", *at, "--json").json
    assert (pair["shared"], pair["picture"]["path"]) == (2, str(query))
    assert [hit["id"] for hit in pair["present"]["hits"]] == [hit["id"] for hit in before[1:]]
    shown = run("upgrade", "compare", "--like", query, *at).out
    assert "2 are the same, marked with =" in shown
    switched = run("upgrade", "switch", OTHER, *at).out
    assert switched.startswith(f"3 pictures are compared by {OTHER} from now on")
    assert f'lookalike upgrade switch "{PRESENT}" goes back.' in switched
    assert run("stats", *at, "--json").json["model"] == OTHER
    found = search(query, library).json["hits"]
    assert [hit["id"] for hit in found[1:]] == [hit["id"] for hit in pair["other"]["hits"]]
    assert "PROBLEM" not in run("doctor", *at).out
    run("upgrade", "switch", PRESENT, *at)
    assert search(query, library).json["hits"] == before
    assert run("upgrade", "drop", OTHER, *at).out == f"The vectors of {OTHER} are deleted.\n"
    assert run("upgrade", "status", *at, "--json").json["beside"] == []


def test_labels_say_which_is_better(many: Path, library: Path, tmp_path: Path) -> None:
    index(many, library)
    run("upgrade", "build", OTHER, "--library", library)
    labels = tmp_path / "labels.csv"
    rows = [f"{at:02}.jpg,{'even' if at % 2 == 0 else 'odd'}" for at in range(MANY)]
    labels.write_text("\n".join(["file,label", *rows]), "utf-8")
    told = run("upgrade", "compare", "--labels", labels, "--library", library, "--json").json
    plain = run("eval", labels, "--library", library, "--json").json
    assert told["judged"]["present"] == plain
    said = run("upgrade", "compare", "--labels", labels, "--library", library).out
    assert "By the file, 64 pictures have a label" in said
    assert f"{plain['map']:.3f}" in said


def test_a_killed_build_is_continued(many: Path, library: Path) -> None:
    index(many, library)
    before = search(many / "00.jpg", library).json["hits"]
    with building(library) as process:
        process.kill()
        process.wait()
    (beside,) = run("upgrade", "status", "--library", library, "--json").json["beside"]
    assert 0 < beside["images"] < MANY
    assert beside["images"] + beside["missing"] == MANY
    why = refused("upgrade", "switch", OTHER, "--library", library)
    assert f"{beside['missing']} pictures have no vector of {OTHER} yet" in why
    assert search(many / "00.jpg", library).json["hits"] == before
    done = run("upgrade", "build", OTHER, "--library", library, "--json").events[-1]
    assert (done["event"], done["added"], done["missing"]) == ("built", beside["missing"], 0)
    run("upgrade", "switch", OTHER, "--library", library)
    assert "PROBLEM" not in run("doctor", "--library", library).out


@POSIX
def test_ctrl_c_says_how_to_go_on(many: Path, library: Path) -> None:
    index(many, library)
    with building(library) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        done = checked(process.returncode, out, err, 130)
    assert done.err == "Stopped: the same command goes on from here.\n"
    assert "none yet" not in run("upgrade", "build", OTHER, "--library", library).out


def test_the_library_is_searched_and_indexed_while_vectors_are_built(
    many: Path, library: Path
) -> None:
    index(many, library)
    before = search(many / "00.jpg", library).json["hits"]
    with building(library) as process:
        assert search(many / "00.jpg", library).json["hits"] == before
        (many / "new.jpg").write_bytes(make_jpeg(textured(96, 72, seed=99)))
        assert index(many, library)["added"] == 1
        out, err = process.communicate()
        checked(process.returncode, out, err, 0)
    told = run("upgrade", "build", OTHER, "--library", library).out
    assert told.startswith(f"1 vector of {OTHER} added")


def test_what_does_not_fit_gets_one_sentence(pictures: Path, library: Path, tmp_path: Path) -> None:
    at = ("--library", library)
    assert "There is no library" in refused("upgrade", "status", *at)
    index(pictures, library)
    assert "There is no model 'nonsense'" in refused("upgrade", "build", "nonsense", *at)
    for command in ("build", "compare", "switch", "drop"):
        assert f"{PRESENT} is the present model" in refused("upgrade", command, PRESENT, *at)
    for command in ("compare", "switch", "drop"):
        why = refused("upgrade", command, OTHER, *at)
        assert f"no vectors of {OTHER} beside the present ones" in why
    assert "Name a model" in refused("upgrade", "compare", *at)
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9", "PIP_RETRIES": "0", "HF_HUB_OFFLINE": "1"}
    assert "dinov2-small" in refused("upgrade", "build", "dinov2-small", *at, env=_with(nowhere))
    assert run("upgrade", "status", *at, "--json").json["beside"] == []
    both = ("--like", pictures / "one.jpg", "--labels", tmp_path)
    assert "leave one out" in run("upgrade", "compare", *both, *at, status=2).err


def _with(more: dict[str, str]) -> dict[str, str]:
    closed = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    return {**os.environ, **closed, **more}
