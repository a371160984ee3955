"""A network drive that hangs: the real command tells so and ends, the rest goes on."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike import Library
from lookalike.cli.progress import print_waiting, shown_progress
from lookalike.errors import ImageError
from lookalike.folder import answers
from lookalike.library import Waiting
from lookalike.web.background import BackgroundIndexing
from tests.end_to_end.running import PATIENCE, checked, run, sentence, start
from tests.fuse import Drive, drive
from tests.small_libraries import tiny_model, write


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path)


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[Drive]:
    """A drive with forty pictures."""
    write(tmp_path / "source", *(f"{at:02}.png" for at in range(40)))
    mount = tmp_path / "drive"
    mount.mkdir()
    with drive(tmp_path / "source", mount) as made:
        yield made


def test_a_drive_that_hangs_ends_the_command_and_what_was_before_is_kept(
    hanging: Drive, model: Path, library: Path
) -> None:
    command = ("index", hanging.folder, "--library", library, "--model", model)
    hanging.hang()
    done = run(*command, "--patience", "1", status=1)  # although its thread still hangs
    assert sentence(done.err) == (
        f"The folder {hanging.folder} has not answered for 1 second: see that its disk or network "
        "drive is there, and run the same command again (--patience waits longer); everything up "
        "to here is kept."
    )
    assert not library.exists()
    hanging.free()
    hanging.hang_reads("35.png")
    began = time.monotonic()
    done = run(*command, "--patience", "1", status=1)
    assert time.monotonic() - began < 30
    assert "has not answered for 1 second" in sentence(done.err)
    assert run("stats", "--library", library, "--json").json["images"] >= 16
    hanging.free()
    report = run(*command, "--json").events[-1]
    assert report["added"] + report["unchanged"] == 40
    assert report["unchanged"] >= 16


def test_a_folder_that_is_waited_for_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    print_waiting(Waiting("nas\n", 10.2, 60.0))
    wanted = "Waiting for nas\\n, which has not answered for 10 s: it is given up after 60 s.\n"
    assert capsys.readouterr().err == wanted
    with shown_progress() as tell:
        tell(Waiting("nas", 20.0, 60.0))
    assert "not answered for 20 s" in capsys.readouterr().err.replace("\n", " ")


def test_ctrl_c_ends_the_command_while_a_drive_hangs(
    hanging: Drive, model: Path, library: Path
) -> None:
    hanging.hang_reads("35.png")
    process = start("index", hanging.folder, "--library", library, "--model", model, "--json")
    assert process.stdout is not None
    while json.loads(process.stdout.readline())["event"] != "indexed":
        pass
    time.sleep(0.5)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert time.monotonic() - began < 10
    done = checked(process.returncode, out, err, 130)
    assert done.err.startswith("Stopped: ")
    assert "pictures are in the library" in done.err


def test_a_server_says_why_indexing_stopped(hanging: Drive, model: Path, library: Path) -> None:
    hanging.hang_reads("35.png")
    with Library.open(library, model=model, create=True) as one:
        indexing = BackgroundIndexing(one, [hanging.folder], patience=1.0)
        indexing.start()
        end = time.monotonic() + PATIENCE
        while indexing.trouble() is None and time.monotonic() < end:
            time.sleep(0.05)
        said = f"The folder {hanging.folder} has not answered for 1 second: see that its disk"
        assert (indexing.trouble() or "").startswith(said)
        indexing.stop()
        assert one.count() >= 16


def test_searching_and_other_folders_go_on(
    hanging: Drive, model: Path, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "here", "a.png")
    monkeypatch.setattr(answers, "SHORT", 0.6)
    monkeypatch.setattr(answers, "_MOMENT", 0.2)
    with Library.open(library, model=model, create=True) as one:
        one.index([hanging.folder, tmp_path / "here"])
        away = [record for record in one.records() if record.root == str(hanging.folder)]
        (near,) = (record for record in one.records() if record.root != str(hanging.folder))
        hanging.hang_reads("")
        wanted = "cannot be read: its disk or network drive does not answer"
        for record in away[:3]:
            with pytest.raises(ImageError, match=wanted):
                one.thumbnail(record)
        began = time.monotonic()
        with pytest.raises(ImageError, match=wanted):
            one.original(away[0])
        with pytest.raises(ImageError, match=wanted):
            one.thumbnail(away[3])
        assert time.monotonic() - began < 0.3  # two wait already
        assert one.thumbnail(near)
        hanging.free()
        hanging.hang()
        assert any("does not answer" in finding.text for finding in one.check())
        assert len(one.search(away[0].id, 50)) == 40
        hanging.free()
        time.sleep(0.2)
        assert one.thumbnail(away[3])
