"""A server with a token, and one that is busy → what a person meets in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from lookalike import Library
from tests.browser.accessibility import barriers
from tests.browser.page import TOTAL, Late, Page
from tests.served import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOKEN = "correct-horse-battery-staple-9"


@pytest.fixture
def guarded(driver: webdriver.Chrome, library: Library) -> Iterator[Page]:
    running = Running(library.folder, door={"token": TOKEN})
    driver.get("about:blank")
    page = Page(driver, running.url)
    page.complaints()
    yield page
    driver.get(running.url)
    driver.delete_all_cookies()
    driver.get("about:blank")
    page.complaints()
    running.stop()


def test_a_person_gives_the_token_once(guarded: Page) -> None:
    driver = guarded.driver
    driver.get(guarded.url + "map")
    assert "behind a token" in driver.find_element(By.TAG_NAME, "h1").text
    assert barriers(guarded) == []
    field = guarded.by_id("token")
    assert guarded.run("return document.activeElement.id") == "token"
    field.send_keys("wrong-but-long-enough\n")
    guarded.wait(lambda: guarded.all("#said"))
    assert guarded.text("said") == "This is not the token of this server."
    guarded.by_id("token").send_keys(f"{TOKEN}\n")
    guarded.wait(lambda: guarded.all("#status") and str(TOTAL) in guarded.text("status"))
    assert driver.current_url == guarded.url
    assert guarded.run("return document.cookie") == ""  # no script sees it
    (cookie,) = driver.get_cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert TOKEN not in cookie["value"]
    assert [line for line in guarded.complaints() if "401" not in line] == []


def test_an_address_with_the_token_is_left_for_the_clean_one(guarded: Page) -> None:
    guarded.driver.get(f"{guarded.url}?token={TOKEN}")
    guarded.wait(lambda: guarded.all("#status") and str(TOTAL) in guarded.text("status"))
    assert guarded.driver.current_url == guarded.url
    guarded.wait(lambda: guarded.all(".tile"))
    guarded.driver.delete_all_cookies()
    guarded.wait(lambda: "behind a token" in guarded.driver.page_source)  # it asks by itself
    assert [line for line in guarded.complaints() if "401" not in line] == []


def test_what_is_refused_for_the_moment_is_asked_for_again(
    driver: webdriver.Chrome, library: Library
) -> None:
    late = Late(library)
    page = Page(driver, late.url)
    try:
        page.open()
        page.wait(lambda: page.all(".tile"))
        page.complaints()
        late.refuse("like", times=2)
        page.all(".tile .open")[0].click()
        page.wait(lambda: "Trying again in 1 second." in page.text("notice-text"))
        page.wait(lambda: page.view() == "result" and page.results())
        page.wait(lambda: not page.by_id("notice").is_displayed())
        said: list[Any] = page.complaints()
        assert len(said) == 2
        assert all("503" in line for line in said)
    finally:
        driver.get("about:blank")
        late.stop()
