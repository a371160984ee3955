"""Why a picture was found: a button or a key → colours over the query and over the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from lookalike import Example, Library
from tests.browser.page import Page, number_of
from tests.pictures import TEXT, make_jpeg, textured
from tests.served import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def open_large(page: Page, library: Library, tail: str = "") -> list[int]:
    """The first answer to a picture, large; returns the numbers of all answers."""
    page.open(f"?like={number_of(library, 'eiffel tower 01.png')}{tail}")
    page.wait(lambda: page.view() == "result")
    page.all(".tile .open")[0].click()
    page.wait(lambda: page.by_id("viewer-why").is_displayed())
    return [number for number, _, _ in page.results()]


def dots(page: Page, index: int) -> list[list[int]]:
    """The colours of the regions of one of the pictures."""
    page.wait(lambda: page.run("return !document.querySelector('.why-key').hidden"))
    found: list[list[int]] = page.run(
        "const heat = document.querySelectorAll('.why-heat')[arguments[0]];"
        "const { data } = heat.getContext('2d').getImageData(0, 0, heat.width, heat.height);"
        "return Array.from({ length: data.length / 4 },"
        " (_, at) => [...data.slice(at * 4, at * 4 + 4)])",
        index,
    )
    return found


def words(page: Page) -> str:
    return str(page.run("return document.querySelector('.why-key').innerText"))


def brightest(regions: list[list[int]]) -> int:
    return max(range(len(regions)), key=lambda at: regions[at][0])


def flat(shares: Any) -> list[float]:
    return [share for row in shares for share in row]


def test_colours_are_the_shares_that_python_tells(page: Page, library: Library) -> None:
    answers = open_large(page, library)
    query = number_of(library, "eiffel tower 01.png")
    button = page.by_id("viewer-why")
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    why = library.explain(query, answers[0])
    for index, regions in enumerate((*why.query, why.picture)):
        shares, found = flat(regions.shares), dots(page, index)
        assert len(found) == 49
        assert brightest(found) == shares.index(max(shares))
    top = max(flat(why.picture.shares) + flat(why.query[0].shares))
    assert f"{top:.3f} of the score {why.score:.3f}" in words(page)
    assert "7 \u00d7 7 regions" in words(page)
    assert "takes from it" not in words(page)
    assert button.get_attribute("aria-pressed") == "true"
    said = page.all(".why-text")[0].get_property("textContent")
    assert str(said).startswith(f"Of the score {why.score:.3f}, eiffel tower 01.png: most ")
    page.press(Keys.ARROW_RIGHT)
    page.wait(lambda: f"score {library.explain(query, answers[1]).score:.3f}" in words(page))
    page.press("w")
    assert not page.by_id("why").is_displayed()
    page.press("w")
    assert page.by_id("why").is_displayed()
    page.press(Keys.ESCAPE)
    page.wait(lambda: not page.by_id("viewer").is_displayed())
    page.press(Keys.ENTER)
    page.wait(lambda: page.by_id("viewer-why").is_displayed())
    assert not page.by_id("why").is_displayed()


def test_colours_lie_on_the_part_that_was_asked_with(page: Page, library: Library) -> None:
    other = number_of(library, "cat.png")
    answers = open_large(page, library, f"&box=0.5,0,0.5,1&unlike={other}")
    page.press("w")
    first = number_of(library, "eiffel tower 01.png")
    asked = [Example(first, box=(0.5, 0.0, 0.5, 1.0)), Example(other, -0.5)]
    why = library.explain(asked, answers[0])
    assert len(page.all(".why figure")) == 3
    least = min(flat(why.query[1].shares))
    red, green, blue, _ = dots(page, 1)[flat(why.query[1].shares).index(least)]
    assert least < 0
    assert red > green > 15
    assert blue < 90
    assert "takes from it" in words(page)
    captions = [one.text for one in page.all(".why figcaption")]
    assert captions[0].endswith(" of its part")
    assert captions[1].startswith("Unlike cat.png: takes most ")
    left, wide = page.run(
        "const heat = document.querySelector('.why-heat').getBoundingClientRect();"
        "const all = document.querySelector('.why-picture').getBoundingClientRect();"
        "return [(heat.left - all.left) / all.width, heat.width / all.width]"
    )
    assert (left, wide) == pytest.approx((0.5, 0.5), abs=0.01)


def test_an_upload_is_explained_and_a_picture_alone_is_not(
    page: Page, library: Library, flower: Path
) -> None:
    page.choose(flower)
    results = page.wait_for_results_of("bed 01.png")
    page.all(".open-query, .tile .open")[1].click()
    page.wait(lambda: page.by_id("viewer-why").is_displayed())
    page.press("w")
    dots(page, 1)
    score = library.explain(flower.read_bytes(), results[1][0]).score
    assert f"of the score {score:.3f}" in words(page)
    page.press(Keys.ESCAPE)
    page.open(f"?like={results[0][0]}")
    page.wait(lambda: page.all(".open-query"))
    page.all(".open-query")[0].click()
    page.wait(lambda: page.by_id("viewer").is_displayed())
    assert not page.by_id("viewer-why").is_displayed()
    page.press("w")
    assert not page.by_id("why").is_displayed()


@pytest.mark.parametrize("width", [320, 760])
def test_it_fits_a_small_screen(page: Page, library: Library, width: int) -> None:
    page.screen(width)
    open_large(page, library)
    page.by_id("viewer-why").click()
    dots(page, 1)
    assert page.overflow() == []
    heights = [one.size["height"] for one in page.all(".why-picture")]
    assert min(heights) > 100
    stage, pane = page.by_id("viewer-stage").rect, page.by_id("why").rect
    assert pane["height"] <= stage["height"]


def test_a_file_that_is_gone_is_told(
    page: Page, library: Library, server: Running, tmp_path: Path
) -> None:
    lost = tmp_path / "lost.jpg"
    lost.write_bytes(make_jpeg(textured(seed=77)))
    library.index(tmp_path)
    try:
        page.open(f"?like={number_of(library, 'eiffel tower 01.png')}&k=100")
        page.wait(lambda: page.view() == "result")
        lost.write_bytes(TEXT)
        number = number_of(library, "lost.jpg")
        tile = page.all(f".tile[data-id='{number}'] .open")[0]
        ActionChains(page.driver).move_to_element(tile).click().perform()
        page.wait(lambda: page.by_id("viewer-why").is_displayed())
        page.press("w")
        page.wait(lambda: "has changed" in page.all(".why-text")[0].text)
        assert not page.all(".why-key")[0].is_displayed()
    finally:
        library.forget(tmp_path)
        page.complaints()  # of a picture that was not there
