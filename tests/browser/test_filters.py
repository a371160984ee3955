"""The filters of the page in a real Chromium: what a person chooses → what they see."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from lookalike import Filter, Library
from tests.browser.accessibility import barriers
from tests.browser.page import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def expected(library: Library, number: int, where: Filter) -> list[int]:
    return [hit.record.id for hit in library.search(number, where=where)]


def shown(page: Page) -> list[int]:
    return [number for number, _, _ in page.results()]


def choices(page: Page, name: str) -> dict[str, str]:
    """The values of a list of choices, and what a person reads."""
    options = Select(page.by_id(f"filter-{name}")).options
    return {str(one.get_property("value")): str(one.get_property("text")) for one in options}


def choose(page: Page, name: str, value: str) -> None:
    if not page.run("return document.getElementById('filters-all').open"):
        page.all("#filters-all summary")[0].click()
    page.wait(lambda: value in choices(page, name))
    Select(page.by_id(f"filter-{name}")).select_by_value(value)


@pytest.fixture
def asked(page: Page, library: Library) -> int:
    """The number of a picture whose results are shown."""
    number = library.records()[0].id
    page.driver.get(f"{page.url}/?like={number}")
    page.wait(lambda: page.view() == "result" and len(choices(page, "format")) > 1)
    return number


def test_a_choice_narrows_the_answers_and_says_how_many_pass(
    page: Page, library: Library, asked: int
) -> None:
    facets = library.facets()
    fewest = facets.formats[-1]
    assert choices(page, "format") == {
        "": "All types",
        **{str(one.value): f"{one.value} ({one.images})" for one in facets.formats},
    }
    choose(page, "format", str(fewest.value))
    wanted = expected(library, asked, Filter(formats=(str(fewest.value),)))
    page.wait(lambda: shown(page) == wanted)
    assert page.driver.current_url.endswith(f"?like={asked}&format={fewest.value}")
    page.wait(lambda: page.text("filters-count").startswith(f"{fewest.images} picture"))


def test_filters_add_up_and_live_in_the_address(page: Page, library: Library, asked: int) -> None:
    side = library.facets().sides[1]
    choose(page, "side", str(side.value))
    page.wait(lambda: f"min_side={side.value}" in page.driver.current_url)
    left = library.facets(Filter(min_side=int(side.value))).formats[0]
    page.wait(lambda: choices(page, "format").get(str(left.value), "").endswith(f"({left.images})"))
    choose(page, "format", str(left.value))
    where = Filter(min_side=int(side.value), formats=(str(left.value),))
    wanted = expected(library, asked, where)
    page.wait(lambda: shown(page) == wanted)
    page.driver.refresh()
    page.wait(lambda: shown(page) == wanted)
    page.wait(lambda: page.by_id("filter-side").get_property("value") == str(side.value))
    page.step(-1)
    page.wait(lambda: shown(page) == expected(library, asked, Filter(min_side=int(side.value))))
    page.by_id("filters-clear").click()
    page.wait(lambda: shown(page) == expected(library, asked, Filter()))
    assert page.driver.current_url.endswith(f"?like={asked}")


def test_a_filter_stays_while_one_wanders(page: Page, library: Library, asked: int) -> None:
    most = library.facets().formats[0]
    choose(page, "format", str(most.value))
    where = Filter(formats=(str(most.value),))
    page.wait(lambda: shown(page) == expected(library, asked, where))
    following = shown(page)[0]
    page.run("document.querySelector('.tile .like').click()")
    page.wait(lambda: f"like={following}&format=" in page.driver.current_url)
    page.wait(lambda: shown(page) == expected(library, following, where))


def test_what_passes_no_filter_is_said(page: Page, asked: int) -> None:
    page.driver.get(f"{page.url}/?like={asked}&from=1900&to=1900")
    page.wait(lambda: page.text("results-title") == "No picture passes the filters")
    assert choices(page, "taken")["1900"] == "1900"
    page.driver.get(f"{page.url}/?like={asked}&from=soon")
    page.wait(lambda: "is no date" in page.text("notice-text"))
    assert all("400" in line or "from=soon" in line for line in page.complaints())


def test_filters_fit_a_phone(page: Page, asked: int) -> None:
    page.screen(390, 844)
    try:
        page.all("#filters-all summary")[0].click()
        page.wait(lambda: page.by_id("filter-folder").is_displayed())
        assert page.overflow() == []
    finally:
        page.cdp("Emulation.clearDeviceMetricsOverride")
    assert asked


def test_what_pictures_show_and_their_names_narrow_the_answers(
    page: Page, library: Library, asked: int
) -> None:
    label = str(library.facets().labels[0].value)
    choose(page, "label", label)
    wanted = expected(library, asked, Filter(labels=(label,)))
    page.wait(lambda: shown(page) == wanted)
    choose(page, "label", "")
    page.wait(lambda: len(shown(page)) == len(expected(library, asked, Filter())))
    page.by_id("filter-text").send_keys("tower" + Keys.ENTER)
    page.wait(lambda: shown(page) == expected(library, asked, Filter(text="tower")))
    assert page.driver.current_url.endswith(f"?like={asked}&text=tower")
    page.driver.refresh()
    page.wait(lambda: page.by_id("filter-text").get_property("value") == "tower")
    assert barriers(page) == []
