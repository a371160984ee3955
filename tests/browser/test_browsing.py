"""Pictures without a query in a real Chromium: what is filtered by → what is looked through."""

from __future__ import annotations

import pytest
from selenium.webdriver.support.ui import Select

from lookalike import Filter, Library
from tests.browser.page import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.usefixtures("unmarked")]

ROSES = Filter(favourite=True, tags=("rose",))


@pytest.fixture(autouse=True)
def marked(library: Library, unmarked: None) -> None:
    """Every third picture is a favourite, and every sixth a rose, too."""
    ids = library.listed().tolist()
    library.mark(*ids[::3], favourite=True)
    library.mark(*ids[::6], add="rose")


def shown(page: Page) -> list[int]:
    return [int(str(tile.get_attribute("data-id"))) for tile in page.all(".tile")]


def wait_for_list(page: Page, library: Library, where: Filter) -> None:
    wanted = library.listed(where).tolist()
    page.wait(lambda: page.view() == "list" and shown(page) == wanted)


def favourites_only(page: Page) -> None:
    page.by_id("filters-toggle").click()
    page.wait(lambda: page.text("filter-favourite-words").startswith("Favourites ("))
    page.by_id("filter-favourite").click()


def test_favourites_are_looked_through_without_a_query(page: Page, library: Library) -> None:
    favourites_only(page)
    where = Filter(favourite=True)
    wait_for_list(page, library, where)
    number = len(library.listed(where))
    assert page.driver.current_url.endswith("/?favourite=true")
    assert page.driver.title == "Favourites · Lookalike"
    assert page.text("results-title") == f"Favourites: {number} pictures"
    assert page.text("results-about") == "in order of path"
    assert page.stars() == shown(page)
    page.wait(lambda: page.text("filters-count") == f"{number} pictures pass")


def test_filters_add_up_and_one_goes_back_and_forward(page: Page, library: Library) -> None:
    favourites_only(page)
    wait_for_list(page, library, Filter(favourite=True))
    page.wait(lambda: "rose" in page.by_id("filter-tag").text)
    Select(page.by_id("filter-tag")).select_by_value("rose")
    wait_for_list(page, library, ROSES)
    assert page.driver.current_url.endswith("/?favourite=true&tag=rose")
    page.step(-1)
    wait_for_list(page, library, Filter(favourite=True))
    page.step(-1)
    page.wait(lambda: page.view() == "start")
    page.step(1)
    wait_for_list(page, library, Filter(favourite=True))
    page.driver.refresh()
    wait_for_list(page, library, Filter(favourite=True))
    page.by_id("filters-clear").click()
    wait_for_list(page, library, Filter())
    assert page.driver.current_url.endswith("/?all")
    page.driver.refresh()
    wait_for_list(page, library, Filter())


def test_all_pictures_are_one_click_from_the_start(page: Page, library: Library) -> None:
    page.by_id("filters-clear").click()
    wait_for_list(page, library, Filter())
    assert page.text("results-title") == f"All {library.count()} pictures"
    page.by_id("home").click()
    page.wait(lambda: page.view() == "start" and page.all(".tile"))


def test_a_picture_of_a_list_is_opened_and_searched_with(page: Page, library: Library) -> None:
    page.open("?favourite=true")
    wait_for_list(page, library, Filter(favourite=True))
    number = shown(page)[1]
    page.all(".tile .open")[1].click()
    page.wait(lambda: page.by_id("viewer").is_displayed() and "Size" in page.text("viewer-facts"))
    assert not page.by_id("viewer-compare").is_displayed()
    assert not page.by_id("viewer-add").is_displayed()
    page.by_id("viewer-like").click()
    page.wait(lambda: page.view() == "result")
    assert page.driver.current_url.endswith(f"/?like={number}&favourite=true")
    hits = library.search(number, where=Filter(favourite=True))
    page.wait(lambda: shown(page) == [hit.record.id for hit in hits])
    page.step(-1)
    wait_for_list(page, library, Filter(favourite=True))


def test_what_passes_no_filter_is_said(page: Page) -> None:
    page.open("?from=1900&to=1900")
    page.wait(lambda: page.text("results-title") == "No picture passes the filters")
    assert page.driver.title == "1900 · Lookalike"
    assert not page.by_id("tools").is_displayed()


def test_a_filter_that_is_none_is_said(page: Page) -> None:
    page.open("?from=soon")
    page.wait(lambda: "is no date" in page.text("notice-text"))
    page.wait(lambda: page.view() == "start" and page.all(".tile"))
    assert all("400" in line or "from=soon" in line for line in page.complaints())


def test_a_text_that_is_filtered_by_stands_above_what_passes(page: Page, library: Library) -> None:
    page.open("?text=tower")
    wait_for_list(page, library, Filter(text="tower"))
    number = len(library.listed(Filter(text="tower")))
    assert page.text("results-title") == f"With “tower”: {number} pictures"
