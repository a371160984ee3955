"""The real command over a folder with files that kill their decoders → all others are indexed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import deadly
from tests.end_to_end.running import POSIX, index, reasons, refused, run, search
from tests.pictures import BLUE


@POSIX
def test_a_file_that_kills_its_decoder_is_listed_and_the_others_are_found(
    pictures: Path, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadly.arm(tmp_path / "armed", monkeypatch)
    (pictures / "deadly.bmp").write_bytes(deadly.bmp("null"))
    (pictures / "good.bmp").write_bytes(deadly.bmp("live", BLUE))
    report = index(pictures, library)
    assert report["added"] == 4
    assert reasons(report) == {"deadly.bmp": "makes its decoder crash (SIGSEGV): save it anew"}
    assert index(pictures, library)["still_skipped"] == 1
    assert search(pictures / "good.bmp", library).paths[0] == str(pictures / "good.bmp")
    said = refused("search", pictures / "deadly.bmp", "--library", library)
    assert said.endswith("deadly.bmp makes its decoder crash (SIGSEGV): save it anew.")
    assert "deadly.bmp" in run("stats", "--skipped", "--library", library).out
