"""tasks.py: what it finds out, what it would run, and what it says when it cannot go on."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import tasks

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'
RASPBIAN = 'NAME="Raspbian GNU/Linux"\nID=raspbian\nID_LIKE=debian\n'
UBUNTU = 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n'
MINT = 'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n'
FEDORA = 'NAME="Fedora Linux"\nID=fedora\n'


def one_sentence(text: str) -> bool:
    return text.endswith(".") and "\n" not in text


def run_tasks(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(tasks.ROOT / "tasks.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("release", [DEBIAN, RASPBIAN])
def test_debian_and_its_family_have_a_chromium_package(release: str) -> None:
    assert tasks.has_chromium_packages(release)


@pytest.mark.parametrize("release", [UBUNTU, MINT, FEDORA, ""])
def test_others_are_left_alone(release: str) -> None:
    assert not tasks.has_chromium_packages(release)


def test_chromium_is_installed_after_one_update_and_without_a_question() -> None:
    update, install = tasks.chromium_commands(["sudo", "-n"])
    assert update[:2] == install[:2] == ["sudo", "-n"]
    assert update[-1] == "update"
    assert {"--yes", "chromium", "chromium-driver"} <= set(install)


def test_a_browser_counts_only_with_its_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = ".exe" if tasks.WINDOWS else ""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tasks, "MAC_BROWSERS", ())
    for name in ("PROGRAMFILES", "PROGRAMFILES(X86)"):
        monkeypatch.delenv(name, raising=False)
    assert tasks.browser() is None
    for name in ("chromium", "chromedriver"):
        assert tasks.browser() is None
        (tmp_path / (name + ending)).touch(mode=0o755)
    assert tasks.browser() is not None


def test_an_old_python_can_read_the_file_and_so_say_what_it_wants() -> None:
    ast.parse((tasks.ROOT / "tasks.py").read_text("utf-8"), feature_version=(3, 7))


def test_a_python_that_suits_is_found_by_asking_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tasks, "_candidates", lambda: iter([[str(tmp_path)], [sys.executable]]))
    assert tasks.find_python() == [sys.executable]
    assert "does not suit; using" in capsys.readouterr().err


def test_no_python_that_suits_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(tasks, "_candidates", lambda: iter([["python3.11"], ["python3"]]))
    with pytest.raises(tasks.TaskError, match=r"install Python 3\.11, 3\.12 or 3\.13") as error:
        tasks.find_python()
    assert one_sentence(str(error.value))


def test_a_python_without_ensurepip_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ImportError\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(tasks.TaskError, match="python3-venv") as error:
        tasks.make_environment(tmp_path / "venv", sys.executable)
    assert one_sentence(str(error.value))
    assert not (tmp_path / "venv").exists()


def test_another_lock_file_means_another_environment(tmp_path: Path) -> None:
    other = tmp_path / "requirements.lock"
    other.write_bytes(tasks.LOCK.read_bytes() + b"\n")
    assert len({tasks.fingerprint(lock) for lock in (tasks.LOCK, tasks.BENCH_LOCK, other)}) == 3


def test_the_benchmarks_have_an_environment_of_their_own() -> None:
    assert tasks.BENCH_VENV.parent == tasks.VENV.parent
    assert tasks.BENCH_VENV.name == f"{tasks.VENV.name}-bench"


def test_benchmarks_do_not_run_in_the_place_of_something_else(tmp_path: Path) -> None:
    (occupied := tmp_path / "mine-bench").mkdir()
    (occupied / "photo.jpg").write_bytes(b"mine")
    done = run_tasks("bench", "--quick", VENV=str(tmp_path / "mine"))
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [occupied])
    assert "is a folder of something else" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a script is no program there")
def test_both_lock_files_are_made_with_the_same_tool(tmp_path: Path) -> None:
    (tmp_path / "uv").write_text('#!/bin/sh\necho "$@" >> "$(dirname "$0")/asked"\n', "utf-8")
    (tmp_path / "uv").chmod(0o755)
    done = run_tasks("lock", "--upgrade", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (done.returncode, done.stderr) == (0, "")
    main, bench = (tmp_path / "asked").read_text("utf-8").splitlines()
    assert "--output-file=requirements.lock" in main
    assert "--group=bench" not in main
    assert {"--group=bench", "--constraint=requirements.lock"} <= set(bench.split())
    assert main.endswith("--upgrade")
    assert bench.endswith("--upgrade")


def test_lock_files_without_the_tool_are_one_sentence(tmp_path: Path) -> None:
    done = run_tasks("lock", PATH=str(tmp_path))
    assert done.returncode == 1
    assert "pip install uv" in done.stderr
    assert one_sentence(done.stderr.strip())


@pytest.mark.parametrize("task", ["clean", "install"])
def test_a_folder_of_something_else_is_never_emptied(tmp_path: Path, task: str) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"mine")
    done = run_tasks(task, VENV=str(tmp_path))
    assert done.returncode == 1
    assert "is a folder of something else" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["photo.jpg"]


def test_every_folder_has_a_library_of_its_own(tmp_path: Path) -> None:
    samples = tasks.DEMO / "pictures"
    folders = [samples, tmp_path / "a b", tmp_path / "c" / "a b", tmp_path / "été", Path("/")]
    libraries = {tasks.library_for(folder) for folder in folders}
    assert len(libraries) == len(folders)
    assert all(library.parent == tasks.DEMO for library in libraries)
    assert all(re.fullmatch(r"[A-Za-z0-9-]+", library.name) for library in libraries)


def test_own_pictures_may_lie_below_a_name_with_spaces(tmp_path: Path, home: Path) -> None:
    (folder := tmp_path / "my holiday pictures").mkdir()
    assert tasks.own_pictures(str(folder)) == folder.resolve()
    assert tasks.own_pictures("~") == home.resolve()


def test_pictures_that_are_not_there_stop_the_demo_before_it_installs(tmp_path: Path) -> None:
    missing = str(tmp_path / "not here")
    venv = str(tmp_path / "venv")
    for done in (
        run_tasks("demo", "--images", missing, VENV=venv),
        run_tasks("demo", IMAGES=missing, VENV=venv),
    ):
        assert done.returncode == 1
        assert done.stderr.startswith("tasks: ")
        assert "is not a folder" in done.stderr
        assert one_sentence(done.stderr.strip())
    assert not Path(venv).exists()


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["demo", "--port", "many"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    assert run_tasks(*arguments).returncode == 2


def test_help_names_every_task() -> None:
    done = run_tasks("help")
    assert done.returncode == 0
    for task in ("demo", "test", "bench", "install", "lock", "clean"):
        assert f"\n    {task} " in done.stdout


def test_a_command_that_fails_hands_on_its_status() -> None:
    with pytest.raises(subprocess.CalledProcessError) as error:
        tasks.run(sys.executable, "-c", "raise SystemExit(7)")
    assert error.value.returncode == 7


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C reaches a whole console there")
def test_an_interrupted_command_may_finish_what_it_is_doing(tmp_path: Path) -> None:
    assert sys.platform != "win32"
    finished = tmp_path / "finished"
    child = (
        "import time, pathlib\n"
        "try:\n    print('ready', flush=True); time.sleep(60)\n"
        f"except KeyboardInterrupt:\n    time.sleep(1); pathlib.Path({str(finished)!r}).touch()"
    )
    parent = f"import sys, tasks; tasks.run(sys.executable, '-c', {child!r})"
    with subprocess.Popen(
        [sys.executable, "-c", parent],
        cwd=tasks.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=20)
    assert finished.is_file()
