"""The command as a service runs it: nothing but the library can be written to, nothing is allowed.

The unit and the image in `deploy` are held against the same: an account without rights, a file
system that is read-only, a home folder that is not there.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.disks import NOBODY, open_folder
from tests.end_to_end.running import COMMAND, LINUX, PATIENCE, Done, checked
from tests.small_libraries import tiny_model, write

pytestmark = LINUX

# Everything is mounted read-only, but for a folder; /tmp is empty and in memory.
MOUNTS = """
set -e
mount --bind "$1" "$1"
mount -o remount,bind,ro /
cd "$1"
shift
exec setpriv --reuid={user} --regid={user} --clear-groups --no-new-privs \
    --inh-caps=-all,+dac_read_search --ambient-caps=-all,+dac_read_search \
    --bounding-set=-all,+dac_read_search "$@"
"""
SANDBOX = ("unshare", "--mount", "--propagation", "private", "sh", "-c", MOUNTS.format(user=NOBODY))


@pytest.fixture
def state() -> Iterator[Path]:
    """The one folder that can be written to; the pictures lie in it, but cannot be."""
    with open_folder() as base:
        tiny_model(base)
        write(base / "pictures", "a/one.png", "two.png")
        for name in ("library", "cache"):
            (base / name).mkdir()
            os.chown(base / name, NOBODY, NOBODY)
        yield base


def inside(state: Path, *arguments: str | Path) -> list[str]:
    """The command line that runs a command in there. Skips where that cannot be had."""
    if os.geteuid() != 0:
        pytest.skip("mounting everything read-only needs root")
    command = [*SANDBOX, "sh", str(state)]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    probe = [*command, "sh", "-c", 'touch "$1" "$2"', "sh", str(state / "x"), __file__]
    assert subprocess.run(probe, capture_output=True, check=False).returncode
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "LOOKALIKE_LIBRARY": f"{state}/library",
        "XDG_CACHE_HOME": f"{state}/cache",
    }
    given = [f"{name}={value}" for name, value in variables.items()]
    return [*command, "env", "--ignore-environment", *given, *COMMAND, *map(str, arguments)]


def run(state: Path, *arguments: str | Path) -> Done:
    ended = subprocess.run(
        inside(state, *arguments), capture_output=True, timeout=PATIENCE, check=False
    )
    assert ended.stderr == b""
    return checked(ended.returncode, ended.stdout, ended.stderr, 0)


def test_everything_works_where_only_the_library_can_be_written_to(state: Path) -> None:
    pictures = state / "pictures"
    out = run(state, "index", pictures, "--model", state / "tiny.onnx").out
    assert out.startswith("2 added (")
    assert "2 pictures" in run(state, "backup", state / "cache" / "copy").out


@pytest.mark.slow
def test_a_server_follows_and_ends_there_too(state: Path) -> None:
    pytest.importorskip("watchfiles")
    pictures = state / "pictures"
    run(state, "index", pictures, "--model", state / "tiny.onnx")
    command = inside(state, "serve", "--watch", "--port", "0", pictures)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+/", process.stdout.readline().decode())
        assert found
        write(pictures, "three.png")
        end = time.monotonic() + PATIENCE
        while b'"images": 3' not in _asked(f"{found[0]}api/stats").replace(b'":3', b'": 3'):
            assert time.monotonic() < end
            time.sleep(0.05)
        assert b"ok" in _asked(f"{found[0]}healthz")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert not re.search(rb"Traceback|WARNING|ERROR", err), err


def _asked(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=30) as answer:
        content: bytes = answer.read()
        return content


def test_the_unit_is_one_that_systemd_takes() -> None:
    """And one that leaves a service little to do harm with."""
    unit = Path(__file__).resolve().parents[2] / "deploy" / "lookalike.service"
    with open_folder() as folder:
        file = folder / unit.name
        text = unit.read_text("utf-8").replace("/opt/lookalike/bin/lookalike", sys.executable)
        file.write_text(text, "utf-8")
        try:
            verified = subprocess.run(
                ["systemd-analyze", "verify", file], capture_output=True, text=True, check=False
            )
            rated = subprocess.run(
                ["systemd-analyze", "security", "--offline=true", file],
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            pytest.skip("no systemd here")
    assert (verified.returncode, verified.stderr) == (0, "")
    score = re.search(r"exposure level for lookalike.service: ([0-9.]+)", rated.stdout)
    assert score, rated.stdout + rated.stderr
    assert float(score[1]) <= 1.5
