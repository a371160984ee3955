"""The running server, asked whatever its OpenAPI document allows and forbids, by schemathesis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike import Library
from tests.served import BYTES_NAME, NOT_UNICODE, Running, fill

LINUX = sys.platform == "linux"

# What fits the document and may be refused all the same: bytes that are no picture (422), words
# where the model takes none, a day that the month does not have, a box beyond the picture, more
# tags than a picture may have, a text of signs alone, pictures from which nothing can be learned
# (400), a model that does not lie beside (404).
SETTINGS = "".join(
    f"""
[[operations]]
include-name = "{name}"
checks.positive_data_acceptance.expected-statuses = {json.dumps(["2xx", *refusals])}
"""
    for name, refusals in (
        ("POST /api/search", ["400", "404", "422"]),
        ("POST /api/search/ids", ["400", "404", "422"]),
        ("GET /api/images/{image_id}/explanation", ["400", "404", "422"]),
        ("POST /api/images/{image_id}/explanation", ["400", "404", "422"]),
        ("POST /api/marks", ["400", "404"]),
        ("GET /api/facets", ["400"]),
        ("POST /api/views", ["400", "404"]),
        ("GET /api/upgrade/compare", ["404"]),
        ("GET /api/upgrade/beside", ["404"]),
        ("POST /api/upgrade/switch", ["404"]),
    )
)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    fill(pictures)
    if NOT_UNICODE:
        (pictures / BYTES_NAME).unlink()  # schemathesis cannot keep a lone surrogate
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(pictures)
    started = Running(tmp_path / "library")
    yield started
    started.stop()


@pytest.mark.slow
def test_the_server_does_what_its_document_says(running: Running, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{running.url}openapi.json"),
            *("--phases", "coverage,fuzzing", "--max-examples", "15"),
            *("--generation-deterministic", "--continue-on-failure"),
            *("--workers", "1", "--no-color", "--no-shrink"),
            *("--request-timeout", "20", "--exclude-path", "/api/events"),  # has no end
            # opens windows, except where a test can take the desktop away
            *(() if LINUX else ("--exclude-path", "/api/images/{image_id}/reveal")),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    assert running.process.poll() is None
