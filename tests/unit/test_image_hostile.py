"""Files that mean harm → a picture or one clause, within seconds and within the memory bound."""

from __future__ import annotations

import pytest

from tests import hostile_run

MUTATIONS = 25  # of each kind; `python -m tests.hostile_run --mutations 5000` is the long run


@pytest.mark.slow
def test_no_file_does_harm() -> None:
    outcomes = list(hostile_run.run(MUTATIONS))
    assert [one for one in outcomes if not one.good] == []
    kinds = {one.name.split()[0] for one in outcomes if one.ending == "picture"}
    assert {"JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF", "RAW"} <= kinds
    assert sum(one.ending.startswith("refused: ") for one in outcomes) > 100
