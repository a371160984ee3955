"""Words in the fields of the page → what a person finds, and what they are told of it."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from selenium.webdriver.common.keys import Keys

from lookalike import Example, Library, Words
from tests.browser.accessibility import barriers
from tests.browser.page import Page, number_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def said(page: Page, field: str, text: str) -> None:
    page.by_id(field).send_keys(text + Keys.ENTER)


def expected(library: Library, *asked: Example) -> list[int]:
    return [hit.record.id for hit in library.search(asked)]


def shown(page: Page) -> list[int]:
    return [number for number, _, _ in page.results()]


def tail(page: Page) -> str:
    return unquote(page.driver.current_url.removeprefix(page.url))


def test_words_find_pictures_and_live_in_the_address(page: Page, library: Library) -> None:
    assert "not who, where" in page.text("words-hint")
    said(page, "words-start-text", "a white church")
    page.wait_for_results_of("“a white church”")
    assert shown(page) == expected(library, Example(Words("a white church")))
    assert tail(page) == "?words=a white church"
    assert page.text("understood").startswith("“a white church” is taken for church, ")
    assert not page.by_id("region-toggle").is_displayed()
    assert barriers(page) == []
    page.open("?words=love&weight=0.5")
    page.wait_for_results_of("“love”")
    assert "a guess" in page.text("understood")


def test_words_beside_a_picture(page: Page, library: Library) -> None:
    cat = number_of(library, "cat.png")
    page.open(f"?like={cat}")
    page.wait_for_results_of("cat.png")
    said(page, "words-more-text", "a rocket")
    page.wait(lambda: tail(page) == f"?like={cat}&words=a rocket")
    page.wait(lambda: shown(page) == expected(library, Example(cat), Example(Words("a rocket"))))
    assert page.text("query-name") == "cat.png"
    page.by_id("words-more-text").send_keys("tomatoes")
    page.all("#words-more [value=without]")[0].click()
    page.wait(lambda: tail(page) == f"?like={cat}&words=a rocket&without=tomatoes")
    asked = (Example(cat), Example(Words("a rocket")), Example(Words("tomatoes"), -0.5))
    page.wait(lambda: shown(page) == expected(library, *asked))
    assert [row.text.split("\n")[0] for row in page.all(".example-name")] == [
        "cat.png",
        "“a rocket”",
        "“tomatoes”",
    ]
    assert barriers(page) == []
    page.step(-1)
    page.wait(lambda: tail(page) == f"?like={cat}&words=a rocket")


def test_a_field_keeps_what_is_typed_and_pasted(page: Page) -> None:
    field = page.by_id("words-start-text")
    field.send_keys("o/xf a dog")
    assert page.focused() == "words-start-text"
    assert field.get_property("value") == "o/xf a dog"
    page.run(
        "const how = {bubbles: true, cancelable: true};"
        "arguments[0].dispatchEvent(new ClipboardEvent('paste', how))",
        field,
    )
    assert not page.by_id("notice").is_displayed()


def test_words_that_say_nothing_get_a_sentence(page: Page) -> None:
    said(page, "words-start-text", "  ")
    page.wait(lambda: "must be a text that says something" in page.text("notice-text"))
    said(page, "words-start-text", "собака")
    page.wait(lambda: "in another script" in page.text("notice-text"))
    assert page.view() == "start"
    page.complaints()  # of the answers' status


def test_the_fields_fit_a_phone(page: Page) -> None:
    page.screen(320, 700)
    assert page.overflow() == []
    page.open("?words=a+cat")
    page.wait_for_results_of("“a cat”")
    assert page.overflow() == []
