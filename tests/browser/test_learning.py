"""Views and neighbours on the page in a real Chromium: what a person chooses → what they see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.support.ui import Select

from lookalike import Example, Filter, Library
from tests.browser.page import Page
from tests.maps import write_folders
from tests.served import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ASKED = 3


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Pictures of three kinds that look much alike."""
    base = tmp_path_factory.mktemp("kinds")
    write_folders(base / "pictures", "boats", "cats", "deserts", noise=60)
    with Library.open(base / "library", create=True) as library:
        library.index(base / "pictures")
        yield library


@pytest.fixture
def page(driver: webdriver.Chrome, server: Running, library: Library) -> Iterator[Page]:
    page = Page(driver, server.url)
    page.complaints()
    page.open(f"?like={ASKED}")
    page.run("localStorage.setItem('lookalike.fold', 'no')")
    page.open(f"?like={ASKED}")
    page.wait(lambda: page.view() == "result" and page.all(".tile"))
    yield page
    page.run("localStorage.clear()")
    page.cdp("Emulation.clearDeviceMetricsOverride")
    for view in library.views():
        library.forget_view(view.name)


def ways(page: Page) -> list[str]:
    return [str(one.get_property("text")) for one in Select(page.by_id("way")).options]


def answers(library: Library, **how: object) -> list[int]:
    return [hit.record.id for hit in library.search(ASKED, 35, **how)]  # type: ignore[arg-type]


def shown(page: Page) -> list[int]:
    return [number for number, _, _ in page.results()]


def learn(page: Page, source: str, name: str) -> None:
    page.by_id("learn").find_element("tag name", "summary").click()
    Select(page.by_id("learn-source")).select_by_value(source)
    page.by_id("learn-name").clear()
    page.by_id("learn-name").send_keys(name)
    page.by_id("learn-button").click()


def test_neighbours_are_chosen_and_live_in_the_address(page: Page, library: Library) -> None:
    assert ways(page) == ["As they look", "With their neighbours"]
    plain, around = answers(library), answers(library, neighbours=10)
    assert plain != around
    page.wait(lambda: shown(page) == plain[: len(shown(page))])
    Select(page.by_id("way")).select_by_visible_text("With their neighbours")
    page.wait(lambda: page.driver.current_url.endswith(f"?like={ASKED}&neighbours=10"))
    page.wait(lambda: shown(page) == around[: len(shown(page))])
    # it stays while one wanders, and the way back leads to what was there before
    page.run("document.querySelector('.tile .like').click()")
    page.wait(lambda: page.driver.current_url.endswith(f"?like={around[0]}&neighbours=10"))
    page.step(-1)
    page.wait(lambda: page.driver.current_url.endswith(f"?like={ASKED}&neighbours=10"))
    page.step(-1)
    page.wait(lambda: page.driver.current_url.endswith(f"?like={ASKED}"))
    page.wait(lambda: shown(page) == plain[: len(shown(page))])
    assert Select(page.by_id("way")).first_selected_option.text == "As they look"


def test_a_view_is_learned_used_and_forgotten(page: Page, library: Library) -> None:
    learn(page, "folders", "kinds")
    page.wait(lambda: page.driver.current_url.endswith("&view=kinds"))
    page.wait(lambda: shown(page) == answers(library, view="kinds")[: len(shown(page))])
    assert ways(page)[2:] == ["kinds", "kinds, with neighbours"]
    page.by_id("learn").find_element("tag name", "summary").click()
    page.wait(lambda: page.all("#learn-views li"))
    assert "3 kinds" in page.all("#learn-views li")[0].text
    page.all("#learn-views button")[0].click()
    page.wait(lambda: not page.all("#learn-views li"))
    assert library.views() == []


def test_what_is_searched_for_together_is_learned_from(page: Page, library: Library) -> None:
    assert not Select(page.by_id("learn-source")).options[0].is_enabled()  # one is not enough
    liked = [one.id for one in library.records() if one.relative.startswith("boats")][:4]
    wanted = "&".join(f"like={one}" for one in liked)
    page.open(f"?{wanted}&unlike={liked[-1] + 9}")
    page.wait(lambda: page.view() == "result" and page.all(".tile"))
    learn(page, "examples", "boats")
    page.wait(lambda: page.driver.current_url.endswith("&view=boats"))
    examples = [*(Example(one) for one in liked), Example(liked[-1] + 9, -0.5)]
    own = [hit.record.id for hit in library.search(examples, 35, view="boats")]
    page.wait(lambda: shown(page) == own[: len(shown(page))])


def test_what_cannot_be_learned_is_said_in_its_place(page: Page, tmp_path: Path) -> None:
    learn(page, "favourites", "best")
    page.wait(lambda: page.text("learn-said") == "There are no favourites: mark some first.")
    page.by_id("learn-name").clear()
    page.by_id("learn-button").click()
    page.wait(lambda: page.text("learn-said") == "Give it a name.")
    page.press("\ue00c")  # Escape
    page.wait(lambda: not page.by_id("learn-form").is_displayed())
    page.screen(360, mobile=True)
    page.by_id("learn").find_element("tag name", "summary").click()
    assert page.overflow() == []
    page.driver.save_screenshot(str(tmp_path / "learn.png"))


def test_a_view_that_is_not_there_is_told(page: Page) -> None:
    page.open(f"?like={ASKED}&view=gone")
    page.wait(lambda: "There is no view 'gone'" in page.text("notice-text"))
    page.complaints()  # the browser tells the status of the answer, too


@pytest.fixture
def taste(page: Page, library: Library) -> str:
    """A view that knows that cats are liked."""
    liked = [one.id for one in library.records() if one.relative.startswith("cats")][:11]
    library.learn("taste", liked=liked)
    return "taste"


def liked_alone(library: Library, **how: Any) -> list[int]:
    return [hit.record.id for hit in library.search(None, 40, view="taste", **how)]


def test_what_is_liked_is_shown_from_the_start(page: Page, library: Library, taste: str) -> None:
    page.open()
    page.wait(lambda: page.all("#liked button"))
    page.all("#liked button")[0].click()
    page.wait(lambda: page.driver.current_url.endswith(f"?view={taste}"))
    page.wait(lambda: shown(page) == liked_alone(library)[: len(shown(page))])
    assert page.text("query-name") == "What I like: taste"
    assert page.driver.title == "By what I like: taste · Lookalike"
    assert page.text("results-title") == "36 pictures, what is liked first"
    best = library.search(None, 1, view="taste")[0]
    assert best.liked is not None
    assert page.all(".tile .likely")[0].text == f"{round(100 * best.liked)} %"
    assert ways(page) == ["taste", "taste, with neighbours"]
    assert not page.by_id("region-toggle").is_displayed()
    Select(page.by_id("way")).select_by_visible_text("taste, with neighbours")
    page.wait(lambda: page.driver.current_url.endswith("?view=taste&neighbours=10"))
    page.wait(lambda: shown(page) == liked_alone(library, neighbours=10)[: len(shown(page))])
    page.step(-1)
    page.wait(lambda: shown(page) == liked_alone(library)[: len(shown(page))])
    page.step(-1)
    page.wait(lambda: page.view() == "start")


def test_what_is_liked_is_filtered_looked_at_and_gone_on_from(
    page: Page, library: Library, taste: str
) -> None:
    page.open(f"?view={taste}&text=cats")
    page.wait(lambda: page.view() == "result" and page.all(".tile"))
    cats = liked_alone(library, where=Filter(text="cats"))
    assert shown(page) == cats
    page.all(".tile .open")[0].click()
    page.wait(lambda: page.by_id("viewer").is_displayed())
    assert not page.by_id("viewer-why").is_displayed()
    page.press("\ue00c")  # Escape
    page.wait(lambda: not page.by_id("viewer").is_displayed())
    page.all(".tile .pick")[0].click()
    page.run("document.querySelector('.tile .add').click()")  # like this, too
    page.wait(lambda: f"?like={cats[0]}&text=cats&view=taste" in page.driver.current_url)
    page.wait(lambda: "As they look" in ways(page))


def test_the_menu_shows_what_is_liked(page: Page, library: Library, taste: str) -> None:
    library.learn("kinds", folders=True)
    page.by_id("learn").find_element("tag name", "summary").click()
    page.wait(lambda: len(page.all("#learn-views li")) == 2)
    (show,) = page.all("#learn-views .button")
    assert show.get_attribute("aria-label") == "Show what I like: taste"
    show.click()
    page.wait(lambda: page.driver.current_url.endswith(f"?view={taste}"))
    page.screen(360, mobile=True)
    assert page.overflow() == []
    # what knows of nothing that is liked cannot be asked alone
    page.open("?view=kinds")
    page.wait(lambda: "There is nothing to search with" in page.text("notice-text"))
    page.wait(lambda: page.view() == "start")
    page.complaints()  # the browser tells the status of the answer, too
