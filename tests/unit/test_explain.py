"""`lookalike.explain`: shares of regions by hand, and the picture that is drawn of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lookalike.explain import METHOD, Explanation, Regions, Seen, drawn, explained
from lookalike.image import WHOLE, Part
from tests.pictures import plain
from tests.small_models import Array


def seen(seed: int, high: int = 2, wide: int = 3, covers: Part = WHOLE) -> Seen:
    features: Array = np.random.default_rng(seed).standard_normal((high, wide, 5), np.float32)
    return Seen(features, covers)


def total(*grids: Regions) -> float:
    return sum(share for regions in grids for row in regions.shares for share in row)


def test_the_shares_of_both_add_up_to_the_cosine() -> None:
    picture, query = seen(1), seen(2, 4, 2)
    why = explained(picture, query.vector, [query], [1.0])
    one, other = (np.asarray(which.features, np.float64).mean((0, 1)) for which in (picture, query))
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert why.score == round(cosine, 6)
    assert total(why.picture) == pytest.approx(cosine, abs=1e-12)
    assert total(*why.query) == pytest.approx(cosine, abs=1e-12)
    assert why.method == METHOD
    assert [len(why.picture.shares), len(why.picture.shares[0])] == [2, 3]
    assert [len(why.query[0].shares), len(why.query[0].shares[0])] == [4, 2]


def test_a_region_has_what_would_be_missing_without_it() -> None:
    features = np.zeros((1, 2, 2), np.float32)
    features[0, 0], features[0, 1] = (3, 0), (0, 1)
    picture = Seen(features, WHOLE)
    why = explained(picture, np.array([1.0, 0.0]), [picture], [1.0])
    length = np.hypot(1.5, 0.5)
    assert why.picture.shares[0] == pytest.approx((3 / 2 / length, 0.0))


def test_several_pictures_share_the_score_by_their_weights() -> None:
    picture, wanted, unwanted = seen(1), seen(2), seen(3)
    weights = [1.0, -0.5]
    sum_of_all = weights[0] * wanted.vector + weights[1] * unwanted.vector
    length = float(np.linalg.norm(sum_of_all))
    parts = [weight / length for weight in weights]
    why = explained(picture, sum_of_all / length, [wanted, unwanted], parts)
    assert why.score == round(float(picture.vector @ sum_of_all) / length, 6)
    assert total(*why.query) == pytest.approx(why.score, abs=1e-6)
    assert total(why.query[1]) == pytest.approx(parts[1] * (picture.vector @ unwanted.vector))


def test_a_picture_without_any_features_shares_nothing() -> None:
    nothing = Seen(np.zeros((2, 2, 5), np.float32), WHOLE)
    query = seen(1)
    why = explained(nothing, query.vector, [query], [1.0])
    assert why.score == 0
    assert why.picture.shares == ((0.0, 0.0), (0.0, 0.0))


# ---- drawn

GREY = (128, 128, 128)
LEFT_HALF: Part = (0.0, 0.0, 0.5, 1.0)


def drawn_of(why: Explanation, sizes: list[tuple[int, int]]) -> NDArray[np.int64]:
    """What is drawn over grey pictures of these sizes (h, w, 3)."""
    content = drawn([plain(GREY, size) for size in sizes], why, 200)
    with Image.open(io.BytesIO(content)) as sheet:
        assert sheet.format == "PNG"
        return np.asarray(sheet, np.int64)


def yellow(pixel: NDArray[np.int64]) -> int:
    return int(pixel[0] - pixel[2])


def test_what_adds_most_is_bright_and_yellow_and_what_is_not_seen_is_dark() -> None:
    query = Regions(((0.0, 0.1), (0.2, 0.7)), WHOLE)
    half = Regions(((0.1, 0.2), (0.0, 0.7)), LEFT_HALF)
    pixels = drawn_of(Explanation(1.0, half, (query,)), [(400, 400), (400, 400)])
    first, second = pixels[16:216, 16:216], pixels[16:216, 232:432]
    least, most = first[30, 30], first[170, 170]
    assert yellow(most) > 60
    assert yellow(least) < 0
    assert most.sum() > least.sum()
    assert yellow(second[170, 80]) > 60
    assert second[100, 150].tolist() == [32, 32, 32]


def test_what_takes_from_the_score_has_a_colour_of_its_own() -> None:
    mixed = Regions(((-0.5, 0.5),), WHOLE)
    pixels = drawn_of(Explanation(0.0, mixed, (mixed,)), [(200, 100), (200, 100)])
    takes, adds = pixels[66, 40], pixels[66, 190]
    assert takes[0] > 1.5 * takes[1] > 1.5 * takes[2]
    assert adds[1] > 1.3 * takes[1]


def test_a_grid_may_reach_beyond_the_picture_and_pictures_have_any_shape() -> None:
    padded = Regions(((0.1, 0.2), (0.3, 0.4)), (0.0, -0.5, 1.0, 2.0))
    slim = Regions(((0.5,), (0.5,)), (-99.5, 0.0, 200.0, 1.0))
    sizes = [(1, 300), (300, 150), (9, 9)]
    assert len(drawn_of(Explanation(1.0, padded, (slim, padded)), sizes)) == 200 + 32 + 44
