"""Help comes at once, says what each command takes, and is what docs/cli.md prints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.running import run

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("flask", "numpy", "onnxruntime", "PIL", "rich", "waitress")
TAKES = {
    "index": ["FOLDER...", "--library", "--model", "--exclude", "--hidden", "--retry", "--json"],
    "watch": ["FOLDER...", "--library", "--model", "--exclude", "--hidden", "--poll", "--json"],
    "search": [
        "IMAGE",
        "--library",
        "-k",
        "--words",
        "--offset",
        "--view",
        "--neighbours",
        "--json",
    ],
    "show": ["PICTURE", "--library", "--reveal", "--json"],
    "explain": ["IMAGE", "PICTURE", "--library", "--box", "--like", "--save", "--json"],
    "serve": [
        "FOLDER...",
        "--host",
        "5000",
        "--watch",
        "--log-format",
        "--token-file",
        "--most-waiting",
    ],
    "duplicates": ["--exact-only", "--folder", "--paths", "--null", "--not-duplicates", "--json"],
    "tag": ["PICTURE", "--library", "--add", "--remove", "--favourite", "--from", "--json"],
    "list": ["--library", "--tag", "--favourite", "--null", "--json"],
    "learn": ["NAME", "--labels", "--folders", "--tags", "--like", "--unlike", "--json"],
    "views": ["--library", "--forget", "--json"],
    "map": ["--library", "--rebuild", "--method", "--csv", "--json"],
    "mcp": ["--library", "--max-pixels"],
    "models": ["--json"],
    "upgrade": ["status", "build", "compare", "switch", "drop"],
    "stats": ["--library", "--skipped", "--json"],
    "facets": ["--library", "--folder", "--format", "--from", "--to", "--min-side", "--json"],
    "doctor": ["--library", "--json"],
    "forget": ["FOLDER", "--library", "--wait"],
    "backup": ["TARGET", "--library", "--force", "--json"],
    "restore": ["BACKUP", "--library", "--model", "--force", "--wait", "--json"],
    "eval": ["LABELS", "--queries", "--seed", "--view", "--neighbours", "--by-class", "--json"],
    "export": ["--numpy", "--matrix", "--library"],
    "import": ["FEATURES", "FOLDER", "--model", "--library", "--json"],
}
UPGRADE = {
    "status": ["--library", "--json"],
    "build": ["MODEL", "--library", "--max-pixels", "--json"],
    "compare": ["MODEL", "--library", "--like", "--labels", "-k", "--json"],
    "switch": ["MODEL", "--library", "--leave-blank", "--wait", "--json"],
    "drop": ["MODEL", "--library"],
}


def test_the_front_lists_every_command() -> None:
    text = run("--help").out
    listed = text[text.index("Commands:") :].splitlines()[1:]
    assert [line.split()[0] for line in listed] == list(TAKES)
    assert all(line.endswith(".") for line in listed)  # none is cut off
    assert run("-h").out == text


@pytest.mark.parametrize("command", [*TAKES, *(f"upgrade {one}" for one in UPGRADE)])
def test_help_says_what_a_command_takes(command: str) -> None:
    text = run(*command.split(), "--help").out
    assert text.startswith("Usage: ")
    for name in TAKES.get(command) or UPGRADE[command.split()[1]]:
        assert name in text
    assert max(map(len, text.splitlines())) <= 80


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import contextlib, io, sys; from lookalike.cli import lookalike\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    for name in {list(TAKES)}:\n"
        "        lookalike.main([name, '--help'], standalone_mode=False)\n"
        "print(*sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(told.stdout.split())
    assert {f"lookalike.cli.{name}" for name in ("index", "search", "serve")} <= loaded
    assert loaded & set(HEAVY) == set()


def test_the_reference_in_the_docs_is_current() -> None:
    script = ROOT / "scripts" / "write_cli_docs.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
