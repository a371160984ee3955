"""How good answers are, on the page in a real Chromium: a sentence, and where strong ones end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from lookalike import Library
from scripts.gather_samples import gather
from tests.browser.page import Page
from tests.served import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def asked_with(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The photographs that packages bring, in ``pictures``; two of them are not there."""
    base = tmp_path_factory.mktemp("verdicts")
    gather(base / "pictures")
    cat, campus = base / "pictures/animals/cat.png", base / "pictures/campus/unseen 01.png"
    return {"cat": cat.rename(base / "cat.png"), "campus": campus.rename(base / "campus.png")}


@pytest.fixture(scope="module")
def library(asked_with: dict[str, Path]) -> Iterator[Library]:
    base = asked_with["cat"].parent
    with Library.open(base / "library", create=True) as library:
        library.index(base / "pictures")
        yield library


@pytest.fixture
def page(driver: webdriver.Chrome, server: Running) -> Iterator[Page]:
    page = Page(driver, server.url)
    page.complaints()
    page.open()
    page.run("localStorage.clear()")
    yield page
    assert page.complaints() == []


def divided(page: Page) -> list[tuple[int, str]]:
    """The places of the tiles at which answers begin to be worse, with what these say."""
    found: list[tuple[int, str]] = page.run(
        "return [...document.querySelectorAll('.tile.worse')].map((tile) =>"
        " [Number(tile.getAttribute('aria-posinset')), tile.querySelector('.from').textContent])"
    )
    return [(place, words) for place, words in found]


def test_a_sentence_tells_that_there_is_probably_nothing(
    page: Page, asked_with: dict[str, Path]
) -> None:
    page.choose(asked_with["cat"])
    page.wait_for_results_of("cat.png")
    sentence = page.text("verdict")
    assert sentence.startswith("There is probably nothing like it here: the best score, ")
    assert page.by_id("verdict").is_displayed()
    assert page.text("announcer").endswith(sentence)
    assert divided(page) == []
    page.screen(320)
    assert page.overflow() == []
    page.cdp("Emulation.clearDeviceMetricsOverride")


def test_the_list_is_divided_where_strong_answers_end(
    page: Page, asked_with: dict[str, Path]
) -> None:
    page.choose(asked_with["campus"])
    page.wait_for_results_of("campus.png")
    assert not page.by_id("verdict").is_displayed()
    (weak, first), (nothing, second) = divided(page)
    assert (first, second) == ("weak from here", "probably nothing")
    assert 1 < weak < nothing


def test_the_sentence_goes_where_there_is_something(
    page: Page, asked_with: dict[str, Path]
) -> None:
    page.choose(asked_with["cat"])
    page.wait_for_results_of("cat.png")
    assert page.text("verdict")
    page.choose(asked_with["campus"])
    page.wait_for_results_of("campus.png")
    assert page.text("verdict") == ""
    page.step(-1)
    page.wait(lambda: page.by_id("verdict").is_displayed())
