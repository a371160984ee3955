"""`lookalike.neighbours.scratch`: room for arrays, in files that nothing is left of."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from lookalike.neighbours import in_files
from tests.disks import small_disk

LARGE = (9 << 20,)  # float32: more than is taken in memory


def test_what_is_large_lies_in_a_file_without_a_name(tmp_path: Path) -> None:
    array = in_files(tmp_path / "cache")(LARGE, np.float32)
    assert isinstance(array, np.memmap)
    assert list((tmp_path / "cache").iterdir()) == []
    array[:] = 3
    array[-1] = 4
    assert (array.sum(dtype=np.float64), array.dtype, array.shape) == (
        3 * LARGE[0] + 1,
        "f4",
        LARGE,
    )


def test_what_is_small_is_in_memory(tmp_path: Path) -> None:
    for shape in ((5, 3), (0, 256)):
        assert not isinstance(in_files(tmp_path)(shape, np.float32), np.memmap)


def test_the_folder_for_temporary_files_will_do() -> None:
    assert isinstance(in_files(None)(LARGE, np.float32), np.memmap)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="only some systems tell in advance")
def test_a_full_disk_is_told_and_memory_taken(caplog: pytest.LogCaptureFixture) -> None:
    with small_disk(2000) as disk:
        array = in_files(disk)(LARGE, np.float32)
        assert not isinstance(array, np.memmap)
        array[:] = 1
    assert "no room in files" in caplog.text
