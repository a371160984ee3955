"""`lookalike.image.resize`: both ways of resizing, held against each other and against Pillow's."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from lookalike.image import resize
from lookalike.image.resize import Resample, resized
from tests import pictures

FILTERS: tuple[Resample, ...] = ("bicubic", "bilinear", "lanczos")
SIZES = [(320, 240), (301, 257), (224, 224), (90, 700), (2000, 1500), (13, 5), (1, 1), (1, 5000)]


@pytest.fixture(params=["with vector instructions", "Pillow alone"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "Pillow alone":
        monkeypatch.setattr(resize, "_vectorised", lambda: None)
    elif resize._vectorised() is None:
        pytest.skip("cykooz.resizer has no build for this machine")
    return str(request.param)


def by_pillow(
    image: Image.Image, size: tuple[int, int], resample: Resample, box: resize.Box | None = None
) -> np.ndarray:
    return np.asarray(image.resize(size, resize._PILLOW[resample], box=box), np.int16)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("resample", FILTERS)
@pytest.mark.parametrize("size", SIZES)
def test_pixels_are_pillows(size: tuple[int, int], resample: Resample) -> None:
    image = pictures.textured(*size)
    found = resized(image, (224, 160), resample)
    assert found.dtype == np.uint8
    assert found.shape == (160, 224, 3)
    away = np.abs(found - by_pillow(image, (224, 160), resample))
    # Where a filter swings beyond 0 or 255, the order of the two sides shows.
    assert away.mean() < 0.3
    assert np.mean(away > 2) < 0.01


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("resample", FILTERS)
def test_a_box_need_not_be_whole_pixels(resample: Resample) -> None:
    image = pictures.textured(320, 240)
    for box in ((0.0, 0.0, 320.0, 240.0), (39.7, 12.3, 200.1, 239.99999), (5, 5, 6, 6)):
        found = resized(image, (64, 64), resample, box=box)
        away = np.abs(found - by_pillow(image, (64, 64), resample, box))
        assert away.mean() < 0.3


@pytest.mark.usefixtures("way")
def test_a_box_that_a_rounded_digit_carries_beyond_the_edge() -> None:
    image = pictures.textured(100, 7)
    left = 100 - 1e-9
    assert resized(image, (8, 8), "bicubic", box=(left - 7, 0, 100.0, 7.0)).shape == (8, 8, 3)


@pytest.mark.usefixtures("way")
def test_the_picture_is_left_as_it_was() -> None:
    image = pictures.textured(320, 240)
    before = image.tobytes()
    resized(image, (10, 10), "bicubic")
    assert (image.size, image.mode, image.tobytes()) == ((320, 240), "RGB", before)


def test_vector_instructions_are_used_where_they_can_be_had() -> None:
    library = pytest.importorskip("cykooz_resizer")
    assert resize._vectorised() is library


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("size", [(1, 400_000), (400_000, 1), (3, 90_000)])
def test_a_long_strip_is_not_widened_before_it_is_shortened(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[tuple[int, int]] = []
    halfway = resize._halfway

    def noting(old: tuple[int, int], new: tuple[int, int]) -> tuple[int, int]:
        steps.append(halfway(old, new))
        return steps[-1]

    monkeypatch.setattr(resize, "_halfway", noting)
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    found = resized(image, (224, 160), "bicubic")
    assert found.shape == (160, 224, 3)
    assert steps[0] == (min(size[0], 224), min(size[1], 160))
    assert 120 < found.mean() < 135
