"""The wheel holds all that Lookalike needs; the lock files fit what the project asks for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import lookalike

ROOT = Path(__file__).resolve().parent.parent
LOCK, BENCH_LOCK = ROOT / "requirements.lock", ROOT / "requirements-bench.lock"
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([*PIP, *build], check=True, capture_output=True)
    (built,) = folder.glob("lookalike-*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel: Path) -> None:
    source = ROOT / "src"
    expected = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        licences = {Path(name).name for name in archive.namelist() if "/licenses/" in name}
    assert held == expected
    assert {
        "lookalike/data/efficientnet-lite0.onnx",
        "lookalike/data/efficientnet-lite0-int8.onnx",
    } <= held
    assert "lookalike/py.typed" in held
    assert {"LICENSE", "NOTICE"} <= licences


@pytest.mark.slow
def test_the_wheel_installs_and_runs_by_both_its_names(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    install = ["install", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run([*PIP, *install], check=True, capture_output=True)
    script = "Scripts/lookalike.exe" if os.name == "nt" else "bin/lookalike"
    for command in ([sys.executable, "-m", "lookalike"], [str(target / script)]):
        done = subprocess.run(
            [*command, "--version"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(target)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert lookalike.__version__ in done.stdout
    where = subprocess.run(
        [sys.executable, "-c", "import lookalike; print(lookalike.__file__)"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(target)


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def wanted() -> list[tuple[Path, Requirement]]:
    """What each lock file must pin; the benchmarks have one of their own, with Lookalike in it."""
    settings = project()
    groups = settings["dependency-groups"]
    own = [
        settings["project"]["dependencies"],
        *settings["project"]["optional-dependencies"].values(),
    ]
    lists = {
        LOCK: [*own, *(groups[name] for name in groups if name not in ("bench", "fuzz"))],
        BENCH_LOCK: [*own, groups["bench"], groups["build"]],
    }
    return [(lock, Requirement(text)) for lock in lists for texts in lists[lock] for text in texts]


def pinned(lock: Path) -> dict[str, list[Requirement]]:
    """A lock file's rows by name; a name has several where platforms need several versions."""
    rows: dict[str, list[Requirement]] = defaultdict(list)
    text = lock.read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(re.sub(r"\s+--hash=\S+", "", line).strip())
            rows[canonicalize_name(requirement.name)].append(requirement)
    return rows


@pytest.mark.parametrize(("lock", "asked"), wanted(), ids=str)
def test_a_lock_file_pins_what_the_project_asks_for(lock: Path, asked: Requirement) -> None:
    versions = [
        specifier.version
        for row in pinned(lock)[canonicalize_name(asked.name)]
        for specifier in row.specifier
        if specifier.operator == "=="
    ]
    assert any(asked.specifier.contains(version) for version in versions)


def test_what_is_measured_is_what_is_tested() -> None:
    tested, measured = pinned(LOCK), pinned(BENCH_LOCK)
    both = set(tested) & set(measured)
    assert {"numpy", "onnxruntime", "pillow"} <= both
    for name in both:
        versions = [{str(row.specifier) for row in rows[name]} for rows in (measured, tested)]
        assert versions[0] <= versions[1], name


@pytest.mark.parametrize("lock", [LOCK, BENCH_LOCK], ids=str)
def test_every_row_of_a_lock_file_has_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text("utf-8")
    rows = re.split(r"(?m)^(?=[A-Za-z0-9])", text)[1:]
    assert len(rows) > 50
    assert all("--hash=sha256:" in row for row in rows)
    assert "://" not in text
    assert not re.search(r"(?m)^\s*(-|/)(?!-hash=)", text)
