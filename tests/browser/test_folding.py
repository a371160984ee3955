"""Copies on the page in a real Chromium: one tile with their number, or one for each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from selenium.webdriver.common.by import By

from lookalike import Library
from tests.browser.page import Page
from tests.copies import captioned, cropped, scene, write

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Three scenes; of the second a part and one with a caption, of the third the same file."""
    base = tmp_path_factory.mktemp("copies")
    for seed in range(3):
        write(base / "pictures", f"{seed}", scene(seed), quality=97)
    write(base / "pictures", "crop", cropped(scene(1)))
    write(base / "pictures", "caption", captioned(scene(1)))
    shutil.copy(base / "pictures" / "2.jpg", base / "pictures" / "twice.jpg")
    with Library.open(base / "library", create=True) as library:
        library.index(base / "pictures")
        library.duplicates()
        yield library


@pytest.fixture
def page(blank: Page, library: Library) -> Iterator[Page]:
    blank.open()
    blank.run("localStorage.clear()")
    number = next(one.id for one in library.records() if one.relative == "0.jpg")
    blank.open(f"?like={number}")
    blank.wait(lambda: blank.view() == "result" and blank.all(".tile"))
    yield blank
    blank.run("localStorage.clear()")


def shown(page: Page) -> dict[str, str]:
    """The names on the tiles, and the number of copies on each."""
    found: list[tuple[str, str]] = page.run(
        "return [...document.querySelectorAll('.tile')].map((tile) =>"
        " [tile.querySelector('.open').title, tile.querySelector('.stack')?.textContent ?? ''])"
    )
    return dict(found)


def test_copies_are_one_tile_with_their_number(page: Page) -> None:
    assert sorted(shown(page).values()) == ["+1", "+2"]
    assert page.text("results-title") == "2 pictures, the closest first"
    assert page.text("results-about").endswith("; 3 copies folded")
    stack = next(one for one in page.all(".stack") if one.text == "+2")
    name = stack.find_element(By.XPATH, "..").find_element(By.CSS_SELECTOR, ".open")
    first = str(name.get_attribute("title"))
    assert stack.accessible_name == f"+2: look at {first} and its 2 copies"
    stack.click()
    page.wait(lambda: page.text("viewer-name") == first)
    seen = [first]
    for _ in range(2):
        page.by_id("viewer-next").click()
        page.wait(lambda: page.text("viewer-name") != seen[-1])
        seen.append(page.text("viewer-name"))
    assert sorted(seen) == ["1.jpg", "caption.jpg", "crop.jpg"]
    assert not page.by_id("viewer-next").is_enabled()
    page.press("\ue00c")
    page.wait(lambda: not page.by_id("viewer").is_displayed())


def test_unfolded_each_is_a_tile_and_the_browser_remembers(page: Page) -> None:
    page.by_id("fold").click()
    page.wait(lambda: len(page.all(".tile")) == 5)
    assert set(shown(page).values()) == {""}
    assert "folded" not in page.text("results-about")
    page.driver.refresh()
    page.wait(lambda: len(page.all(".tile")) == 5)
    page.by_id("fold").click()
    page.wait(lambda: len(page.all(".tile")) == 2)
