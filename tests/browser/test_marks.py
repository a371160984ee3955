"""Favourites and tags on the page in a real Chromium: what a person marks → what stays."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from lookalike import Filter, Library
from lookalike.library import Marks
from tests.browser.page import Late, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.usefixtures("unmarked")]


def ask(page: Page, library: Library, tail: str = "") -> list[int]:
    """Show the results of the first picture; their numbers."""
    page.driver.get(f"{page.url}/?like={library.records()[0].id}{tail}")
    page.wait(lambda: page.view() == "result" and page.all(".tile"))
    return shown(page)


def shown(page: Page) -> list[int]:
    return [number for number, _, _ in page.results()]


def open_first(page: Page) -> None:
    page.all(".tile .open")[0].click()
    page.wait(lambda: page.by_id("marks").is_displayed())


def chips(page: Page, name: str = "marks-tags") -> list[str]:
    found: list[str] = page.run(
        f"return [...document.querySelectorAll('#{name} .chip')].map((chip) => chip.textContent)"
    )
    return found


def tags(page: Page) -> list[str]:
    """What the list of tags to filter by offers."""
    found: list[str] = page.run(
        "return [...document.querySelectorAll('#filter-tag option')].map((one) => one.text)"
    )
    return found


def write(page: Page, text: str) -> None:
    page.by_id("marks-new").send_keys(text, Keys.ENTER)


def test_a_picture_is_marked_in_the_large_view(page: Page, library: Library) -> None:
    first = ask(page, library)[0]
    open_first(page)
    star = page.by_id("marks-favourite")
    assert star.get_attribute("aria-pressed") == "false"
    page.press("f")
    page.wait(lambda: star.get_attribute("aria-pressed") == "true")
    assert "is a favourite" in page.text("marks-said")
    write(page, " garden ")
    page.wait(lambda: chips(page) == ["garden"])
    page.wait(lambda: page.by_id("marks-new").get_property("value") == "")
    write(page, "for mother")  # its letters are no keys of the page
    page.wait(lambda: chips(page) == ["for mother", "garden"])
    assert library.marks(first) == [Marks(True, ("for mother", "garden"))]
    page.by_id("marks-new").send_keys(Keys.BACKSPACE)
    page.wait(lambda: chips(page) == ["for mother"])
    page.all("#marks-tags .chip-remove")[0].click()
    page.wait(lambda: chips(page) == [])
    assert page.focused() == "marks-new"
    page.by_id("viewer-close").click()
    assert page.stars() == [first]
    main = page.all(".tile .open")[0]
    assert str(main.get_attribute("aria-label")).endswith(", favourite")
    page.driver.refresh()
    page.wait(lambda: page.stars() == [first])


def test_what_there_is_is_offered_and_what_does_not_fit_is_said(
    page: Page, library: Library
) -> None:
    first, other = ask(page, library)[:2]
    library.mark(other, add=["garden"])
    library.mark(first, add=["rose"])
    page.driver.refresh()
    page.wait(lambda: page.all(".tile"))
    open_first(page)
    page.wait(lambda: chips(page) == ["rose"])
    page.by_id("marks-new").click()
    offered = "return [...document.querySelectorAll('#marks-offered option')].map((o) => o.value)"
    page.wait(lambda: page.run(offered) == ["garden"])
    page.run("document.getElementById('marks-new').value = '\u202e'")
    write(page, "")
    page.wait(lambda: "is no tag" in page.text("marks-trouble"))
    page.press(Keys.ESCAPE)
    assert page.by_id("marks-new").get_property("value") == ""
    assert page.by_id("viewer").is_displayed()
    assert all("400" in line for line in page.complaints())


def test_a_tile_is_marked_with_a_key(page: Page, library: Library) -> None:
    numbers = ask(page, library)
    page.run("document.querySelectorAll('.tile .open')[1].focus()")
    page.press("f")
    page.wait(lambda: page.stars() == [numbers[1]])
    assert page.focused() == str(numbers[1])
    page.wait(lambda: "is a favourite" in page.text("announcer"))
    page.press("f")
    page.wait(lambda: page.stars() == [])
    assert library.marks(numbers[1]) == [Marks()]


def test_marks_narrow_the_answers_and_live_in_the_address(page: Page, library: Library) -> None:
    numbers = ask(page, library)
    library.mark(*numbers[:4], add=["rose"])
    library.mark(*numbers[2:6], add=["a & b"], favourite=True)
    page.driver.refresh()
    page.wait(lambda: page.all(".tile"))
    page.all("#filters-all summary")[0].click()
    page.wait(lambda: tags(page) == ["Any tag", "a & b (4)", "rose (4)"])
    assert page.text("filter-favourite-words") == "Favourites (4)"
    Select(page.by_id("filter-tag")).select_by_value("rose")
    page.wait(lambda: shown(page) == numbers[:4])
    page.wait(lambda: tags(page) == ["One more tag", "a & b (2)"])
    Select(page.by_id("filter-tag")).select_by_value("a & b")
    page.wait(lambda: shown(page) == numbers[2:4])
    assert page.driver.current_url.endswith("&tag=rose&tag=a%20%26%20b")
    page.wait(lambda: chips(page, "filter-tags") == ["rose", "a & b"])
    page.all("#filter-tags .chip-remove")[0].click()
    page.wait(lambda: shown(page) == numbers[2:6])
    page.by_id("filter-favourite").click()
    page.wait(lambda: "favourite=true&tag=a" in page.driver.current_url)
    page.driver.refresh()
    page.wait(lambda: shown(page) == numbers[2:6] and page.by_id("filter-favourite").is_selected())
    where = Filter(tags=("a & b",), favourite=True)
    hits = library.search(library.records()[0].id, where=where)
    assert shown(page) == [hit.record.id for hit in hits]
    page.step(-1)
    page.wait(lambda: not page.by_id("filter-favourite").is_selected())


def test_a_mark_that_cannot_be_kept_is_said(slow: Page, late: Late, library: Library) -> None:
    ask(slow, library)
    open_first(slow)
    late.fail("marks")
    slow.press("f")
    slow.wait(lambda: "503" in slow.text("marks-trouble"))
    assert slow.by_id("marks-favourite").get_attribute("aria-pressed") == "false"
    late.fail()
    slow.press("f")
    slow.wait(lambda: slow.by_id("marks-favourite").get_attribute("aria-pressed") == "true")
    assert not slow.by_id("marks-trouble").is_displayed()
    assert all("503" in line for line in slow.complaints())
    slow.driver.get("about:blank")  # the server ends before the browser


def test_marks_fit_a_phone(page: Page, library: Library) -> None:
    first = ask(page, library)[0]
    library.mark(first, favourite=True, add=["w" * 100, "garden"])
    page.screen(320, 700)
    ask(page, library, f"&tag={'w' * 100}")
    assert page.overflow() == []
    open_first(page)
    page.wait(lambda: len(chips(page)) == 2)
    assert page.overflow() == []
